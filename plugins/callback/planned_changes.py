# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback plugin: keep what a run in check mode would change."""

from __future__ import annotations

DOCUMENTATION = r"""
name: planned_changes
type: aggregate
version_added: "0.1.0"
short_description: Keep what a run in check mode would change
description:
  - Keeps what the modules of this collection say that they would change, for the tasks after them that judge it, such
    as M(trademaster.platform.security_controls). Shows nothing.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
requirements:
  - enabled in the configuration
"""

from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.trademaster.platform.plugins.plugin_utils.planned_changes import PLANNED


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Hands on the results of tasks in check mode."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "trademaster.platform.planned_changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        PLANNED.collecting = True

    def v2_runner_on_ok(self, result: Any) -> None:
        # Of a loop, the items come one by one.
        if result.task.check_mode and not result.task.loop:
            PLANNED.add(result.result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if result.task.check_mode:
            PLANNED.add(result.result)
