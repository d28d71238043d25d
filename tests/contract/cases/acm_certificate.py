"""Contract cases of acm_certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
DOMAIN = "auth.contract.example.com"
OTHER = "api.contract.example.com"


def zone(boto: Boto) -> Mapping[str, Any]:
    route53 = boto("route53")
    if not route53.list_hosted_zones_by_name(DNSName="contract.example.com")["HostedZones"]:
        route53.create_hosted_zone(Name="contract.example.com", CallerReference="contract")
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A certificate of the same names that somebody else requested, and a record of somebody else in the zone."""
    acm, route53 = boto("acm"), boto("route53")
    arn = acm.request_certificate(DomainName=DOMAIN, SubjectAlternativeNames=[OTHER], ValidationMethod="DNS")
    listed = route53.list_hosted_zones_by_name(DNSName="contract.example.com")["HostedZones"]
    record = {"Name": f"_mail.{DOMAIN}.", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"keep me"'}]}
    route53.change_resource_record_sets(
        HostedZoneId=listed[0]["Id"], ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    )

    def describe() -> Any:
        records = route53.list_resource_record_sets(HostedZoneId=listed[0]["Id"])["ResourceRecordSets"]
        certificate = acm.describe_certificate(CertificateArn=arn["CertificateArn"])["Certificate"]
        return certificate["SubjectAlternativeNames"], [item["Name"] for item in records if item["Type"] == "TXT"]

    return describe


CASES = [
    Case(
        name="acm_certificate",
        module="acm_certificate",
        present={
            "domain_name": DOMAIN,
            "subject_alternative_names": [OTHER],
            "hosted_zone": "contract.example.com",
            "tags": TAGS,
        },
        prepare=zone,
        absent={"state": "absent"},
        edits={
            "one name fewer": {"subject_alternative_names": []},
            "one name more": {"subject_alternative_names": [OTHER, "www.contract.example.com"]},
            "wildcard of the same domain": {"subject_alternative_names": [OTHER, f"*.{DOMAIN}"]},
            "key": {"key_algorithm": "EC_prime256v1"},
            "transparency logging": {"transparency_logging": False},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=lookalike,
    )
]
