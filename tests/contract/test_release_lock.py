"""The lock of a release where things go wrong: many at once, lost answers, runs that end without letting go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import botocore.client
import pytest
import yaml
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import WaitTimeout
from ansible_collections.trademaster.platform.plugins.module_utils._release import processes
from ansible_collections.trademaster.platform.plugins.module_utils._release.lock import (
    Held,
    Holder,
    Lease,
    Lock,
    LockHeld,
    LockLost,
    encoded,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release.lock_run import queue

from tests.contract.case import Boto
from tests.contract.cases.release_lock import TABLE, table
from tests.contract.harness import Run, run_module

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
RUNS = 16


@pytest.fixture
def name(boto: Boto) -> str:
    """A lock that nobody has."""
    table(boto)
    return f"service-{uuid4()}"


@pytest.fixture
def lock(boto: Boto, name: str) -> Lock:
    return lock_of(boto, name)


def lock_of(boto: Boto, name: str, clock: Clock | None = None) -> Lock:
    client = boto("dynamodb")
    module = SimpleNamespace(check_mode=False, client=lambda *_arguments, **_options: client)
    return Lock(Aws(module, clock or Clock()), TABLE, name)


def run_of(number: int = 1, **fields: Any) -> Holder:
    return Holder(**{"id": f"run-{number}", "owner": "alice", "reason": "deploy 1.4.2", "host": "laptop", **fields})


def leave(boto: Boto, name: str, holder: Holder, expires_at: int) -> None:
    """The item that a run has left."""
    left = Held(holder, "2026-01-01T00:00:00Z", expires_at, 900)
    boto("dynamodb").put_item(TableName=TABLE, Item=encoded(name, left))


FAR = 4_000_000_000
PAST = 1_000_000_000


def race(boto: Boto, name: str) -> list[Any]:
    """What becomes of many runs that want the lock at the same moment, each with a client of its own."""
    locks = [lock_of(boto, name) for _number in range(RUNS)]
    for lock in locks:
        lock.look()  # connections are made before
    start = threading.Barrier(RUNS)

    def take(number: int) -> Any:
        start.wait()
        try:
            return locks[number].acquire(run_of(number), 900)
        except LockHeld as error:
            return str(error)

    with ThreadPoolExecutor(RUNS) as pool:
        return list(pool.map(take, range(RUNS)))


@pytest.mark.parametrize("left", [None, PAST], ids=["free", "expired"])
@pytest.mark.parametrize("_round", range(5))
def test_of_many_runs_exactly_one_gets_the_lock(boto: Boto, name: str, left: int | None, _round: int) -> None:
    if left is not None:
        leave(boto, name, run_of(99), left)
    answers = race(boto, name)
    winners = [answer for answer in answers if not isinstance(answer, str)]
    assert len(winners) == 1
    held, _now = lock_of(boto, name).look()
    assert held == winners[0].held
    assert all("held by alice on laptop" in answer for answer in answers if isinstance(answer, str))


def test_a_second_run_is_told_whom_it_met(lock: Lock) -> None:
    held = lock.acquire(run_of(1, pid=4711), 900).held
    with pytest.raises(LockHeld) as met:
        lock.acquire(run_of(2), 900, how_to_break="wait, or break it with a reason")
    told = str(met.value)
    assert told.startswith(f"lock {lock.name}: held by alice on laptop (process 4711) since {held.acquired_at} until 2")
    assert told.endswith(": deploy 1.4.2; wait, or break it with a reason")
    assert "\n" not in told


def test_a_run_that_waits_gets_the_lock_once_the_other_has_let_go(boto: Boto, name: str, lock: Lock) -> None:
    lock.acquire(run_of(1), 900)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            lock.release("run-1")

    waiting = lock_of(boto, name, Clock(now=lambda: sum(slept), sleep=sleep))
    grant = queue(waiting, lambda: waiting.acquire(run_of(2), 900), 600)
    assert (grant.standing, grant.held.holder.id) == ("free", "run-2")
    assert [wait["name"] for wait in waiting.aws.waits] == [f"lock {name}"]


def test_a_run_that_has_waited_long_enough_is_told_whom_for(boto: Boto, name: str, lock: Lock) -> None:
    lock.acquire(run_of(1), 900)
    slept: list[float] = []
    waiting = lock_of(boto, name, Clock(now=lambda: sum(slept), sleep=slept.append))
    with pytest.raises(WaitTimeout, match=r"not done after 60 s \(limit 60 s\): held by alice on laptop"):
        queue(waiting, lambda: waiting.acquire(run_of(2), 900), 60)


def test_an_expired_lock_is_taken_over_and_told_of(boto: Boto, lock: Lock) -> None:
    leave(boto, lock.name, run_of(1), PAST)
    grant = lock.acquire(run_of(2, owner="bob"), 900)
    assert grant.standing == "expired"
    assert "alice on laptop" in grant.held.note
    assert "taken over by bob because it has expired" in grant.held.note


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        if started.stdin:
            started.stdin.close()


def test_the_lock_of_a_run_that_has_ended_here_is_taken_over_at_once(lock: Lock) -> None:
    with process() as run:
        here = {"machine": processes.machine(), "pid": run.pid, "processes": (processes.named(run.pid),)}
        lock.acquire(run_of(1, **here), 900)
        with pytest.raises(LockHeld):
            lock.acquire(run_of(2), 900)
    grant = lock.acquire(run_of(2, owner="bob"), 900)
    assert grant.standing == "ended"
    assert "its run has ended without letting go" in grant.held.note


def test_the_lock_of_a_run_elsewhere_is_not(lock: Lock) -> None:
    lock.acquire(run_of(1, machine="another", pid=1, processes=("1:1",)), 900)
    with pytest.raises(LockHeld):
        lock.acquire(run_of(2), 900)


def test_a_process_that_joined_keeps_the_lock_when_the_playbook_is_killed(lock: Lock) -> None:
    with process() as module, process() as playbook:
        here = {"machine": processes.machine(), "processes": (processes.named(playbook.pid),)}
        lock.acquire(run_of(1, **here), 900)
        Lease(lock, "run-1", processes.named(module.pid)).keep()
        playbook.kill()
        playbook.wait()
        with pytest.raises(LockHeld):
            lock.acquire(run_of(2), 900)
    assert lock.acquire(run_of(2), 900).standing == "ended"


def test_a_lock_that_was_broken_is_lost_to_its_holder(lock: Lock) -> None:
    lock.acquire(run_of(1), 900)
    note = lock.break_(run_of(2, owner="bob", host="desk"), "alice is on holiday")
    assert note.endswith("broken by bob on desk: alice is on holiday")
    with pytest.raises(LockLost, match="broken by bob on desk: alice is on holiday"):
        lock.renew("run-1")
    with pytest.raises(LockLost, match="broken by bob"):
        lock.release("run-1")
    grant = lock.acquire(run_of(3), 900)
    assert (grant.standing, grant.held.note) == ("broken", note)


def test_a_lock_that_was_broken_and_taken_is_lost_to_its_holder(lock: Lock) -> None:
    lock.acquire(run_of(1), 900)
    lock.acquire(run_of(2, owner="bob"), 900, break_reason="alice is on holiday")
    with pytest.raises(LockLost, match=r"lost to bob on laptop .*: alice is on holiday"):
        lock.renew("run-1")
    assert lock.release("run-2")
    with pytest.raises(LockLost, match="let go of it since"):
        lock.renew("run-1")


def test_a_lease_is_renewed_in_time_and_no_oftener(boto: Boto, name: str) -> None:
    time = [0.0]
    lock = lock_of(boto, name, Clock(now=lambda: time[0]))
    lock.acquire(run_of(1), 900)
    lease = Lease(lock, "run-1")
    lease.keep()
    leave(boto, name, run_of(2), FAR)
    time[0] = 299.0
    lease.keep()
    time[0] = 300.0
    with pytest.raises(LockLost):
        lease.keep()


def test_a_write_whose_answer_was_lost_can_be_repeated(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    call = botocore.client.BaseClient._make_api_call

    def twice(client: Any, operation: str, arguments: Any) -> Any:
        """As botocore repeats a request whose answer did not come."""
        if operation in {"PutItem", "DeleteItem"}:
            call(client, operation, arguments)
        return call(client, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", twice)
    grant = lock.acquire(run_of(1), 900)
    assert (grant.standing, grant.held) == ("free", lock.look()[0])
    assert lock.renew("run-1").holder.id == "run-1"
    assert lock.release("run-1")
    assert lock.look()[0] is None
    assert not lock.release("run-1")


def module(name: str, **options: Any) -> Run:
    given = {"table": TABLE, "name": name, "holder": "run-1", "owner": "alice", "reason": "deploy 1.4.2", **options}
    return run_module("release_lock", given)


def test_letting_go_of_a_lock_that_was_lost_is_no_failure_but_told(name: str) -> None:
    module(name)
    module(name, holder="run-2", owner="bob", broken_by="alice is on holiday")
    run = module(name, state="absent")
    assert not run.answer.get("failed")
    assert not run.changed
    assert "lost to bob" in json.dumps(run.answer["warnings"])


def test_without_a_table_the_role_to_run_is_named(boto: Boto) -> None:
    run = module("auth-service", table="nowhere")
    assert run.answer["failed"]
    assert run.answer["msg"] == "table nowhere: is not there; make it with the role release"


def test_a_playbook_holds_the_lock_as_long_as_it_runs(tmp_path: Path, boto: Boto, aws_endpoint: str, name: str) -> None:
    def take(holder: str) -> dict[str, Any]:
        options = {"table": TABLE, "name": name, "holder": holder, "owner": holder, "reason": "deploy"}
        return {"trademaster.platform.release_lock": options, "register": "taken"}

    kept_out = {**take("second"), "failed_when": "taken.msg is not defined or 'held by first on' not in taken.msg"}
    took_over = {"ansible.builtin.assert": {"that": "'its run has ended without letting go' in taken.note"}}
    for tasks in ([take("first"), kept_out], [take("third"), took_over]):
        played = play(tmp_path, aws_endpoint, tasks)
        assert played.returncode == 0, played.stdout


def play(folder: Path, endpoint: str, tasks: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    file = folder / "play.yml"
    file.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    collections = next(path for path in sys.path if path.endswith(".venv/collections"))
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local-secret-key",
        "ANSIBLE_COLLECTIONS_PATH": collections,
    }
    interpreter = json.dumps({"ansible_python_interpreter": "{{ ansible_playbook_python }}"})
    return subprocess.run(
        [str(PLAYBOOK), "-i", "localhost,", "-c", "local", "-e", interpreter, str(file)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
