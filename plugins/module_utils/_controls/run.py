# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `security_controls`: read what is there, lay over it what a run would change, judge, waive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from .._aws.session import Aws, Outcome
from .._core.errors import InvalidInput
from .catalogue import ALL, CONTROLS
from .judge import PROWLER, judge, waive, waivers
from .live.reading import Reading
from .live.world import read
from .planned import overlaid


def run(aws: Aws) -> Outcome:
    """Judge by all controls, or by those asked for. Nothing is ever written."""
    params = aws.params
    if not params["tags"]:
        raise InvalidInput("tags", params["tags"], "is empty: what is judged is what carries our tags, so say which")
    wanted = params["controls"] or list(CONTROLS)
    for index, control in enumerate(wanted):
        if control not in CONTROLS:
            raise InvalidInput(f"controls[{index}]", control, "is no control: docs/security.md lists them")
    given = [one for one in waivers(params["waivers"] or [], CONTROLS) if not one.control.startswith(PROWLER)]
    now, planned = datetime.now(tz=UTC), params["planned_changes"] or []
    world = overlaid(read(Reading(aws, params["name"], params["tags"], now)), planned)
    findings = judge(world, [control for control in ALL if control.id in wanted])
    verdict = waive(findings, given, now.date(), all_used=not planned and not params["controls"])
    result: dict[str, Any] = {
        "account_id": aws.identity()["account_id"],
        "region": aws.region,
        "findings": [asdict(finding) for finding in verdict.findings],
        "failures": [str(finding) for finding in verdict.failed],
        "problems": verdict.problems,
        "counts": verdict.counts(),
        "controls": verdict.by_control(),
    }
    return Outcome([], result)
