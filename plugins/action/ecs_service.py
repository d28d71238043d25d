# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module ecs_service in the process of its task, so that people can watch traffic shift."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from ansible.utils.display import Display
from ansible_collections.trademaster.platform.plugins.modules import ecs_service
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class Watched(ModuleType):
    """The module with a report that is displayed at once."""

    main = staticmethod(partial(ecs_service.main, report=Display().display))


class ActionModule(InProcessAction):
    module = Watched(ecs_service.__name__)
    services = ("ecs",)
