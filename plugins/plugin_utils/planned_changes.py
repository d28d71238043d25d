# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a run in check mode would change, for a task that comes after them.

The callback plugin of that name adds to it in the process of ansible-core. Tasks run in processes forked from that one,
so a task that runs in its own process (see in_process) finds here what all tasks before it have answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Planned:
    """Diffs in the order of the tasks; `collecting` says that somebody adds them."""

    collecting: bool = False
    diffs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, answer: Mapping[str, Any]) -> None:
        """Add what a module has answered."""
        self.diffs += list(diffs_of(answer))


def diffs_of(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The diffs of an answer that tell states, each `before` and `after`."""
    shown = answer.get("diff")
    for diff in shown if isinstance(shown, list) else [shown]:
        if isinstance(diff, Mapping) and any(isinstance(diff.get(side), Mapping) for side in ("before", "after")):
            yield {"before": diff.get("before") or {}, "after": diff.get("after") or {}}


PLANNED = Planned()
