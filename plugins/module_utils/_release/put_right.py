# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that came to no end has left is put right: customers first, then what nobody is on any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .colours import WHOLE, split
from .services import Services
from .situation import Repair
from .state import State
from .traffic import Traffic


def put_right(
    found: Repair, state: State, traffic: Traffic, services: Services, report: Callable[[str], None]
) -> State:
    """Answers the state that is to be noted then."""
    traffic.set(split(found.live, WHOLE))
    report(f"{found.live} has all customers")
    traffic.preview(None)
    services.keep(found.live)
    if found.stop:
        traffic.settle()
        services.stop(found.stop)
    known = {found.live: found.release} if found.release else {}
    return replace(state, live=found.live, releases={**state.releases, **known}, rollout=None)
