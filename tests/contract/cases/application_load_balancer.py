"""Contract cases of application_load_balancer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
CHECK = {
    "path": "/health",
    "port": "traffic-port",
    "interval_seconds": 15,
    "timeout_seconds": 5,
    "healthy_threshold_count": 2,
    "unhealthy_threshold_count": 3,
    "matcher": "200",
}
BLUE = {"name": "contract-blue", "port": 8080, "health_check": CHECK, "deregistration_delay_seconds": 30}
GREEN = {"name": "contract-green", "port": 8080, "stickiness": {"enabled": True, "duration_seconds": 60}}
REDIRECT = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443"}}
REFUSED = {"type": "fixed-response", "fixed_response": {"status_code": "404"}}
PLAIN = {"port": 80, "protocol": "HTTP", "default_action": REDIRECT}
HOST = {"field": "host-header", "values": ["auth.example.com", "api.example.com"]}
PATH = {"field": "path-pattern", "values": ["/api/*"]}


def forward(**weights: int) -> dict[str, Any]:
    groups = [{"name": f"contract-{name}", "weight": weight} for name, weight in weights.items()]
    return {"type": "forward", "target_groups": groups}


RULE = {"priority": 10, "conditions": [HOST, PATH], "action": forward(blue=90, green=10)}
OTHER = {"priority": 20, "conditions": [{"field": "http-request-method", "values": ["TRACE"]}], "action": REFUSED}
PUBLIC = {"port": 8080, "protocol": "HTTP", "default_action": REFUSED, "rules": [RULE, OTHER]}


def rule(**options: Any) -> dict[str, Any]:
    return {"listeners": [PLAIN, {**PUBLIC, "rules": [{**RULE, **options}, OTHER]}]}


def conditions(*more: Mapping[str, Any]) -> dict[str, Any]:
    return rule(conditions=[HOST, *more])


def network(boto: Boto) -> Mapping[str, Any]:
    """A VPC with subnets in two zones and a security group."""
    ec2 = boto("ec2")
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for index, zone in enumerate(zones)
    ]
    group = ec2.create_security_group(GroupName="contract-edge", Description="edge", VpcId=vpc)["GroupId"]
    return {"vpc_id": vpc, "subnets": subnets, "security_groups": [group]}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A target group of nobody with our tags and a similar name."""
    vpc = boto("ec2").create_vpc(CidrBlock="10.21.0.0/16")["Vpc"]["VpcId"]
    elb = boto("elbv2")
    listed = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    options = {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip", "Tags": listed}
    elb.create_target_group(Name="contract-blue-2", **options)
    return lambda: elb.describe_target_groups(Names=["contract-blue-2"])["TargetGroups"][0]["TargetGroupArn"]


def certificate(boto: Boto, name: str) -> str:
    """ARN of an imported certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    issued = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    imported = boto("acm").import_certificate(
        Certificate=issued.public_bytes(pem),
        PrivateKey=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    )
    return str(imported["CertificateArn"])


def secure(*certificates: str, policy: str = "ELBSecurityPolicy-TLS13-1-2-2021-06") -> dict[str, Any]:
    """Listeners of an HTTPS load balancer whose weights a deployment moves."""
    listener = {
        "port": 443,
        "protocol": "HTTPS",
        "ssl_policy": policy,
        "certificates": list(certificates),
        "default_action": forward(blue=1, green=0),
        "manage_weights": False,
    }
    return {"listeners": [listener]}


# Edits name certificates, which are known only once a case is prepared: filled in by `secured`.
SECURED: dict[str, dict[str, Any]] = {name: {} for name in ("policy", "default certificate", "one certificate fewer")}


def secured(boto: Boto) -> Mapping[str, Any]:
    """A network and three certificates."""
    first, second, third = (certificate(boto, f"{name}.example.com") for name in ("auth", "api", "www"))
    SECURED["policy"].update(secure(first, second, policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06"))
    SECURED["default certificate"].update(secure(third, second))
    SECURED["one certificate fewer"].update(secure(first))
    return {**network(boto), **secure(first, second)}


CASES = [
    Case(
        name="application_load_balancer",
        module="application_load_balancer",
        present={
            "name": "contract-edge",
            "scheme": "internet-facing",
            "target_groups": [BLUE, GREEN],
            "listeners": [PLAIN, PUBLIC],
            "idle_timeout_seconds": 60,
            "drop_invalid_header_fields": True,
            "tags": TAGS,
            "purge": True,
        },
        prepare=network,
        absent={"state": "absent"},
        edits={
            "security groups": {"security_groups": []},
            "idle timeout": {"idle_timeout_seconds": 90},
            "invalid headers": {"drop_invalid_header_fields": False},
            "desync mode": {"desync_mitigation_mode": "strictest"},
            "free attribute": {"attributes": {"routing.http.xff_client_port.enabled": True}},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "health check path": {"target_groups": [{**BLUE, "health_check": {**CHECK, "path": "/ready"}}, GREEN]},
            "health check timing": {
                "target_groups": [{**BLUE, "health_check": {**CHECK, "interval_seconds": 30}}, GREEN]
            },
            "health check codes": {"target_groups": [{**BLUE, "health_check": {**CHECK, "matcher": "200-299"}}, GREEN]},
            "deregistration delay": {"target_groups": [{**BLUE, "deregistration_delay_seconds": 5}, GREEN]},
            "stickiness": {"target_groups": [BLUE, {**GREEN, "stickiness": {"enabled": False}}]},
            "port of a target group": {"target_groups": [{**BLUE, "port": 9090}, GREEN]},
            "default action": {"listeners": [PLAIN, {**PUBLIC, "default_action": forward(blue=1)}]},
            "redirect": {
                "listeners": [{**PLAIN, "default_action": {**REDIRECT, "redirect": {"port": "8443"}}}, PUBLIC]
            },
            "weights": rule(action=forward(blue=50, green=50)),
            "one target group": rule(action=forward(green=1)),
            "sticky forward": rule(action={**forward(blue=90, green=10), "stickiness_duration_seconds": 30}),
            "condition values": conditions({**PATH, "values": ["/api/*", "/v2/*"]}),
            "condition on a header": conditions(
                {"field": "http-header", "http_header_name": "X-Release", "values": ["green"]}
            ),
            "condition on the query": conditions({"field": "query-string", "values": ["release=green", "beta"]}),
            "condition on the source": conditions({"field": "source-ip", "values": ["192.0.2.0/24"]}),
            "priority": rule(priority=11),
            "one rule fewer": {"listeners": [PLAIN, {**PUBLIC, "rules": [RULE]}]},
            "one listener fewer": {"listeners": [PUBLIC]},
            "one target group fewer": {**rule(action=forward(blue=1)), "target_groups": [BLUE]},
        },
        foreign=lookalike,
    ),
    Case(
        name="application_load_balancer with TLS",
        module="application_load_balancer",
        present={"name": "contract-tls", "scheme": "internal", "target_groups": [BLUE, GREEN], "tags": TAGS},
        prepare=secured,
        absent={"state": "absent", "deletion_protection": False},
        edits=SECURED,
    ),
]
