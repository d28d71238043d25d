# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module blue_green_deployment in the process of its task, so that people can watch it as it goes on."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from ansible.utils.display import Display
from ansible_collections.trademaster.platform.plugins.modules import blue_green_deployment
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction, last_words


class Watched(ModuleType):
    """The module with a report that is displayed at once."""

    main = staticmethod(partial(blue_green_deployment.main, report=Display().display, last_words=last_words))


class ActionModule(InProcessAction):
    module = Watched(blue_green_deployment.__name__)
    services = ("application-autoscaling", "dynamodb", "ecs", "logs", "secretsmanager", "ssm")
