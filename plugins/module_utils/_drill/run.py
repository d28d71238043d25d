# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `fire_drill`: repair what an earlier drill left, refuse unless all is calm, drill, answer the timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws.secret_reader import current_fields, current_value
from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.errors import PlatformError
from .._core.rest import Connection
from .._core.wait import DONE, WaitTimeout, pending
from .._pagerduty.client import Client as PagerDuty
from .._verify.grafana import prometheus
from .._verify.http import Client
from .._verify.traffic import Account, Traffic
from . import conditions
from .calm import going_on, refuse_unless_calm
from .drill import Drill, Journal
from .pager import Pager
from .timeline import Limits, Run, Scenario, chosen, rows, table


def run(aws: Aws, report: Callable[[str], None]) -> Outcome:
    """In check mode only say which scenarios would be played."""
    runs = [Run(scenario) for scenario in chosen(_offered(aws.params), aws.params["only"])]
    journal = Journal(aws, aws.params["journal"])
    journal.read()
    left = sorted(journal.notes)
    others: list[str] = []
    if not aws.check_mode:
        others = _drill(aws, report, runs, journal)
    result = {"alerts": rows(runs), "table": table(rows(runs)), "repaired": left, "other_incidents": others}
    problems = [run.problem for run in runs if run.problem]
    if problems:
        raise PlatformError(f"{'; '.join(problems)}. The environment is restored.", result)
    return Outcome([Change("update", "scenario", run.scenario.name, {}, {"played": True}) for run in runs], result)


def _drill(aws: Aws, report: Callable[[str], None], runs: list[Run], journal: Journal) -> list[str]:
    params = aws.params
    drill = Drill(
        aws,
        report,
        _pager(aws),
        conditions.World(aws, params["cluster"], _secret(aws, "api_key_secret", params["api_key_secret"])),
        journal,
        Limits(params["page_timeout"], params["resolve_timeout"]),
        runs,
        poll_seconds=params["poll_seconds"],
    )
    if params["traffic"]:
        drill.account = _account(aws)
        drill.traffic = Traffic([drill.account.send], params["traffic"]["requests_per_minute"])
    _repair_left(drill)
    around = (
        aws,
        params["cluster"],
        drill.pager,
        prometheus(aws, "grafana", params["grafana"]) if params["grafana"] else None,
    )
    refuse_unless_calm(*around)
    drill.go()
    _await_calm(drill, lambda: going_on(*around))
    return drill.others


def _await_calm(drill: Drill, look: Callable[[], str]) -> None:
    """What followed from the conditions ends a little later than their own alerts; the next drill would be refused."""
    try:
        drill.aws.wait(
            "calm after the drill",
            look,
            lambda found: pending(found) if found else DONE,
            timeout=drill.limits.resolve,
        )
    except WaitTimeout:
        drill.report(f"it is not calm again: {look()}")


def _repair_left(drill: Drill) -> None:
    """Repair what an earlier drill has left, and wait until the pager has calmed down."""
    if not drill.journal.notes:
        return
    drill.report("an earlier drill has not come to its end")
    drill.restore()
    drill.aws.wait(
        "end of the incidents of an earlier drill",
        drill.pager.open,
        lambda found: pending(", ".join(incident.title for incident in found)) if found else DONE,
        timeout=drill.limits.resolve,
    )


def _offered(params: Mapping[str, Any]) -> list[Scenario]:
    return [
        Scenario(item["name"], _injection(item), tuple(item["alerts"]), item["traffic"], item["beside"] or "")
        for item in params["scenarios"]
    ]


def _injection(item: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the kind of condition has; the others are of other kinds."""
    return {name: value for name, value in item["inject"].items() if value is not None}


def _pager(aws: Aws) -> Pager:
    options = aws.params["pager"]
    aws.hide([options["api_token"]])
    connection = Connection(options["api_url"], options["api_token"], options["ca_cert"] or "")
    return Pager(PagerDuty(connection, aws.clock), options["service_id"])


def _account(aws: Aws) -> Account:
    options = aws.params["traffic"]
    fields = current_fields(aws, "traffic.secret_id", options["secret_id"], "password")
    aws.hide([fields["password"]])
    return Account(Client(options["url"], options["ca_file"]), options["email"], fields["password"])


def _secret(aws: Aws, option: str, secret_id: str | None) -> str:
    return current_value(aws, option, secret_id) if secret_id else ""
