"""All playbooks, one after the other, on a local cloud of its own: to record what they call, or to hold them to it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.ports import free_port_settings
from permissions import account, recorder, rendering
from permissions.catalogue import data
from permissions.gate import Gate

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
PLAYBOOK = ROOT / ".venv" / "bin" / "ansible-playbook"
# The account that the local cloud shows, and the environment of inventories/local.
HERE = rendering.Place("123456789012", "us-east-1", "trademaster", "local")


@dataclass(frozen=True)
class Run:
    """One run of a playbook; `fails` where that is what is to be seen."""

    name: str
    playbook: str
    arguments: tuple[str, ...] = ()
    fails: bool = False

    @property
    def command(self) -> list[str]:
        return [str(PLAYBOOK), "-i", "inventories/local", f"playbooks/{self.playbook}.yml", *self.arguments]


def runs() -> list[Run]:
    """Those of data/runs.yml whose playbook is there."""
    about = data("runs")
    return [
        Run(one.get("as", one["playbook"]), one["playbook"], tuple(_options(one)), bool(one.get("fails")))
        for one in about["runs"]
        if (ROOT / "playbooks" / f"{one['playbook']}.yml").exists()
    ]


def _options(one: dict[str, Any]) -> Iterator[str]:
    yield from shlex.split(one.get("arguments", ""))
    if "variables" in one:
        yield from ("-e", json.dumps(one["variables"]))


def rehearse(*, keep: bool) -> int:
    """Record all runs. A recording with a run that did not end as it should adds to the one before; answers 1 then."""
    started = time.monotonic()
    heard: dict[str, recorder.Operations] = {}
    broken: set[str] = set()
    with local_cloud():
        for run in runs():
            code, operations = recorder.record(run.command)
            heard[run.name] = recorder.merged([heard.get(run.name, {}), operations])
            if bool(code) != run.fails:
                print(f"{' '.join(run.command)}: ended with {code}", file=sys.stderr)
                broken.add(run.name)
    for name, operations in heard.items():
        before = recorder.read(name) if keep or name in broken else {}
        print(recorder.write(name, recorder.merged([before, operations])))
    print(
        f"recorded in {time.monotonic() - started:.0f} s; not as they should be: {', '.join(sorted(broken)) or 'none'}"
    )
    return int(bool(broken))


@contextmanager
def local_cloud() -> Iterator[None]:
    """A local cloud with state and ports of its own, unless LOCAL_CLOUD_* say which."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("LOCAL_CLOUD_STATE", f"{folder}/.local")
        for name, port in free_port_settings("DNS").items():
            os.environ.setdefault(name, port)
        subprocess.run([PYTHON, "-m", "local_cloud", "up"], cwd=ROOT, check=True)
        try:
            yield
        finally:
            subprocess.run([PYTHON, "-m", "local_cloud", "down"], cwd=ROOT, check=True)


def gate(role: str, upstream: str, place: rendering.Place = HERE) -> Gate:
    """The gate that holds to the committed policies of a role."""
    documents = rendering.rendered(rendering.committed(role), place)
    return Gate(upstream, role, documents, account.reader(place.account, upstream, place.region))


def serve(role: str, upstream: str) -> int:
    """Say where the gate is, hold to it until standard input ends, and say what was refused: a line each."""
    held = gate(role, upstream)
    with held.open() as url:
        print(url, flush=True)
        sys.stdin.read()
    for asked in held.refused:
        print(f"{role} may not {asked.action} on {asked.resource}", flush=True)
    return int(bool(held.refused))


def run_under(role: str, upstream: str, command: Sequence[str]) -> int:
    """Run a command against the gate; its exit code, or 1 where something was refused."""
    held = gate(role, upstream)
    with held.open() as url:
        finished = subprocess.run([word.replace("{endpoint}", url) for word in command], cwd=ROOT, check=False)
    for asked in held.refused:
        print(f"{role} may not {asked.action} on {asked.resource}", file=sys.stderr)
    print(f"{len(held.asked)} actions asked, {len(held.refused)} refused", file=sys.stderr)
    return finished.returncode or int(bool(held.refused))
