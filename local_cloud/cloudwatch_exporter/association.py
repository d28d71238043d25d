"""Which resource a metric belongs to, by its dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_cloud.cloudwatch_exporter.services import Service

Dimensions = Mapping[str, str]


@dataclass(frozen=True)
class Resource:
    arn: str
    tags: Mapping[str, str]


class Associator:
    def __init__(self, service: Service, resources: Sequence[Resource]) -> None:
        self._mappings: list[tuple[frozenset[str], dict[frozenset[tuple[str, str]], Resource]]] = []
        left = list(resources)
        for pattern in service.patterns:
            named = {frozenset(match.groupdict().items()): row for row in left if (match := pattern.search(row.arn))}
            left = [row for row in left if row not in named.values()]
            if named:
                self._mappings.append((frozenset(pattern.groupindex), named))
        # the most specific first
        self._mappings.sort(key=lambda mapping: -len(mapping[0]))

    def find(self, dimensions: Dimensions) -> tuple[Resource | None, bool]:
        """(resource, whether the metric is left out): one that no pattern is for is kept without a resource."""
        fits = False
        for names, resources in self._mappings:
            if dimensions and names <= dimensions.keys():
                fits = True
                found = resources.get(frozenset((name, dimensions[name]) for name in names))
                if found:
                    return found, False
        return None, fits
