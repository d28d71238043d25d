# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at slow resources says. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..._core.wait import DONE, Verdict, failed, pending
from .current import Current

BROKEN_ENDPOINT = ("failed", "rejected", "expired", "partial")


def nat_gateways_ready(seen: Iterable[Mapping[str, Any]], wanted: Collection[str]) -> Verdict:
    """All of `wanted` available. A failed one carries EC2's reason."""
    states = {item["NatGatewayId"]: item for item in seen}
    for identifier in wanted:
        item = states.get(identifier, {})
        if item.get("State") in ("failed", "deleting", "deleted"):
            return failed(f"{identifier} is {item['State']}: {item.get('FailureMessage') or 'no reason given'}")
    late = [identifier for identifier in wanted if states.get(identifier, {}).get("State") != "available"]
    return pending(f"{', '.join(late)} pending") if late else DONE


def nat_gateways_gone(seen: Iterable[Mapping[str, Any]], leaving: Collection[str]) -> Verdict:
    """None of `leaving` left but in state deleted, in which they stay listed for an hour."""
    left = [
        f"{item['NatGatewayId']} {item['State']}"
        for item in seen
        if item["NatGatewayId"] in leaving and item["State"] not in ("deleted", "failed")
    ]
    return pending(", ".join(left)) if left else DONE


def endpoints_ready(seen: Iterable[Mapping[str, Any]], wanted: Collection[str]) -> Verdict:
    """All of `wanted` available."""
    states = {item["VpcEndpointId"]: item["State"].lower() for item in seen}
    broken = [identifier for identifier in wanted if states.get(identifier) in BROKEN_ENDPOINT]
    if broken:
        return failed(", ".join(f"{identifier} is {states[identifier]}" for identifier in broken))
    late = [identifier for identifier in wanted if states.get(identifier) != "available"]
    return pending(f"{', '.join(late)} pending") if late else DONE


def endpoints_gone(seen: Iterable[Mapping[str, Any]], leaving: Collection[str]) -> Verdict:
    """None of `leaving` listed but as deleted."""
    left = [
        f"{item['VpcEndpointId']} {item['State']}"
        for item in seen
        if item["VpcEndpointId"] in leaving and item["State"].lower() != "deleted"
    ]
    return pending(", ".join(left)) if left else DONE


def visible(seen: Current, made: Collection[str]) -> Verdict:
    """All of `made` among what is listed."""
    listed = {state.get("id") for states in seen.states.values() for state in states.values()}
    late = [identifier for identifier in made if identifier not in listed]
    return pending(f"{', '.join(late)} not listed yet") if late else DONE


def holders(interfaces: Iterable[Mapping[str, Any]]) -> list[str]:
    """Network interfaces that stand in the way, each with what AWS says it is for."""
    return [
        f"{item['NetworkInterfaceId']} ({item.get('Description') or item.get('InterfaceType', 'interface')})"
        for item in interfaces
    ]
