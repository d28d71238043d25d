# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repeating a call whose failure is known to pass: bounded, jittered, and only for the errors named."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .clock import Clock

Answer = TypeVar("Answer")


def retry(
    call: Callable[[], Answer],
    passes: Callable[[Exception], bool],
    *,
    errors: type[Exception] | tuple[type[Exception], ...],
    timeout: float,
    clock: Clock,
    first_pause: float = 0.5,
    longest_pause: float = 5.0,
) -> Answer:
    """Call until it succeeds.

    Re-raises at once what `passes` does not recognise, and anything after `timeout` seconds.
    """
    started = clock.now()
    attempt = 0
    while True:
        try:
            return call()
        except errors as error:
            if not passes(error) or clock.now() - started >= timeout:
                raise
        clock.sleep(clock.pause(attempt, first=first_pause, longest=longest_pause))
        attempt += 1
