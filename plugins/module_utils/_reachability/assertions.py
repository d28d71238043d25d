# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assertions about a network: what reaches what and nothing else does, as data. Pure.

Each names one thing: `target` with `only_from`, `source` with `only_to`, or `source`, `target` and `ports` that have to
be reached. The first two are about everything else: every workload and security group there is, every address of the
internet, of the VPC and of networks beyond, all protocols and all ports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._core.errors import InvalidInput
from .analyse import ELSEWHERE, INTERNET, VPC, Analyser, Flow, UnknownPlace, in_words
from .intervals import EVERY_PORT, Intervals, union
from .model import ANY, WITH_PORTS, Workload, number, word

ANYWHERE = "anywhere"
Assertion = Mapping[str, Any]
Permission = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """An assertion that does not hold: between whom, on what, and the way or what is in it."""

    assertion: str
    text: str
    source: str
    target: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.assertion}: {self.text}"


def check(assertions: Sequence[Assertion]) -> None:
    """Raise InvalidInput for what is no assertion."""
    names: set[str] = set()
    for index, one in enumerate(assertions):
        option = f"assertions[{index}]"
        given = {key for key in ("source", "target", "only_from", "only_to") if one.get(key) is not None}
        if given not in ({"target", "only_from"}, {"source", "only_to"}, {"source", "target"}):
            remedy = "is no assertion: give target and only_from, source and only_to, or source, target and ports"
            raise InvalidInput(option, one["name"], remedy)
        if given == {"source", "target"} and not one.get("ports"):
            raise InvalidInput(f"{option}.ports", one.get("ports"), "must name what has to be reached")
        if one["name"] in names:
            raise InvalidInput(f"{option}.name", one["name"], "is given twice: keep one of them")
        names.add(one["name"])
        for kind in ("only_from", "only_to"):
            for position, permitted in enumerate(one.get(kind) or []):
                ports_of(f"{option}.{kind}[{position}].ports", permitted.get("ports"))
        ports_of(f"{option}.ports", one.get("ports"))


def ports_of(option: str, given: Sequence[Any] | None) -> Intervals:
    """Ports as numbers and ranges, `8000-8010`; all of them when none are given."""
    if not given:
        return EVERY_PORT
    spans = []
    for value in given:
        first, _dash, last = str(value).partition("-")
        if not (first.isdigit() and (last or first).isdigit() and int(first) <= int(last or first) <= 65535):
            raise InvalidInput(option, value, "is no port: give a number or a range, such as 443 or 8000-8010")
        spans.append((int(first), int(last or first)))
    return Intervals.of(*spans)


def prove(analyser: Analyser, assertions: Sequence[Assertion]) -> list[Finding]:
    """What does not hold, at most one finding an assertion. Raises InvalidInput for names that are nothing."""
    check(assertions)
    findings = []
    for index, one in enumerate(assertions):
        for option in ("source", "target"):
            _known(analyser, f"assertions[{index}].{option}", one.get(option))
        for kind, option in (("only_from", "source"), ("only_to", "target")):
            for position, permitted in enumerate(one.get(kind) or []):
                _known(analyser, f"assertions[{index}].{kind}[{position}].{option}", permitted[option])
        judge = (
            _only_from if one.get("only_from") is not None else _only_to if one.get("only_to") is not None else _must
        )
        finding = judge(analyser, one)
        findings += [finding] if finding else []
    return findings


def _known(analyser: Analyser, option: str, name: str | None) -> None:
    if name is None or name == ANYWHERE or name.startswith("aws:"):
        return
    try:
        analyser.places(name)
    except UnknownPlace as error:
        raise InvalidInput(option, name, str(error)) from None


# Nothing else


def _only_from(analyser: Analyser, one: Assertion) -> Finding | None:
    targets = analyser.workloads(one["target"])
    pairs = [(source, target.name) for target in targets for source in everybody(analyser)]
    return _nothing_else(analyser, one, pairs, lambda pair: _permits(analyser, one["only_from"], "source", pair[0]))


def _only_to(analyser: Analyser, one: Assertion) -> Finding | None:
    known = analyser.workloads(one["source"])
    sources = [workload.name for workload in known] or [one["source"]]
    pairs = [(source, target) for source in sources for target in everybody(analyser, but=(VPC,))]
    return _nothing_else(analyser, one, pairs, lambda pair: _permits(analyser, one["only_to"], "target", pair[1]))


def everybody(analyser: Analyser, but: Sequence[str] = ()) -> list[str]:
    """Every source there can be, the widest first."""
    wide = [name for name in (INTERNET, ELSEWHERE, VPC) if name not in but]
    return [*wide, *analyser.configuration.workloads]


def _nothing_else(
    analyser: Analyser,
    one: Assertion,
    pairs: Iterable[tuple[str, str]],
    permitted: Callable[[tuple[str, str]], Mapping[str, Intervals]],
) -> Finding | None:
    found = []
    for pair in pairs:
        flows = analyser.flows(*pair)
        left = beyond(flows, permitted(pair)) if flows else []
        found += [(pair, flow) for flow in left]
    if not found:
        return None
    (source, target), flow = found[0]
    path = _path(analyser, source, target, flow)
    others = sorted({other if one.get("only_from") is not None else third for (other, third), _flow in found[1:]})
    others = [name for name in others if name not in (source, target)]
    also = f" (and {', '.join(others)})" if others else ""
    text = f"{source} reaches {target} on {in_words(flow)}{also}: {' → '.join(path)}"
    return Finding(one["name"], text, source, target, path)


def _path(analyser: Analyser, source: str, target: str, flow: Flow) -> tuple[str, ...]:
    """The way to the first port that is left, which need not be the one that the flow tells of."""
    return analyser.way(source, target, flow.ports.first, flow.protocol) or flow.path


def _permits(analyser: Analyser, permissions: Sequence[Permission], option: str, name: str) -> dict[str, Intervals]:
    """Ports by protocol that the permissions that speak of `name` give it."""
    workload = analyser.configuration.workloads.get(name)
    given: dict[str, Intervals] = {}
    for one in permissions:
        if _speaks_of(one[option], name, workload):
            protocol = number(one.get("protocol") or "tcp")
            ports = ports_of("ports", one.get("ports"))
            given[protocol] = union([ports, given.get(protocol, Intervals())])
    return given


def _speaks_of(who: str, name: str, workload: Workload | None) -> bool:
    return who in (ANYWHERE, name) or (workload is not None and who in workload.names)


def beyond(flows: Iterable[Flow], permitted: Mapping[str, Intervals]) -> list[Flow]:
    """What of flows is not permitted."""
    left = []
    for flow in flows:
        allowed = [permitted[protocol] for protocol in (flow.protocol, ANY) if protocol in permitted]
        whole = bool(allowed) and flow.protocol not in WITH_PORTS
        ports = Intervals() if whole else flow.ports - union(allowed)
        left += [replace(flow, ports=ports)] if ports else []
    return left


# What has to be


def _must(analyser: Analyser, one: Assertion) -> Finding | None:
    source, target, protocol = one["source"], one["target"], one.get("protocol") or "tcp"
    for first, last in ports_of("ports", one["ports"]):
        for port in range(first, last + 1):
            verdict = analyser.always(source, target, port, protocol)
            if not verdict.allowed and word(number(protocol)) == "tcp":
                verdict = analyser.through_balancer(source, target, port) or verdict
            if not verdict.allowed:
                return Finding(
                    one["name"], f"{source} does not reach {target} on {protocol} {port}: {verdict}", source, target
                )
    return None


# For people


def table(analyser: Analyser) -> list[dict[str, str]]:
    """Every flow there is between workloads and the outside, a row each."""
    return [
        {"source": source, "target": target, "traffic": in_words(flow), "path": " → ".join(flow.path)}
        for source in everybody(analyser)
        for target in everybody(analyser, but=(VPC,))
        for flow in analyser.flows(source, target)
    ]
