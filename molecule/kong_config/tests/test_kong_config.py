"""The configured gateway does what its description says, on every node, before a service that echoes."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import jwt
import psutil
import pytest
import urllib3

NAME = "molecule-kong-config"
SECRETS = "molecule/kong-config"
SCENARIO = Path(__file__).resolve().parents[1]
PORT = 18099
ORIGIN = "https://app.example.com"
FORGED = {
    "X-User-ID": "1",
    "X_User_Roles": "ROLE_ADMIN",
    "X-Consumer-ID": "1",
    "x_consumer_username": "trusted",
    "X-Tier-Key": "guessed",
}
COLOURS = {"blue": "127.0.0.2", "green": "127.0.0.3"}
PREVIEW = "X-Release-Preview"
INSIDE, OUTSIDE = "192.0.2.7", "203.0.113.7"
NONE: Mapping[str, str] = {}


class Echo(BaseHTTPRequestHandler):
    """Answers with what reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "address": self.connection.getsockname()[0],
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - the names that the server looks for

    def log_message(self, *_: Any) -> None:
        return


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def seen(self) -> dict[str, Any]:
        """What the service saw."""
        return dict(json.loads(self.body))


@dataclass(frozen=True)
class Node:
    address: str

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        token: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] = NONE,
    ) -> Answer:
        """A request from an address that the gateway takes forwarded addresses from."""
        trusted = ".".join([*self.address.split(".")[:2], "0", "9"])
        connection = http.client.HTTPConnection(self.address, 8000, timeout=10, source_address=(trusted, 0))
        given = {"X-Forwarded-For": OUTSIDE, **headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()


def addresses() -> list[str]:
    ecs = boto3.client("ecs")
    arns = ecs.list_tasks(cluster=NAME, serviceName=f"{NAME}-kong")["taskArns"]
    tasks = ecs.describe_tasks(cluster=NAME, tasks=arns)["tasks"]
    return [task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks]


def secret(name: str) -> str:
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=f"{SECRETS}/{name}")["SecretString"])


def token(tier: str | None = None, **claims: Any) -> str:
    payload = {"iss": "molecule", "sub": uuid.uuid4().hex, "exp": int(time.time()) + 600, "subscription_tier": tier}
    signing = secret("auth/jwt")
    return jwt.encode({**payload, "authorities": "ROLE_USER", **claims}, signing, "HS512")


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    servers = [ThreadingHTTPServer((address, PORT), Echo) for address in ("127.0.0.1", *COLOURS.values())]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module", autouse=True)
def tasks_of_both_colours() -> Iterator[None]:
    """The names of the service with colours lead to the echo, as they do when ECS registers tasks."""
    names = boto3.client("servicediscovery")
    services = {
        one["Name"]: one["Id"] for page in names.get_paginator("list_services").paginate() for one in page["Services"]
    }
    chosen = {services[f"coloured-{colour}"]: address for colour, address in COLOURS.items()}
    for service_id, address in chosen.items():
        names.register_instance(ServiceId=service_id, InstanceId="echo", Attributes={"AWS_INSTANCE_IPV4": address})
    yield
    for service_id in chosen:
        names.deregister_instance(ServiceId=service_id, InstanceId="echo")


@pytest.fixture(scope="module")
def nodes() -> list[Node]:
    found = [Node(address) for address in addresses()]
    assert len(found) == 2
    deadline = time.monotonic() + 20
    while not all(node.ask("/health").status == 200 for node in found):
        assert time.monotonic() < deadline, "the service is not found healthy"
        time.sleep(0.1)
    return found


@pytest.fixture
def node(nodes: list[Node]) -> Node:
    return nodes[0]


def at_the_start_of_a_minute() -> None:
    """What is counted together has to begin with a minute of the clock, unless it ends well within this one."""
    while time.time() % 60 > 50:
        time.sleep(0.1)


def test_health_is_rewritten(node: Node) -> None:
    answer = node.ask("/health")
    assert answer.seen["path"] == "/actuator/health"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert answer.seen["headers"]["x-correlation-id"] == answer.headers["x-correlation-id"]


@pytest.mark.parametrize("path", ["/actuator/prometheus", "/actuator", "/health/../actuator/env", "/nowhere"])
def test_the_rest_is_closed(node: Node, path: str) -> None:
    assert node.ask(path).status == 404


def test_the_service_is_told_who_calls_by_the_token_alone(node: Node) -> None:
    seen = node.ask("/account", token=token(sub="42"), headers=FORGED).seen["headers"]
    assert (seen["x-user-id"], seen["x-user-roles"]) == ("42", "ROLE_USER")
    assert not {name for name in seen if name.replace("_", "-").startswith(("x-consumer-", "x-tier-"))}
    assert "x-credential-identifier" not in seen


def test_open_routes_pass_no_identity_on(node: Node) -> None:
    seen = node.ask("/health", headers=FORGED).seen["headers"]
    assert not {name for name in seen if name.replace("_", "-").startswith(("x-consumer-", "x-user-", "x-tier-"))}


@pytest.mark.parametrize(("tier", "limit"), [("free", 5), (None, 5), ("smart", 10), ("premium", 20)])
def test_each_user_has_the_limit_of_the_tier_over_all_nodes_and_routes(
    nodes: list[Node], tier: str | None, limit: int
) -> None:
    mine, other = token(tier), token(tier)
    at_the_start_of_a_minute()
    paths = ("/account", "/devices")
    answers = [nodes[count % 2].ask(paths[count // 2 % 2], token=mine) for count in range(limit + 1)]
    assert [answer.status for answer in answers] == [200] * limit + [429]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers] == [*range(limit - 1, -1, -1), 0]
    assert answers[-1].headers["x-ratelimit-limit"] == str(limit)
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert nodes[0].ask("/account", token=other).status == 200


def test_tokens_that_are_not_in_order_are_refused(node: Node) -> None:
    good = token()
    head, payload, signature = good.split(".")
    other = token("premium").split(".")[1]
    bad = {
        "expired": token(exp=int(time.time()) - 5),
        "of another issuer": token(iss="somebody"),
        "without user": token(sub=""),
        "with other claims": f"{head}.{other}.{signature}",
        "without signature": f"{head}.{payload}.",
        "signed by another": jwt.encode({"iss": "molecule", "sub": "1", "exp": 2**33}, "x" * 72, "HS512"),
        "junk": "a.b.c",
    }
    statuses = {name: node.ask("/account", token=one).status for name, one in bad.items()}
    assert statuses == dict.fromkeys(bad, 401)
    assert node.ask("/account").status == 401
    assert node.ask(f"/account?jwt={good}").status == 401


@pytest.mark.parametrize(("tier", "status"), [("free", 403), ("smart", 200), ("premium", 200)])
def test_premium_routes_are_for_some_tiers(node: Node, tier: str, status: int) -> None:
    assert node.ask("/reports", token=token(tier)).status == status


@pytest.mark.parametrize(("address", "status"), [(INSIDE, 200), (OUTSIDE, 403)])
def test_admin_and_internal_routes_are_for_some_networks(node: Node, address: str, status: int) -> None:
    where = {"X-Forwarded-For": address}
    key = {"X-API-Key": secret("auth/service-api-key")}
    assert node.ask("/audit", token=token(), headers=where).status == status
    assert node.ask("/internal", headers=where | key).status == status


def test_internal_callers_show_their_key(node: Node) -> None:
    where = {"X-Forwarded-For": INSIDE}
    tiers = json.loads(secret("kong/tier-keys"))
    assert node.ask("/internal", headers=where | FORGED).status == 401
    assert node.ask("/internal", headers=where | {"X-API-Key": tiers["premium"]}).status == 403
    seen = node.ask("/internal", headers=where | {"X-API-Key": secret("auth/service-api-key")}).seen["headers"]
    assert seen["x-consumer-username"] == "echo-internal"
    assert "x-api-key" not in seen


def test_preflight_requests_are_answered_for_the_frontend_alone(node: Node) -> None:
    def allowed(origin: str) -> str | None:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = node.ask("/login", method="OPTIONS", headers=asked)
        assert answer.status == 200
        return answer.headers.get("access-control-allow-origin")

    assert allowed(ORIGIN) == ORIGIN
    # Where there is one origin, Kong names it to whoever asks.
    assert allowed("https://evil.example.com") in (None, ORIGIN)


def test_signing_in_is_limited_by_address(nodes: list[Node]) -> None:
    at_the_start_of_a_minute()

    def attempt(count: int, address: str) -> int:
        return nodes[count % 2].ask("/login", method="POST", headers={"X-Forwarded-For": address}).status

    assert [attempt(count, "203.0.113.50") for count in range(5)] == [200] * 3 + [429] * 2
    assert attempt(0, "203.0.113.51") == 200


def test_bots_and_large_bodies_are_turned_away(node: Node) -> None:
    assert node.ask("/login", method="POST", headers={"User-Agent": "molecule-scraper/1"}).status == 403
    assert node.ask("/login", method="POST", body=b"x" * 5000, headers={"X-Forwarded-For": INSIDE}).status == 413


class Admin:
    """The Admin API, as a release uses it: to move weights."""

    def __init__(self) -> None:
        certificate = json.loads(secret("kong/admin-certificate"))["certificate"]
        context = ssl.create_default_context(cadata=certificate)
        name = "kong-admin.molecule.internal"
        self.headers = {"Kong-Admin-Token": secret("kong/admin-token")}
        self.pool = urllib3.HTTPSConnectionPool(
            addresses()[0], 8444, ssl_context=context, server_hostname=name, assert_hostname=name, timeout=10
        )

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self.pool.request(method, path, json=body, headers=self.headers)
        assert answer.status == 200, answer.data
        return dict(json.loads(answer.data))

    def weigh(self, upstream: str, **weights: int) -> None:
        for colour, weight in weights.items():
            target = f"coloured-{colour}.{NAME}.internal:{PORT}"
            self.call("PATCH", f"/upstreams/{upstream}/targets/{target}", {"weight": weight})

    def weights(self, upstream: str) -> list[int]:
        found = self.call("GET", f"/upstreams/{upstream}/targets")["data"]
        return [item["weight"] for item in sorted(found, key=lambda item: str(item["target"]))]


def eventually(node: Node, status: int, address: str = "", headers: Mapping[str, str] = NONE) -> None:
    """Until the node has heard of what was changed."""
    deadline = time.monotonic() + 30
    while True:
        answer = node.ask("/up", headers=headers)  # it is not counted
        if answer.status == status and (not address or answer.seen["address"] == address):
            return
        assert time.monotonic() < deadline, f"{answer.status} {answer.body!r}"
        time.sleep(0.1)


def test_a_release_is_reached_with_the_token_alone_before_customers_get_it(node: Node) -> None:
    admin = Admin()
    token_of_release = secret("kong/preview-token")
    shown, guessed = {PREVIEW: token_of_release}, {PREVIEW: "guessed"}
    assert (admin.weights("coloured"), admin.weights("coloured-preview")) == ([100, 0], [0, 0])
    eventually(node, 200, COLOURS["blue"])
    # Nothing is being released.
    eventually(node, 503, headers=shown)

    admin.weigh("coloured-preview", green=100)
    eventually(node, 200, COLOURS["green"], shown)
    seen = node.ask("/news", headers=shown).seen
    assert (seen["address"], PREVIEW.lower() in seen["headers"]) == (COLOURS["green"], False)
    for given in (NONE, guessed):
        other = node.ask("/news", headers=given).seen
        assert (other["address"], PREVIEW.lower() in other["headers"]) == (COLOURS["blue"], False)
    rewritten = node.ask("/up", headers=shown).seen
    assert (rewritten["path"], rewritten["address"]) == ("/actuator/health", COLOURS["green"])
    assert PREVIEW.lower() not in rewritten["headers"]
    # It is protected as it will be for customers.
    assert node.ask("/mine", headers=shown).status == 401
    mine = node.ask("/mine", headers=shown, token=token(sub="42")).seen
    assert (mine["address"], mine["headers"]["x-user-id"]) == (COLOURS["green"], "42")
    assert PREVIEW.lower() not in mine["headers"]


def test_customers_follow_the_weights(node: Node) -> None:
    admin = Admin()
    admin.weigh("coloured", green=100, blue=0)
    eventually(node, 200, COLOURS["green"])


def test_the_state_can_be_compared_through_a_tunnel_as_well() -> None:
    """The same playbook again, through ECS Exec: it finds nothing to do, and its session ends.

    The weights that were moved above are not its to move back.
    """
    environment = {**os.environ, "PATH": f"{SCENARIO / 'tests' / 'bin'}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    python = ["-e", f"ansible_python_interpreter={sys.executable}"]
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", *python]
    run = subprocess.run(
        [*command, "-e", "kong_config_access=port_forward", SCENARIO / "converge.yml"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "changed=0" in run.stdout
    assert sessions() == []
    assert (Admin().weights("coloured"), Admin().weights("coloured-preview")) == ([0, 100], [0, 100])
    assert secret("kong/preview-token") not in run.stdout + run.stderr


def sessions() -> list[str]:
    """Sessions that still run."""
    found = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return [line for line in found if "start-session" in line and NAME in line]
