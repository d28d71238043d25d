# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to look for, as the role writes it into discovery.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Relay:
    """Metrics that only an administrator may read: where they are, where one signs in, where one's token is renewed."""

    port: int
    path: str
    sign_in_path: str
    refresh_path: str


@dataclass(frozen=True)
class Job:
    """Tasks of ECS services, named without the platform's prefix. With `colours`, each of them is as many services,
    whose names end with the colour. `single`: one task alone, because each tells the same."""

    job: str
    services: tuple[str, ...]
    port: int
    path: str = "/metrics"
    single: bool = False
    relay: Relay | None = None
    colours: tuple[str, ...] = ()

    @property
    def colour_of(self) -> Mapping[str, str]:
        """Its ECS services, and the colour of each; empty where it has none."""
        if not self.colours:
            return dict.fromkeys(self.services, "")
        return {f"{name}-{colour}": colour for name in self.services for colour in self.colours}


@dataclass(frozen=True)
class Probe:
    """`module` is one of the exporter's configuration; without an `interval` it is asked as often as all else."""

    url: str
    probe: str
    module: str = "http_2xx"
    interval: str = ""


@dataclass(frozen=True)
class Probes:
    """Addresses that the blackbox exporter, a port of `service`, asks."""

    service: str
    port: int
    targets: tuple[Probe, ...]


@dataclass(frozen=True)
class Cache:
    """Nodes of a replication group, which the Redis exporter at a port of `service` asks."""

    group: str
    replication_group: str
    service: str
    port: int


@dataclass(frozen=True)
class Settings:
    """`releases` are parameters with the state of releases, by the service, which is named as its job is."""

    cluster: str
    platform: str
    environment: str
    interval_seconds: float
    jobs: tuple[Job, ...]
    probes: Probes | None = None
    caches: tuple[Cache, ...] = field(default=())
    databases: tuple[str, ...] = field(default=())
    releases: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Settings:
    """Raises KeyError, TypeError, ValueError where the file is not as the role writes it."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    probes = content["probes"]
    return Settings(
        cluster=content["cluster"],
        platform=content["platform"],
        environment=content["environment"],
        interval_seconds=float(content["interval_seconds"]),
        jobs=tuple(_job(entry) for entry in content["jobs"]),
        probes=Probes(probes["service"], int(probes["port"]), tuple(Probe(**entry) for entry in probes["targets"])),
        caches=tuple(Cache(**{**entry, "port": int(entry["port"])}) for entry in content["caches"]),
        databases=tuple(content["databases"]),
        releases=content["releases"],
    )


def _job(entry: Mapping[str, Any]) -> Job:
    relay = entry.get("relay")
    lists = {name: tuple(entry.get(name) or ()) for name in ("services", "colours")}
    known = {**entry, **lists, "port": int(entry["port"])}
    return Job(**{**known, "relay": Relay(**{**relay, "port": int(relay["port"])}) if relay else None})
