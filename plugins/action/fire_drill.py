# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module fire_drill in the process of its task, so that people can watch the drill as it goes on."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from ansible.utils.display import Display
from ansible_collections.trademaster.platform.plugins.modules import fire_drill
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class Watched(ModuleType):
    """The module with a report that is displayed at once."""

    main = staticmethod(partial(fire_drill.main, report=Display().display))


class ActionModule(InProcessAction):
    module = Watched(fire_drill.__name__)
    services = ("application-autoscaling", "ecs", "rds", "secretsmanager", "ssm")
