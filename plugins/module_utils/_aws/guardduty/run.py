# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the GuardDuty detector of a region to its desired state."""

from __future__ import annotations

from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Look at the detector there is, plan, apply."""
    options = aws.params
    name, tags, remove = options["name"], options["tags"], options["state"] == "absent"
    if remove and not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    desired = None if remove else model.desired_state(options)
    found = api.find_detector(aws)
    current = model.current_state(*found, name, tags, desired or {}) if found else None
    changes = model.plan(name, current, desired)
    ids = {"detector": current["id"]} if current else {}
    aws.apply(changes, _handlers(aws, ids))
    if remove:
        stays = ["a detector that is not ours stays"] if current and not current["owned"] else []
        return Outcome(changes, {"detector_id": "", "ours": False}, warnings=stays)
    ours = current is None or bool(current["ours"])
    stays = [] if ours else ["this region has a detector that is not ours; it is used as it is"]
    return Outcome(changes, {"detector_id": ids.get("detector", KNOWN_AFTER_APPLY), "ours": ours}, warnings=stays)


def _handlers(aws: Aws, ids: dict[str, str]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        ids["detector"] = api.create_detector(aws, state["tags"], **model.arguments(state, change.fields))

    def update(change: Change) -> None:
        if "tags" in change.fields:
            who = aws.identity()
            arn = f"arn:{who['partition']}:guardduty:{aws.region}:{who['account_id']}:detector/{ids['detector']}"
            api.tag_resource(aws, arn, change.desired["tags"])
        given = model.arguments(change.desired, change.fields)
        if given:
            api.update_detector(aws, ids["detector"], **given)

    def delete(_change: Change) -> None:
        api.delete_detector(aws, ids["detector"])

    return {(model.KIND, "create"): create, (model.KIND, "update"): update, (model.KIND, "delete"): delete}
