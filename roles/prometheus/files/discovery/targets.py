# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what AWS tells to target files of Prometheus, one per job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .aws import CacheNode, Task
from .settings import Cache, Job, Relay, Settings

Groups = list[dict[str, Any]]


def compose(settings: Settings, tasks: Sequence[Task], nodes: Sequence[CacheNode], own: str) -> dict[str, Groups]:
    """Target groups by job. `own` is the address that this program listens at."""
    found = {job.job: [_of_task(job, task, own) for task in _tasks(job, tasks)] for job in settings.jobs}
    found["discovery"] = [_group(own, {})]
    if settings.probes:
        found["blackbox"] = _probes(settings, tasks)
    found["redis"] = [group for cache in settings.caches for group in _cache(cache, tasks, nodes)]
    for groups in found.values():
        for group in groups:
            group["labels"]["environment"] = settings.environment
    return found


def relayed(settings: Settings, tasks: Sequence[Task]) -> dict[str, Relay]:
    """The addresses that metrics may be fetched from on Prometheus's behalf."""
    return {
        f"{task.address}:{job.relay.port}": job.relay
        for job in settings.jobs
        if job.relay
        for task in _tasks(job, tasks)
    }


def write(folder: Path, found: Mapping[str, Groups]) -> list[str]:
    """Each file changes at once and only when its content does, because Prometheus watches them. Answers those jobs."""
    changed = []
    for job, groups in found.items():
        path = folder / f"{job}.json"
        text = json.dumps(groups, indent=1, sort_keys=True)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
        changed.append(job)
    return changed


def _tasks(job: Job, tasks: Sequence[Task]) -> list[Task]:
    mine = [task for task in tasks if task.service in job.colour_of]
    ordered = sorted(mine, key=lambda task: (task.service, task.id))
    return [one] if job.single and (one := _one(mine)) else ordered


def _one(tasks: Sequence[Task]) -> Task | None:
    """The newest that is healthy, else the newest."""
    return max(tasks, key=lambda task: (task.healthy, task.started, task.id), default=None)


def _exporter(service: str, tasks: Sequence[Task]) -> Task | None:
    return _one([task for task in tasks if task.service == service])


def _of_task(job: Job, task: Task, own: str) -> dict[str, Any]:
    labels = {
        "task": task.id,
        "task_definition": task.definition,
        "ecs_service": task.service,
        "instance": f"{task.address}:{job.port}",
    }
    if colour := job.colour_of[task.service]:
        labels["colour"] = colour
    if job.relay:
        target = {"__metrics_path__": "/scrape", "__param_target": f"{task.address}:{job.relay.port}"}
        return _group(own, {**labels, **target})
    return _group(f"{task.address}:{job.port}", {**labels, "__metrics_path__": job.path})


def _probes(settings: Settings, tasks: Sequence[Task]) -> Groups:
    probes = settings.probes
    exporter = _exporter(probes.service, tasks) if probes else None
    if not probes or not exporter:
        return []
    return [
        _group(
            f"{exporter.address}:{probes.port}",
            {
                "__metrics_path__": "/probe",
                "__param_module": probe.module,
                "__param_target": probe.url,
                **({"__scrape_interval__": probe.interval} if probe.interval else {}),
                "instance": probe.url,
                "probe": probe.probe,
            },
        )
        for probe in probes.targets
    ]


def _cache(cache: Cache, tasks: Sequence[Task], nodes: Sequence[CacheNode]) -> Groups:
    exporter = _exporter(cache.service, tasks)
    mine = [f"{node.address}:{node.port}" for node in nodes if node.replication_group == cache.replication_group]
    return [
        _group(
            f"{exporter.address}:{cache.port}",
            {
                "__metrics_path__": "/scrape",
                "__param_target": f"rediss://{node}",
                "instance": node,
                "group": cache.group,
            },
        )
        for node in sorted(mine)
        if exporter
    ]


def _group(address: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"targets": [address], "labels": dict(labels)}
