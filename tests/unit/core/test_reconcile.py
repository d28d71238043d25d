"""Applying: order of levels, concurrency within one, and what a failure leaves."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._core.reconcile import (
    ApplyError,
    Interrupted,
    Undo,
    apply,
)


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


class Log:
    """What was done and undone, in order; a change called `bad` fails, one called `stuck` cannot be undone."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.done: list[str] = []
        self.undone: list[str] = []

    def do(self, item: Change) -> None:
        if item.key == "bad":
            raise self.error
        self.done.append(item.key)

    def undo(self, item: Change) -> None:
        if item.key == "stuck":
            raise OSError("gone")
        self.undone.append(item.key)

    def apply(self, *changes: Change) -> None:
        undo = Undo({("thing", "create"): self.undo}, lambda error: isinstance(error, TimeoutError))
        apply(changes, {("thing", "create"): self.do}, undo=undo)


def test_what_was_done_is_undone_the_last_level_first() -> None:
    log = Log(OSError("full"))
    with pytest.raises(ApplyError, match=r"^create thing bad: full; everything before it was undone$") as caught:
        log.apply(change("a"), change("b", 1), change("bad", 2), change("later", 3))
    assert (log.done, log.undone) == (["a", "b"], ["b", "a"])
    assert caught.value.done == []
    assert [item.key for item in caught.value.left] == ["later"]


def test_what_may_have_been_done_is_undone_too() -> None:
    log = Log(TimeoutError("no answer"))
    with pytest.raises(ApplyError):
        log.apply(change("a"), change("bad", 1))
    assert log.undone == ["bad", "a"]


def test_what_cannot_be_undone_is_told_and_keeps_nothing_else_from_being_undone() -> None:
    log = Log(OSError("full"))
    with pytest.raises(ApplyError, match=r"what could not be undone: create thing stuck: gone$") as caught:
        log.apply(change("a"), change("stuck", 1), change("bad", 2))
    assert log.undone == ["a"]
    assert [item.key for item in caught.value.done] == ["stuck"]
    assert caught.value.details == {"not_undone": ["create thing stuck: gone"]}


def test_the_first_failure_keeps_others_of_its_level_from_starting() -> None:
    done: list[str] = []

    def work(item: Change) -> None:
        if item.key == "bad":
            raise OSError("full")
        done.append(item.key)

    undo = Undo({("thing", "create"): lambda _item: None}, lambda _error: False)
    with pytest.raises(ApplyError) as caught:
        apply([change("bad"), *map(change, "abc")], {("thing", "create"): work}, workers=1, undo=undo)
    assert done == []
    assert [item.key for item in caught.value.left] == ["a", "b", "c"]


def test_being_stopped_undoes_as_well() -> None:
    log = Log(OSError("unused"))
    undo = Undo({("thing", "create"): log.undo}, lambda _error: False)

    def work(item: Change) -> None:
        log.do(item)
        if item.level == 1:
            undo.stop.set()

    with pytest.raises(ApplyError, match=r"^create thing c: interrupted before it began; everything") as caught:
        apply([change("a"), change("b", 1), change("c", 2)], {("thing", "create"): work}, undo=undo)
    assert isinstance(caught.value.failed[0][1], Interrupted)
    assert log.undone == ["b", "a"]
