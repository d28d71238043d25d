# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Route53, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws


def get_hosted_zone(aws: Aws, zone_id: str) -> dict[str, Any] | None:
    """A hosted zone by id, None without one (GetHostedZone)."""
    found = aws.found(lambda: aws.client("route53").get_hosted_zone(Id=zone_id), "NoSuchHostedZone")
    return dict(found["HostedZone"]) if found else None


def list_hosted_zones_by_name(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Hosted zones in the order of their names, beginning with `name` (ListHostedZonesByName)."""
    return list(aws.client("route53").list_hosted_zones_by_name(DNSName=name)["HostedZones"])


def find_record(aws: Aws, zone_id: str, name: str, kind: str) -> dict[str, Any] | None:
    """The record set of that name and type, None without one (ListResourceRecordSets)."""
    listed = aws.client("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=name, StartRecordType=kind, MaxItems="1"
    )["ResourceRecordSets"]
    same = [record for record in listed if record["Name"] == name and record["Type"] == kind]
    return dict(same[0]) if same else None


def list_resource_record_sets(aws: Aws, zone_id: str) -> list[dict[str, Any]]:
    """All record sets of a zone (ListResourceRecordSets)."""
    return aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone_id)


def change_resource_record_sets(aws: Aws, zone_id: str, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """UPSERT or DELETE record sets, all or none of them (ChangeResourceRecordSets)."""
    batch = [{"Action": action, "ResourceRecordSet": dict(record)} for action, record in changes]
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": batch})
