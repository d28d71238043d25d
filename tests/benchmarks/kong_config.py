"""What the module kong_config costs on gateways of several sizes, and decK beside it where it is installed.

Works on the gateway of KONG_ADMIN_URL, which it empties of entities tagged `benchmark`; on a stand-in of its own when
that is unset.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from local_cloud.kong.standalone import running_kong

from .counting import counted
from .gateway_state import State, gateway_state, with_edits
from .measured import Cost, run

SIZES = (200, 1_000, 5_000)
STEPS = ("first sync", "no-op", "1 % change", "dump")
TAG = "benchmark"
DECK_PARALLELISM = (10, 16, 32)
RUN_MODULE = str(Path(__file__).with_name("run_module.py"))
COLLECTIONS = str(Path(sys.prefix) / "collections")
Act = Callable[[str], Cost]  # admin URL → cost


@dataclass(frozen=True)
class Row:
    """One measurement: a tool does one thing to a gateway of `entities` entities."""

    tool: str
    entities: int
    step: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    requests: int


def measure() -> list[dict[str, Any]]:
    """All rows, as plain data; progress goes to stderr."""
    with tempfile.TemporaryDirectory() as folder, _gateway(Path(folder)) as admin:
        tools: list[_Ours | _Deck] = [_Ours(Path(folder))]
        deck = shutil.which("deck")
        if deck:
            tools += [_Deck(Path(folder), deck, parallelism) for parallelism in DECK_PARALLELISM]
        rows = [row for entities in SIZES for tool in tools for row in _life(tool, admin, entities)]
    # Tools beside each other.
    return [asdict(row) for row in sorted(rows, key=lambda row: (row.entities, STEPS.index(row.step)))]


@contextmanager
def _gateway(folder: Path) -> Iterator[str]:
    given = os.environ.get("KONG_ADMIN_URL")
    if given:
        yield given
        return
    with running_kong(folder / "kong") as kong:
        yield kong.admin


class _Ours:
    """The module kong_config, as a process of its own."""

    name = "kong_config"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sync(self, state: State) -> Act:
        source = self._folder / "state.yml"
        source.write_text(yaml.safe_dump(state, sort_keys=False), encoding="utf-8")
        return lambda admin: self._run(admin, src=str(source), purge=True, allow_empty=True)

    def dump(self) -> Act:
        return lambda admin: self._run(admin, state="gathered")

    def _run(self, admin: str, **options: Any) -> Cost:
        given = self._folder / "options.json"
        given.write_text(json.dumps({"admin_url": admin, "select_tags": [TAG], **options}), encoding="utf-8")
        return run(
            [sys.executable, RUN_MODULE, "kong_config"],
            self._folder / "output",
            stdin=given,
            environment={"PYTHONPATH": COLLECTIONS},
        )


class _Deck:
    """decK at one parallelism."""

    def __init__(self, folder: Path, program: str, parallelism: int) -> None:
        self.name = f"decK, {parallelism} at once"
        self._folder = folder
        self._program = program
        self._parallelism = str(parallelism)

    def sync(self, state: State) -> Act:
        source = self._folder / "deck.yml"
        source.write_text(yaml.safe_dump({**state, "_info": {"select_tags": [TAG]}}, sort_keys=False), encoding="utf-8")
        return lambda admin: self._run(admin, "sync", "--state", str(source), "--parallelism", self._parallelism)

    def dump(self) -> Act:
        target = self._folder / "deck-dump.yml"
        target.unlink(missing_ok=True)
        return lambda admin: self._run(admin, "dump", "--select-tag", TAG, "--output-file", str(target))

    def _run(self, admin: str, *arguments: str) -> Cost:
        return run(
            [self._program, *arguments, "--kong-addr", admin],
            self._folder / "output",
            environment={"DECK_ANALYTICS": "off"},
        )


def _life(tool: _Ours | _Deck, admin: str, entities: int) -> Iterator[Row]:
    """First sync, sync again, a changed hundredth, dump; each once for its cost and once to count its requests."""
    empty: State = {"_format_version": "3.0"}
    state = gateway_state(entities)
    edited = with_edits(state, 0.01)
    work: tuple[tuple[State, Callable[[], Act]], ...] = (
        (empty, lambda: tool.sync(state)),
        (state, lambda: tool.sync(state)),
        (state, lambda: tool.sync(edited)),
        (state, tool.dump),
    )
    for step, (before, prepared) in zip(STEPS, work, strict=True):
        print(f"{entities} entities: {tool.name}: {step} …", file=sys.stderr, flush=True)
        tool.sync(before)(admin)
        with counted(admin) as counter:
            prepared()(counter.url)
        tool.sync(before)(admin)
        cost = prepared()(admin)
        yield Row(
            tool.name,
            entities,
            step,
            round(cost.wall_s, 2),
            round(cost.cpu_s, 2),
            round(cost.peak_mb),
            counter.requests,
        )
    tool.sync(empty)(admin)
