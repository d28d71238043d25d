# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `network_reachability`: what there is, what is going to be, and whether the assertions hold on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._aws.network import api as network
from .._aws.network.current import Answers as NetworkAnswers
from .._aws.network.current import Current, Ownership, current
from .._aws.network.options import check as check_network
from .._aws.network.spec import VPC
from .._aws.security_groups import model as security_groups
from .._aws.security_groups.spec import GROUPS
from .._aws.session import Aws, Outcome
from .._core.errors import InvalidInput, PlatformError
from . import read
from .analyse import Analyser
from .assertions import check, prove, table
from .live import Answers, Live
from .model import Configuration
from .planned import overlaid, planned
from .workloads import with_workloads

PLANNED = {**VPC, "security_groups": GROUPS, "security_group_tags": {"type": "dict"}}


def run(aws: Aws) -> Outcome:
    """Read, lay the plan over it, prove. Nothing is ever written."""
    options = aws.params
    check(options["assertions"])
    plan = checked(options["planned"], options["name"]) if options["planned"] is not None else None
    answers = _answers(aws, plan is None)
    configuration = _configuration(aws, answers, plan)
    whole = with_workloads(configuration, options["name"], options["workloads"], planned=plan is not None)
    analyser = Analyser(whole)
    findings = prove(analyser, options["assertions"])
    if findings:
        lines = [f"network_reachability: {finding}" for finding in findings]
        broken = [{"assertion": one.assertion, "finding": one.text} for one in findings]
        raise PlatformError("\n".join(lines), {"broken": broken})
    result = {
        "assertions": len(options["assertions"]),
        "workloads": sorted(analyser.configuration.workloads),
        "flows": table(analyser) if options["list_flows"] else [],
    }
    return Outcome([], result)


def checked(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The planned options with their defaults. Raises InvalidInput as the modules that take them would."""
    known = {key: value for key, value in {**given, "name": name}.items() if value is not None}
    validated = ArgumentSpecValidator(PLANNED).validate(known)
    if validated.error_messages:
        raise InvalidInput("planned", name, f"is no network: {validated.error_messages[0]}")
    plan = dict(validated.validated_parameters)
    check_network(plan)
    return plan


def _answers(aws: Aws, needed: bool) -> Answers | None:
    """What there is in the VPC; None where there is no VPC yet."""
    name, tags = aws.params["name"], aws.params["tags"] or {}
    found = read.find_vpcs(aws, name, tags)
    if len(found) > 1:
        ids = ", ".join(vpc["VpcId"] for vpc in found)
        raise InvalidInput("name", name, f"is the name of {ids}: add tags that only one has")
    if not found and needed:
        raise InvalidInput("name", name, "is no VPC with these tags: make it first, or give what is planned")
    return read.read(aws, found[0]) if found else None


def _configuration(aws: Aws, answers: Answers | None, plan: Mapping[str, Any] | None) -> Configuration:
    live = Live(answers).configuration() if answers else None
    if plan is None and live is not None:
        return live
    options: Mapping[str, Any] = plan or {}
    zones = [zone["ZoneName"] for zone in network.describe_availability_zones(aws) if zone["State"] == "available"]
    lists = answers.prefix_lists if answers else {}
    now = _current(answers, options)
    groups: Sequence[Mapping[str, Any]] = options["security_groups"]
    found = planned(options, groups, zones=zones, region=aws.region, now=now, prefix_lists=lists)
    return overlaid(live, found, leaving=_leaving(answers, options)) if live and answers else found


def _current(answers: Answers | None, options: Mapping[str, Any]) -> Current:
    """As `vpc` sees it: subnets keep their zones and ranges."""
    ownership = Ownership(options["name"], options["tags"] or {})
    if answers is None:
        return current(None, [], [], ownership)
    about = NetworkAnswers(
        vpc=answers.vpc,
        attributes={},
        subnets=answers.subnets,
        route_tables=answers.route_tables,
        network_acls=answers.network_acls,
        nat_gateways=answers.nat_gateways,
        endpoints=answers.endpoints,
        flow_logs=[],
        security_groups=answers.security_groups,
    )
    return current(about, [], [], ownership)


def _leaving(answers: Answers, options: Mapping[str, Any]) -> list[str]:
    """Groups of ours that are planned no more."""
    planned_names = {group["name"] for group in options["security_groups"]}
    return sorted(security_groups.owned(answers.security_groups, options["security_group_tags"]) - planned_names)
