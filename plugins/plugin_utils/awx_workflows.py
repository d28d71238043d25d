# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The graph of a workflow of AWX: what the module workflow_job_template is given, and whether it is there already.

The module never takes an edge or a node away, and writes nodes of approvals in every run. So it is given the nodes only
where the graph is another one, and then makes it anew. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

Node = Mapping[str, Any]

EDGES = ("success", "failure", "always")
KINDS = ("job_template", "project_sync", "approval")
# What a node runs, as its template is called and as its runs are.
TYPES = {"job_template": "job", "project": "project_update", "workflow_approval": "workflow_approval"}
HOUR_S = 3600


def check_graph(where: str, nodes: Sequence[Node]) -> None:
    """Refuse a graph that AWX would refuse, or that would never be gone through."""
    names = [node["name"] for node in nodes]
    for index, node in enumerate(nodes):
        path = f"{where}[{index}]"
        if names.index(node["name"]) != index:
            raise InvalidInput(f"{path}.name", node["name"], "is there twice: call one of them otherwise")
        kinds = [kind for kind in KINDS if node.get(kind)]
        if len(kinds) != 1:
            raise InvalidInput(path, node["name"], f"has to have one of {', '.join(KINDS)}")
        _check_edges(path, node, names)
    _check_order(where, nodes)


def _check_edges(path: str, node: Node, names: Sequence[str]) -> None:
    followed: list[str] = []
    for edge in EDGES:
        for follower in node.get(edge) or []:
            if follower not in names:
                raise InvalidInput(f"{path}.{edge}", follower, f"is no node: choose from {', '.join(names)}")
            if follower in followed:
                raise InvalidInput(f"{path}.{edge}", follower, "follows already: AWX takes one edge between two nodes")
            followed.append(follower)


def _check_order(where: str, nodes: Sequence[Node]) -> None:
    """Take away what nothing leads to, again and again: what is left at the end runs in circles."""
    left = {node["name"]: node for node in nodes}
    while left:
        led_to = {follower for node in left.values() for edge in EDGES for follower in node.get(edge) or []}
        if not set(left) - led_to:
            raise InvalidInput(where, ", ".join(left), "lead to each other in a circle: let one of them end")
        left = {name: node for name, node in left.items() if name in led_to}


def workflow_nodes(nodes: Sequence[Node], *, prefix: str, organization: str, project: str) -> list[dict[str, Any]]:
    """The nodes as the module workflow_job_template takes them."""
    return [
        {
            "identifier": node["name"],
            "unified_job_template": _template(node, prefix, organization, project),
            **({"extra_data": node["extra_vars"]} if node.get("extra_vars") else {}),
            "related": {
                f"{edge}_nodes": [{"identifier": follower} for follower in node.get(edge) or []] for edge in EDGES
            },
        }
        for node in nodes
    ]


def _template(node: Node, prefix: str, organization: str, project: str) -> dict[str, Any]:
    if node.get("approval"):
        approval = node["approval"]
        timeout = approval.get("timeout_seconds") or 0
        told = f" It is refused by itself after {timeout / HOUR_S:g} hours." if timeout else ""
        return {
            "name": f"{prefix} {node['name']}",
            "type": "workflow_approval",
            # The time is told where nodes are listed only in words.
            "description": f"{approval['description']}{told}",
            "timeout": timeout,
        }
    name = project if node.get("project_sync") else f"{prefix} {node['job_template']}"
    kind = "project" if node.get("project_sync") else "job_template"
    return {"name": name, "type": kind, "organization": {"name": organization}}


def is_same_graph(wanted: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `existing`, the nodes as the API lists them, are those that are wanted."""
    names = {node["id"]: node["identifier"] for node in existing}
    there = {
        node["identifier"]: (
            _seen(node.get("summary_fields", {}).get("unified_job_template") or {}),
            node.get("extra_data") or {},
            {edge: {names.get(other) for other in node.get(f"{edge}_nodes") or []} for edge in EDGES},
        )
        for node in existing
    }
    return there == {
        node["identifier"]: (
            _wanted(node["unified_job_template"]),
            node.get("extra_data") or {},
            {edge: {other["identifier"] for other in node["related"][f"{edge}_nodes"]} for edge in EDGES},
        )
        for node in wanted
    }


def _seen(template: Mapping[str, Any]) -> tuple[str, ...]:
    return _told(template.get("unified_job_type", ""), template)


def _wanted(template: Mapping[str, Any]) -> tuple[str, ...]:
    return _told(TYPES[template["type"]], template)


def _told(kind: str, template: Mapping[str, Any]) -> tuple[str, ...]:
    # Of other templates, the description is not the workflow's.
    return (kind, template.get("name", ""), template.get("description", "") if kind == "workflow_approval" else "")
