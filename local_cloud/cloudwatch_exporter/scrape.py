"""One scrape: from the jobs of the configuration to samples."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.cloudwatch_exporter.association import Associator, Resource
from local_cloud.cloudwatch_exporter.configuration import Configuration, DiscoveryJob, MetricQuery, StaticJob
from local_cloud.cloudwatch_exporter.names import label_name, metric_name

LOG = logging.getLogger("local_cloud.cloudwatch_exporter")
_PER_QUERY = 500
_STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")


@dataclass(frozen=True)
class Sample:
    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class _Wanted:
    """One time series of CloudWatch."""

    resource_name: str
    namespace: str
    query: MetricQuery
    statistic: str
    dimensions: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass
class Counts:
    """What YACE says of itself."""

    requests: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    metrics_requested: int = 0


class Scraper:
    def __init__(self, configuration: Configuration, *, labels_snake_case: bool, session: Any = boto3) -> None:
        self._configuration = configuration
        self._snake_case = labels_snake_case
        self._session = session
        self.counts = Counts()

    def scrape(self, now: datetime | None = None) -> list[Sample]:
        moment, samples = now or datetime.now(UTC), []
        account = self._session.client("sts").get_caller_identity()["Account"]
        jobs: list[tuple[DiscoveryJob | StaticJob, Iterator[Sample]]] = []
        for discovery in self._configuration.discovery:
            for context in self._contexts(discovery, account):
                jobs.append((discovery, self._discover(discovery, context, moment)))
        for static in self._configuration.static:
            for context in self._contexts(static, account):
                jobs.append((static, self._static(static, context, moment)))
        for job, found in jobs:
            samples += self._without_failures(job, found)
        return _with_same_labels(samples)

    def _contexts(self, job: DiscoveryJob | StaticJob, account: str) -> Iterator[dict[str, str]]:
        for region in job.regions:
            yield {"region": region, "account_id": account, **self._labels("custom_tag_", dict(job.custom_tags))}

    def _without_failures(self, job: DiscoveryJob | StaticJob, found: Iterator[Sample]) -> list[Sample]:
        """A job that fails is logged and left out, as YACE does."""
        try:
            return list(found)
        except (BotoCoreError, ClientError) as error:
            self.counts.errors[getattr(error, "operation_name", "unknown")] += 1
            LOG.error("job for %s failed: %s", job.metrics[0].name, error)  # noqa: TRY400 - the trace tells no more
            return []

    # -- discovery --------------------------------------------------------------------------------

    def _discover(self, job: DiscoveryJob, context: Mapping[str, str], now: datetime) -> Iterator[Sample]:
        region = context["region"]
        resources = self._resources(job, region)
        if not resources:
            LOG.error("no tagged resources of %s made it through filtering", job.service.namespace)
            return
        for resource in resources:
            name = metric_name(job.service.namespace, "info")
            yield Sample(name, {"name": resource.arn, **self._labels("tag_", resource.tags)}, 0.0)
        client = self._session.client("cloudwatch", region_name=region)
        wanted = list(self._wanted(client, job, Associator(job.service, resources)))
        for start in range(0, len(wanted), _PER_QUERY):
            yield from self._values(client, wanted[start : start + _PER_QUERY], context, now)

    def _resources(self, job: DiscoveryJob, region: str) -> list[Resource]:
        pages = (
            self._session.client("resourcegroupstaggingapi", region_name=region)
            .get_paginator("get_resources")
            .paginate(ResourceTypeFilters=list(job.service.resource_types), ResourcesPerPage=100)
        )
        found = [
            Resource(row["ResourceARN"], {tag["Key"]: tag["Value"] for tag in row["Tags"]})
            for page in pages
            for row in page["ResourceTagMappingList"]
        ]
        return [
            row
            for row in found
            if all(key in row.tags and pattern.search(row.tags[key]) for key, pattern in job.search_tags)
        ]

    def _wanted(self, client: Any, job: DiscoveryJob, associator: Associator) -> Iterator[_Wanted]:
        namespace = job.service.namespace
        for query in job.metrics:
            for page in client.get_paginator("list_metrics").paginate(Namespace=namespace, MetricName=query.name):
                self.counts.requests["ListMetrics"] += 1
                for row in page["Metrics"]:
                    dimensions = {pair["Name"]: pair["Value"] for pair in row["Dimensions"]}
                    resource, left_out = associator.find(dimensions)
                    if left_out or (job.dimension_names and job.dimension_names != dimensions.keys()):
                        continue
                    tags = {tag: resource.tags.get(tag, "") if resource else "" for tag in job.exported_tags}
                    name = resource.arn if resource else "global"
                    for statistic in query.statistics:
                        yield _Wanted(name, namespace, query, statistic, dimensions, tags)

    def _values(
        self, client: Any, wanted: Sequence[_Wanted], context: Mapping[str, str], now: datetime
    ) -> Iterator[Sample]:
        """The newest datapoint of each."""
        by_window: dict[tuple[int, int, int], list[int]] = {}
        for number, row in enumerate(wanted):
            by_window.setdefault((row.query.period, row.query.length, row.query.delay), []).append(number)
        for (period, length, delay), numbers in by_window.items():
            end = datetime.fromtimestamp(now.timestamp() // period * period, UTC) - timedelta(seconds=delay)
            self.counts.requests["GetMetricData"] += 1
            self.counts.metrics_requested += len(numbers)
            pages = client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[_query(f"id_{number}", wanted[number]) for number in numbers],
                StartTime=end - timedelta(seconds=length),
                EndTime=end,
                ScanBy="TimestampDescending",
            )
            newest = {
                row["Id"]: row["Values"][0] for page in pages for row in page["MetricDataResults"] if row["Values"]
            }
            for number in numbers:
                yield self._sample(wanted[number], newest.get(f"id_{number}"), context)

    def _sample(self, wanted: _Wanted, value: float | None, context: Mapping[str, str]) -> Sample:
        labels = {
            "name": wanted.resource_name,
            **self._labels("dimension_", wanted.dimensions),
            **self._labels("tag_", wanted.tags),
            **context,
        }
        missing = 0.0 if wanted.query.nil_to_zero else math.nan
        name = metric_name(wanted.namespace, wanted.query.name, wanted.statistic)
        return Sample(name, labels, missing if value is None else float(value))

    def _labels(self, prefix: str, values: Mapping[str, str]) -> dict[str, str]:
        named = {label_name(prefix, key, as_snake_case=self._snake_case): value for key, value in values.items()}
        return {name: value for name, value in named.items() if name}

    # -- static -----------------------------------------------------------------------------------

    def _static(self, job: StaticJob, context: Mapping[str, str], now: datetime) -> Iterator[Sample]:
        client = self._session.client("cloudwatch", region_name=context["region"])
        for query in job.metrics:
            self.counts.requests["GetMetricStatistics"] += 1
            own = [name for name in query.statistics if name in _STATISTICS]
            extended = [name for name in query.statistics if name not in _STATISTICS]
            end = now - timedelta(seconds=query.delay)
            datapoints = client.get_metric_statistics(
                Namespace=job.namespace,
                MetricName=query.name,
                Dimensions=[{"Name": name, "Value": value} for name, value in job.dimensions],
                StartTime=end - timedelta(seconds=query.length),
                EndTime=end,
                Period=query.period,
                **({"Statistics": own} if own else {}),
                **({"ExtendedStatistics": extended} if extended else {}),
            )["Datapoints"]
            datapoints.sort(key=lambda row: row["Timestamp"], reverse=True)
            for statistic in query.statistics:
                wanted = _Wanted(job.name, job.namespace, query, statistic, dict(job.dimensions), {})
                yield self._sample(wanted, _pick(datapoints, statistic), context)


def _pick(datapoints: Sequence[Mapping[str, Any]], statistic: str) -> float | None:
    """The newest; of averages their mean."""
    values = [row.get(statistic, row.get("ExtendedStatistics", {}).get(statistic)) for row in datapoints]
    present = [float(value) for value in values if value is not None]
    if not present:
        return None
    return sum(present) / len(present) if statistic == "Average" else present[0]


def _query(identifier: str, wanted: _Wanted) -> dict[str, Any]:
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": wanted.namespace,
                "MetricName": wanted.query.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in wanted.dimensions.items()],
            },
            "Period": wanted.query.period,
            "Stat": wanted.statistic,
        },
        "ReturnData": True,
    }


def _with_same_labels(samples: Sequence[Sample]) -> list[Sample]:
    """All of one name have the same labels, empty where one has no value; doubles are left out."""
    labels: dict[str, dict[str, str]] = {}
    for sample in samples:
        labels.setdefault(sample.name, {}).update(dict.fromkeys(sample.labels, ""))
    complete = [Sample(row.name, {**labels[row.name], **row.labels}, row.value) for row in samples]
    return list({(row.name, frozenset(row.labels.items())): row for row in reversed(complete)}.values())[::-1]
