"""What a container sees, on a machine that all tasks share.

Every task has a loopback address of its own, and its volumes are folders of the machine. So the names of the
loopback and the paths of volumes are rewritten in `environment`, `command`, `entryPoint` and health checks.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_cloud.ecs.images import Image, fill, surroundings
from local_cloud.runtime import Runtime

_LOOPBACK = re.compile(r"(?<![\w.-])(127\.0\.0\.1|0\.0\.0\.0|localhost)(?![\w-]|\.\w)")
# Where container images keep the certificate authorities they trust.
_TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
_INHERITED = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")


class Sandbox:
    """Rewrites texts of one container, and makes its folder."""

    def __init__(self, runtime: Runtime, address: str, folder: Path, mounts: Mapping[str, Path]):
        self._runtime = runtime
        self.address = address
        self.folder = folder
        self._paths = {_TRUST_STORE: runtime.authority.certificate, **mounts}
        # In one go: the state's own path may begin like that of a volume.
        longest_first = sorted(map(re.escape, self._paths), key=len, reverse=True)
        self._path = re.compile(rf"(?<![\w./-])({'|'.join(longest_first)})(?![\w-])")
        folder.mkdir(parents=True, exist_ok=True)

    def rewrite(self, text: str) -> str:
        return _LOOPBACK.sub(self.address, self._path.sub(lambda match: str(self._paths[match[1]]), text))

    def argv(self, image: Image, entrypoint: Sequence[str] | None, command: Sequence[str] | None) -> list[str]:
        """Docker's rule: an overridden entry point drops the image's command."""
        own_entry = [self._fill(part) for part in image.entrypoint]
        own_command = [self._fill(part) for part in image.command] if not entrypoint else []
        given_entry = [self.rewrite(part) for part in entrypoint or []]
        given_command = [self.rewrite(part) for part in command or []]
        return (given_entry or own_entry) + (given_command or own_command)

    def environment(self, image: Image, task: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
        """Of the image, the agent, the task definition, the secrets: later ones win."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        path = os.pathsep.join([str(self._programs(image)), os.environ.get("PATH", os.defpath)])
        own = {name: self._fill(value) for name, value in image.environment.items()}
        given = {name: self.rewrite(value) for name, value in task.items()}
        return {**inherited, "PATH": path, "HOME": str(self.folder), **own, **self._agent(), **given, **secrets}

    @property
    def _dns(self) -> str:
        settings = self._runtime.settings
        return f"{settings.dns_address}:{settings.dns_port}"

    def _agent(self) -> dict[str, str]:
        settings = self._runtime.settings
        return {
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": settings.region,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ENDPOINT_URL": settings.aws_endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "LOCAL_CLOUD_ADDRESS": self.address,
            "LOCAL_CLOUD_DNS": self._dns,
        }

    def _programs(self, image: Image) -> Path:
        """A folder for PATH with the programs that the image would contain."""
        folder = self.folder / ".programs"
        folder.mkdir(exist_ok=True)
        for name, argv in image.programs.items():
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec {self._call(argv)} "$@"\n')
            script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        return folder

    def _call(self, argv: Sequence[str]) -> str:
        needs = {name: value for part in argv for name, value in surroundings(part, self._runtime.tools).items()}
        prefix = ["env", *(f"{name}={value}" for name, value in needs.items())] if needs else []
        return shlex.join([*prefix, *(self._fill(part) for part in argv)])

    def _fill(self, template: str) -> str:
        places = {"address": self.address, "dns": self._dns, "ca": str(self._runtime.authority.certificate)}
        return fill(template, places, self._runtime.tools)
