# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing records of a hosted zone to their desired state, all of them in one change."""

from __future__ import annotations

from ..._core.changes import Change
from ..session import Aws, Outcome
from . import api, model, zone

BATCH = 500  # changes that one ChangeResourceRecordSets takes, of at most 1000 values


def run(aws: Aws) -> Outcome:
    """Read the zone once, plan, and change what differs in one transaction."""
    desired = model.desired_states(aws.params["records"])
    hosted = zone.find(aws, "records[].name", [record["name"] for record in aws.params["records"]])
    zone_id = hosted.id if hosted else None
    current = model.current_states(api.list_resource_record_sets(aws, zone_id)) if zone_id else {}
    changes = model.plan(current, desired, present=aws.params["state"] == "present")
    if changes and zone_id and not aws.check_mode:
        _apply(aws, zone_id, changes)
    return Outcome(changes, {"hosted_zone_id": zone_id})


def _apply(aws: Aws, zone_id: str, changes: list[Change]) -> None:
    for start in range(0, len(changes), BATCH):
        batch = [
            ("DELETE", change.current["record_set"])
            if change.op == "delete"
            else ("UPSERT", model.record_set(change.key, change.desired))
            for change in changes[start : start + BATCH]
        ]
        api.change_resource_record_sets(aws, zone_id, batch)
