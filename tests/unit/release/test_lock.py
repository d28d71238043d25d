"""What a lock that was seen is to somebody who wants it, and what is said about it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release import lock, processes
from ansible_collections.trademaster.platform.plugins.module_utils._release.lock import Held, Holder

NOW = 1_800_000_000
ALICE = Holder("run-1", "alice", "deploy 1.4.2", "laptop", 4711, "boot/pid:[1]", ("4711:99",))
BOB = Holder("run-2", "bob", "deploy 1.4.3", "desk")
HELD = Held(ALICE, "2027-01-15T07:55:00Z", NOW + 600, 900)
EXPIRED = replace(HELD, expires_at=NOW)
BROKEN = lock.broken(HELD, "broken by carol")
SEEN: dict[str, tuple[Held | None, bool, lock.Standing, str]] = {
    "nobody has it": (None, False, "free", ""),
    "somebody has it": (HELD, False, "held", "broken by bob on desk: alice is on holiday"),
    "its run has ended": (HELD, True, "ended", "taken over by bob because its run has ended without letting go"),
    "it has expired": (EXPIRED, False, "expired", "taken over by bob because it has expired"),
    "it was broken": (BROKEN, False, "broken", "broken by carol"),
    "we have it": (replace(HELD, holder=BOB), False, "ours", ""),
    "we have it still": (replace(EXPIRED, holder=BOB), True, "ours", ""),
}


@pytest.mark.parametrize(("seen", "ended", "standing", "note"), SEEN.values(), ids=SEEN)
def test_what_a_lock_is_to_somebody_who_wants_it(
    seen: Held | None, ended: bool, standing: lock.Standing, note: str
) -> None:
    assert lock.standing_of(seen, BOB.id, NOW, lambda _holder: ended) == standing
    assert lock.takeover_note(seen, standing, BOB, "alice is on holiday").endswith(note)


@pytest.mark.parametrize("held", [HELD, BROKEN, Held(BOB, "2027-01-15T08:00:00Z", NOW, 60, "taken over")])
def test_a_lock_survives_its_item(held: Held) -> None:
    assert lock.decoded(lock.encoded("auth-service", held)) == held


def test_a_lock_reads_as_one_line() -> None:
    expected = "alice on laptop (process 4711) since 2027-01-15T07:55:00Z until 2027-01-15T08:10:00Z: deploy 1.4.2"
    assert str(HELD) == expected
    assert str(replace(HELD, holder=replace(BOB, host=""))).startswith("bob on an unnamed host since")


@pytest.mark.parametrize(
    ("held", "is_stale"),
    [
        (HELD, False),
        (replace(HELD, expires_at=NOW + 449), True),
        (replace(HELD, lease_seconds=60), True),
        (replace(HELD, holder=replace(ALICE, reason="deploy 1.4.1")), True),
    ],
)
def test_a_lock_is_written_anew_only_when_there_is_a_need(held: Held, is_stale: bool) -> None:
    assert lock.stale(held, ALICE, NOW, 900) is is_stale


def test_a_renewed_lock_keeps_when_it_was_taken_and_by_which_processes() -> None:
    again = lock.granted(HELD, replace(ALICE, processes=("4712:5",)), NOW, 60, "")
    assert (again.acquired_at, again.expires_at) == (HELD.acquired_at, NOW + 60)
    assert again.holder.processes == ("4711:99", "4712:5")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (None, "lost; somebody has taken it over and let go of it since"),
        (BROKEN, "lost; broken by carol"),
        (replace(HELD, note="taken over"), f"lost to {HELD}; taken over"),
        (HELD, f"lost to {HELD}"),
    ],
)
def test_how_a_lock_was_lost_is_told(seen: Held | None, told: str) -> None:
    assert lock.lost("auth-service", seen) == f"lock auth-service: {told}"


def test_time_is_that_of_the_answer() -> None:
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": "Fri, 15 Jan 2027 08:00:00 GMT"}}}
    assert lock.time_of(answer) == NOW
    assert lock.timestamp(NOW) == "2027-01-15T08:00:00Z"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc with one process, whose name makes reading it hard."""
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text("4c7e\n")
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[4026531836]")
    write(tmp_path, 4711, "S", 99)
    return tmp_path


def write(proc: Path, pid: int, state: str, started: int) -> None:
    (proc / str(pid)).mkdir(exist_ok=True)
    (proc / str(pid) / "stat").write_text(f"{pid} (a) b (c) {state} {'0 ' * 18}{started} 0 0\n")


def test_a_process_is_known_by_its_start_too(proc: Path) -> None:
    assert processes.machine(proc) == "4c7e/pid:[4026531836]"
    assert processes.named(4711, proc) == "4711:99"
    assert not processes.gone("4711:99", proc)
    write(proc, 4711, "S", 100)
    assert processes.gone("4711:99", proc)


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_process_that_nobody_has_buried_yet_is_gone(proc: Path, state: str) -> None:
    write(proc, 4711, state, 99)
    assert processes.named(4711, proc) == ""
    assert processes.gone("4711:99", proc)
    assert processes.gone("4712:1", proc)


def test_where_processes_cannot_be_told_no_run_is_taken_for_ended(tmp_path: Path) -> None:
    assert processes.machine(tmp_path) == ""
    assert not lock.ended(ALICE)


def test_our_own_process_lives() -> None:
    if not processes.machine():
        pytest.skip("no /proc here")
    ours = processes.named(os.getpid())
    assert not lock.ended(replace(ALICE, machine=processes.machine(), processes=("1:0", ours)))
    assert lock.ended(replace(ALICE, machine=processes.machine(), processes=("1:0",)))
