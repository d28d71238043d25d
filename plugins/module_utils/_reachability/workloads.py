# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads that are said to be there: those of the inventory, and what each security group could be put on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._core.errors import InvalidInput
from .model import Configuration, Workload


def with_workloads(
    configuration: Configuration, name: str, declared: Sequence[Mapping[str, Any]], *, planned: bool
) -> Configuration:
    """The configuration with everything that has to be thought of.

    A declared workload stands for itself until one runs that carries its groups; where a plan is judged, that one
    also listens and forwards as declared, because a run that was cut short may have left it half made. A group that
    neither carries can be put on anything: it counts as an interface with a public address in every subnet. `name` is
    that of the network.
    """
    workloads = dict(configuration.workloads)
    for index, one in enumerate(declared):
        groups = one.get("groups") or [one["name"]]
        _check(f"workloads[{index}]", one, groups, configuration, name)
        stated = _declared(one, groups, configuration, name)
        running = [found for found in configuration.workloads.values() if set(groups) <= set(found.groups)]
        if not running:
            workloads[stated.name] = stated
        elif planned:
            workloads |= {found.name: _finished(found, stated) for found in running}
    known = {group for workload in workloads.values() for group in workload.groups}
    for group in configuration.groups:
        if group not in known:
            workloads[group] = Workload(
                group, (group,), tuple(configuration.subnets), "security group", public=True, assumed=True
            )
    return configuration.with_(workloads=workloads)


def _finished(running: Workload, stated: Workload) -> Workload:
    """What runs, with what it is about to listen on and to forward besides."""
    return replace(
        running,
        listens=tuple(sorted({*running.listens, *stated.listens})),
        forwards=tuple(sorted({*running.forwards, *stated.forwards})),
    )


def _declared(one: Mapping[str, Any], groups: Sequence[str], configuration: Configuration, name: str) -> Workload:
    return Workload(
        name=one["name"],
        groups=tuple(groups),
        subnets=tuple(of_tier(configuration, name, one["tier"])),
        kind=one.get("kind") or "service",
        public=bool(one.get("public")),
        assumed=True,
        listens=tuple(one.get("listens") or ()),
        forwards=tuple((to["workload"], to["port"]) for to in one.get("forwards") or ()),
    )


def of_tier(configuration: Configuration, name: str, tier: str) -> list[str]:
    """Subnets of a tier, which `vpc` names after network, tier and zone."""
    return [key for key, subnet in configuration.subnets.items() if key == f"{name}-{tier}-{subnet.zone}"]


def _check(option: str, one: Mapping[str, Any], groups: Sequence[str], configuration: Configuration, name: str) -> None:
    for group in groups:
        if group not in configuration.groups:
            known = ", ".join(sorted(configuration.groups))
            raise InvalidInput(f"{option}.groups", group, f"is no security group of this network: choose from {known}")
    if not of_tier(configuration, name, one["tier"]):
        raise InvalidInput(f"{option}.tier", one["tier"], "has no subnets in this network: see the tiers of the VPC")
