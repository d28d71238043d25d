# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs of `release_record`, which keeps what became of a release, and of `releases_info`, which tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.errors import InvalidInput
from . import dora, history, state
from .state import Last, State

LONGEST_REASON = 300


def record_run(aws: Aws) -> Outcome:
    """Count the release, then keep its record: once each, however often this is repeated.

    The record tells that the release has been counted, the state that it has been when the record is missing.
    """
    path, log_group = aws.params["state_path"], aws.params["log_group"]
    record, warnings = checked(aws.params["record"])
    if record["service"] != state.service_of(path):
        remedy = f"is not the service of state_path {path}: give the parameter that is named as the service"
        raise InvalidInput("record.service", record["service"], remedy)
    changes = []
    if not history.has(aws, log_group, record["service"], record["id"]):
        after = {name: record[name] for name in ("service", "verb", "verdict")}
        changes = [Change("create", "release", record["id"], after=after)]
    if changes and not aws.check_mode:
        before = state.read(aws, path)
        after_it = counted(before, record)
        if after_it != before:
            state.write(aws, path, after_it)
        history.append(aws, log_group, record)
    return Outcome(changes, {"record": record}, warnings=warnings)


def checked(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The record as it is kept, and warnings. Raises InvalidInput. Pure.

    A release that is over has to be recorded: what only some measures are made of is left out where it is wrong.
    """
    times = {name: history.moment(f"record.{name}", given[name]) for name in ("started_at", "ended_at")}
    warnings = []
    if given.get("commit_at"):
        try:
            times["commit_at"] = history.moment("record.commit_at", given["commit_at"])
        except InvalidInput as error:
            warnings = [f"{error}; no lead time is counted"]
    texts = {name: history.written(time) for name, time in times.items()}
    return history.fit_to_keep({**given, "commit_at": None, **texts}), warnings


def counted(before: State, record: Mapping[str, Any]) -> State:
    """The state after a release; no other where it is counted already. Pure."""
    if before.last and before.last.id == record["id"]:
        return before
    taken = {
        "release": dora.release_seconds(record),
        "lead": dora.lead_seconds(record),
        "restore": dora.restore_seconds(record),
    }
    reason = (record.get("why") or record.get("reason") or "")[:LONGEST_REASON]
    last = Last(
        id=record["id"],
        verb=record["verb"],
        verdict=record["verdict"],
        reason=reason,
        ended_at=record["ended_at"],
        seconds=dora.release_seconds(record),
        version=str((record.get("to") or {}).get("version") or ""),
    )
    return replace(
        before,
        last=last,
        totals={**before.totals, record["verdict"]: before.totals[record["verdict"]] + 1},
        seconds={name: before.seconds[name].plus(seconds) for name, seconds in taken.items()},
    )


def info_run(aws: Aws) -> Outcome:
    """Read the history once, for the list and for the measures."""
    params, now = aws.params, datetime.now(UTC)
    for option in ("limit", "days"):
        if params[option] < 1:
            raise InvalidInput(option, params[option], "is too little: give 1 or more")
    since = now - timedelta(days=params["days"])
    found = history.records(aws, params["log_group"], params["service"], limit=params["limit"], since=since)
    listed, measured = found[: params["limit"]], dora.delivery(found, now, params["days"])
    shown = dora.table(listed) if listed else [f"{params['service']} was not released yet"]
    return Outcome(
        [], {"releases": listed, "delivery": measured.to_json(), "table": [*shown, "", *dora.lines(measured)]}
    )
