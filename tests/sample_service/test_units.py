"""Tables over the pure parts: settings, addresses, limits, tokens, switches."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud.sample_service.config import Limit, Settings, database_parameters
from local_cloud.sample_service.limits import Limiter
from local_cloud.sample_service.misbehaviour import Misbehaviour, Switches
from local_cloud.sample_service.tokens import InvalidToken, Tokens, algorithm_for, fingerprint
from local_cloud.sample_service.values import ConfigurationError
from local_cloud.sample_service.web import remote_address

USER = {
    "id": 7,
    "email": "a@example.com",
    "authorities": "ROLE_USER",
    "subscription_tier": "free",
    "kyc_status": "pending",
}


@pytest.mark.parametrize(
    ("profile", "management", "pool", "histogram", "groups"),
    [("dev", 8080, 20, False, False), ("docker", 8080, 20, False, False), ("prod", 9080, 50, True, True)],
)
def test_defaults_of_profiles(profile: str, management: int, pool: int, histogram: bool, groups: bool) -> None:
    settings = Settings.from_environment({"SPRING_PROFILES_ACTIVE": profile})
    assert settings.management_port == management
    assert settings.database.pool_maximum == pool
    assert (settings.histogram, settings.health_groups) == (histogram, groups)
    assert settings.consul_enabled


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("jdbc:postgresql://db/auth", {"host": "db", "port": "5432", "dbname": "auth"}),
        ("jdbc:postgresql://db:6000/auth?sslmode=require", {"port": "6000", "sslmode": "require"}),
        ("jdbc:postgresql://db/auth?ssl=true", {"sslmode": "verify-full"}),
        ("jdbc:postgresql://db/auth?ssl=true&sslmode=require", {"sslmode": "require"}),
        ("jdbc:postgresql://db/auth?sslrootcert=%2Fetc%2Fca.pem", {"sslrootcert": "/etc/ca.pem"}),
        ("jdbc:postgresql://db/auth?connectTimeout=3&reWriteBatchedInserts=true", {"connect_timeout": "3"}),
        ("jdbc:postgresql://[::1]:5433/auth", {"host": "::1", "port": "5433"}),
    ],
)
def test_jdbc_urls(url: str, expected: dict[str, str]) -> None:
    found = database_parameters({"SPRING_DATASOURCE_URL": url, "DB_USERNAME": "u", "DB_PASSWORD": "p"})
    assert found | expected == found
    assert (found["user"], found["password"]) == ("u", "p")


FACTORY = "jdbc:postgresql://db/auth?sslmode=verify-full&sslfactory=org.postgresql.ssl.SingleCertValidatingFactory"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"


def test_the_authority_of_the_database_may_be_in_a_variable() -> None:
    given = {"SPRING_DATASOURCE_URL": f"{FACTORY}&sslfactoryarg=env:AUTHORITY", "AUTHORITY": CERTIFICATE}
    found = database_parameters(given)
    assert found["sslmode"] == "verify-full"
    assert Path(found["sslrootcert"]).read_text() == CERTIFICATE


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        (f"{FACTORY}&sslfactoryarg=env:AUTHORITY", ""),
        (f"{FACTORY}&sslfactoryarg=env:AUTHORITY", CERTIFICATE * 2),
        (f"{FACTORY}&sslfactoryarg=/etc/ca.pem", CERTIFICATE),
        ("jdbc:postgresql://db/auth?sslfactory=org.postgresql.ssl.NonValidatingFactory", ""),
    ],
)
def test_an_authority_that_the_driver_could_not_use_is_refused(url: str, authority: str) -> None:
    with pytest.raises(ConfigurationError):
        database_parameters({"SPRING_DATASOURCE_URL": url, "AUTHORITY": authority})


@pytest.mark.parametrize(
    ("strategy", "peer", "forwarded", "expected"),
    [
        ("none", "10.0.0.1", "192.0.2.1", "10.0.0.1"),
        ("native", "10.0.0.1", "", "10.0.0.1"),
        ("native", "10.0.0.1", "192.0.2.8, 10.0.0.9", "192.0.2.8"),
        ("native", "10.0.0.1", "198.51.100.1, 192.0.2.8", "192.0.2.8"),
        ("native", "10.0.0.1", "10.0.0.7, 10.0.0.9", "10.0.0.7"),
        ("native", "203.0.113.4", "198.51.100.1", "203.0.113.4"),
        ("framework", "203.0.113.4", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
    ],
)
def test_remote_address(strategy: str, peer: str, forwarded: str, expected: str) -> None:
    assert remote_address(strategy, peer, {"x-forwarded-for": forwarded}) == expected


@pytest.mark.parametrize(
    ("length", "expected"), [(32, "HS256"), (47, "HS256"), (48, "HS384"), (63, "HS384"), (64, "HS512")]
)
def test_algorithm_by_length(length: int, expected: str) -> None:
    assert algorithm_for("s" * length) == expected


def test_tokens_expire_and_stay_with_their_kind_and_device() -> None:
    now = 1_000.0
    tokens = Tokens("s" * 32, 900, 86_400, lambda: now)
    device = fingerprint({"user-agent": "a"})
    token = tokens.issue("access", USER, device)
    assert tokens.read(token, "access", device)["sub"] == "7"
    for kind, sent_from in (("refresh", device), ("access", fingerprint({"user-agent": "b"}))):
        with pytest.raises(InvalidToken):
            tokens.read(token, kind, sent_from)
    now += 900
    with pytest.raises(InvalidToken, match="expired"):
        tokens.read(token, "access", device)
    with pytest.raises(InvalidToken, match="Invalid"):
        Tokens("t" * 32, 900, 86_400, lambda: 1_000).read(token, "access", device)


def test_limiter_slides() -> None:
    now = 0.0
    limiter = Limiter({"login": Limit(2, 60)}, lambda: now)
    assert [limiter.attempt("login", "a", "x") for _ in range(3)] == [0, 0, 60]
    assert limiter.attempt("login", "b", "y") == 0
    assert limiter.attempt("login", "c", "x") == 60  # the strictest subject counts
    now = 59.5
    assert limiter.attempt("login", "a") == 1
    now = 60.0
    assert limiter.attempt("login", "a") == 0


@pytest.mark.parametrize(("ratio", "failures"), [(None, 0), (0.0, 0), (0.01, 1), (0.2, 20), (1.0, 100)])
def test_errors_are_spread_evenly(ratio: float | None, failures: int) -> None:
    misbehaviour = Misbehaviour(Switches(error_ratio=ratio), 0)
    assert sum(misbehaviour.next_request_fails() for _ in range(100)) == failures


def test_times_of_switches_count_from_when_they_were_set() -> None:
    misbehaviour = Misbehaviour(Switches(unhealthy_after_seconds=5), 100)
    assert [misbehaviour.unhealthy(now) for now in (104.9, 105)] == [False, True]
    misbehaviour.adjust({"crash_after_seconds": 5, "unhealthy_after_seconds": None}, 200)
    assert not misbehaviour.unhealthy(300)
    assert [misbehaviour.crash_due(now) for now in (204.9, 205)] == [False, True]
