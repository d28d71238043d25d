"""Runs the playbook of a job: ansible-runner, nobody to answer, in a read-only copy of the project elsewhere."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.awx import credentials
from local_cloud.awx.store import Object
from local_cloud.settings import REPOSITORY

# Not in a repository's checkout.
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".local*", "__pycache__", ".pytest_cache", "output")
_POLL_SECONDS = 1
_COLLECTIONS = REPOSITORY / ".venv" / "collections"


@dataclass(frozen=True)
class Playbook:
    """What a job runs, and with what. `credentials` are types with inputs."""

    name: str
    project: Path
    inventory: Object
    extra_vars: Object
    options: list[str] = field(default_factory=list)
    credentials: list[tuple[Object, Object]] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """`artifacts` is what the playbook handed on with set_stats."""

    status: str
    stdout: str
    artifacts: Object
    explanation: str = ""


def run(playbook: Playbook, canceled: Callable[[], bool]) -> Result:
    """Blocks until it has ended."""
    try:
        import ansible_runner
    except ModuleNotFoundError:
        return Result("error", "", {}, "Nothing was run: ansible-runner is not installed where the stand-in runs.")
    with tempfile.TemporaryDirectory(prefix="awx_") as directory:
        private = Path(directory)
        _copy(playbook.project, private / "project")
        environment, extra_vars, arguments = _injected(playbook, private / "env")
        done = ansible_runner.run(
            private_data_dir=str(private),
            playbook=playbook.name,
            inventory=str(_inventory_script(playbook.inventory, private)),
            extravars={**playbook.extra_vars, **extra_vars},
            envvars=environment,
            cmdline=shlex.join([*playbook.options, *arguments]),
            settings={"pexpect_timeout": _POLL_SECONDS},
            quiet=True,
            cancel_callback=canceled,
        )
        artifacts: Object = {}
        for event in done.events:
            if event["event"] == "playbook_on_stats":
                artifacts = event["event_data"].get("artifact_data") or {}
        return Result(done.status, Path(done.config.artifact_dir, "stdout").read_text(), artifacts)


def _copy(project: Path, target: Path) -> None:
    shutil.copytree(project, target, ignore=_LEFT_OUT, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o555)


def _inventory_script(inventory: Object, private: Path) -> Path:
    """Answers `--list` with everything, as that of AWX."""
    script = private / "inventory" / "hosts"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n")
    script.chmod(0o500)
    return script


def _injected(playbook: Playbook, folder: Path) -> tuple[dict[str, str], Object, list[str]]:
    """Environment, variables and arguments of the credentials; their files are in `folder`."""
    folder.mkdir(mode=0o700)
    variables: Object = {}
    arguments: list[str] = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWX_STAND_IN_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(_COLLECTIONS),
        "ANSIBLE_FORCE_COLOR": "False",
        "HOME": str(folder),
    }
    for number, (kind, inputs) in enumerate(playbook.credentials):
        injected = credentials.injected(kind, inputs, folder / f"credential{number}")
        environment |= {name: value for name, value in injected.get("env", {}).items() if value}
        variables |= injected.get("extra_vars", {})
        if kind["namespace"] == "vault":
            file = folder / f"vault{number}"
            _write(file, inputs.get("vault_password", ""))
            label = inputs.get("vault_id")
            arguments += ["--vault-id", f"{label}@{file}" if label else str(file)]
    return environment, variables, arguments


def _write(path: Path, content: Any) -> None:
    path.touch(mode=0o600)
    path.write_text(str(content))
