# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `alertmanager_silence`: one silence, known by who made it, what for, and what it matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .._core.changes import Change
from .._core.errors import InvalidInput
from .._core.session import Outcome, Session
from .api import Alertmanager

KIND = "silence"


@dataclass(frozen=True)
class Wanted:
    """A silence as the options describe it."""

    matchers: Sequence[Mapping[str, Any]]
    comment: str
    created_by: str
    duration: timedelta

    def is_meant(self, silence: Mapping[str, Any]) -> bool:
        """Whether an unexpired silence of Alertmanager is this one."""
        return (
            silence["status"]["state"] != "expired"
            and silence["comment"] == self.comment
            and silence["createdBy"] == self.created_by
            and normal(silence["matchers"]) == normal(self.matchers)
        )

    def body(self, now: datetime) -> dict[str, Any]:
        """What Alertmanager takes for it, from now on."""
        return {
            "matchers": normal(self.matchers),
            "comment": self.comment,
            "createdBy": self.created_by,
            "startsAt": text(now),
            "endsAt": text(now + self.duration),
        }


def wanted(params: Mapping[str, Any]) -> Wanted:
    """Raises InvalidInput."""
    matchers = [
        {"name": item["name"], "value": item["value"], "isRegex": item["regex"], "isEqual": item["equal"]}
        for item in params["matchers"]
    ]
    if not any(_narrows(matcher) for matcher in matchers):
        raise InvalidInput("matchers", params["matchers"], "would silence everything: name a label and its value")
    if params["duration_seconds"] <= 0:
        raise InvalidInput("duration_seconds", params["duration_seconds"], "is no time: give 1 or more")
    return Wanted(matchers, params["comment"], params["created_by"], timedelta(seconds=params["duration_seconds"]))


def _narrows(matcher: Mapping[str, Any]) -> bool:
    matches_all = matcher["isRegex"] and matcher["value"] in {".*", ".+"}
    return bool(matcher["isEqual"] and matcher["value"] and not matches_all)


def normal(matchers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Matchers with all their fields, in one order."""
    full = [{"isEqual": True, **matcher} for matcher in matchers]
    return sorted(full, key=lambda matcher: (matcher["name"], matcher["value"]))


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def planned(found: Sequence[Mapping[str, Any]], aim: Wanted, state: str, now: datetime) -> list[Change]:
    """What is to be done about the unexpired silences that are meant. One with half its time left is left alone."""
    if state == "absent":
        return [Change("delete", KIND, silence["id"], before=_shown(silence)) for silence in found]
    lasting = max(found, key=_ends, default=None)
    body = aim.body(now)
    if lasting is None:
        return [Change("create", KIND, aim.comment, after=body)]
    if _ends(lasting) >= now + aim.duration / 2:
        return []
    kept = {**_shown(lasting), "endsAt": body["endsAt"]}
    return [Change("update", KIND, lasting["id"], before=_shown(lasting), after=kept)]


def _ends(silence: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(silence["endsAt"])


def _shown(silence: Mapping[str, Any]) -> dict[str, Any]:
    return {name: silence[name] for name in ("matchers", "comment", "createdBy", "startsAt", "endsAt")}


def run(session: Session) -> Outcome:
    """Silence, extend or expire; answer the silence that holds."""
    params = session.params
    aim = wanted(params)
    server = Alertmanager(params["url"], params["timeout"])
    found = [silence for silence in server.silences() if aim.is_meant(silence)]
    changes = planned(found, aim, params["state"], datetime.now(UTC))
    identifiers = [silence["id"] for silence in found]
    if not session.check_mode:
        identifiers = [_apply(server, change) for change in changes] or identifiers
    if params["state"] == "absent":
        return Outcome(changes, {"silence_id": "", "ends_at": ""})
    ends = changes[0].desired["endsAt"] if changes else max(silence["endsAt"] for silence in found)
    return Outcome(changes, {"silence_id": identifiers[0] if identifiers else "", "ends_at": ends})


def _apply(server: Alertmanager, change: Change) -> str:
    if change.op == "delete":
        server.expire_silence(change.key)
        return change.key
    if change.op == "update":
        return server.put_silence({**change.desired, "id": change.key})
    return server.put_silence(dict(change.desired))
