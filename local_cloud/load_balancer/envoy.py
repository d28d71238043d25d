"""The Envoy process and the files it watches."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_cloud.load_balancer import config
from local_cloud.processes import Process
from local_cloud.runtime import Runtime

Resource = dict[str, Any]


class Envoy:
    """Started with the first configuration; started again when it has died."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._folder = runtime.settings.state / "load_balancer"
        self._process: Process | None = None
        self._written: dict[Path, str] = {}
        self._versions = itertools.count(1)

    def routes(self, name: str) -> Path:
        return self._folder / "routes" / f"{_file(name)}.json"

    def endpoints(self, name: str) -> Path:
        return self._folder / "endpoints" / f"{_file(name)}.json"

    def apply(
        self,
        listeners: Sequence[Resource],
        routes: Mapping[str, Resource],
        clusters: Sequence[Resource],
        endpoints: Mapping[str, Resource],
    ) -> None:
        """Write what has changed: what is referred to before what refers to it."""
        if not listeners and self._process is None:
            return
        for name, resource in endpoints.items():
            self._write(self.endpoints(name), [resource])
        for name, resource in routes.items():
            self._write(self.routes(name), [resource])
        self._write(self._folder / "clusters.json", clusters)
        self._write(self._folder / "listeners.json", listeners)
        self._remove_stale({self.routes(name) for name in routes} | {self.endpoints(name) for name in endpoints})
        self._ensure_running()

    def _write(self, path: Path, resources: Sequence[Resource]) -> None:
        content = json.dumps(resources, sort_keys=True)
        if self._written.get(path) == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        discovery = {"version_info": str(next(self._versions)), "resources": resources}
        temporary.write_text(json.dumps(discovery))
        # Envoy looks at the folder for files that are moved into place
        temporary.replace(path)
        self._written[path] = content

    def _remove_stale(self, wanted: set[Path]) -> None:
        for path in [path for path in self._written if path.parent != self._folder and path not in wanted]:
            path.unlink(missing_ok=True)
            del self._written[path]

    def _ensure_running(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        bootstrap = self._folder / "bootstrap.json"
        bootstrap.write_text(json.dumps(config.bootstrap(self._folder)))
        tool = self._runtime.tools.find("envoy")
        # no hot restart: it would leave shared memory outside the state folder
        options = ["--disable-hot-restart", "--concurrency", "2", "--log-level", "warning", "--drain-time-s", "5"]
        self._process = self._runtime.processes.start(
            "load-balancer",
            [tool.path, "--config-path", str(bootstrap), *options],
            log=self._runtime.settings.logs / "load-balancer.log",
            env={"PATH": os.environ.get("PATH", os.defpath), **tool.env},
        )


def _file(name: str) -> str:
    return name.replace("/", "_").replace(":", "_")
