# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module release_lock in the process of its task, so that the lock knows the playbook that holds it."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.trademaster.platform.plugins.modules import release_lock
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class ActionModule(InProcessAction):
    module = release_lock
    services = ("dynamodb",)

    def _run_here(self, variables: dict[str, Any]) -> dict[str, Any]:
        # A task's own process ends with the task; its parent is the playbook.
        self._task.args.setdefault("pid", os.getppid())
        return super()._run_here(variables)
