# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record sets as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, plan_one
from ..._core.errors import InvalidInput

ZONE_ID = re.compile(r"^(/hostedzone/)?[A-Z0-9]{8,32}$")


def validate_zone(option: str, names: Iterable[str], zone: str) -> None:
    """Raise InvalidInput for a name that is not in the hosted zone, where its record would not be looked for."""
    suffix = zone.rstrip(".").lower()
    for name in names:
        base = base_domain(name)
        if base != suffix and not base.endswith(f".{suffix}"):
            raise InvalidInput(option, name, f"is outside the hosted zone {suffix}: name the zone that holds it")


def base_domain(name: str) -> str:
    """The domain whose control is to be proved: a wildcard shares it with the domain below which it stands."""
    return name.lower().removeprefix("*.").rstrip(".")


def record_key(record: Mapping[str, Any]) -> str:
    """What identifies a simple record set in its zone."""
    return f"{absolute(record['name'])} {record['type']}"


def absolute(name: str) -> str:
    """A domain name as Route53 answers it: in lower case, with a dot at the end and a wildcard in clear."""
    return f"{name.lower().rstrip('.').replace(chr(92) + '052', '*')}."


def desired_states(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Desired states by name and type. Raises InvalidInput for a record that is given twice."""
    states: dict[str, dict[str, Any]] = {}
    for index, record in enumerate(records):
        key = record_key(record)
        if key in states:
            raise InvalidInput(f"records[{index}].name", record["name"], "is given twice with this type: keep one")
        alias = record.get("alias")
        states[key] = (
            {
                "alias": absolute(alias["dns_name"]),
                "hosted_zone_id": alias["hosted_zone_id"],
                "evaluate_target_health": alias["evaluate_target_health"],
            }
            if alias
            else {"values": sorted(record["values"]), "ttl": record["ttl"]}
        )
    return states


def current_states(record_sets: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """States of the simple record sets of a zone; those with a routing policy belong to somebody else."""
    return {
        f"{absolute(item['Name'])} {item['Type']}": {**_current_state(item), "record_set": item}
        for item in record_sets
        if "SetIdentifier" not in item
    }


def _current_state(item: Mapping[str, Any]) -> dict[str, Any]:
    alias = item.get("AliasTarget")
    if alias:
        return {
            "alias": absolute(alias["DNSName"]),
            "hosted_zone_id": alias["HostedZoneId"],
            "evaluate_target_health": alias["EvaluateTargetHealth"],
        }
    return {"values": sorted(value["Value"] for value in item["ResourceRecords"]), "ttl": item["TTL"]}


def plan(
    current: Mapping[str, Mapping[str, Any]], desired: Mapping[str, Mapping[str, Any]], *, present: bool
) -> list[Change]:
    """Changes to the listed records; others of the zone are not looked at."""
    return [
        change
        for key, state in desired.items()
        for change in plan_one("record", key, current.get(key), state if present else None)
    ]


def record_set(key: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """A desired state as ChangeResourceRecordSets takes it."""
    name, kind = key.split(" ")
    if "alias" in state:
        target = {
            "DNSName": state["alias"],
            "HostedZoneId": state["hosted_zone_id"],
            "EvaluateTargetHealth": state["evaluate_target_health"],
        }
        return {"Name": name, "Type": kind, "AliasTarget": target}
    values = [{"Value": value} for value in state["values"]]
    return {"Name": name, "Type": kind, "TTL": state["ttl"], "ResourceRecords": values}
