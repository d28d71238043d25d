"""Contract cases of route53_records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

ZONE = "records.example.com"
ALIAS = {"dns_name": "lb-1.example.net", "hosted_zone_id": "Z35SXDOTRQ7X7K"}
AUTH = {"name": f"auth.{ZONE}", "alias": ALIAS}
TEXT = {"name": f"note.{ZONE}", "type": "TXT", "values": ['"one"', '"two"'], "ttl": 60}


def zone(boto: Boto) -> dict[str, Any]:
    route53 = boto("route53")
    if not any(zone["Name"] == f"{ZONE}." for zone in route53.list_hosted_zones()["HostedZones"]):
        route53.create_hosted_zone(Name=ZONE, CallerReference="contract-records")
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A record of the same zone that somebody else made."""
    route53 = boto("route53")
    zone_id = route53.list_hosted_zones_by_name(DNSName=ZONE)["HostedZones"][0]["Id"]
    record = {"Name": f"foreign.{ZONE}.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)

    def foreign() -> Any:
        listed = route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
        return [item for item in listed if item["Name"].startswith("foreign.") or item["Type"] in ("NS", "SOA")]

    return foreign


CASES = [
    Case(
        name="route53_records",
        module="route53_records",
        present={"hosted_zone": ZONE, "records": [AUTH, TEXT]},
        absent={"state": "absent"},
        prepare=zone,
        edits={
            "alias": {"records": [{**AUTH, "alias": {**ALIAS, "dns_name": "lb-2.example.net"}}, TEXT]},
            "target health": {"records": [{**AUTH, "alias": {**ALIAS, "evaluate_target_health": False}}, TEXT]},
            "alias becomes an address": {"records": [{"name": AUTH["name"], "values": ["192.0.2.1"]}, TEXT]},
            "values": {"records": [AUTH, {**TEXT, "values": ['"one"']}]},
            "ttl": {"records": [AUTH, {**TEXT, "ttl": 120}]},
        },
        foreign=lookalike,
    )
]
