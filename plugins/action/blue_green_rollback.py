# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module blue_green_rollback in the process of its task, so that people can see what becomes of it."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from ansible.utils.display import Display
from ansible_collections.trademaster.platform.plugins.modules import blue_green_rollback
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class Watched(ModuleType):
    """The module with a report that is displayed at once."""

    main = staticmethod(partial(blue_green_rollback.main, report=Display().display))


class ActionModule(InProcessAction):
    module = Watched(blue_green_rollback.__name__)
    services = ("application-autoscaling", "dynamodb", "ecs", "logs", "secretsmanager", "ssm")
