# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a cluster to its desired state."""

from __future__ import annotations

from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import Aws, Outcome
from . import api
from . import cluster as model

VISIBLE_TIMEOUT = 60.0  # seconds


def run(aws: Aws) -> Outcome:
    """Create, update or remove one cluster. An INACTIVE one, which ECS keeps showing for a while, does not exist."""
    name = aws.params["name"]
    model.check(aws.params)
    cluster = api.describe_cluster(aws, name)
    if aws.params["state"] == "absent":
        return _absent(aws, cluster)
    desired = model.desired_state(aws.params)
    changes = model.plan(name, cluster, desired)
    aws.apply(changes, _handlers(aws, cluster))
    if changes and not aws.check_mode:
        look = f"cluster {name}"
        cluster = aws.wait(look, lambda: api.describe_cluster(aws, name), model.judge_active, timeout=VISIBLE_TIMEOUT)
    arn = cluster["clusterArn"] if cluster else KNOWN_AFTER_APPLY
    return Outcome(changes, {"cluster": {"name": name, "arn": arn}})


def _handlers(aws: Aws, cluster: dict[str, Any] | None) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        arguments = model.settings_arguments(state, state)
        if state.get("tags"):
            arguments["tags"] = api.tag_list(state["tags"])
        capacity = model.capacity(state, state)
        if capacity:
            arguments["capacityProviders"], arguments["defaultCapacityProviderStrategy"] = capacity
        api.create_cluster(aws, change.key, arguments)

    def update(change: Change) -> None:
        fields = {name: change.desired[name] for name in change.fields}
        whole = {**change.current, **change.desired}
        arguments = model.settings_arguments(fields, whole)
        if arguments:
            api.update_cluster(aws, change.key, arguments)
        capacity = model.capacity(fields, whole)
        if capacity:
            api.put_capacity_providers(aws, change.key, *capacity)
        if "tags" in fields and cluster:
            api.tag_resource(aws, cluster["clusterArn"], fields["tags"])

    def delete(change: Change) -> None:
        api.delete_cluster(aws, change.key, timeout=aws.params["wait_timeout"])

    return {("cluster", "create"): create, ("cluster", "update"): update, ("cluster", "delete"): delete}


def _absent(aws: Aws, cluster: dict[str, Any] | None) -> Outcome:
    name, changes = aws.params["name"], list[Change]()
    if cluster and cluster["status"] != "DEPROVISIONING":
        if not aws.check_mode:  # where services that an earlier task would remove are still there
            model.check_empty(name, api.describe_services(aws, name, api.list_services(aws, name)))
        changes = [Change("delete", "cluster", name, before=model.current_state(cluster, {}))]
    aws.apply(changes, _handlers(aws, cluster))
    return Outcome(changes, {"cluster": None})
