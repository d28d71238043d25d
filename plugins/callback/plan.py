# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin: what a run in check mode would change, as a plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan
type: stdout
version_added: "0.1.0"
short_description: Show what a run in check mode would change
description:
  - Shows what would be created, updated, replaced and deleted, role by role, with the values before and after, and
    counts it. Writes the same to C(plan.json) and, for a pull request, to C(plan.md).
  - Secrets are masked as in the results of the modules. Of modules of other collections only the name of the task is
    shown.
  - Run the playbook with C(--check) and C(--diff), as C(make plan) does.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  directory:
    description: Directory for the files.
    type: path
    default: .local/plan
    env:
      - name: PLAN_DIR
    ini:
      - section: callback_plan
        key: directory
requirements:
  - set as stdout callback, for instance with the variable E(ANSIBLE_STDOUT_CALLBACK)
"""

import json
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible_collections.trademaster.platform.plugins.callback.terse import reason
from ansible_collections.trademaster.platform.plugins.plugin_utils.plan import Plan


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Feeds a `Plan` from the events of a playbook run, and shows it at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "trademaster.platform.plan"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._plan = Plan(environment())

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        self._plan.enter(role_of(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        # Of a loop, the items come one by one.
        if not result.task.loop:
            self._add(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._add(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            failed = [item for item in result.result.get("results") or [] if item.get("failed")]  # of a loop
            why = "\n".join(reason(answer) for answer in failed or [result.result])
            self._plan.fail(role_of(result.task), result.task.name or result.task.get_name(), why)
            self._display.display(why, stderr=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.v2_runner_on_failed(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        directory = Path(self.get_option("directory"))
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "plan.json").write_text(json.dumps(self._plan.data(), indent=2, ensure_ascii=False) + "\n")
        (directory / "plan.md").write_text(self._plan.markdown())
        self._display.display(self._plan.text())
        self._display.display(f"written to {directory}: plan.json, plan.md")

    def _add(self, result: Any) -> None:
        if result.task.check_mode:
            self._plan.add(role_of(result.task), result.task.name, result.result)


def environment() -> str:
    """What the plan is for: the directory of the inventory is called like its environment."""
    inventories = context.CLIARGS.get("inventory") or ()
    return ", ".join(Path(one.rstrip(",")).name for one in inventories) or "the default inventory"


def role_of(task: Any) -> str:
    """The role of a task; those of the playbook itself are put together."""
    role = task._role.get_name() if task._role else "playbook"  # noqa: SLF001 - where ansible-core keeps a task's role
    return str(role.rsplit(".", 1)[-1])
