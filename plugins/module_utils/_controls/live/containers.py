# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in containers as it is: clusters that are ours, their services, task definitions, and repositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws.ecr import model as ecr
from ..._aws.ecs import api, cluster, service, task_definition
from ..model import Resource
from .reading import Reading


def clusters(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    arns = aws.pages("ecs", "list_clusters", "clusterArns")
    described = [one for one in reading.many(lambda arn: api.describe_cluster(aws, arn), arns) if one]
    in_use: set[str] = set()
    for one in described:
        if reading.ours(one.get("tags")):
            name = one["clusterName"]
            yield Resource("cluster", name, cluster.current_state(one, {}))
            running = api.describe_services(aws, name, api.list_services(aws, name))
            in_use |= {item["taskDefinition"] for item in running}
            yield from (Resource("service", item["serviceName"], service.current_state(item, {})) for item in running)
    yield from _definitions(reading, in_use)


def _definitions(reading: Reading, in_use: set[str]) -> Iterator[Resource]:
    """The newest revision of each family that is ours, and those that run besides."""
    aws = reading.aws
    families = aws.pages("ecs", "list_task_definition_families", "families", familyPrefix=reading.name, status="ACTIVE")
    newest = [one for one in reading.many(lambda family: api.describe_task_definition(aws, family), families) if one]
    known = {one["taskDefinitionArn"] for one in newest}
    others = reading.many(lambda arn: api.describe_task_definition(aws, arn), sorted(in_use - known))
    yield from (Resource("task_definition", one["family"], _facts(one)) for one in newest)
    yield from (
        Resource("task_definition", task_definition.short(one["taskDefinitionArn"]), _facts(one))
        for one in others
        if one
    )


def _facts(answer: Mapping[str, Any]) -> dict[str, Any]:
    return task_definition.state(task_definition.canonical_answer(answer), None)


def repositories(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("ecr")

    def look(item: Mapping[str, Any]) -> Resource | None:
        tags = client.list_tags_for_resource(resourceArn=item["repositoryArn"])["tags"]
        if not reading.ours(tags):
            return None
        name = item["repositoryName"]
        found = reading.aws.found(
            lambda: client.get_lifecycle_policy(repositoryName=name), "LifecyclePolicyNotFoundException"
        )
        return Resource("repository", name, {**ecr.current_state(item, {}, None), "lifecycle_policy": bool(found)})

    listed = reading.aws.pages("ecr", "describe_repositories", "repositories")
    yield from (one for one in reading.many(look, listed) if one)
