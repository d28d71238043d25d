# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module security_controls in the process of its task, which knows what the tasks before would change."""

from __future__ import annotations

from typing import Any

from ansible_collections.trademaster.platform.plugins.modules import security_controls
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction
from ansible_collections.trademaster.platform.plugins.plugin_utils.planned_changes import PLANNED

NOT_COLLECTING = (
    "only what is there is judged: enable the callback plugin trademaster.platform.planned_changes to judge what a run "
    "in check mode would bring about"
)


class ActionModule(InProcessAction):
    module = security_controls
    services = ("ec2", "ecs", "elbv2", "iam", "kms", "rds", "s3", "secretsmanager", "wafv2")

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if not self._task.check_mode or self._task.args.get("planned_changes") is not None:
            return super().run(tmp, task_vars)
        self._task.args["planned_changes"] = PLANNED.diffs
        result = super().run(tmp, task_vars)
        if not PLANNED.collecting:
            result["warnings"] = [*result.get("warnings", []), NOT_COLLECTING]
        return result
