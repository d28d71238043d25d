"""Starting, stopping, and finding what was left behind."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest
from ecs_support import World
from local_cloud_support import LocalCloud, eventually

from local_cloud import procfs, supervisor
from local_cloud.processes import Processes, read_records


def gone(cloud: LocalCloud) -> bool:
    with socket.socket() as probe:
        closed = probe.connect_ex(("127.0.0.1", cloud.settings.aws_port)) != 0
    return closed and not cloud.settings.state.exists()


def test_up_twice_then_down_leaves_nothing(own_cloud: LocalCloud) -> None:
    assert "started" in own_cloud.command("up").stdout
    pid = own_cloud.process("server").pid
    assert "already running" in own_cloud.command("up").stdout
    status = own_cloud.command("status")
    assert status.returncode == 0
    assert {"server", "pagerduty", "github", "awx"} <= {line.split()[0] for line in status.stdout.splitlines()}
    assert own_cloud.command("down").returncode == 0
    assert gone(own_cloud)
    assert procfs.stat(pid) is None
    assert "was not running" in own_cloud.command("down").stdout


def test_down_finds_children_of_a_killed_server(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    processes = Processes(own_cloud.settings.records, own_cloud.settings.state)
    # A part whose leader dies and leaves a child behind.
    script = "import subprocess; print(subprocess.Popen(['sleep', '300']).pid, flush=True)"
    seen: list[str] = []
    log = own_cloud.settings.logs / "part.log"
    part = processes.start("part", [sys.executable, "-c", script], log=log, stdout=seen.append)
    eventually(lambda: seen, what="the part's child")
    part.wait(10)
    os.kill(own_cloud.process("server").pid, signal.SIGKILL)
    assert own_cloud.command("down").returncode == 0
    assert gone(own_cloud)
    assert procfs.stat(int(seen[0])) is None


def test_a_program_that_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    busy = program.open("a")
    threading.Timer(0.3, busy.close).start()
    part = Processes(tmp_path / "records", tmp_path).start("part", [program], log=tmp_path / "part.log")
    assert part.wait(10) == 7


def test_down_finds_the_tasks_of_a_killed_server(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    world = World(own_cloud).create()
    world.serve(world.define(world.container()), count=2)
    world.steady()
    records = read_records(own_cloud.settings.records)
    assert sum(record.name.startswith("task/") for record in records) == 2
    pids = [record.pid for record in records]
    os.kill(own_cloud.process("server").pid, signal.SIGKILL)
    assert own_cloud.command("down").returncode == 0
    assert gone(own_cloud)
    assert not any(procfs.stat(pid) for pid in pids)


def test_up_after_a_killed_server_starts_afresh(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    pid = own_cloud.process("server").pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: procfs.stat(pid) is None, what="the server to die")
    status = own_cloud.command("status")
    assert status.returncode == 1
    assert "server crashed; its last log lines:" in status.stderr
    assert "answers on" in status.stderr
    short = own_cloud.command("status", "--short")
    assert short.returncode == 1
    assert ", 1 crashed; resident memory: " in short.stdout
    assert "started" in own_cloud.command("up").stdout
    assert own_cloud.process("server").pid != pid


def test_a_taken_port_is_named_with_its_setting(own_cloud: LocalCloud) -> None:
    with socket.create_server(("127.0.0.1", own_cloud.settings.https_port)):
        result = own_cloud.command("up")
    assert result.returncode == 1
    assert f"port {own_cloud.settings.https_port}" in result.stderr
    assert "LOCAL_CLOUD_HTTPS_PORT" in result.stderr
    assert not own_cloud.settings.state.exists()


def test_a_server_that_cannot_start_shows_its_log(own_cloud: LocalCloud, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("images: [")
    own_cloud.variables["LOCAL_CLOUD_IMAGES"] = str(broken)
    result = own_cloud.command("up")
    assert result.returncode == 1
    assert result.stderr.startswith("local cloud: the server ended with exit code 1; its last log lines:")
    assert "images: [" in result.stderr
    assert [part.name for part in supervisor.status(own_cloud.settings) if not part.alive] == ["server"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCAL_CLOUD_LATENCY", "fast"),
        ("LOCAL_CLOUD_AWS_PORT", "0"),
        ("LOCAL_CLOUD_NETWORK", "10.0"),
        ("LOCAL_CLOUD_STRICT", "maybe"),
        ("LOCAL_CLOUD_IMAGES", "/none.yml"),
    ],
)
def test_a_wrong_setting_is_one_line(own_cloud: LocalCloud, name: str, value: str) -> None:
    own_cloud.variables[name] = value
    result = own_cloud.command("up")
    assert result.returncode == 1
    assert result.stderr.startswith(f"local cloud: {name}={value}: ")
    assert len(result.stderr.splitlines()) == 1
