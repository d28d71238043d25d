# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module github_environment in the process of its task."""

from __future__ import annotations

from ansible_collections.trademaster.platform.plugins.modules import github_environment
from ansible_collections.trademaster.platform.plugins.plugin_utils.in_process import InProcessAction


class ActionModule(InProcessAction):
    module = github_environment
