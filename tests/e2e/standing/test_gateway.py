"""The gateway before the service, as its clients meet it: through the load balancer, over HTTPS.

The tests share one environment. Users beside the first are made by signing tokens with the environment's own secret.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from local_cloud_support import eventually

from tests.environment import Environment, environment_of, processes
from tests.https_client import Answer, Client

ORIGIN = "https://app.trademaster.com"
PROTECTED = "/api/v1/auth/mfa/status"
PREMIUM = "/api/v1/premium"
INTERNAL = "/api/internal/v1/auth/status"
HIGH_RISK = "/api/v1/audit/security-events/high-risk"
LIMITS = {"free": 100, "smart": 1000, "premium": 5000}
CLUSTER, SERVICE = "trademaster-local", "trademaster-local-auth-blue"
CLIENTS = 12
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


@dataclass(frozen=True)
class Gateway:
    """The environment with its gateway, and tokens for whoever a test needs."""

    environment: Environment
    secret: str
    device: str

    @property
    def client(self) -> Client:
        return Client(self.environment)

    def token(self, *, secret: str = "", algorithm: str = "HS512", **claims: Any) -> str:
        """A token of a user of the free tier, with other claims where they are given; None leaves one out."""
        now = int(time.time())
        payload = {
            "iss": "trademaster-auth-service",
            "sub": str(uuid.uuid4().int % 10**12),
            "iat": now,
            "exp": now + 900,
            "device_fingerprint": self.device,
            "token_type": "access",
            "authorities": "ROLE_USER",
            "subscription_tier": "free",
            **claims,
        }
        given = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(given, secret or self.secret, algorithm)

    def burst(self, token: str, count: int) -> Counter[int]:
        """Statuses of `count` requests of one user, over several connections."""
        counted: Counter[int] = Counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            for statuses in pool.map(lambda share: self._share(token, share), _shares(count)):
                counted.update(statuses)
        return counted

    def _share(self, token: str, count: int) -> list[int]:
        client = self.client
        statuses = [client.ask(PROTECTED, token=token).status for _ in range(count)]
        client.close()
        return statuses

    def used_up(self, tier: str) -> tuple[str, Counter[int]]:
        """A user who has made all requests of a tier within one minute, as far as this machine is that fast."""
        for _ in range(3):
            token = self.token(subscription_tier=tier)
            self.within_a_minute(5 + LIMITS[tier] // 100)
            began = time.time() // 60
            counted = self.burst(token, LIMITS[tier])
            if time.time() // 60 == began:
                return token, counted
        pytest.fail(f"{LIMITS[tier]} requests take this machine longer than a minute")

    def within_a_minute(self, seconds: int) -> None:
        """Limits are counted by the minute of the clock: what is counted together has to fit into its rest."""
        eventually(lambda: time.time() % 60 < 60 - seconds, timeout=61, what="a minute begins")


def _shares(count: int) -> list[int]:
    return [count // CLIENTS + (index < count % CLIENTS) for index in range(CLIENTS)]


@pytest.fixture(scope="module")
def gateway(environment: Environment) -> Gateway:
    probe = json.loads(environment.secret("trademaster-verify/local/probe"))
    body = {"email": "probe@local.example.com", "password": probe["password"]}

    def sign_in() -> Answer | None:
        answer = Client(environment).ask("/api/v1/auth/login", method="POST", body=body)
        return answer if answer.status == 200 else None

    # The checks of `make up` have signed in several times within this minute.
    signed_in = eventually(sign_in, timeout=61, what="the limit lets the probe in")
    assert signed_in
    claims = jwt.decode(signed_in.json()["accessToken"], options={"verify_signature": False})
    return Gateway(environment, environment.secret("trademaster/local/auth/jwt"), claims["device_fingerprint"])


# What every answer has


def test_answers_carry_security_headers_and_a_correlation_id(gateway: Gateway) -> None:
    for path in ("/health", PROTECTED, "/actuator"):
        answer = gateway.client.ask(path)
        assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY, path
    assert uuid.UUID(gateway.client.ask("/health").headers["x-correlation-id"])
    assert gateway.client.ask("/health", headers={"X-Correlation-ID": "mine"}).headers["x-correlation-id"] == "mine"


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/live", "/actuator/health"])
def test_health_is_asked_of_the_service(gateway: Gateway, path: str) -> None:
    answer = gateway.client.ask(path)
    assert (answer.status, answer.json()["status"]) == (200, "UP")


@pytest.mark.parametrize("path", ["/actuator/prometheus", "/actuator", "/actuator/health/../prometheus", "/nowhere"])
def test_what_is_not_for_clients_is_not_found(gateway: Gateway, path: str) -> None:
    assert gateway.client.ask(path).status == 404


# Tokens


def forged(gateway: Gateway) -> dict[str, str]:
    head, payload, signature = gateway.token().split(".")
    other = gateway.token(subscription_tier="premium").split(".")[1]
    return {
        "expired": gateway.token(exp=int(time.time()) - 60),
        "signed with another secret": gateway.token(secret="x" * 72),
        "signed with another algorithm": gateway.token(algorithm="HS256"),
        "of another issuer": gateway.token(iss="somebody-else"),
        "without end": gateway.token(exp=None),
        "without user": gateway.token(sub=None),
        "with the claims of another": f"{head}.{other}.{signature}",
        "without signature": f"{head}.{payload}.",
        "of the algorithm none": jwt.encode({"iss": "trademaster-auth-service", "sub": "1"}, None, "none"),
        "no token at all": "junk",
    }


def test_tokens_that_are_not_in_order_are_refused(gateway: Gateway) -> None:
    answers = {name: gateway.client.ask(PROTECTED, token=token).status for name, token in forged(gateway).items()}
    assert answers == dict.fromkeys(answers, 401)


def test_a_token_is_taken_from_its_header_alone(gateway: Gateway) -> None:
    token = gateway.token()
    assert gateway.client.ask(PROTECTED, token=token).status == 200
    assert gateway.client.ask(f"{PROTECTED}?jwt={token}").status == 401
    assert gateway.client.ask(PROTECTED, headers={"Cookie": f"jwt={token}"}).status == 401


@pytest.mark.parametrize(("tier", "status"), [("free", 403), ("smart", 404), ("premium", 404), (None, 403)])
def test_premium_routes_are_for_some_tiers(gateway: Gateway, tier: str | None, status: int) -> None:
    """The service has nothing there yet, and says so."""
    answer = gateway.client.ask(PREMIUM, token=gateway.token(subscription_tier=tier))
    assert answer.status == status
    assert ("no endpoint" in answer.json()["message"].lower()) == (status == 404)


# Forged identities


@pytest.mark.parametrize("prefix", ["X-", "x_"])
def test_a_client_cannot_say_who_it_is(gateway: Gateway, prefix: str) -> None:
    names = ("Consumer-ID", "Consumer-Username", "User-ID", "User-Roles", "Tier-Key", "Credential-Identifier")
    said = {prefix + name: "1" for name in names}
    assert gateway.client.ask(PROTECTED, headers=said).status == 401
    assert gateway.client.ask(INTERNAL, headers=said).status == 401


def test_a_forged_user_is_not_who_is_counted(gateway: Gateway) -> None:
    token = gateway.token()
    gateway.within_a_minute(5)
    told = [
        int(
            gateway.client.ask(PROTECTED, token=token, headers={"X_User_ID": str(number)}).headers[
                "x-ratelimit-remaining"
            ]
        )
        for number in range(4)
    ]
    assert told == [99, 98, 97, 96]


def test_connection_cannot_name_what_the_gateway_sets(gateway: Gateway) -> None:
    answer = gateway.client.ask(PROTECTED, token=gateway.token(), headers={"Connection": "keep-alive, X-User-ID"})
    assert answer.status in (200, 400)
    if answer.status == 200:  # the load balancer has taken it away already
        assert int(answer.headers["x-ratelimit-limit"]) == LIMITS["free"]


def test_internal_and_admin_routes_are_closed_from_outside(gateway: Gateway) -> None:
    key = gateway.environment.secret("trademaster/local/auth/service-api-key")
    assert gateway.client.ask(INTERNAL, headers={"X-API-Key": key}).status == 403
    assert gateway.client.ask(HIGH_RISK, token=gateway.token(authorities="ROLE_ADMIN")).status == 403


def test_the_service_can_be_reached_from_the_gateway_alone(gateway: Gateway) -> None:
    groups = gateway.environment.client("ec2").describe_security_groups()["SecurityGroups"]
    ours = {group["GroupName"].removeprefix("trademaster-local-"): group for group in groups}
    rules = ours["auth-service"]["IpPermissions"]
    sources = {
        (rule["FromPort"], rule["ToPort"], pair["GroupId"]) for rule in rules for pair in rule["UserIdGroupPairs"]
    }
    ranges = [cidr for rule in rules for cidr in rule["IpRanges"]]
    # Metrics are read through a listener of their own, which lets through nothing else.
    assert sources == {(8080, 8080, ours["kong"]["GroupId"]), (9080, 9080, ours["prometheus"]["GroupId"])}
    assert ranges == []


# Browsers


def preflight(gateway: Gateway, origin: str) -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return gateway.client.ask("/api/v1/auth/login", method="OPTIONS", headers=headers)


def test_preflight_requests_are_answered(gateway: Gateway) -> None:
    answer = preflight(gateway, ORIGIN)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://app.trademaster.com", "null"])
def test_other_origins_are_allowed_nothing(gateway: Gateway, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(gateway, origin).headers


def test_browsers_may_read_the_limits(gateway: Gateway) -> None:
    answer = gateway.client.ask(PROTECTED, token=gateway.token(), headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "X-RateLimit-Remaining" in answer.headers["access-control-expose-headers"]


# Limits


@pytest.mark.parametrize("tier", LIMITS)
def test_the_request_beyond_the_limit_is_refused_while_others_are_served(gateway: Gateway, tier: str) -> None:
    limit = LIMITS[tier]
    token, counted = gateway.used_up(tier)
    refused = gateway.client.ask(PROTECTED, token=token)

    assert counted == {200: limit}
    assert refused.status == 429
    assert refused.json()["message"] == "API rate limit exceeded"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == (str(limit), "0")
    assert gateway.client.ask("/api/v1/auth/devices", token=token).status == 429
    assert gateway.client.ask(PROTECTED, token=gateway.token(subscription_tier=tier)).status == 200


def test_signing_in_is_limited_by_address(gateway: Gateway) -> None:
    body = {"email": "nobody@example.com", "password": "not-this-one"}

    def attempt() -> Answer:
        return gateway.client.ask("/api/v1/auth/login", method="POST", body=body)

    gateway.within_a_minute(10)
    answers = [attempt() for _ in range(11)]
    # The service has limits of its own behind the gateway's, and answers 429 as well.
    assert answers[-1].status == 429
    assert answers[-1].json()["message"] == "API rate limit exceeded"
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"10"}


# Failover


def test_a_killed_task_is_not_noticed_by_clients(gateway: Gateway) -> None:
    victim = sorted(_tasks(gateway.environment))[0].rpartition("/")[2]
    done = threading.Event()
    statuses: list[int] = []

    def keep_asking() -> None:
        client = gateway.client
        while not done.is_set():
            statuses.append(client.ask("/health").status)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        pids = [pid for pid in processes() if victim in environment_of(pid)]
        assert pids, "the task has no process"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: _replaced(gateway.environment, victim), timeout=60, what="another task serves")
    finally:
        done.set()
        asking.join()
    assert Counter(statuses) == {200: len(statuses)}
    assert len(statuses) > 20


def _tasks(environment: Environment) -> set[str]:
    ecs = environment.client("ecs")
    return set(ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"])


def _replaced(environment: Environment, victim: str) -> bool:
    """Whether two healthy tasks run, and the killed one is not among them."""
    arns = _tasks(environment)
    tasks = environment.client("ecs").describe_tasks(cluster=CLUSTER, tasks=list(arns))["tasks"]
    healthy = [task for task in tasks if (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "HEALTHY")]
    return len(healthy) == 2 and victim not in str(arns)
