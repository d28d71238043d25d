"""Certificates: issued by the local authority once validated through Route53."""

from __future__ import annotations

from typing import Any

import botocore.exceptions
import pytest
from cryptography import x509
from local_cloud_support import LocalCloud, eventually


@pytest.fixture
def acm(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("acm")


def request(acm: Any, domain: str, *others: str, **options: Any) -> tuple[str, dict[str, Any]]:
    more = {"SubjectAlternativeNames": list(others)} if others else {}
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS", **more, **options)["CertificateArn"]
    return arn, acm.describe_certificate(CertificateArn=arn)["Certificate"]


def publish(cloud: LocalCloud, zone: str, certificate: dict[str, Any]) -> None:
    route53 = cloud.client("route53")
    zone_id = route53.create_hosted_zone(Name=zone, CallerReference=zone)["HostedZone"]["Id"]
    for option in certificate["DomainValidationOptions"]:
        record = option["ResourceRecord"]
        change = {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": record["Name"],
                "Type": record["Type"],
                "TTL": 60,
                "ResourceRecords": [{"Value": record["Value"]}],
            },
        }
        route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})


def test_issued_only_with_its_records_in_route53(local_cloud: LocalCloud, acm: Any) -> None:
    arn, pending = request(acm, "auth.example.com", "*.example.com", KeyAlgorithm="EC_prime256v1")
    assert pending["Status"] == "PENDING_VALIDATION"
    assert "IssuedAt" not in pending
    with pytest.raises(botocore.exceptions.ClientError, match="RequestInProgressException"):
        acm.get_certificate(CertificateArn=arn)
    publish(local_cloud, "example.com", pending)
    issued = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert issued["Status"] == "ISSUED"
    assert issued["KeyAlgorithm"] == "EC_prime256v1"
    assert issued["SubjectAlternativeNames"] == ["auth.example.com", "*.example.com"]
    assert [option["ValidationStatus"] for option in issued["DomainValidationOptions"]] == ["SUCCESS", "SUCCESS"]
    parts = acm.get_certificate(CertificateArn=arn)
    leaf = x509.load_pem_x509_certificate(parts["Certificate"].encode())
    authority = x509.load_pem_x509_certificate((local_cloud.settings.state / "ca.pem").read_bytes())
    leaf.verify_directly_issued_by(authority)
    assert parts["CertificateChain"].encode().strip() == (local_cloud.settings.state / "ca.pem").read_bytes().strip()


def test_records_differ_by_domain_and_a_wildcard_shares_its_parents(acm: Any) -> None:
    _, one = request(acm, "one.example.org", "two.example.org", "*.one.example.org")
    first, second, wildcard = [option["ResourceRecord"] for option in one["DomainValidationOptions"]]
    assert first == wildcard
    assert first["Name"] != second["Name"]
    assert one["KeyAlgorithm"] == "RSA_2048"


def test_impossible_names_are_refused(acm: Any) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException"):
        request(acm, "no spaces.example.com")


def test_strict_mode_shows_the_record_a_moment_later(own_cloud: LocalCloud) -> None:
    own_cloud.variables["LOCAL_CLOUD_STRICT"] = "1"
    own_cloud.command("up")
    acm = own_cloud.client("acm")
    arn, certificate = request(acm, "late.example.com")

    def record() -> dict[str, str] | None:
        options = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        found: dict[str, str] | None = options[0].get("ResourceRecord")
        return found

    assert "ResourceRecord" not in certificate["DomainValidationOptions"][0]
    assert eventually(record)["Type"] == "CNAME"


def test_a_deleted_certificate_can_be_requested_again_by_the_same_token(acm: Any) -> None:
    first, _ = request(acm, "again.example.com", IdempotencyToken="again")
    acm.delete_certificate(CertificateArn=first)
    second, _ = request(acm, "again.example.com", IdempotencyToken="again")
    assert second != first
