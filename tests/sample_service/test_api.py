"""The HTTP contract that deployers, gateways and probes rely on."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
import psycopg
import pytest
import redis as redis_client
from psycopg.rows import DictRow

from .client import Client, Service, wait_until
from .conftest import email_token

SignUp = Callable[[], Client]
Db = psycopg.Connection[DictRow]


def test_sign_in_leaves_rows_and_a_session(sign_up: SignUp, db: Db, redis: redis_client.Redis) -> None:
    client = sign_up()
    answer = client.sign_in()
    user_id = answer["user"]["id"]
    assert answer["tokenType"] == "Bearer"
    assert answer["expiresIn"] == 900
    user = db.execute("SELECT * FROM users WHERE id = %s", [user_id]).fetchone()
    assert user is not None
    assert user["password_hash"].startswith("$argon2id$")
    assert user["last_login_ip"].startswith("127.")
    events = db.execute(
        "SELECT event_type, correlation_id FROM auth_audit_log WHERE user_id = %s ORDER BY id", [user_id]
    ).fetchall()
    assert [row["event_type"] for row in events] == ["REGISTRATION", "EMAIL_VERIFIED", "LOGIN_SUCCESS"]
    assert all(row["correlation_id"] for row in events)
    (session_id,) = redis.smembers(f"trademaster:user_sessions:{user_id}")
    assert redis.smembers(f"trademaster:device_sessions:{answer['deviceFingerprint']}") >= {session_id}
    assert 86_000 < redis.ttl(f"trademaster:session:{session_id}") <= 86_400


def test_token_claims(sign_up: SignUp) -> None:
    client = sign_up()
    answer = client.sign_in()
    access = jwt.decode(answer["accessToken"], "s" * 64, ["HS512"])
    refresh = jwt.decode(answer["refreshToken"], "s" * 64, ["HS512"])
    assert jwt.get_unverified_header(answer["accessToken"]).keys() == {"alg", "typ"}
    assert access | {"iat": 0, "exp": 0} == {
        "iss": "trademaster-auth-service",
        "sub": str(answer["user"]["id"]),
        "iat": 0,
        "exp": 0,
        "email": client.email,
        "device_fingerprint": answer["deviceFingerprint"],
        "token_type": "access",
        "authorities": "ROLE_USER",
        "subscription_tier": "free",
        "kyc_status": "pending",
    }
    assert access["exp"] - access["iat"] == 900
    assert refresh["exp"] - refresh["iat"] == 86_400
    assert refresh["token_type"] == "refresh"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": None}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": 12345678}, "password"),
        ({"firstName": " "}, "firstName"),
        ({"lastName": ["King"]}, "lastName"),
    ],
)
def test_registration_is_validated(service: Service, change: dict[str, object], field: str) -> None:
    right = {"email": "a@example.com", "password": "long enough", "firstName": "Ada", "lastName": "King"}
    answer = service.api.post("/api/v1/auth/register", right | change)
    assert answer.status == 400
    assert answer.body["errors"].keys() == {field}


@pytest.mark.parametrize("body", ["text", ["list"], None, {"email": "\0"}, {"email": "\ud800"}])
def test_a_body_that_is_no_object_of_text_is_refused(service: Service, body: object) -> None:
    assert service.api.post("/api/v1/auth/login", body).status == 400


def test_an_account_is_registered_once(sign_up: SignUp) -> None:
    client = sign_up()
    client.email = client.email.upper()
    answer = client.register()
    assert (answer.status, answer.body["message"]) == (400, "Registration failed: Email already exists")


def test_sign_in_waits_for_the_verified_email(service: Service, db: Db) -> None:
    client = service.api
    client.email, client.password = f"late-{time.time_ns()}@example.com", "correct horse"
    assert client.register().status == 201
    assert client.login().body["message"] == "Login failed: Email is not verified"
    token = email_token(db, client.email)
    assert client.post("/api/v1/auth/verify-email", {"token": token}).status == 200
    assert client.login().status == 200
    assert client.post("/api/v1/auth/verify-email", {"token": token}).status == 400


def test_five_wrong_passwords_lock_the_account(sign_up: SignUp, db: Db) -> None:
    client = sign_up()
    for _ in range(5):
        assert client.login("wrong").body["message"] == "Login failed: Invalid credentials"
    answer = client.login()
    assert (answer.status, answer.body["message"]) == (401, "Login failed: Account is locked")
    db.execute("UPDATE users SET account_locked_until = now() WHERE email = %s", [client.email])
    assert client.login().status == 200


def test_an_unknown_account_answers_like_a_wrong_password(service: Service, sign_up: SignUp) -> None:
    stranger = service.api
    stranger.email, stranger.password = "stranger@example.com", "whatever"
    assert stranger.login().body == sign_up().login("wrong").body


def test_refresh_until_logout(sign_up: SignUp) -> None:
    client = sign_up()
    refresh = {"refreshToken": client.sign_in()["refreshToken"]}
    answer = client.post("/api/v1/auth/refresh", refresh)
    assert answer.status == 200
    client.token = answer.body["accessToken"]
    assert client.get("/api/v1/auth/mfa/status").body == {"mfaEnabled": False, "enabledTypes": []}
    assert client.post("/api/v1/auth/logout", {}).status == 200
    answer = client.post("/api/v1/auth/refresh", refresh)
    assert (answer.status, answer.body["message"]) == (401, "Token refresh failed: Session has ended")


def test_refresh_wants_a_bearer_and_a_refresh_token(sign_up: SignUp) -> None:
    client = sign_up()
    signed_in = client.sign_in()
    wrong_type = client.post("/api/v1/auth/refresh", {"refreshToken": signed_in["accessToken"]})
    assert wrong_type.status == 401
    assert client.post("/api/v1/auth/refresh", {}).status == 400
    client.token = ""
    assert client.post("/api/v1/auth/refresh", {"refreshToken": signed_in["refreshToken"]}).status == 401


@pytest.mark.parametrize(
    "header",
    ["User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "X-Forwarded-For"],
)
def test_a_token_is_bound_to_its_headers(sign_up: SignUp, header: str) -> None:
    client = sign_up()
    client.sign_in()
    assert client.get("/api/v1/auth/devices").status == 200
    client.headers[header] = "192.0.2.77"
    answer = client.get("/api/v1/auth/devices")
    assert (answer.status, answer.body["message"]) == (401, "Token belongs to another device")


def test_reset_password_ends_every_session(sign_up: SignUp, db: Db) -> None:
    client = sign_up()
    refresh = client.sign_in()["refreshToken"]
    assert client.post("/api/v1/auth/forgot-password", {"email": client.email}).status == 200
    body = {"token": email_token(db, client.email, "PASSWORD_RESET"), "newPassword": "another horse"}
    assert client.post("/api/v1/auth/reset-password", body).status == 200
    assert client.post("/api/v1/auth/reset-password", body).status == 400
    assert client.post("/api/v1/auth/refresh", {"refreshToken": refresh}).status == 401
    assert client.login().status == 401
    assert client.login("another horse").status == 200


def test_forgot_password_does_not_tell_who_has_an_account(service: Service, sign_up: SignUp) -> None:
    known = sign_up()
    path = "/api/v1/auth/forgot-password"
    unknown = service.api.post(path, {"email": "stranger@example.com"})
    assert known.post(path, {"email": known.email}).body == unknown.body


def test_only_five_sessions_are_kept(sign_up: SignUp, redis: redis_client.Redis) -> None:
    client = sign_up()
    for number in range(7):
        client.headers["User-Agent"] = f"browser {number}"
        user_id = client.sign_in()["user"]["id"]
    assert redis.scard(f"trademaster:user_sessions:{user_id}") == 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/actuator/health", 404),  # it is on the management port
        ("GET", "/api/v2/health", 401),
        ("GET", "/health", 401),
        ("GET", "/metrics", 401),
        ("GET", "/api/v1/auth/devices", 401),
        ("POST", "/api/v1/auth/logout", 401),
        ("GET", "/api/v1/auth/login", 405),
    ],
)
def test_what_a_stranger_sees(service: Service, method: str, path: str, status: int) -> None:
    assert service.api.request(method, path, None, {}).status == status


def test_audit_is_for_its_owner_and_for_auditors(sign_up: SignUp, db: Db) -> None:
    client = sign_up()
    user_id = client.sign_in()["user"]["id"]
    events = client.get("/api/v1/audit/security-events?size=1").body["content"]
    assert [event["event_type"] for event in events] == ["LOGIN_SUCCESS"]
    assert client.get("/api/v1/audit/security-events/high-risk").status == 403
    grant_admin(db, user_id)
    client.sign_in()
    assert client.get("/api/v1/audit/security-events/high-risk").status == 200


def test_internal_endpoints_trust_a_key_or_a_gateway(service: Service, sign_up: SignUp) -> None:
    user_id = sign_up().sign_in()["user"]["id"]
    path, api = f"/api/internal/v1/auth/users/{user_id}/validate", service.api
    missing = api.get(path)
    assert (missing.status, missing.body["error"]) == (401, "SERVICE_AUTHENTICATION_FAILED")
    assert api.get(path, x_api_key="wrong").status == 401
    assert api.get(path, x_consumer_id="1").status == 401
    assert api.get(path, x_consumer_id="1", x_consumer_username="trading-service").status == 200
    assert api.get(path, x_api_key="service-key").body["valid"] is True
    assert api.get("/api/internal/v1/auth/users/none/validate", x_api_key="service-key").status == 404


def test_other_services_can_have_a_token_checked(service: Service, sign_up: SignUp) -> None:
    signed_in = sign_up().sign_in()
    path, key = "/api/internal/v1/auth/tokens/validate", {"x_api_key": "service-key"}
    body = {"token": signed_in["accessToken"], "deviceFingerprint": signed_in["deviceFingerprint"]}
    assert service.api.post(path, body, **key).body["valid"] is True
    assert service.api.post(path, {"token": "nonsense"}, **key).body["valid"] is False


def test_correlation_ids_come_back_and_are_logged(service: Service) -> None:
    answer = service.api.post("/api/v1/auth/login", {}, x_correlation_id="abc-1", x_request_id="def-2")
    assert (answer.headers["x-correlation-id"], answer.headers["x-request-id"]) == ("abc-1", "def-2")
    wait_until(lambda: "abc-1" in service.log.read_text())  # written once the answer is out
    (line,) = [line for line in service.lines() if line["correlationId"] == "abc-1"]
    assert (line["method"], line["uri"], line["status"]) == ("POST", "/api/v1/auth/login", 400)
    made_up = service.api.get("/health", x_correlation_id='forged"\tid').headers["x-correlation-id"]
    assert len(made_up) == 36


def test_it_says_that_it_is_a_stand_in(service: Service) -> None:
    assert service.api.get("/health").headers["server"] == "trademaster-auth-sample/1.0.0"
    assert "stand-in" in service.lines()[0]["message"]


def grant_admin(db: Db, user_id: int) -> None:
    db.execute(
        "INSERT INTO user_role_assignments (user_id, role_id) SELECT %s, id FROM user_roles WHERE role_name = 'ADMIN'",
        [user_id],
    )
