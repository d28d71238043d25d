# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the gateway leads to a colour whose tasks have just been started, before customers or a sign-in go there."""

from __future__ import annotations

from collections.abc import Callable

from .._aws.ecs.task import addresses
from .._core.wait import DONE, Verdict, pending
from .._verify.http import Request, Send, Unreachable
from .services import Services
from .state import Colour
from .traffic import Traffic, judge

# Waits for what it is given the name of, looking until it is done, and for so many seconds at most.
Wait = Callable[[str, Callable[[], Verdict], float], None]
SECONDS = 120.0  # until all nodes of the gateway have found the tasks: they remember names that led nowhere
# Times that the preview has to answer in a row. Each node of the gateway learns of it on its own, and with customers at
# the load balancer too it is chance which of them answers.
ANSWERS = 12
HEALTH = "/actuator/health"


def lead(colour: Colour, traffic: Traffic, services: Services, wait: Wait) -> None:
    """Let the preview lead to a colour, and wait until the gateway finds its tasks healthy."""
    traffic.preview(colour)
    hosts = addresses(services.tasks(colour))
    wait(f"health of {colour} at the gateway", lambda: judge(traffic.health(colour), hosts), SECONDS)


def await_answers(preview: Send, wait: Wait) -> None:
    """Wait until the preview can be used through any node of the gateway."""
    wait("answers of the preview", lambda: answers(preview), SECONDS)


def answers(preview: Send) -> Verdict:
    """Whether all nodes of the gateway, as far as can be told, know where the preview leads."""
    for _answer in range(ANSWERS):
        try:
            answer = preview(Request("GET", HEALTH))
        except Unreachable as error:
            return pending(str(error))
        if answer.status != 200:
            return pending(f"GET {HEALTH} answered {answer.status} {answer.text('message')}".strip())
    return DONE
