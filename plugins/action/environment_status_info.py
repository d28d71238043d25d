# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module environment_status_info in the process of its task, which shows what it finds."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from ansible.utils.display import Display
from ansible_collections.trademaster.platform.plugins.modules import environment_status_info
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class Watched(ModuleType):
    """The module with a report that is displayed at once."""

    main = staticmethod(partial(environment_status_info.main, report=Display().display))


class ActionModule(InProcessAction):
    module = Watched(environment_status_info.__name__)
    services = ("cloudwatch", "dynamodb", "ecs", "secretsmanager", "ssm")
