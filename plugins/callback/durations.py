# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin: where the time of a playbook went."""

from __future__ import annotations

DOCUMENTATION = r"""
name: durations
type: aggregate
version_added: "0.1.0"
short_description: Tell at the end of a playbook where its time went
description:
  - Prints one line with the seconds of every role, in the order in which they first ran, and the total.
  - Prints one more line with the waits that modules of this collection report, if any took a second.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
requirements:
  - enabled in the configuration
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from ansible.plugins.callback import CallbackBase

SHOWN_SECONDS = 1.0


class Durations:
    """Seconds by role and by named wait; `now` answers monotonic seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._started = now()
        self._since = self._started
        self._role: str | None = None
        self.roles: dict[str, float] = {}
        self.waits: dict[str, float] = {}

    def enter(self, role: str | None) -> None:
        """A task of `role` starts, or with None the playbook ends. What passed since then was the task's before."""
        now = self._now()
        if self._role:
            self.roles[self._role] = self.roles.get(self._role, 0.0) + now - self._since
        self._role, self._since = role, now

    def waited(self, waits: Iterable[dict[str, Any]]) -> None:
        """Add waits as a module answers them: name and seconds."""
        for wait in waits:
            self.waits[wait["name"]] = self.waits.get(wait["name"], 0.0) + wait["seconds"]

    def lines(self) -> list[str]:
        """What to print once the playbook has ended."""
        total = self._now() - self._started
        roles = " · ".join(f"{name} {seconds:.1f}" for name, seconds in self.roles.items())
        waits = " · ".join(f"{name} {seconds:.0f}" for name, seconds in self.waits.items() if seconds >= SHOWN_SECONDS)
        shown = [f"seconds: {roles} · total {total:.1f}"] if roles else []
        return [*shown, f"waits:   {waits}"] if waits else shown


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Feeds `Durations` from the events of a playbook run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "trademaster.platform.durations"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._durations = Durations()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        role = task._role.get_name() if task._role else ""  # noqa: SLF001 - where ansible-core keeps a task's role
        self._durations.enter(role.rsplit(".", 1)[-1])

    def v2_runner_on_ok(self, result: Any) -> None:
        answer = result.result
        answers = [answer, *answer.get("results", [])] if isinstance(answer.get("results", []), list) else [answer]
        for item in answers:
            if isinstance(item, dict):
                self._durations.waited(item.get("waits") or [])

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        self._durations.enter(None)
        for line in self._durations.lines():
            self._display.display(line)
