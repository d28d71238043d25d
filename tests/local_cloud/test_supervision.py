"""Starting, stopping, and finding what was left behind."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from ecs_support import World
from local_cloud_support import LocalCloud, eventually

from local_cloud import procfs, supervisor
from local_cloud.processes import Processes, read_records


def server_pid(cloud: LocalCloud) -> int:
    return next(record.pid for record in read_records(cloud.settings.records) if record.name == "server")


def gone(cloud: LocalCloud) -> bool:
    with socket.socket() as probe:
        closed = probe.connect_ex(("127.0.0.1", cloud.settings.aws_port)) != 0
    return closed and not cloud.settings.state.exists()


def test_up_twice_then_down_leaves_nothing(own_cloud: LocalCloud) -> None:
    assert "started" in own_cloud.command("up").stdout
    pid = server_pid(own_cloud)
    assert "already running" in own_cloud.command("up").stdout
    assert own_cloud.command("status").returncode == 0
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
    os.kill(server_pid(own_cloud), signal.SIGKILL)
    assert own_cloud.command("down").returncode == 0
    assert gone(own_cloud)
    assert procfs.stat(int(seen[0])) is None


def test_down_finds_the_tasks_of_a_killed_server(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    world = World(own_cloud).create()
    world.serve(world.define(world.container()), count=2)
    world.steady()
    pids = [record.pid for record in read_records(own_cloud.settings.records)]
    assert len(pids) == 3
    os.kill(server_pid(own_cloud), signal.SIGKILL)
    assert own_cloud.command("down").returncode == 0
    assert gone(own_cloud)
    assert not any(procfs.stat(pid) for pid in pids)


def test_up_after_a_killed_server_starts_afresh(own_cloud: LocalCloud) -> None:
    own_cloud.command("up")
    pid = server_pid(own_cloud)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: procfs.stat(pid) is None, what="the server to die")
    status = own_cloud.command("status")
    assert status.returncode == 1
    assert "server crashed; its last log lines:" in status.stderr
    assert "answers on" in status.stderr
    assert "started" in own_cloud.command("up").stdout
    assert server_pid(own_cloud) != pid


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
