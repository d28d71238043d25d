# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run in check mode would change: gathered from what tasks answer, and told as text, JSON and Markdown.

Everything in this file is pure. Modules of this collection answer `changes` and a `diff` in which secrets are masked
already. Of other modules only the name of the task is told, never what they answer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.trademaster.platform.plugins.plugin_utils.planned_changes import diffs_of

# In the order in which they are counted. A task whose module does not say what it changes is a `run`.
OPERATIONS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "run": "?"}
SHOWN_CHARACTERS = 100
# GitHub takes no comment of more than 65,536 characters.
MARKDOWN_CHARACTERS = 60_000


@dataclass(frozen=True)
class PlannedChange:
    """One change; `before` and `after` hold the fields that differ."""

    op: str
    kind: str
    key: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """Name, value before and value after of what differs, where there is something on both sides."""
        if self.op not in ("update", "replace"):
            return []
        return [(name, shown(self.before.get(name)), shown(value)) for name, value in self.after.items()]


@dataclass
class Plan:
    """Changes by role, in the order of the playbook. `name` is the environment's; `failures` are reasons, by task."""

    name: str
    roles: dict[str, list[PlannedChange]] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)

    def enter(self, role: str) -> None:
        """A task of `role` is looked at."""
        self.roles.setdefault(role, [])

    def add(self, role: str, task: str, answer: Mapping[str, Any]) -> None:
        """Add what a task in check mode has answered."""
        self.enter(role)
        self.roles[role] += changes_of(task, answer)

    def fail(self, role: str, task: str, reason: str) -> None:
        """A task could not tell what it would change: whatever comes after it is missing."""
        self.failures.append({"role": role, "task": task, "reason": reason})

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(change.op for changes in self.roles.values() for change in changes)
        return {op: found[op] for op in OPERATIONS}

    @property
    def changed(self) -> dict[str, list[PlannedChange]]:
        return {role: changes for role, changes in self.roles.items() if changes}

    @property
    def verdict(self) -> str:
        """`failed`, `changes` or `no changes`."""
        return "failed" if self.failures else "changes" if self.changed else "no changes"

    @property
    def headline(self) -> str:
        told = ", ".join(f"{count} to {op}" for op, count in self.counts.items() if count)
        told = f"{told}, in {len(self.changed)} of {len(self.roles)} roles" if told else "no changes"
        return f"Plan for {self.name}: {f'not complete; {told} so far' if self.failures else told}"

    def text(self) -> str:
        """For a terminal."""
        lines = []
        for role, changes in self.changed.items():
            lines.append(role)
            for change in changes:
                lines.append(f"  {OPERATIONS[change.op]} {change.kind} {change.key}")
                lines += [f"      {name}: {before} → {after}" for name, before, after in change.fields]
            lines.append("")
        return "\n".join([*lines, self.headline])

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "headline": self.headline,
            "counts": self.counts,
            "roles": [
                {"name": role, "changes": [vars(change) for change in changes]} for role, changes in self.roles.items()
            ],
            "failures": self.failures,
        }

    def markdown(self) -> str:
        """For a pull request or a summary; the first line is how a comment is found again."""
        told = "\n".join([f"<!-- plan: {self.name} -->", f"### {self.headline}", ""])
        for failure in self.failures:
            told += f"\n**{failure['role']}: {failure['task']}** failed:\n\n{fenced(failure['reason'])}\n"
        for position, (role, changes) in enumerate(self.changed.items()):
            section = "\n".join(line for change in changes for line in _as_diff(change))
            title = f"<b>{role}</b>: {len(changes)} {'change' if len(changes) == 1 else 'changes'}"
            section = f"\n<details><summary>{title}</summary>\n\n{fenced(section, 'diff')}\n</details>\n"
            if len(told) + len(section) > MARKDOWN_CHARACTERS:
                return f"{told}\n… and {len(self.changed) - position} more roles: see plan.json\n"
            told += section
        return told


def changes_of(task: str, answer: Mapping[str, Any]) -> Iterator[PlannedChange]:
    """What one answer of a module stands for. What a play calls no change, such as a lock that it lets go, is none."""
    if not answer.get("changed"):
        return
    changes = answer.get("changes")
    if not isinstance(changes, list) or not all(isinstance(one, Mapping) and one.get("op") for one in changes):
        yield PlannedChange("run", "task", task)
        return
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for diff in diffs_of(answer):
        before |= diff["before"]
        after |= diff["after"]
    for one in changes:
        name = f"{one['kind']} {one['key']}"
        yield PlannedChange(one["op"], one["kind"], one["key"], before.get(name) or {}, after.get(name) or {})


def shown(value: Any) -> str:
    """A value in one line of a bounded length."""
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) and value and value.isprintable() else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def fenced(text: str, language: str = "") -> str:
    """A block of code that the text cannot end."""
    return f"~~~~{language}\n{text.replace('~~~~', '~~~ ~')}\n~~~~"


def _as_diff(change: PlannedChange) -> Iterator[str]:
    # What begins with an exclamation mark is shown as changed.
    yield f"{ {'create': '+', 'delete': '-'}.get(change.op, '!') } {change.op} {change.kind} {change.key}"
    for name, before, after in change.fields:
        yield f"-     {name}: {before}"
        yield f"+     {name}: {after}"
