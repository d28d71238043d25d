"""YACE's configuration file, and what YACE refuses in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local_cloud.cloudwatch_exporter.services import BY_ALIAS, BY_NAMESPACE, Service

_DEFAULT_PERIOD = _DEFAULT_LENGTH = 300
_PER_METRIC = {
    "statistics": list,
    "period": int,
    "length": int,
    "delay": int,
    "nilToZero": bool,
    "addCloudwatchTimestamp": bool,
    "exportAllDataPoints": bool,
}
_METRIC = {"name": str, **_PER_METRIC}
_JOB = {
    "regions": list,
    "type": str,
    "roles": list,
    "searchTags": list,
    "customTags": list,
    "dimensionNameRequirements": list,
    "metrics": list,
    "roundingPeriod": int,
    "recentlyActiveOnly": bool,
    "includeContextOnInfoMetrics": bool,
    **_PER_METRIC,
}
_STATIC = {
    "name": str,
    "regions": list,
    "roles": list,
    "namespace": str,
    "customTags": list,
    "dimensions": list,
    "metrics": list,
}
_FILE = {"apiVersion": str, "sts-region": str, "discovery": dict, "static": list, "customNamespace": list}


class ConfigurationError(Exception):
    """YACE would not start with this."""


@dataclass(frozen=True)
class MetricQuery:
    name: str
    statistics: tuple[str, ...]
    period: int
    length: int
    delay: int
    nil_to_zero: bool


@dataclass(frozen=True)
class DiscoveryJob:
    service: Service
    regions: tuple[str, ...]
    search_tags: tuple[tuple[str, re.Pattern[str]], ...]
    custom_tags: tuple[tuple[str, str], ...]
    dimension_names: frozenset[str]
    metrics: tuple[MetricQuery, ...]
    exported_tags: tuple[str, ...]


@dataclass(frozen=True)
class StaticJob:
    name: str
    namespace: str
    regions: tuple[str, ...]
    custom_tags: tuple[tuple[str, str], ...]
    dimensions: tuple[tuple[str, str], ...]
    metrics: tuple[MetricQuery, ...]


@dataclass(frozen=True)
class Configuration:
    discovery: tuple[DiscoveryJob, ...]
    static: tuple[StaticJob, ...]
    warnings: tuple[str, ...]


def load(path: Path) -> Configuration:
    """Raises ConfigurationError, and OSError when the file cannot be read."""
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ConfigurationError(str(error)) from error
    return parse(content or {})


def parse(content: Any) -> Configuration:
    reader = _Reader()
    reader.check(content, _FILE, "the file")
    discovery = content.get("discovery") or {}
    reader.check(discovery, {"jobs": list, "exportedTagsOnMetrics": dict}, "discovery")
    jobs, static, custom = discovery.get("jobs"), content.get("static"), content.get("customNamespace")
    if jobs is None and static is None and custom is None:
        raise ConfigurationError("at least 1 Discovery job, 1 Static or one CustomNamespace must be defined")
    exported = discovery.get("exportedTagsOnMetrics") or {}
    found = tuple(reader.discovery_job(job, number, exported) for number, job in enumerate(jobs or []))
    _check_exported(exported, found)
    if custom:
        raise ConfigurationError("customNamespace: the stand-in does not know such jobs")
    statics = tuple(reader.static_job(job, number) for number, job in enumerate(static or []))
    if content.get("apiVersion", "v1alpha1") not in {"", "v1alpha1"}:
        raise ConfigurationError(f"unknown apiVersion value '{content['apiVersion']}'")
    return Configuration(found, statics, tuple(reader.warnings))


def _check_exported(exported: Mapping[str, Any], jobs: Sequence[DiscoveryJob]) -> None:
    for namespace in exported:
        if namespace not in BY_NAMESPACE:
            raise ConfigurationError(
                f"Discovery jobs: 'exportedTagsOnMetrics' key is not a valid namespace: {namespace}"
            )
        if namespace not in {job.service.namespace for job in jobs}:
            raise ConfigurationError(
                f"Discovery jobs: 'exportedTagsOnMetrics' key \"{namespace}\" "
                "does not match with any discovery job type"
            )


class _Reader:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def check(self, value: Any, fields: Mapping[str, type], where: str) -> None:
        """Types as they must be; a field that is not known is only warned of, as YACE does."""
        if not isinstance(value, dict):
            raise ConfigurationError(f"{where}: cannot unmarshal {type(value).__name__}, a mapping is needed")
        for name, content in value.items():
            if name not in fields:
                self.warnings.append(f"{where}: field {name} not found")
            elif content is not None and type(content) is not fields[name]:
                raise ConfigurationError(f"{where}: {name}: cannot unmarshal {content!r} into {fields[name].__name__}")

    def discovery_job(self, job: Any, number: int, exported: Mapping[str, Any]) -> DiscoveryJob:
        self.check(job, _JOB, f"Discovery job [{number}]")
        service = _service(job.get("type") or "", number)
        where = f"Discovery job [{service.namespace}/{number}]"
        if not job.get("regions"):
            raise ConfigurationError(f"{where}: Regions should not be empty")
        if not job.get("metrics"):
            raise ConfigurationError(f"{where}: Metrics should not be empty")
        _refuse_roles(job, where)
        return DiscoveryJob(
            service=service,
            regions=tuple(job["regions"]),
            search_tags=tuple(_search_tags(job, where)),
            custom_tags=_pairs(job.get("customTags"), "key"),
            dimension_names=frozenset(job.get("dimensionNameRequirements") or ()),
            metrics=tuple(self.metric(row, index, where, job) for index, row in enumerate(job["metrics"])),
            exported_tags=tuple(exported.get(service.namespace) or ()),
        )

    def static_job(self, job: Any, number: int) -> StaticJob:
        self.check(job, _STATIC, f"Static job [{number}]")
        if not job.get("name"):
            raise ConfigurationError(f"Static job [{number}]: Name should not be empty")
        where = f"Static job [{job['name']}/{number}]"
        for field in ("namespace", "regions"):
            if not job.get(field):
                raise ConfigurationError(f"{where}: {field.capitalize()} should not be empty")
        _refuse_roles(job, where)
        return StaticJob(
            name=job["name"],
            namespace=job["namespace"],
            regions=tuple(job["regions"]),
            custom_tags=_pairs(job.get("customTags"), "key"),
            dimensions=_pairs(job.get("dimensions"), "name"),
            metrics=tuple(self.metric(row, index, where, {}) for index, row in enumerate(job.get("metrics") or [])),
        )

    def metric(self, row: Any, number: int, where: str, job: Mapping[str, Any]) -> MetricQuery:
        """With what the job says for all its metrics."""
        self.check(row, _METRIC, f"{where}: metric {number}")
        name = row.get("name") or ""
        what = f"Metric [{name}/{number}] in {where}"
        if not name:
            raise ConfigurationError(f"{what}: Name should not be empty")
        statistics = row.get("statistics") or job.get("statistics")
        if not statistics and job:
            raise ConfigurationError(f"{what}: Statistics should not be empty")
        period = row.get("period") or job.get("period") or _DEFAULT_PERIOD
        length = row.get("length") or job.get("length") or _DEFAULT_LENGTH
        chosen = {field: row.get(field, job.get(field)) for field in _PER_METRIC}
        if period < 1:
            raise ConfigurationError(f"{what}: Period value should be a positive integer")
        if length < period:
            raise ConfigurationError(
                f"{what}: length({length}) is smaller than period({period}). "
                "This can cause that the data requested is not ready and generate data gaps"
            )
        if chosen["addCloudwatchTimestamp"] or chosen["exportAllDataPoints"]:
            raise ConfigurationError(f"{what}: the stand-in does not know timestamps of CloudWatch")
        delay = job.get("delay") or 0
        return MetricQuery(name, tuple(statistics or ()), period, length, delay, bool(chosen["nilToZero"]))


def _service(namespace: str, number: int) -> Service:
    if not namespace:
        raise ConfigurationError(f"Discovery job [{number}]: Type should not be empty")
    if alias := BY_ALIAS.get(namespace):
        raise ConfigurationError(
            f"Discovery job [{number}]: Invalid 'type' field, use namespace \"{alias.namespace}\" "
            f'rather than alias "{namespace}"'
        )
    if namespace not in BY_NAMESPACE:
        raise ConfigurationError(f"Discovery job [{number}]: Service is not in known list!: {namespace}")
    return BY_NAMESPACE[namespace]


def _search_tags(job: Mapping[str, Any], where: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    for key, value in _pairs(job.get("searchTags"), "key"):
        try:
            yield key, re.compile(value)
        except re.error as error:
            raise ConfigurationError(
                f"{where}: search tag value for {key} has invalid regex value {value}: {error}"
            ) from error


def _pairs(rows: Sequence[Mapping[str, Any]] | None, key: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(row[key]), str(row["value"])) for row in rows or ())


def _refuse_roles(job: Mapping[str, Any], where: str) -> None:
    for number, role in enumerate(job.get("roles") or []):
        if not role.get("roleArn") and role.get("externalId"):
            raise ConfigurationError(f"Role [{number}] in {where}: RoleArn should not be empty")
        if role.get("roleArn"):
            raise ConfigurationError(f"{where}: the stand-in takes on no other role")
