"""Grafana answers people behind the load balancer, shows the dashboards it was given, and keeps what it is told."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests

PLATFORM, SERVICE = "molecule-grafana", "molecule-grafana-grafana"
OUTPUTS = "/molecule/grafana/outputs"
DOMAIN = "grafana.molecule.example.com"
SCENARIO = Path(__file__).resolve().parents[1]
STATE = Path(os.environ["LOCAL_CLOUD_STATE"])
OWN_DASHBOARDS = SCENARIO.parents[1] / "roles" / "grafana" / "files" / "dashboards"
ecs, s3, ssm, store = (boto3.client(name) for name in ("ecs", "s3", "ssm", "secretsmanager"))


def published(name: str) -> dict[str, Any]:
    return dict(json.loads(ssm.get_parameter(Name=f"{OUTPUTS}/{name}")["Parameter"]["Value"]))


def password() -> str:
    arn = published("grafana")["admin_secret_arn"]
    return str(json.loads(store.get_secret_value(SecretId=arn)["SecretString"])["password"])


class Client:
    """Asks through the load balancer, as a browser that was given the domain."""

    def __init__(self, *, signed_in: bool = True, host: str = DOMAIN) -> None:
        endpoints = json.loads((STATE / "endpoints.json").read_text())
        self.url = endpoints["load_balancers"][PLATFORM]["listeners"]["80"]
        self.session = requests.Session()
        self.session.headers["Host"] = host
        self.session.auth = ("admin", password()) if signed_in else None

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, allow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    answer = ecs.describe_task_definition(taskDefinition=published("grafana")["task_definition_arn"])
    return dict(answer["taskDefinition"])


def container(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(row) for row in definition["containerDefinitions"] if row["name"] == name)


def service() -> dict[str, Any]:
    return dict(ecs.describe_services(cluster=PLATFORM, services=[SERVICE])["services"][0])


def converge(variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(variables), SCENARIO / "converge.yml"],
        cwd=SCENARIO.parents[1],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_one_task_runs_the_published_revision() -> None:
    running = service()

    assert (running["desiredCount"], running["runningCount"]) == (1, 1)
    assert running["taskDefinition"] == published("grafana")["task_definition_arn"]
    configured = running["deploymentConfiguration"]
    assert (configured["minimumHealthyPercent"], configured["maximumPercent"]) == (0, 100)


def test_a_first_start_has_time_for_its_migrations() -> None:
    assert service()["healthCheckGracePeriodSeconds"] >= 300


def test_the_load_balancer_forwards_its_domain_alone() -> None:
    health = Client(signed_in=False).get("/api/health")

    assert health.json()["database"] == "ok"
    assert Client(host="other.example.com").get("/api/health").status_code == 404


def test_nobody_comes_in_without_the_password() -> None:
    anybody = Client(signed_in=False)

    for path in ("/api/search", "/api/datasources", "/api/dashboards/uid/payments"):
        assert anybody.get(path).status_code == 401
    assert anybody.get("/").headers["Location"].startswith("/login")
    assert anybody.get("/api/org", auth=("admin", "admin")).status_code == 401
    assert anybody.call("POST", "/api/user/signup", json={"email": "a@example.com"}).status_code == 401
    assert Client().get("/api/org").status_code == 200


def test_browsers_are_told_to_be_careful() -> None:
    headers = Client(signed_in=False).get("/login").headers

    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "script-src" in headers["Content-Security-Policy"]
    body = {"user": "admin", "password": password()}
    assert "Secure" in Client(signed_in=False).call("POST", "/login", json=body).headers["Set-Cookie"]


def test_every_dashboard_is_served_by_its_uid() -> None:
    expected = {json.loads(file.read_text())["uid"] for file in OWN_DASHBOARDS.glob("*.json")} | {"payments"}
    client = Client()

    found = {hit["uid"] for hit in client.get("/api/search", params={"type": "dash-db"}).json()}

    assert found == expected
    for uid in expected:
        shown = client.get(f"/api/dashboards/uid/{uid}").json()
        assert (shown["dashboard"]["uid"], shown["meta"]["provisioned"]) == (uid, True)


def test_data_sources_are_found_by_service_discovery_and_cannot_be_changed() -> None:
    sources = {row["uid"]: row for row in Client().get("/api/datasources").json()}

    assert sources["prometheus"]["url"] == "http://prometheus.molecule-grafana.internal:9090"
    assert sources["alertmanager"]["url"] == "http://alertmanager.molecule-grafana.internal:9093"
    assert [uid for uid, row in sources.items() if row["isDefault"]] == ["prometheus"]
    assert all(row["readOnly"] for row in sources.values())


def test_what_it_keeps_is_on_the_file_system(definition: dict[str, Any]) -> None:
    [volume] = [row for row in definition["volumes"] if row["name"] == "data"]
    efs = volume["efsVolumeConfiguration"]
    point = published("monitoring")["access_points"]["grafana"]

    assert (efs["transitEncryption"], efs["authorizationConfig"]["iam"]) == ("ENABLED", "ENABLED")
    assert efs["authorizationConfig"]["accessPointId"] == point["id"]
    role = published("grafana")["task_role_arn"].rpartition("/")[2]
    statements = boto3.client("iam").get_role_policy(RoleName=role, PolicyName="task")["PolicyDocument"]["Statement"]
    [mount] = [row for row in statements if "elasticfilesystem:ClientMount" in row["Action"]]
    [(key, value)] = mount["Condition"]["StringEquals"].items()
    assert (key.lower(), value) == ("elasticfilesystem:accesspointarn", [point["arn"]])
    assert mount["Resource"] == [published("monitoring")["file_system_arn"]]


def test_the_container_is_as_closed_as_it_can_be(definition: dict[str, Any]) -> None:
    grafana = container(definition, "grafana")
    environment = {pair["name"]: pair["value"] for pair in grafana["environment"]}

    assert (grafana["readonlyRootFilesystem"], grafana["user"]) == (True, "472")
    assert {secret["name"] for secret in grafana["secrets"]} == {"GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_SECRET_KEY"}
    assert environment["GF_ANALYTICS_REPORTING_ENABLED"] == "false"
    assert environment["GF_SERVER_ROOT_URL"] == f"https://{DOMAIN}/"


def test_no_secret_is_anywhere_it_can_be_read(definition: dict[str, Any]) -> None:
    arns = published("configuration")["secret_arns"]
    secrets = [password(), store.get_secret_value(SecretId=arns["grafana/encryption"])["SecretString"]]
    events = boto3.client("logs").filter_log_events(logGroupName=f"/ecs/{SERVICE}")["events"]
    arguments = [word for one in psutil.process_iter(["cmdline"]) for word in one.info["cmdline"] or []]
    places = {
        "task definition": json.dumps(definition, default=str),
        "logs": "\n".join(event["message"] for event in events),
        "published outputs": json.dumps(ssm.get_parameters_by_path(Path=OUTPUTS)["Parameters"], default=str),
        "process arguments": "\n".join(arguments),
    }

    assert [place for place, text in places.items() if any(secret in text for secret in secrets)] == []


def test_a_changed_dashboard_and_a_rotated_password_roll_out_and_what_was_kept_stays(tmp_path: Path) -> None:
    title = f"Payments {uuid.uuid4().hex[:8]}"
    model = json.loads((SCENARIO / "files" / "payments.json").read_text())
    (tmp_path / "payments.json").write_text(json.dumps({**model, "title": title}))
    Client().call("POST", "/api/annotations", json={"text": "kept", "tags": [title]})
    arn = published("grafana")["admin_secret_arn"]
    secret = json.loads(store.get_secret_value(SecretId=arn)["SecretString"])
    store.put_secret_value(SecretId=arn, SecretString=json.dumps({**secret, "password": uuid.uuid4().hex}))

    ended = converge({"grafana_dashboards": [str(tmp_path / "payments.json")]})

    assert ended.returncode == 0, ended.stdout
    client = Client()
    assert client.get("/api/dashboards/uid/payments").json()["dashboard"]["title"] == title
    assert [row["text"] for row in client.get("/api/annotations", params={"tags": title}).json()] == ["kept"]
    assert client.get("/api/org", auth=("admin", secret["password"])).status_code == 401


def test_a_dashboard_that_is_wrong_is_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    (tmp_path / "twice.json").write_text('{"uid": "service-overview", "title": "Twice"}')
    bucket = published("monitoring")["bucket"]
    uploaded = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    before = service()["taskDefinition"]

    ended = converge({"grafana_dashboards": [str(tmp_path / "twice.json")]})

    errors = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith("[ERROR]")]
    assert ended.returncode == 2
    assert len(errors) == 1
    assert "twice.json: " in errors[0]
    assert "service-overview.json has the uid service-overview already: give it another" in errors[0]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == uploaded
    assert service()["taskDefinition"] == before
