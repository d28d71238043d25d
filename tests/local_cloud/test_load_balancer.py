"""Load balancers over boto3, with real HTTP requests through Envoy."""

from __future__ import annotations

import gzip
import http.client
import http.server
import itertools
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import botocore.exceptions
import pytest
from local_cloud_support import DEFAULT_SUBNETS, LocalCloud, eventually

_numbers = itertools.count(1)


class Target:
    """A web server on an address of its own that answers with what it received."""

    def __init__(self, address: str, name: str) -> None:
        self.address, self.name = address, name
        self.health = 200
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status = target.health if self.path == "/health" else 200
                body = json.dumps(
                    {
                        "name": target.name,
                        "path": self.path,
                        "headers": {k.lower(): v for k, v in self.headers.items()},
                        "source": self.client_address[0],
                    }
                ).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self._server = http.server.ThreadingHTTPServer((address, 8080), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Balancer:
    """A load balancer under test, its target groups and targets."""

    cloud: LocalCloud
    arn: str
    name: str
    address: str
    vpc: str
    targets: list[Target] = field(default_factory=list)

    @property
    def elbv2(self) -> Any:
        return self.cloud.client("elbv2")

    def group(self, *names: str, **options: Any) -> str:
        """A target group with a target of each name."""
        settings = {
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": self.vpc,
            "TargetType": "ip",
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            **options,
        }
        created = self.elbv2.create_target_group(Name=f"group-{next(_numbers)}", **settings)
        arn: str = created["TargetGroups"][0]["TargetGroupArn"]
        for name in names:
            target = Target(f"{self.cloud.settings.network}.250.{next(_numbers)}", name)
            self.targets.append(target)
            self.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": target.address, "Port": 8080}])
        return arn

    def listen(self, action: dict[str, Any], port: int = 80, **options: Any) -> str:
        created = self.elbv2.create_listener(
            LoadBalancerArn=self.arn, Port=port, DefaultActions=[action], **{"Protocol": "HTTP", **options}
        )
        arn: str = created["Listeners"][0]["ListenerArn"]
        return arn

    def rule(self, listener: str, priority: int, action: dict[str, Any], *conditions: dict[str, Any]) -> None:
        self.elbv2.create_rule(ListenerArn=listener, Priority=priority, Actions=[action], Conditions=list(conditions))

    def get(self, path: str = "/", *, port: int = 8080, host: str = "auth.example.com", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, port, timeout=5)
        return exchange(connection, path, host, headers)

    def serves(self, path: str = "/", status: int = 200, **headers: str) -> Answer:
        """Waits until the answer has the status."""
        return answering(lambda: self.get(path, **headers), status)

    def health(self, group: str) -> list[tuple[str, str | None]]:
        rows = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [(row["TargetHealth"]["State"], row["TargetHealth"].get("Reason")) for row in rows]


def exchange(connection: http.client.HTTPConnection, path: str, host: str, headers: dict[str, str]) -> Answer:
    try:
        connection.request("GET", path, headers={"Host": host, **headers})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())
    finally:
        connection.close()


def answering(ask: Callable[[], Answer], status: int) -> Answer:
    def look() -> Answer | None:
        try:
            answer = ask()
        except OSError:
            return None
        return answer if answer.status == status else None

    found = eventually(look, what=f"an answer with status {status}")
    assert found is not None
    return found


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


def fixed(status: int, body: str = "") -> dict[str, Any]:
    config = {"StatusCode": str(status), "MessageBody": body, "ContentType": "text/plain"}
    return {"Type": "fixed-response", "FixedResponseConfig": config}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def subnets(cloud: LocalCloud) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloud.client("ec2").describe_subnets(Filters=DEFAULT_SUBNETS)["Subnets"]
    return sorted(found, key=lambda row: str(row["AvailabilityZone"]))


@pytest.fixture
def balancer(local_cloud: LocalCloud) -> Iterator[Balancer]:
    elbv2, name = local_cloud.client("elbv2"), f"balancer-{next(_numbers)}"
    two = subnets(local_cloud)[:2]
    created = elbv2.create_load_balancer(Name=name, Subnets=[row["SubnetId"] for row in two])["LoadBalancers"][0]
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[created["LoadBalancerArn"]])

    def address() -> str | None:
        rows = json.loads(local_cloud.settings.endpoints.read_text()).get("load_balancers", {})
        return rows.get(name, {}).get("address")

    found = Balancer(local_cloud, created["LoadBalancerArn"], name, str(eventually(address)), two[0]["VpcId"])
    yield found
    elbv2.delete_load_balancer(LoadBalancerArn=found.arn)
    for target in found.targets:
        target.close()


def test_forwards_with_the_headers_of_alb(balancer: Balancer) -> None:
    group = balancer.group("one")
    balancer.listen(forward(group))
    eventually(lambda: balancer.health(group) == [("healthy", None)])
    seen = balancer.serves("/some/path?x=1", **{"X-Forwarded-For": "192.0.2.7"}).seen
    assert seen["path"] == "/some/path?x=1"
    assert seen["headers"]["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
    assert seen["headers"]["x-forwarded-proto"] == "http"
    assert seen["headers"]["x-forwarded-port"] == "80"
    assert seen["headers"]["host"] == "auth.example.com"
    assert seen["source"] == balancer.address
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", seen["headers"]["x-amzn-trace-id"])
    assert not [name for name in seen["headers"] if name.startswith(("x-envoy", "x-local"))]


def test_rules_are_tried_by_priority(balancer: Balancer) -> None:
    listener = balancer.listen(fixed(404, "default"))
    hosts = {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}}
    paths = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*", "/v?"]}}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Tier", "Values": ["gold*"]}}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "beta", "Value": "y*"}]}}
    source = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    balancer.rule(listener, 20, fixed(200, "host and path"), hosts, paths)
    balancer.rule(listener, 10, fixed(200, "header"), header)
    balancer.rule(listener, 5, fixed(200, "query"), query)
    balancer.rule(listener, 1, fixed(403, "elsewhere"), source)
    balancer.serves("/api/x")
    assert balancer.get("/api/x").body == "host and path"
    assert balancer.get("/v2").body == "host and path"
    assert balancer.get("/v22").body == "default"
    assert balancer.get("/api/x", host="example.net").body == "default"
    assert balancer.get("/api/x", **{"X-Tier": "Gold-1"}).body == "header"
    assert balancer.get("/?a=1&beta=yes").body == "query"
    assert balancer.get("/?beta=no").body == "default"


def test_https_with_redirect_sni_and_minimum_version(local_cloud: LocalCloud, balancer: Balancer) -> None:
    first = secure_listener(balancer)
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    balancer.listen({"Type": "redirect", "RedirectConfig": redirect})
    moved = balancer.serves("/path?q=1", 301)
    assert moved.headers["location"] == "https://auth.example.com:8443/path?q=1"

    def certificate(name: str, version: ssl.TLSVersion | None = None) -> list[str]:
        context = ssl.create_default_context(cafile=str(local_cloud.settings.state / "ca.pem"))
        context.maximum_version = version or context.maximum_version
        connection = http.client.HTTPSConnection(balancer.address, 8443, timeout=5, context=context)
        connection.connect = lambda: wrap(connection, context, name)  # type: ignore[method-assign]
        answer = exchange(connection, "/", name, {})
        assert answer.body == "secure"
        return names

    names: list[str] = []

    def wrap(connection: http.client.HTTPSConnection, context: ssl.SSLContext, name: str) -> None:
        http.client.HTTPConnection.connect(connection)
        secure = context.wrap_socket(connection.sock, server_hostname=name)
        names[:] = [value for kind, value in secure.getpeercert()["subjectAltName"] if kind == "DNS"]
        connection.sock = secure

    eventually(lambda: certificate("first.example.com") == ["first.example.com"])
    eventually(lambda: certificate("second.example.com") == ["second.example.com"])
    certificate("127.0.0.1")
    certificate(balancer.address)
    with pytest.raises(ssl.SSLError):
        certificate("first.example.com", ssl.TLSVersion.TLSv1_1)
    acm = local_cloud.client("acm")
    assert acm.describe_certificate(CertificateArn=first)["Certificate"]["InUseBy"] == [balancer.arn]
    assert refused(lambda: acm.delete_certificate(CertificateArn=first)) == "ResourceInUseException"


def secure_listener(balancer: Balancer) -> str:
    """On port 443, with the certificates of first and second.example.com; the first one's ARN."""
    first, second = (issue(balancer.cloud, name) for name in ("first.example.com", "second.example.com"))
    options = {
        "Protocol": "HTTPS",
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "Certificates": [{"CertificateArn": first}],
    }
    listener = balancer.listen(fixed(200, "secure"), 443, **options)
    balancer.elbv2.add_listener_certificates(ListenerArn=listener, Certificates=[{"CertificateArn": second}])
    return first


def issue(cloud: LocalCloud, name: str) -> str:
    acm, route53 = cloud.client("acm"), cloud.client("route53")
    arn: str = acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    record = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
    rows = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    change = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": rows}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    return arn


def test_weights_are_followed_and_changed_without_a_gap(balancer: Balancer) -> None:
    blue, green = balancer.group("blue"), balancer.group("green")

    def weighted(blue_weight: int, green_weight: int) -> dict[str, Any]:
        groups = [
            {"TargetGroupArn": blue, "Weight": blue_weight},
            {"TargetGroupArn": green, "Weight": green_weight},
        ]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}

    listener = balancer.listen(weighted(50, 50))
    eventually(lambda: balancer.health(blue) + balancer.health(green) == [("healthy", None)] * 2)
    balancer.serves()
    assert {balancer.get().seen["name"] for _ in range(40)} == {"blue", "green"}
    balancer.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[weighted(0, 100)])
    statuses = set()

    def only_green() -> bool:
        answers = [balancer.get() for _ in range(10)]
        statuses.update(answer.status for answer in answers)
        return {answer.seen["name"] for answer in answers} == {"green"}

    eventually(only_green)
    assert statuses == {200}


def test_health_is_true_and_decides(balancer: Balancer) -> None:
    group = balancer.group("good", "bad")
    assert balancer.health(group) == [("unused", "Target.NotInUse")] * 2
    balancer.listen(forward(group))
    eventually(lambda: balancer.health(group) == [("healthy", None)] * 2)
    balancer.targets[1].health = 500
    eventually(lambda: balancer.health(group) == [("healthy", None), ("unhealthy", "Target.ResponseCodeMismatch")])
    eventually(lambda: {balancer.get().seen["name"] for _ in range(10)} == {"good"})
    balancer.targets[1].health = 200
    eventually(lambda: balancer.health(group) == [("healthy", None)] * 2)


def test_refusing_target_is_502_and_none_is_503(balancer: Balancer) -> None:
    group = balancer.group()
    balancer.listen(forward(group))
    assert "503" in balancer.serves(status=503).body
    nobody = {"Id": f"{balancer.cloud.settings.network}.251.1", "Port": 8080}
    balancer.elbv2.register_targets(TargetGroupArn=group, Targets=[nobody])
    assert "502" in balancer.serves(status=502).body


def test_deregistered_target_drains(balancer: Balancer) -> None:
    group = balancer.group("leaving", "staying")
    balancer.listen(forward(group))
    eventually(lambda: balancer.health(group) == [("healthy", None)] * 2)
    leaving = {"Id": balancer.targets[0].address, "Port": 8080}
    balancer.elbv2.deregister_targets(TargetGroupArn=group, Targets=[leaving])
    assert ("draining", "Target.DeregistrationInProgress") in balancer.health(group)
    eventually(lambda: {balancer.get().seen["name"] for _ in range(10)} == {"staying"})
    eventually(lambda: balancer.health(group) == [("healthy", None)])


def test_requests_are_logged_and_counted(balancer: Balancer) -> None:
    group = balancer.group("one")
    balancer.listen(forward(group))
    balancer.serves("/counted")
    log = balancer.cloud.settings.state / "load_balancer" / "logs" / f"{balancer.name}.log"
    eventually(lambda: log.exists() and "/counted HTTP/1.1" in log.read_text(), what="the access log")
    cloudwatch = balancer.cloud.client("cloudwatch")
    dimensions = [{"Name": "LoadBalancer", "Value": balancer.arn.split(":loadbalancer/")[1]}]

    def counted() -> bool:
        found = cloudwatch.list_metrics(Namespace="AWS/ApplicationELB", Dimensions=dimensions)["Metrics"]
        return {"RequestCount", "TargetResponseTime", "HTTPCode_Target_2XX_Count"} <= {
            row["MetricName"] for row in found
        }

    eventually(counted, 30, "the metrics")


def test_deletions_are_guarded(balancer: Balancer) -> None:
    elbv2, group = balancer.elbv2, balancer.group()
    balancer.listen(forward(group))
    assert refused(lambda: elbv2.delete_target_group(TargetGroupArn=group)) == "ResourceInUse"

    def protect(value: str) -> None:
        row = {"Key": "deletion_protection.enabled", "Value": value}
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer.arn, Attributes=[row])

    protect("true")
    assert refused(lambda: elbv2.delete_load_balancer(LoadBalancerArn=balancer.arn)) == "OperationNotPermitted"
    protect("false")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer.arn)
    assert elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"] == []
    elbv2.delete_target_group(TargetGroupArn=group)


def test_impossible_load_balancers_are_refused(local_cloud: LocalCloud) -> None:
    elbv2 = local_cloud.client("elbv2")
    one, two = [row["SubnetId"] for row in subnets(local_cloud)[:2]]

    def create(name: str, *ids: str, **options: Any) -> str:
        return refused(lambda: elbv2.create_load_balancer(Name=name, Subnets=list(ids), **options))

    assert create("one-zone", one) == "ValidationError"
    assert create("x" * 33, one, two) == "ValidationError"
    assert create("internal-name", one, two) == "ValidationError"
    assert create("groups", one, two, SecurityGroups=["sg-absent"]) == "InvalidSecurityGroup"


def test_pending_certificate_cannot_serve(balancer: Balancer) -> None:
    acm = balancer.cloud.client("acm")
    arn = acm.request_certificate(DomainName="pending.example.com", ValidationMethod="DNS")["CertificateArn"]
    options = {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": arn}]}
    assert refused(lambda: balancer.listen(fixed(200), 443, **options)) == "UnsupportedCertificate"


def test_edge_is_published_on_loopback(local_cloud: LocalCloud) -> None:
    elbv2, settings = local_cloud.client("elbv2"), local_cloud.settings
    ids = [row["SubnetId"] for row in subnets(local_cloud)[:2]]
    created = elbv2.create_load_balancer(Name=settings.edge, Subnets=ids)["LoadBalancers"][0]
    arn = created["LoadBalancerArn"]
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn])
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_302"}
    actions = [{"Type": "redirect", "RedirectConfig": redirect}]
    elbv2.create_listener(LoadBalancerArn=arn, Port=80, Protocol="HTTP", DefaultActions=actions)
    elbv2.create_listener(
        LoadBalancerArn=arn,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": issue(local_cloud, "edge.example.com")}],
        DefaultActions=[fixed(200, "edge")],
    )
    context = ssl.create_default_context(cafile=str(settings.state / "ca.pem"))

    def https() -> Answer:
        connection = http.client.HTTPSConnection("127.0.0.1", settings.https_port, timeout=5, context=context)
        return exchange(connection, "/", "edge.example.com", {})

    assert answering(https, 200).body == "edge"
    plain = http.client.HTTPConnection("127.0.0.1", settings.http_port, timeout=5)
    moved = exchange(plain, "/sign-in", f"127.0.0.1:{settings.http_port}", {})
    assert (moved.status, moved.headers["location"]) == (302, f"https://127.0.0.1:{settings.https_port}/sign-in")
    elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_access_logs_reach_the_bucket(balancer: Balancer) -> None:
    s3, bucket = balancer.cloud.client("s3"), f"logs-{balancer.name}"
    s3.create_bucket(Bucket=bucket)
    rows = [
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": bucket},
        {"Key": "access_logs.s3.prefix", "Value": "edge"},
    ]

    def enable() -> None:
        balancer.elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer.arn, Attributes=rows)

    assert refused(enable) == "InvalidConfigurationRequest"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    enable()
    balancer.listen(fixed(200, "logged"))
    balancer.serves("/logged")

    def stored() -> str:
        keys = [row["Key"] for row in s3.list_objects_v2(Bucket=bucket, Prefix="edge/AWSLogs/").get("Contents", [])]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
        return "".join(gzip.decompress(body).decode() for body in bodies)

    eventually(lambda: "/logged" in stored(), 30, "the log to be stored")
