"""What a round has measured, on its way to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow


@dataclass(frozen=True)
class Datum:
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str = "None"


def every_backend(backends: Any) -> Iterator[Any]:
    """Of all accounts and regions in use."""
    for account in list(backends.values()):
        yield from list(account.values())


def put(backend: Any, data: Iterable[Datum]) -> None:
    """Into CloudWatch of the same account and region as `backend`."""
    cloudwatch = cloudwatch_backends[backend.account_id][backend.region_name]
    for datum in data:
        row = {
            "MetricName": datum.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions.items()],
            "Value": datum.value,
            "Unit": datum.unit,
            "Timestamp": utcnow(),
        }
        cloudwatch.put_metric_data(datum.namespace, [row])
