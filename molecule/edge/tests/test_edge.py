"""Requests arrive over HTTPS under the names asked for, and are logged in a bucket that is closed to everybody else."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

NAME, DOMAIN = "molecule-edge", "molecule-edge.local.example.com"
STATUS = f"status.{DOMAIN}"
BUCKET = "molecule-edge-molecule-edge-local-example-com-access-logs"
SECONDS = 30
elbv2, s3, waf, logs = (boto3.client(service) for service in ("elbv2", "s3", "wafv2", "logs"))
FIREWALL_LOG = "aws-waf-logs-molecule-edge"


class Site(http.server.BaseHTTPRequestHandler):
    """Answers every request with what it was told about the client."""

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "protocol": self.headers["X-Forwarded-Proto"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The load balancer keeps the log."""


@pytest.fixture(scope="module")
def edge() -> dict[str, Any]:
    published = boto3.client("ssm").get_parameter(Name="/molecule/edge/outputs/edge")["Parameter"]
    result: dict[str, Any] = json.loads(published["Value"])
    return result


@pytest.fixture(scope="module")
def local_cloud() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(os.environ["LOCAL_CLOUD_STATE"], "endpoints.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def target(edge: dict[str, Any], local_cloud: dict[str, Any]) -> Iterator[None]:
    """A site on an address of its own, which the load balancer takes for a task."""
    address = f"{local_cloud['network']}.254.254"
    server = http.server.ThreadingHTTPServer((address, 8080), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    group, targets = edge["target_group_arns"]["molecule-edge-site"], [{"Id": address, "Port": 8080}]
    try:
        elbv2.register_targets(TargetGroupArn=group, Targets=targets)
        wait_until(lambda: states(group) == ["healthy"])
        yield
        elbv2.deregister_targets(TargetGroupArn=group, Targets=targets)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def states(group: str) -> list[str]:
    described = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [row["TargetHealth"]["State"] for row in described]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS} s"
        time.sleep(0.1)


def get(local_cloud: dict[str, Any], url: str, method: str = "GET", **options: Any) -> http.client.HTTPResponse:
    """Ask for `url` at the address of the load balancer, whatever its host resolves to, trusting the local CA alone."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    address = local_cloud["load_balancers"][NAME]["address"]
    stream = socket.create_connection((address, parts.port or 0), timeout=10)
    if parts.scheme == "https":
        stream = ssl.create_default_context(cafile=local_cloud["ca"]).wrap_socket(
            stream, server_hostname=parts.hostname
        )
    connection.sock = stream
    connection.request(method, parts.path, **options)
    response = connection.getresponse()
    assert response.version == 11
    return response


def listening(local_cloud: dict[str, Any], port: int) -> int:
    """Where the local cloud serves a listener's port."""
    found: int | None = urlsplit(local_cloud["load_balancers"][NAME]["listeners"][str(port)]).port
    assert found is not None
    return found


def test_the_certificate_is_issued_for_both_names(edge: dict[str, Any]) -> None:
    certificate = boto3.client("acm").describe_certificate(CertificateArn=edge["certificate_arn"])["Certificate"]

    assert certificate["Status"] == "ISSUED"
    assert sorted(certificate["SubjectAlternativeNames"]) == [DOMAIN, STATUS]


@pytest.mark.parametrize("name", [DOMAIN, STATUS])
def test_a_name_stands_for_the_load_balancer(edge: dict[str, Any], name: str) -> None:
    route53 = boto3.client("route53")
    zone = route53.list_hosted_zones_by_name(DNSName="local.example.com")["HostedZones"][0]["Id"]
    found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name, StartRecordType="A")
    record = found["ResourceRecordSets"][0]

    assert (record["Name"], record["Type"]) == (f"{name}.", "A")
    assert record["AliasTarget"]["DNSName"].rstrip(".").endswith(edge["dns_name"])


@pytest.mark.usefixtures("target")
def test_a_request_over_https_reaches_the_target(local_cloud: dict[str, Any]) -> None:
    response = get(local_cloud, f"https://{DOMAIN}:{listening(local_cloud, 443)}/sign-in")

    assert response.status == 200
    assert json.load(response) == {"path": "/sign-in", "protocol": "https"}


@pytest.mark.usefixtures("target")
def test_plain_http_is_sent_to_https_for_good(local_cloud: dict[str, Any]) -> None:
    moved = get(local_cloud, f"http://{DOMAIN}:{listening(local_cloud, 80)}/sign-in")
    location = moved.headers["Location"]

    assert (moved.status, location) == (301, f"https://{DOMAIN}:{listening(local_cloud, 443)}/sign-in")
    assert get(local_cloud, location).status == 200


def test_the_rule_answers_for_its_host(local_cloud: dict[str, Any]) -> None:
    response = get(local_cloud, f"https://{STATUS}:{listening(local_cloud, 443)}/")

    assert (response.status, response.read()) == (200, b"open")


def test_the_load_balancer_is_hardened(edge: dict[str, Any]) -> None:
    described = elbv2.describe_load_balancer_attributes(LoadBalancerArn=edge["load_balancer_arn"])
    attributes = {row["Key"]: row["Value"] for row in described["Attributes"]}

    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["routing.http.desync_mitigation_mode"] == "defensive"
    assert attributes["deletion_protection.enabled"] == "true"
    assert (attributes["access_logs.s3.enabled"], attributes["access_logs.s3.bucket"]) == ("true", BUCKET)


def test_only_current_tls_is_spoken(edge: dict[str, Any]) -> None:
    (listener,) = elbv2.describe_listeners(ListenerArns=[edge["listener_arns"]["443"]])["Listeners"]

    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert [row["CertificateArn"] for row in listener["Certificates"]] == [edge["certificate_arn"]]


def test_requests_are_logged_in_the_bucket(local_cloud: dict[str, Any]) -> None:
    get(local_cloud, f"https://{STATUS}:{listening(local_cloud, 443)}/logged")

    wait_until(lambda: "Contents" in s3.list_objects_v2(Bucket=BUCKET, Prefix="AWSLogs/"))


def test_the_bucket_is_closed_encrypted_and_versioned() -> None:
    encryption = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]

    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_the_bucket_lets_load_balancers_write_and_refuses_plain_http() -> None:
    statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    allowed, denied = (
        [statement for statement in statements if statement["Effect"] == effect] for effect in ("Allow", "Deny")
    )

    assert [(s["Principal"], s["Action"]) for s in allowed] == [
        ({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, "s3:PutObject")
    ]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_logs_expire() -> None:
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]

    assert (rule["Status"], rule["Expiration"]["Days"]) == ("Enabled", 30)


# The firewall


@pytest.fixture(scope="module")
def rules(edge: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rules of the web ACL by name."""
    (item,) = (row for row in waf.list_web_acls(Scope="REGIONAL")["WebACLs"] if row["ARN"] == edge["web_acl_arn"])
    found = waf.get_web_acl(Name=item["Name"], Id=item["Id"], Scope="REGIONAL")["WebACL"]["Rules"]
    return {rule["Name"]: rule for rule in sorted(found, key=lambda rule: int(rule["Priority"]))}


def test_rules_are_tried_in_order(rules: dict[str, dict[str, Any]]) -> None:
    assert list(rules) == [
        "allowed-addresses",
        "denied-addresses",
        "sign-in-rate",
        "body-size",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]


def test_what_matches_is_refused(rules: dict[str, dict[str, Any]]) -> None:
    verdicts = {name: next(iter(rule.get("Action") or rule["OverrideAction"])) for name, rule in rules.items()}

    assert verdicts.pop("allowed-addresses") == "Allow"
    assert {verdict for name, verdict in verdicts.items() if name.startswith("AWS")} == {"None"}
    assert {verdict for name, verdict in verdicts.items() if not name.startswith("AWS")} == {"Block"}


def test_a_host_is_left_alone_by_what_judges_contents_only(rules: dict[str, dict[str, Any]]) -> None:
    exempt = [name for name, rule in rules.items() if STATUS in str(rule["Statement"])]

    assert exempt == [name for name in rules if name == "body-size" or name.endswith("RuleSet")]


def test_the_lists_of_addresses_are_those_asked_for() -> None:
    listed = {row["Name"]: row["Id"] for row in waf.list_ip_sets(Scope="REGIONAL")["IPSets"]}

    def addresses(name: str) -> list[str]:
        found: list[str] = waf.get_ip_set(Name=name, Id=listed[name], Scope="REGIONAL")["IPSet"]["Addresses"]
        return found

    assert addresses(f"{NAME}-allowed") == ["192.0.2.0/24"]
    assert addresses(f"{NAME}-denied") == ["198.51.100.7/32"]


def test_the_load_balancer_is_protected(edge: dict[str, Any]) -> None:
    assert waf.get_web_acl_for_resource(ResourceArn=edge["load_balancer_arn"])["WebACL"]["ARN"] == edge["web_acl_arn"]


def test_the_log_is_encrypted_expires_and_leaves_credentials_out(edge: dict[str, Any]) -> None:
    (group,) = logs.describe_log_groups(logGroupNamePrefix=FIREWALL_LOG)["logGroups"]
    key = boto3.client("kms").describe_key(KeyId="alias/molecule-edge-logs")["KeyMetadata"]["Arn"]
    logging = waf.get_logging_configuration(ResourceArn=edge["web_acl_arn"])["LoggingConfiguration"]

    assert (group["kmsKeyId"], group["retentionInDays"]) == (key, 90)
    assert logging["LogDestinationConfigs"] == [group["arn"].removesuffix(":*")]
    assert {field["SingleHeader"]["Name"] for field in logging["RedactedFields"]} == {
        "authorization",
        "cookie",
        "x-api-key",
        "x-release-preview",
    }


def test_a_flood_is_refused_before_it_reaches_a_target(local_cloud: dict[str, Any]) -> None:
    url = f"https://{STATUS}:{listening(local_cloud, 443)}/sign-in-flood"
    secret = {"Authorization": "Bearer a-token-that-nobody-may-read"}

    wait_until(lambda: get(local_cloud, url, "POST", headers=secret).status == 403)
    assert get(local_cloud, url).status == 200

    wait_until(lambda: "BLOCK" in decisions("sign-in-rate"))
    events = str(logs.filter_log_events(logGroupName=FIREWALL_LOG)["events"])
    assert "REDACTED" in events
    assert "nobody-may-read" not in events


def decisions(rule: str) -> list[str]:
    """What the log says that a rule has decided."""
    events = logs.filter_log_events(logGroupName=FIREWALL_LOG)["events"]
    records = [json.loads(event["message"]) for event in events]
    return [record["action"] for record in records if record["terminatingRuleId"] == rule]


def test_a_large_body_is_refused_but_for_the_host_that_is_left_alone(local_cloud: dict[str, Any]) -> None:
    port = listening(local_cloud, 443)

    assert get(local_cloud, f"https://{DOMAIN}:{port}/", "POST", body=b"x" * 8193).status == 413
    assert get(local_cloud, f"https://{STATUS}:{port}/", "POST", body=b"x" * 8193).status == 200


@pytest.mark.usefixtures("target")
def test_old_tls_is_refused(local_cloud: dict[str, Any]) -> None:
    address, port = local_cloud["load_balancers"][NAME]["address"], listening(local_cloud, 443)
    context = ssl.create_default_context(cafile=local_cloud["ca"])
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection((address, port), timeout=10) as stream, pytest.raises(ssl.SSLError):
        context.wrap_socket(stream, server_hostname=DOMAIN)
