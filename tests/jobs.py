"""Playbooks as jobs of AWX: run by ansible-runner, from a copy of the project, on an inventory that was read before."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import ansible_runner

from tests.environment import REPOSITORY

BIN = Path(sys.executable).parent
COLLECTIONS = REPOSITORY / ".venv" / "collections" / "ansible_collections"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What AWX tells every job about itself.
TOLD = {"awx_job_id": 7, "awx_job_launch_type": "manual", "awx_project_revision": "1ff2ea8", "awx_user_name": "ada"}


@dataclass(frozen=True)
class Job:
    """How a job ended, and what it leaves for whoever may look at it."""

    status: str
    artifacts: Path

    @cached_property
    def stdout(self) -> str:
        return COLOURS.sub("", (self.artifacts / "stdout").read_text())

    @property
    def text(self) -> str:
        """What was said, with all white space alike: Ansible breaks long lines."""
        return " ".join(self.stdout.split())

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        files = sorted(
            (self.artifacts / "job_events").glob("*.json"), key=lambda path: int(path.name.partition("-")[0])
        )
        return [json.loads(file.read_text()) for file in files]

    @property
    def totals(self) -> dict[str, int]:
        """Counts of the recap."""
        (stats,) = (event["event_data"] for event in self.events if event["event"] == "playbook_on_stats")
        return {name: sum(stats[name].values()) for name in ("ok", "changed", "failures", "dark")}

    def succeeded(self) -> Job:
        assert self.status == "successful", self.stdout[-20_000:]
        assert self.totals["ok"] > 0
        assert self.totals["failures"] == self.totals["dark"] == 0
        return self


@dataclass
class Controller:
    """Launches jobs. `folder` is what a job has as /runner; all of it but project and collections is the job's own."""

    folder: Path
    variables: dict[str, str]
    extra_vars: dict[str, Any]
    jobs: list[Job] = field(default_factory=list)

    @classmethod
    def below(cls, folder: Path, variables: dict[str, str], inventory: str, **extra_vars: Any) -> Controller:
        made = cls(folder, variables, {**TOLD, **extra_vars})
        _copy_project(made.project)
        _install_collections(folder / "collections")
        made.read_inventory(inventory)
        return made

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def environment(self) -> dict[str, str]:
        """What a job finds in its environment: no terminal, no user, and its folder as home."""
        paths = (
            # Before those of the project's ansible.cfg come those of its requirements, at last those of the image.
            self.folder / "requirements_collections",
            Path(".venv/collections"),
            self.folder / ".ansible" / "collections",
            self.folder / "collections",
        )
        return {
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, paths)),
            "ANSIBLE_FORCE_COLOR": "True",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PATH": f"{BIN}{os.pathsep}{os.defpath}",
            **self.variables,
        }

    def read_inventory(self, path: str) -> None:
        """What the update of an inventory's source does, and what a job gets of it: a script that prints it."""
        source = self.project / path
        argv = [BIN / "ansible-inventory", "--list", "--export", "-i", source, "--playbook-dir", source.parent]
        done = subprocess.run(argv, cwd=self.project, env=self.environment, check=True, capture_output=True, text=True)
        script = self.folder / "inventory" / "hosts"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({done.stdout!r})\n")
        script.chmod(0o700)

    def launch(self, playbook: str, *options: str, **extra_vars: Any) -> Job:
        """Run a playbook to its end, with options of ansible-playbook that a job template can have."""
        ident = str(len(self.jobs) + 1)
        for left in ("env", ".ansible"):  # each job has a container of its own
            shutil.rmtree(self.folder / left, ignore_errors=True)
        run = ansible_runner.run(
            private_data_dir=str(self.folder),
            ident=ident,
            playbook=f"playbooks/{playbook}.yml",
            inventory=str(self.folder / "inventory" / "hosts"),
            extravars={**self.extra_vars, **extra_vars},
            envvars=self.environment,
            cmdline=shlex.join(["--forks", "5", *options]),
            settings={"idle_timeout": 0, "job_timeout": 600, "suppress_env_files": True},
            quiet=True,
        )
        job = Job(run.status, self.folder / "artifacts" / ident)
        self.jobs.append(job)
        return job

    def readable(self) -> Iterator[tuple[str, str]]:
        """What whoever may look at jobs can read, by place."""
        for path in sorted((self.folder / "artifacts").rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.folder)), path.read_text(errors="replace")


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the last change of each file and folder."""
    found = {}
    for path in folder.rglob("*"):
        about = path.lstat()
        found[str(path.relative_to(folder))] = (about.st_size, about.st_mtime_ns)
    return found


def _copy_project(target: Path) -> None:
    """What a checkout holds, read-only for whoever is not root."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, target / name)
            (target / name).chmod(0o444)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
        folder.chmod(0o555)


def _install_collections(target: Path) -> None:
    """What the image has: the built collection, and those that it depends on."""
    built = target.parent / "built"
    argv = [BIN / "ansible-galaxy", "collection", "build", "--output-path", built]
    subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True)
    (archive,) = built.glob("*.tar.gz")
    folder = target / "ansible_collections"
    shutil.unpack_archive(archive, folder / "trademaster" / "platform")
    for namespace in COLLECTIONS.iterdir():
        if namespace.name != "trademaster":
            (folder / namespace.name).symlink_to(namespace)
