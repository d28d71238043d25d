# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of WAF in a region, as far as a run is about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..session import WORKERS, Answer, Aws
from . import api, model

Item = Mapping[str, Any]


@dataclass
class Snapshot:
    """Web ACLs and IP sets by name, and what hangs on the web ACLs."""

    acls: dict[str, Item] = field(default_factory=dict)  # as listed, all of the region
    ip_sets: dict[str, Item] = field(default_factory=dict)  # as listed, all of the region
    acl_states: dict[str, dict[str, Any]] = field(default_factory=dict)
    ip_set_states: dict[str, dict[str, Any]] = field(default_factory=dict)
    logging: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    associations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def set_names(self) -> dict[str, str]:
        """Names of IP sets by ARN."""
        return {item["ARN"]: name for name, item in self.ip_sets.items()}


def snapshot(aws: Aws) -> Snapshot:
    """List once; read what is named and, where others may have to go, what carries our tags."""
    options = aws.params
    seen = Snapshot(_by_name(api.list_web_acls(aws)), _by_name(api.list_ip_sets(aws)))
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:

        def each(items: Iterable[Item], read: Callable[[Item], Answer]) -> dict[str, Answer]:
            listed = list(items)
            return dict(zip((item["Name"] for item in listed), pool.map(read, listed), strict=True))

        wanted = _wanted(seen.acls, options["web_acls"], purge=options["purge"])
        seen.acl_states = each(wanted, lambda item: _acl(aws, item, seen.set_names))
        wanted = _wanted(seen.ip_sets, options["ip_sets"], purge=options["purge"])
        seen.ip_set_states = each(wanted, lambda item: _ip_set(aws, item))
        shape = api.shape(aws, "LoggingConfiguration")
        seen.logging = each(
            _concerned(seen, options, "logging"),
            lambda item: model.current_logging(api.get_logging_configuration(aws, item["ARN"]), shape),
        )
        seen.associations = each(
            _concerned(seen, options, "associations"), lambda item: api.list_load_balancers(aws, item["ARN"])
        )
    return seen


def _by_name(listed: Iterable[Item]) -> dict[str, Item]:
    return {item["Name"]: item for item in listed}


def _wanted(listed: Mapping[str, Item], options: Iterable[Item] | None, *, purge: bool) -> list[Item]:
    """Where nothing is said of a kind, nothing of it is read."""
    if options is None:
        return []
    names = {item["name"] for item in options}
    return [item for name, item in listed.items() if purge or name in names]


def _concerned(seen: Snapshot, options: Mapping[str, Any], aspect: str) -> list[Item]:
    """Web ACLs of which an aspect is managed, or that are to go."""
    managed = {acl["name"] for acl in options["web_acls"] if acl[aspect] is not None}
    named = {acl["name"] for acl in options["web_acls"]}
    return [
        seen.acls[name]
        for name, state in seen.acl_states.items()
        if name in managed or (state["owned"] and _goes(name, named, options))
    ]


def _goes(name: str, named: Collection[str], options: Mapping[str, Any]) -> bool:
    return options["state"] == "absent" or name not in named


def _acl(aws: Aws, item: Item, ip_sets: Mapping[str, str]) -> dict[str, Any]:
    tags = aws.params["tags"]
    known = api.list_tags(aws, item["ARN"]) if tags else {}
    return model.current_acl(api.get_web_acl(aws, item), api.shape(aws, "WebACL"), ip_sets, known, tags)


def _ip_set(aws: Aws, item: Item) -> dict[str, Any]:
    tags = aws.params["tags"]
    return model.current_ip_set(api.get_ip_set(aws, item), api.list_tags(aws, item["ARN"]) if tags else {}, tags)
