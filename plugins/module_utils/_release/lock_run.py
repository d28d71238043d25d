# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `release_lock`: take, renew, let go of or break the lock of a service."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.errors import InvalidInput
from .._core.wait import DONE, Verdict, pending
from . import processes
from .lock import Grant, Held, Holder, Lock, LockHeld, LockLost, timestamp

KIND = "lock"


def run(aws: Aws) -> Outcome:
    """Check mode looks, and says who would have the lock."""
    params = aws.params
    for option in ("holder", "owner", "reason"):
        if params["state"] == "present" and not (params[option] or "").strip():
            raise InvalidInput(option, params[option], "is empty: whoever is kept out by the lock wants to know")
    if params["lease_seconds"] < 1:
        raise InvalidInput("lease_seconds", params["lease_seconds"], "is no time to hold a lock: give 1 or more")
    lock = Lock(aws, params["table"], params["name"])
    return _take(lock, params) if params["state"] == "present" else _let_go(lock, params)


def _take(lock: Lock, params: Mapping[str, Any]) -> Outcome:
    holder = _holder(params)

    def acquire() -> Grant:
        return lock.acquire(
            holder,
            params["lease_seconds"],
            break_reason=params["broken_by"] or "",
            how_to_break=params["how_to_break"] or "",
        )

    wait = params["wait_timeout"] if not lock.aws.check_mode else 0
    grant = queue(lock, acquire, wait) if wait > 0 else acquire()
    held = grant.held
    said = grant.standing != "ours" and held.note
    result = {"lock": _shown(held), "note": held.note}
    return Outcome(_taken(lock.name, grant), result, warnings=[f"lock {lock.name}: {held.note}"] if said else [])


def queue(lock: Lock, acquire: Callable[[], Grant], seconds: float) -> Grant:
    """Take the lock once nobody else has it; WaitTimeout says who still has."""
    grants: list[Grant] = []

    def attempt() -> LockHeld | None:
        try:
            grants.append(acquire())
        except LockHeld as held:
            return held
        return None

    def judge(held: LockHeld | None) -> Verdict:
        return pending(str(held).removeprefix(f"lock {lock.name}: ")) if held else DONE

    lock.aws.wait(f"lock {lock.name}", attempt, judge, timeout=seconds)
    return grants[-1]


def _taken(name: str, grant: Grant) -> list[Change]:
    if grant.held == grant.before:
        return []
    after = _state(grant.held)
    if grant.before is None or grant.standing == "broken":
        return [Change("create", KIND, name, after=after)]
    before = _state(grant.before)
    if before == after:  # only time has gone by
        before, after = {**before, "renewed": False}, {**after, "renewed": True}
    return [Change("update", KIND, name, before, after)]


def _let_go(lock: Lock, params: Mapping[str, Any]) -> Outcome:
    seen, _now = lock.look()
    note, warnings = "", []
    if params["broken_by"]:
        note = lock.break_(_holder(params), params["broken_by"])
    gone = bool(note)
    if not gone:
        try:
            gone = lock.release(params["holder"])
        except LockLost as error:  # what was done under it is over: whoever breaks a lock answers for that
            warnings = [] if params["broken_by"] else [str(error)]
    changes = [Change("delete", KIND, lock.name, before=_state(seen))] if gone and seen else []
    return Outcome(changes, {"lock": {}, "note": note}, warnings=[f"lock {lock.name}: {note}"] if note else warnings)


def _holder(params: Mapping[str, Any]) -> Holder:
    pid = params["pid"] or 0
    return Holder(
        id=params["holder"],
        owner=params["owner"] or "",
        reason=params["reason"] or "",
        host=socket.gethostname(),
        pid=pid,
        machine=processes.machine() if pid else "",
        processes=tuple(filter(None, [processes.named(pid)] if pid else [])),
    )


def _state(held: Held) -> dict[str, Any]:
    holder = held.holder
    return {"holder": holder.id, "owner": holder.owner, "reason": holder.reason, "lease_seconds": held.lease_seconds}


def _shown(held: Held) -> dict[str, Any]:
    return {
        **_state(held),
        "host": held.holder.host,
        "pid": held.holder.pid,
        "acquired_at": held.acquired_at,
        "expires_at": timestamp(held.expires_at),
    }
