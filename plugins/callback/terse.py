# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin: only what tasks tell, and why one failed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: terse
type: stdout
version_added: "0.1.0"
short_description: Show only what tasks tell
description:
  - For playbooks that answer a question, whose output is read by people at a glance, or by programs.
  - Tasks and their results are not shown, but for what C(ansible.builtin.debug) is there to tell. What failed is told
    on standard error, and only why.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
requirements:
  - set as stdout callback, for instance with the variable E(ANSIBLE_STDOUT_CALLBACK)
"""

import re
from typing import Any

from ansible.plugins.callback import CallbackBase

SHOWING = ("debug", "ansible.builtin.debug", "ansible.legacy.debug")


UNRESOLVED = re.compile(r"^Task failed: Finalization of task args .*' failed: ", re.DOTALL)


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Shows what debug tasks say, and why tasks failed."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "trademaster.platform.terse"

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.task.action in SHOWING and result.result.get("msg") is not None:
            self._display.display(said(result.result["msg"]))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._display.display(reason(result.result), stderr=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._display.display(reason(result.result), stderr=True)


def said(message: Any) -> str:
    """What a debug task says; a list is lines."""
    return "\n".join(str(line) for line in message) if isinstance(message, list) else str(message)


def reason(answer: dict[str, Any]) -> str:
    """Why a task failed, from its result. Of values that cannot be had, what stands in the way is said last."""
    text = str(answer.get("msg") or answer.get("stderr") or "failed without a word")
    return UNRESOLVED.sub("", text)
