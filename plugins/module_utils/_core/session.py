# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run of any module has in common: its options, what it hides, what it waits for, and how it answers.

Everything a module prints passes through `finish`, so masking, diff and the wording of failures are the same
everywhere, whatever API is behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .changes import Change, describe, diff
from .clock import Clock
from .errors import PlatformError
from .placeholders import KNOWN_AFTER_APPLY
from .reconcile import ApplyError
from .redact import redact
from .wait import Verdict, wait_until

Seen = TypeVar("Seen")
SessionType = TypeVar("SessionType", bound="Session")


@dataclass(frozen=True)
class Outcome:
    """What a module's run answers.

    `result` becomes the module's return values; `secrets` are strings that must not show in any of it.
    """

    changes: Sequence[Change]
    result: Mapping[str, Any]
    secrets: Collection[str] = ()
    warnings: Sequence[str] = ()


@dataclass
class Session:
    """What a run works with, whatever the API: options, hiding, waiting. `module` is an AnsibleModule or alike."""

    module: Any
    clock: Clock = field(default_factory=Clock)
    waits: list[dict[str, Any]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.module.params)

    @property
    def check_mode(self) -> bool:
        return bool(self.module.check_mode)

    def hide(self, values: Collection[str]) -> None:
        """Mask these strings in whatever the module prints, the echo of its own options included."""
        shown = {value for value in values if value}
        self.secrets.update(shown)
        self.module.no_log_values.update(shown)

    def wait(self, name: str, look: Callable[[], Seen], judge: Callable[[Seen], Verdict], *, timeout: float) -> Seen:
        """Wait for a named condition; its duration goes into the module's RV(waits)."""
        seen, elapsed = wait_until(name, look, judge, timeout=timeout, clock=self.clock)
        self.waits.append({"name": name, "seconds": round(elapsed, 1)})
        return seen


def finish(
    session: SessionType,
    run: Callable[[SessionType], Outcome],
    explain: Callable[[BaseException], str],
    errors: tuple[type[Exception], ...] = (),
) -> None:
    """Run, and leave through exit_json or fail_json.

    `errors` are what the API's library raises; `explain` turns them, and failures of ours, into one line.
    """
    module = session.module
    # A secret that is only known after apply must not blank out everything else that is.
    module.no_log_values.discard(KNOWN_AFTER_APPLY)
    try:
        outcome = run(session)
    except ApplyError as error:
        _fail_half_way(session, error)
    except PlatformError as error:
        details = redact(error.details, session.secrets)
        module.fail_json(msg=redact(explain(error), session.secrets), waits=session.waits, **details)
    except errors as error:
        module.fail_json(msg=redact(explain(error), session.secrets), waits=session.waits)
    for warning in outcome.warnings:
        module.warn(redact(warning, session.secrets))
    secrets = session.secrets | set(outcome.secrets)
    module.exit_json(
        changed=bool(outcome.changes),
        changes=describe(outcome.changes, secrets=secrets),
        waits=session.waits,
        diff=diff(outcome.changes, secrets=secrets) if module._diff else {},  # noqa: SLF001 - where AnsibleModule keeps it
        **redact(dict(outcome.result), secrets),
    )


def _fail_half_way(session: Session, error: ApplyError) -> None:
    done = describe(error.done, secrets=session.secrets)
    session.module.fail_json(
        msg=redact(str(error), session.secrets),
        changed=bool(done),
        changes=done,
        not_applied=describe(error.left, secrets=session.secrets),
        waits=session.waits,
        **redact(error.details, session.secrets),
    )
