"""Health, info, metrics, limits behind a gateway, mail, and the end of the process."""

from __future__ import annotations

import re
import signal
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import DictRow

from .client import Client, Service, wait_until
from .conftest import Launcher, run
from .test_api import grant_admin

Db = psycopg.Connection[DictRow]


def test_health_has_components_and_groups(service: Service) -> None:
    health = service.management.get("/actuator/health")
    assert health.status == 200
    assert health.body["status"] == "UP"
    assert {"db", "redis", "diskSpace", "ping"} <= health.body["components"].keys()
    readiness = service.management.get("/actuator/health/readiness").body
    assert readiness["components"].keys() == {"readinessState", "db", "redis"}


def test_info_tells_the_version(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_VERSION": "2.3.4"})
    assert service.management.get("/actuator/info").body["app"]["version"] == "2.3.4"
    assert service.api.get("/health").headers["server"] == "trademaster-auth-sample/2.3.4"


def test_prometheus_wants_an_administrator(service: Service, sign_up: Callable[[], Client], db: Db) -> None:
    admin = sign_up()
    user_id = admin.sign_in()["user"]["id"]
    management = service.management
    assert management.get("/actuator/prometheus").status == 401
    management.token = admin.token
    assert management.get("/actuator/prometheus").status == 403
    grant_admin(db, user_id)
    management.token = admin.sign_in()["accessToken"]
    metrics = management.get("/actuator/prometheus")
    assert metrics.status == 200
    assert count(metrics.body, "POST", "/api/v1/auth/login", 200) >= 2
    before = count(metrics.body, "GET", "UNKNOWN", 401)
    service.api.get("/api/v1/auth/devices")
    assert count(management.get("/actuator/prometheus").body, "GET", "UNKNOWN", 401) == before + 1
    assert 'le="0.1"' in metrics.body
    assert 'hikaricp_connections_max{pool="HikariPool-1"} 50.0' in metrics.body
    assert 'auth_authentication_attempts_total{service="auth"} 0.0' in metrics.body
    assert "process_resident_memory_bytes" in metrics.body


def count(metrics: str, method: str, uri: str, status: int) -> float:
    """Requests of one kind, whatever became of them otherwise."""
    pattern = rf'http_server_requests_seconds_count{{[^}}]*method="{method}"[^}}]*status="{status}"'
    lines = [line for line in metrics.splitlines() if re.match(pattern, line) and f'uri="{uri}"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_profile_dev_keeps_to_one_port(launch: Launcher, backing: dict[str, str]) -> None:
    dev = backing | {"SPRING_PROFILES_ACTIVE": "dev", "MANAGEMENT_SERVER_PORT": "8080"}
    service = launch(dev)
    assert service.api.get("/actuator/health").body == {"status": "UP"}
    assert service.api.get("/actuator/health/liveness").status == 404


def test_health_names_what_is_down(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"REDIS_HOST": "127.63.0.1", "SPRING_CLOUD_CONSUL_ENABLED": ""})
    health = service.management.get("/actuator/health")
    assert (health.status, health.body["status"]) == (503, "DOWN")
    components = health.body["components"]
    assert [name for name in components if components[name]["status"] != "UP"] == ["db", "redis", "consul"][1:]
    assert service.management.get("/actuator/health/liveness").status == 200


@pytest.mark.parametrize(
    ("strategy", "forwarded", "same_client"),
    [("none", ("192.0.2.1", "192.0.2.2"), True), ("native", ("192.0.2.1", "192.0.2.2"), False)],
)
def test_login_limit_keys_on_the_remote_address(
    launch: Launcher, backing: dict[str, str], strategy: str, forwarded: tuple[str, str], same_client: bool
) -> None:
    service = launch(backing | {"SERVER_FORWARD_HEADERS_STRATEGY": strategy, "LOGIN_RATE_LIMIT": "2"})

    def login(number: int, address: str) -> tuple[int, int]:
        body = {"email": f"{number}@example.com", "password": "whatever"}
        answer = service.api.post("/api/v1/auth/login", body, x_forwarded_for=address)
        return answer.status, int(answer.headers.get("retry-after", 0))

    first, second = forwarded
    assert [login(1, first)[0], login(2, first)[0]] == [401, 401]
    status, wait = login(3, first)
    assert (status, 0 < wait <= 60) == (429, True)
    assert login(4, second)[0] == (429 if same_client else 401)


class Mailbox(socketserver.StreamRequestHandler):
    """Just enough SMTP to accept one mail."""

    received: list[str] = []  # noqa: RUF012  # shared by all connections on purpose

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        in_data = False
        for raw in self.rfile:
            line = raw.decode().strip()
            if in_data and line != ".":
                self.received.append(line)
                continue
            in_data = line.upper() == "DATA"
            self.wfile.write(b"354 go\r\n" if in_data else b"250 ok\r\n")


@pytest.fixture
def mailbox() -> Iterator[tuple[str, int]]:
    Mailbox.received.clear()
    with socketserver.ThreadingTCPServer(("127.63.0.2", 0), Mailbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[0], server.server_address[1]  # type: ignore[misc]
        server.shutdown()


def test_the_token_is_mailed_and_never_logged(
    launch: Launcher, backing: dict[str, str], mailbox: tuple[str, int]
) -> None:
    host, port = mailbox
    service = launch(backing | {"MAIL_HOST": host, "MAIL_PORT": str(port)})
    client = service.api
    client.email, client.password = "mail@example.com", "correct horse"
    assert client.register().status == 201
    wait_until(lambda: any("token=" in line for line in Mailbox.received))
    text = "\n".join(Mailbox.received)
    match = re.search(r"http://localhost:3000/verify-email\?token=([\w-]+)", text)
    assert match
    assert client.post("/api/v1/auth/verify-email", {"token": match[1]}).status == 200
    assert match[1] not in service.log.read_text()


def test_sigterm_lets_a_request_finish(launch: Launcher, backing: dict[str, str]) -> None:
    service = launch(backing | {"SAMPLE_LATENCY_SECONDS": "0.7"})
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(service.api.post("/api/v1/auth/login", {}, x_request_id="slow").status)
    )
    thread.start()
    wait_until(lambda: in_flight(service))
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
    thread.join()
    assert answers == [400]
    assert service.lines()[-1]["message"] == "stopped"


def in_flight(service: Service) -> bool:
    """A connection from the client is established on the application port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()][1:]
    octets = "".join(f"{int(part):02X}" for part in reversed(service.address.split(".")))
    return any(row[1] == f"{octets}:1F90" and row[3] == "01" for row in rows)


def test_health_command_probes_the_service(service: Service, backing: dict[str, str]) -> None:
    assert run("health", "--host", service.address, env=backing).returncode == 0
    assert run("health", env=backing | {"SERVER_ADDRESS": service.address}).returncode == 0
    nowhere = run("health", "--host", "127.63.0.1", env=backing)
    assert nowhere.returncode == 1
    assert "127.63.0.1:9080" in nowhere.stderr
