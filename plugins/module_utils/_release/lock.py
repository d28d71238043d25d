# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that a release holds, so that no two of them change a service at once.

One item of a DynamoDB table:

    {"name", "holder" (id of the run), "owner" (who), "reason" (what for), "host", "pid", "acquired_at" (ISO 8601),
     "expires_at" (seconds since 1970), "lease_seconds", "machine", "processes", "note"}

Every write is conditional on what was read before, so whoever loses a race sees it. A holder that finds its own item
has the lock: the answer to an earlier write was lost on the way. Time is that of DynamoDB, as its answers tell it,
because clocks of people's machines differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from .._aws.session import AWS_ERRORS, Aws, error_code
from .._core.errors import PlatformError
from . import processes

REFUSED = "ConditionalCheckFailedException"
NO_TABLE = "ResourceNotFoundException"
ATTEMPTS = 10  # at a write that somebody else was faster with, who has let go since
RENEWALS_PER_LEASE = 3
NUMBERS = ("pid", "expires_at", "lease_seconds")

Standing = Literal["free", "ours", "broken", "expired", "ended", "held"]


class LockHeld(PlatformError):
    """Somebody else holds the lock."""


class LockLost(PlatformError):
    """The lock was broken by somebody, or taken over after it had expired."""


@dataclass(frozen=True)
class Holder:
    """Who wants the lock, and what for.

    `id` is unique to a run. `processes` (see `processes.named`) of `machine` are those without which the run is over.
    """

    id: str
    owner: str
    reason: str
    host: str = ""
    pid: int = 0
    machine: str = ""
    processes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """The lock as it is held. `note` says from whom it was taken over and why, or who broke it."""

    holder: Holder
    acquired_at: str
    expires_at: int
    lease_seconds: int
    note: str = ""

    def __str__(self) -> str:
        holder = self.holder
        pid = f" (process {holder.pid})" if holder.pid else ""
        return (
            f"{holder.owner} on {holder.host or 'an unnamed host'}{pid} since {self.acquired_at} until "
            f"{timestamp(self.expires_at)}: {holder.reason}"
        )


@dataclass(frozen=True)
class Grant:
    """The lock as its holder has it now, as it was before, and what that was to the holder."""

    held: Held
    before: Held | None
    standing: Standing


@dataclass(frozen=True)
class Lock:
    """The lock `name` in the table `table`."""

    aws: Aws
    table: str
    name: str

    def look(self) -> tuple[Held | None, int]:
        """How the lock is held, and DynamoDB's time (GetItem)."""
        client = self.aws.client("dynamodb")
        try:
            answer = client.get_item(TableName=self.table, Key={"name": {"S": self.name}}, ConsistentRead=True)
        except AWS_ERRORS as error:
            if error_code(error) != NO_TABLE:
                raise
            if self.aws.check_mode:
                return None, int(time.time())
            raise PlatformError(f"table {self.table}: is not there; make it with the role release") from error
        item = answer.get("Item")
        return decoded(item) if item else None, time_of(answer)

    def acquire(self, holder: Holder, lease_seconds: int, *, break_reason: str = "", how_to_break: str = "") -> Grant:
        """Take the lock, or renew it where little is left of it; LockHeld where somebody else has it (PutItem).

        With `break_reason` it is taken from whoever has it.
        """
        for _attempt in range(ATTEMPTS):
            seen, now = self.look()
            standing = standing_of(seen, holder.id, now, ended)
            if standing == "held" and not break_reason:
                raise LockHeld(f"lock {self.name}: held by {seen}; {how_to_break or 'wait, or break it'}")
            if seen and standing == "ours" and not stale(seen, holder, now, lease_seconds):
                return Grant(seen, seen, standing)
            note = takeover_note(seen, standing, holder, break_reason)
            wanted = granted(seen if standing == "ours" else None, holder, now, lease_seconds, note)
            if self.aws.check_mode or self._put(wanted, seen):
                return Grant(wanted, seen, standing)
        raise LockHeld(f"lock {self.name}: changed hands {ATTEMPTS} times while it was being taken; try again")

    def renew(self, holder_id: str, *, process: str = "") -> Held:
        """Hold the lock for another lease; LockLost where it is not ours any more (PutItem).

        `process` names a process that has joined the run.
        """
        for _attempt in range(ATTEMPTS):
            seen, now = self.look()
            if seen is None or seen.holder.id != holder_id:
                break
            holder = joined(seen.holder, process)
            wanted = replace(seen, holder=holder, expires_at=now + seen.lease_seconds)
            if self._put(wanted, seen):
                return wanted
        raise LockLost(lost(self.name, seen))

    def release(self, holder_id: str) -> bool:
        """Let go; whether there was anything to let go of. LockLost where somebody else has it (DeleteItem)."""
        seen, _now = self.look()
        if seen is None:
            return False
        if seen.holder.id != holder_id or not (self.aws.check_mode or self._delete(holder_id)):
            raise LockLost(lost(self.name, self.look()[0]))
        return True

    def break_(self, holder: Holder, reason: str) -> str:
        """Take the lock away from whoever has it, and leave a note; the note, empty where nobody has it (PutItem)."""
        for _attempt in range(ATTEMPTS):
            seen, now = self.look()
            if seen is None or standing_of(seen, holder.id, now, ended) != "held":
                return ""
            note = takeover_note(seen, "held", holder, reason)
            if self.aws.check_mode or self._put(broken(seen, note), seen):
                return note
        raise LockHeld(f"lock {self.name}: changed hands {ATTEMPTS} times while it was being broken; try again")

    def _put(self, wanted: Held, seen: Held | None) -> bool:
        """Write the item if it still is what was seen, or ours already; whether it was."""
        values = {":us": {"S": wanted.holder.id}}
        condition = "attribute_not_exists(#name)"
        names = {"#name": "name", "#holder": "holder"}
        if seen is not None:
            condition = "(#holder = :seen AND #expires_at = :expires_at)"
            names = {"#holder": "holder", "#expires_at": "expires_at"}
            values |= {":seen": {"S": seen.holder.id}, ":expires_at": {"N": str(seen.expires_at)}}
        arguments = {
            "TableName": self.table,
            "Item": encoded(self.name, wanted),
            "ConditionExpression": f"{condition} OR #holder = :us",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        return self._succeeds(lambda: self.aws.client("dynamodb").put_item(**arguments))

    def _delete(self, holder_id: str) -> bool:
        """Delete the item if it is ours, or gone already: that is how a repeated request meets its own success."""
        arguments = {
            "TableName": self.table,
            "Key": {"name": {"S": self.name}},
            "ConditionExpression": "attribute_not_exists(#name) OR #holder = :us",
            "ExpressionAttributeNames": {"#name": "name", "#holder": "holder"},
            "ExpressionAttributeValues": {":us": {"S": holder_id}},
        }
        return self._succeeds(lambda: self.aws.client("dynamodb").delete_item(**arguments))

    def _succeeds(self, write: Callable[[], Any]) -> bool:
        try:
            write()
        except AWS_ERRORS as error:
            if error_code(error) != REFUSED:
                raise
            return False
        return True


@dataclass
class Lease:
    """The lock of a run that goes on: `keep()` renews it in time, and raises LockLost when it is lost.

    `process` (see `processes.named`) is one that is part of the run from now on.
    """

    lock: Lock
    holder_id: str
    process: str = ""
    due_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.due_at = self.lock.aws.clock.now()

    def keep(self) -> None:
        """Renew the lock when a third of the lease has gone by; the first call does so at once."""
        now = self.lock.aws.clock.now()
        if now >= self.due_at:
            held = self.lock.renew(self.holder_id, process=self.process)
            self.due_at = now + held.lease_seconds / RENEWALS_PER_LEASE


def standing_of(seen: Held | None, holder_id: str, now: int, has_ended: Callable[[Holder], bool]) -> Standing:
    """What a lock that was seen is to somebody who wants it. Pure, but for `has_ended`."""
    if seen is None:
        return "free"
    if not seen.holder.id:
        return "broken"
    if seen.holder.id == holder_id:
        return "ours"
    if seen.expires_at <= now:
        return "expired"
    return "ended" if has_ended(seen.holder) else "held"


def ended(holder: Holder) -> bool:
    """Whether a holder ran on this machine, and no process of its run is left."""
    here = processes.machine()
    if not here or holder.machine != here or not holder.processes:
        return False
    return all(processes.gone(name) for name in holder.processes)


def takeover_note(seen: Held | None, standing: Standing, holder: Holder, reason: str) -> str:
    """What there is to say about a lock that changes hands, or has been broken. Pure."""
    if seen is None or standing == "free":
        return ""
    if standing in {"ours", "broken"}:
        return seen.note
    whose = f"the lock of {seen}"
    if standing == "expired":
        return f"{whose}: taken over by {holder.owner} because it has expired"
    if standing == "ended":
        return f"{whose}: taken over by {holder.owner} because its run has ended without letting go"
    return f"{whose}: broken by {holder.owner} on {holder.host or 'an unnamed host'}: {reason}"


def granted(ours: Held | None, holder: Holder, now: int, lease_seconds: int, note: str) -> Held:
    """The lock as its new holder, or `ours` for another lease, has it. Pure."""
    if ours:
        kept = replace(holder, processes=tuple(dict.fromkeys((*ours.holder.processes, *holder.processes))))
        return Held(kept, ours.acquired_at, now + lease_seconds, lease_seconds, note)
    return Held(holder, timestamp(now), now + lease_seconds, lease_seconds, note)


def stale(ours: Held, holder: Holder, now: int, lease_seconds: int) -> bool:
    """Whether our lock has to be written anew: less than half of the lease is left, or it says something else. Pure."""
    said, wanted = (ours.holder.owner, ours.holder.reason), (holder.owner, holder.reason)
    return said != wanted or ours.lease_seconds != lease_seconds or ours.expires_at - now < lease_seconds / 2


def joined(holder: Holder, process: str) -> Holder:
    """The holder with one more process. Pure."""
    return replace(holder, processes=tuple(filter(None, dict.fromkeys((*holder.processes, process)))))


def broken(seen: Held, note: str) -> Held:
    """What stays of a lock that was broken: nobody holds it, and the note says why. Pure."""
    return replace(seen, holder=replace(seen.holder, id=""), expires_at=0, note=note)


def lost(name: str, seen: Held | None) -> str:
    """How a lock was lost, as far as can be seen. Pure."""
    if seen is None:
        return f"lock {name}: lost; somebody has taken it over and let go of it since"
    if not seen.holder.id:
        return f"lock {name}: lost; {seen.note}"
    return f"lock {name}: lost to {seen}" + (f"; {seen.note}" if seen.note else "")


def encoded(name: str, held: Held) -> dict[str, dict[str, str]]:
    """The item of a lock. Pure."""
    holder = held.holder
    values: dict[str, Any] = {
        "name": name,
        "holder": holder.id,
        "owner": holder.owner,
        "reason": holder.reason,
        "host": holder.host,
        "pid": holder.pid,
        "machine": holder.machine,
        "processes": " ".join(holder.processes),
        "acquired_at": held.acquired_at,
        "expires_at": held.expires_at,
        "lease_seconds": held.lease_seconds,
        "note": held.note,
    }
    return {key: {"N" if key in NUMBERS else "S": str(value)} for key, value in values.items()}


def decoded(item: Mapping[str, Mapping[str, str]]) -> Held:
    """A lock from its item. Pure."""
    text = {key: next(iter(value.values())) for key, value in item.items()}
    holder = Holder(
        id=text["holder"],
        owner=text["owner"],
        reason=text["reason"],
        host=text["host"],
        pid=int(text["pid"]),
        machine=text["machine"],
        processes=tuple(text["processes"].split()),
    )
    return Held(holder, text["acquired_at"], int(text["expires_at"]), int(text["lease_seconds"]), text["note"])


def time_of(answer: Mapping[str, Any]) -> int:
    """Seconds since 1970 when DynamoDB gave this answer. Pure."""
    return int(parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp())


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC. Pure."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
