"""Applying: order of levels, concurrency within one, and what a failure leaves."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._core.reconcile import ApplyError, apply


def change(key: str, level: int = 0) -> Change:
    return Change("create", "thing", key, after={}, level=level)


def test_levels_run_in_order_and_completely() -> None:
    done: list[str] = []
    apply(
        [change("c", 2), change("a", 0), change("b", 1), change("a2", 0)],
        {("thing", "create"): lambda c: done.append(c.key)},
    )
    assert [sorted(done[:2]), done[2:]] == [["a", "a2"], ["b", "c"]]


def test_changes_of_one_level_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)  # breaks, and so fails the test, unless all three are there
    apply([change(key) for key in "abc"], {("thing", "create"): lambda _change: meeting.wait()})


def test_no_more_workers_than_asked_for() -> None:
    running, most, lock = 0, 0, threading.Lock()
    four = threading.Barrier(4, timeout=10)  # everybody stays until four are there, so a fifth would be seen

    def work(_change: Change) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        four.wait()
        with lock:
            running -= 1

    apply([change(str(number)) for number in range(40)], {("thing", "create"): work}, workers=4)
    assert most == 4


def test_a_failure_names_the_change_keeps_what_is_done_and_leaves_the_rest() -> None:
    done: list[str] = []

    def work(item: Change) -> None:
        if item.key == "bad":
            raise OSError("disk full")
        done.append(item.key)

    with pytest.raises(ApplyError, match=r"^create thing bad: disk full$") as caught:
        apply(
            [change("first"), change("bad", 1), change("good", 1), change("last", 2)],
            {("thing", "create"): work},
        )
    assert sorted(done) == ["first", "good"]
    assert [item.key for item in caught.value.done] == ["first", "good"]
    assert [item.key for item in caught.value.left] == ["last"]


def test_a_change_nobody_handles_is_found_before_anything_runs() -> None:
    done: list[str] = []
    with pytest.raises(NotImplementedError, match="delete thing"):
        apply(
            [change("a"), Change("delete", "thing", "b", before={})],
            {("thing", "create"): lambda item: done.append(item.key)},
        )
    assert done == []


def test_nothing_to_do() -> None:
    apply([], {})
