# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the calls of a plan, all of them or none: what a failure leaves half done is taken back.

Creating is a POST with an id of our choice. Unlike a PUT it fails where somebody else has created the entity in the
meantime, so that two runs at the same time never take each other's work for their own and undo it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from .._core import reconcile
from .._core.changes import Change
from .._core.errors import PlatformError
from .._core.reconcile import Handlers, Interrupted, Undo
from .._core.redact import redact
from .client import CONNECTIONS, DUPLICATE_ID, Client, KongError
from .entities import Entity, Kind
from .plan import Step

# Kong's error codes.
FOREIGN_KEY, UNIQUE_VIOLATION, IN_USE = 4, 5, 19
SETTLING_SECONDS = 1.0


class Irrecoverable(PlatformError):
    """What was undone only in part: the text says what is lost."""


@dataclass
class _Silence:
    """How many calls in a row were given up without an answer: a gateway that is gone is not waited for at each one."""

    calls: int = 0

    @contextmanager
    def listen(self, step: Step) -> Iterator[None]:
        if self.calls >= CONNECTIONS:
            raise KongError(str(step), 0, "not tried, as the gateway no longer answers", sent=False)
        try:
            yield
        except KongError as error:
            self.calls = 0 if error.status else self.calls + 1
            raise
        self.calls = 0


def apply(client: Client, steps: Sequence[Step]) -> None:
    """Make the calls. Raises `ApplyError` after taking back what was done, with what could not be taken back."""
    unanswered: set[int] = set()
    silence = _Silence()

    def do(step: Step) -> None:
        try:
            _do(client, step)
        except KongError as error:
            if error.uncertain and error.status == 0:
                unanswered.add(id(step))
            raise

    def undo(step: Step) -> None:
        with silence.listen(step):
            if id(step) in unanswered:
                # The call may still be on its way, and arrive after what undoes it.
                _undo(client, step)
                client.clock.sleep(SETTLING_SECONDS)
            _undo(client, step)

    inverse = Undo(_handlers(steps, undo), perhaps_done)
    with _stopped_by_signals(inverse.stop):
        reconcile.apply(steps, _handlers(steps, do), workers=CONNECTIONS, explain=explain, undo=inverse)


def perhaps_done(error: BaseException) -> bool:
    """Whether a call that failed may have had its effect."""
    if isinstance(error, KongError):
        return error.uncertain
    return not isinstance(error, Interrupted)


def explain(error: BaseException) -> str:
    """One line, with what Kong says of single fields."""
    if not isinstance(error, KongError):
        return str(error) or type(error).__name__
    if error.status == 0:
        return str(error)
    if error.code == DUPLICATE_ID:
        return f"{error.message}; it was not there when this run began: has another run made it? Run again"
    if error.code == UNIQUE_VIOLATION:
        return f"{error.message}; another entity has it that is not ours, or was made since this run began"
    if error.code in {FOREIGN_KEY, IN_USE}:
        return error.message
    reasons = "; ".join(f"{path}: {reason}" if path else reason for path, reason in error.reasons())
    return f"{error.status}: {reasons}"


def _handlers(steps: Sequence[Step], call: Callable[[Step], None]) -> Handlers:
    def handler(change: Change) -> None:
        step = cast(Step, change)
        try:
            call(step)
        except KongError as error:
            raise _masked(error, step) from error  # pylint: disable=bad-exception-cause

    return {(step.kind, step.op): handler for step in steps}


def _masked(error: KongError, step: Step) -> KongError:
    """The error with the path of the file and without the secrets of the entity, which Kong repeats."""
    secrets = {*step.secrets, *(str(step.was.get(name)) for name in step.row.secret if step.was.get(name))}
    return KongError(
        error.call,
        error.status,
        redact(error.message, secrets),
        code=error.code,
        name=error.name,
        fields=redact(_below(step.path, error.fields), secrets),
        sent=error.sent,
    )


def _below(path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What Kong says of fields, under the path of the entity in the file."""
    return {path: dict(fields)} if path and fields else dict(fields)


def _do(client: Client, step: Step) -> None:
    if step.method == "DELETE":
        client.delete(step.row.entity_path(step.target))
    elif step.method == "POST":
        client.post(step.row.collection_path(step.target), step.body)
    elif step.method == "PUT":
        client.put(step.row.entity_path(step.target), step.body)
    else:
        # The path is that of where the entity is now.
        client.patch(step.row.entity_path(step.was), step.body)


def _undo(client: Client, step: Step) -> None:
    """Go back to what was, whether or not the call had its effect."""
    if step.method == "POST":
        client.delete(step.row.entity_path(step.target))
    elif step.method == "DELETE":
        for kind, entity in ((step.row, step.was), *step.cascade):
            restore(client, kind, entity)
    elif step.method == "PUT":
        client.put(step.row.entity_path(step.was), whole(step.row, step.was))
    else:
        _undo_patch(client, step)
    if step.lost:
        raise Irrecoverable(f"lost is {step.lost}")


def _undo_patch(client: Client, step: Step) -> None:
    body = {name: step.was.get(name) for name in step.body if name != step.row.hashed}
    if body:
        client.patch(step.row.entity_path(step.was), body)


def restore(client: Client, kind: Kind, entity: Entity) -> None:
    """Bring a deleted entity back as it was, with its id and the time of its creation."""
    path = kind.entity_path(entity)
    if kind.restore == "PUT":
        client.put(path, whole(kind, entity))
    elif client.find(path) is None:
        client.post(kind.collection_path(entity), whole(kind, entity))


def whole(kind: Kind, entity: Entity) -> dict[str, Any]:
    """An entity as it was read, as it can be sent: what is derived comes back by itself, a null `ttl` is refused."""
    hidden = {"updated_at", *kind.derived, *({"ttl"} if entity.get("ttl") is None else ())}
    return {name: value for name, value in entity.items() if name not in hidden}


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Take being told to end as a reason to undo, rather than as the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
