"""Resource Groups Tagging API: resources that moto does not list, or lists under another type."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.elasticache.models import ElastiCacheBackend
from moto.elbv2.models import ELBv2Backend
from moto.resourcegroupstaggingapi import models as tagging

from local_cloud.aws import elasticache
from local_cloud.extensions import around
from local_cloud.runtime import Runtime

Original = Callable[..., Any]


def load_balancers(original: Original, self: ELBv2Backend) -> Iterator[TaggedResource]:
    """With the kind that the ARN names: loadbalancer/app, loadbalancer/net."""
    for resource in original(self):
        _, found, rest = resource.arn.partition(":loadbalancer/")
        kind = f"{resource.resource_type}/{rest.split('/')[0]}" if found else resource.resource_type
        yield dataclasses.replace(resource, resource_type=kind)


def cache_clusters(original: Original, self: ElastiCacheBackend) -> Iterator[TaggedResource]:
    """The nodes of a replication group are clusters of their own, and have its tags."""
    yield from original(self)
    for group in list(elasticache.groups(self).values()):
        tags = self.tagging_service.get_tag_dict_for_resource(group.arn)
        for node in group.group.nodes:
            arn = f"arn:aws:elasticache:{self.region_name}:{self.account_id}:cluster:{node.name}"
            yield TaggedResource(arn=arn, tags=tags, resource_type="elasticache:cluster")


def match_resource_type(original: Callable[..., bool], resource_type: str, filters: list[str] | None) -> bool:
    """A type without its kind stands for all kinds."""
    return original(resource_type, filters) or original(resource_type.partition("/")[0], filters)


def install(_runtime: Runtime) -> None:
    around(ELBv2Backend, "iter_tagged_resources")(load_balancers)
    around(ElastiCacheBackend, "iter_tagged_resources")(cache_clusters)
    around(tagging, "match_resource_type")(match_resource_type)
