# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `grafana_annotation`: one annotation of the organisation, known by a tag of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from .._aws.secret_reader import current_fields
from .._aws.session import Aws, Outcome
from .._core.changes import Change, plan_one
from .._core.errors import InvalidInput
from .._verify.prometheus import Refused, Server
from .client import Grafana

KIND = "annotation"
LONGEST_TAG = 100  # characters of what stands before, and behind, the colon of a tag
# More than one is there only when somebody else made it.
FOUND_AT_MOST = 100


def wanted(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is to be; None for nothing. Raises InvalidInput."""
    for number, tag in enumerate(params["tags"]):
        _check_tag(f"tags[{number}]", tag)
    _check_tag("key", params["key"])
    if params["state"] == "absent":
        return None
    start = _moment("start", params["start"])
    end = _moment("end", params["end"]) if params["end"] else start
    if end < start:
        raise InvalidInput("end", params["end"], f"is before start, {params['start']}")
    if not params["text"].strip():
        raise InvalidInput("text", params["text"], "is empty: say what happened")
    return {
        "text": params["text"],
        "tags": _tags([params["key"], *params["tags"]]),
        "start": _told(start),
        "end": _told(end),
    }


def _check_tag(variable: str, tag: str) -> None:
    if not tag.strip() or tag != tag.strip():
        raise InvalidInput(variable, tag, "is no tag: it has to have letters, and no blanks around them")
    if any(len(part) > LONGEST_TAG for part in tag.split(":", 1)):
        raise InvalidInput(variable, tag, f"is longer than the {LONGEST_TAG} letters that Grafana keeps of a tag")


def _tags(tags: Sequence[str]) -> list[str]:
    return sorted(set(tags))


def _moment(variable: str, text: str) -> int:
    """Milliseconds since the epoch, which is as exact as Grafana is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(variable, text, "is no time: give it as in 2026-01-01T12:00:00Z") from error
    if moment.tzinfo is None:
        raise InvalidInput(variable, text, "has no time zone: give it as in 2026-01-01T12:00:00Z")
    return round(moment.timestamp() * 1000)


def _told(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seen(row: Mapping[str, Any]) -> dict[str, Any]:
    """An annotation of Grafana as the options would describe it."""
    return {
        "text": row["text"],
        "tags": _tags(row["tags"]),
        "start": _told(row["time"]),
        "end": _told(row.get("timeEnd") or row["time"]),
    }


def planned(key: str, rows: Sequence[Mapping[str, Any]], aim: Mapping[str, Any] | None) -> list[tuple[Change, int]]:
    """Changes, and the number of the annotation that each is of; 0 for one that is not there yet.

    Of several with the same key the first one stays.
    """
    first, *others = sorted(rows, key=lambda row: row["id"]) if rows else [None]
    changes = plan_one(KIND, key, seen(first) if first else None, aim)
    number = first["id"] if first else 0
    removed = [(Change("delete", KIND, key, before=seen(row)), row["id"]) for row in others if row]
    return [*((change, number) for change in changes), *removed]


def run(aws: Aws) -> Outcome:
    """Make, change or remove the annotation."""
    params = aws.params
    aim = wanted(params)
    grafana = Grafana(_server(aws))
    rows = _find(grafana, params)
    plan = planned(params["key"], rows, aim)
    number = min((row["id"] for row in rows), default=0) if aim else 0
    if not aws.check_mode:
        for change, existing in plan:
            made = _apply(grafana, change, existing)
            number = made or number
    return Outcome([change for change, _existing in plan], {"id": number})


def _find(grafana: Grafana, params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    query = urlencode({"tags": params["key"], "type": KIND, "limit": FOUND_AT_MOST})
    try:
        return list(grafana.request("GET", f"/api/annotations?{query}"))
    except Refused as refused:
        if refused.status in (401, 403):
            secret = params["grafana"]["secret_id"]
            raise InvalidInput("grafana.secret_id", secret, f"is no account of Grafana: {refused}") from None
        raise


def _apply(grafana: Grafana, change: Change, number: int) -> int:
    """Answers the number of an annotation that was made, else 0."""
    if change.op == "delete":
        grafana.request("DELETE", f"/api/annotations/{number}")
        return 0
    body = {
        "text": change.desired["text"],
        "tags": change.desired["tags"],
        "time": _moment("start", change.desired["start"]),
        "timeEnd": _moment("end", change.desired["end"]),
    }
    if change.op == "update":
        grafana.request("PATCH", f"/api/annotations/{number}", body)
        return 0
    return int(grafana.request("POST", "/api/annotations", body)["id"])


def _server(aws: Aws) -> Server:
    options = aws.params["grafana"]
    account = current_fields(aws, "grafana.secret_id", options["secret_id"], "username", "password")
    aws.hide([account["password"]])
    return Server(
        url=options["url"],
        server_name=options["server_name"] or "",
        ca_file=options["ca_file"],
        user=account["username"],
        password=account["password"],
        timeout=aws.params["timeout"],
    )
