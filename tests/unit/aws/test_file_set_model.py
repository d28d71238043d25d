"""Sets of files by digest: what is written, what is in use, what is removed."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3 import file_set_model as model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

FILES = {"b.yml": "two\n", "a/c.yml": "größer\n"}
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def digest(letter: str) -> str:
    return letter * 64


def stored(letter: str, day: int, sizes: dict[str, int] | None = None) -> model.StoredSet:
    return model.StoredSet(digest(letter), sizes or {"b.yml": 4}, START + datetime.timedelta(days=day))


def listed(key: str, day: int = 0, size: int = 1) -> dict[str, Any]:
    return {"Key": key, "Size": size, "LastModified": START + datetime.timedelta(days=day)}


def test_a_digest_can_be_recomputed_with_sha256sum() -> None:
    lines = "".join(f"{hashlib.sha256(FILES[path].encode()).hexdigest()}  {path}\n" for path in ("a/c.yml", "b.yml"))
    assert model.digest_of(FILES) == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        {**FILES, "b.yml": "two"},
        {**FILES, "c.yml": ""},
        {"b.yml": FILES["b.yml"]},
        {"a/c.yml": FILES["b.yml"], "b.yml": FILES["a/c.yml"]},
    ],
)
def test_other_files_are_another_digest(other: dict[str, str]) -> None:
    assert model.digest_of(other) != model.digest_of(FILES)


def test_the_order_of_files_does_not_matter() -> None:
    assert model.digest_of(dict(reversed(FILES.items()))) == model.digest_of(FILES)


def test_a_digest_may_be_known_after_apply() -> None:
    assert model.digest_of({**FILES, "x": f"url: {KNOWN_AFTER_APPLY}"}) == KNOWN_AFTER_APPLY


def test_only_what_is_below_a_digest_is_a_set() -> None:
    objects = [
        listed(f"p/{digest('a')}/x/y.yml", day=1, size=7),
        listed(f"p/{digest('a')}/z.yml", day=3),
        listed(f"p/{digest('b')}/z.yml", day=2),
        listed("p/README"),
        listed(f"p/{digest('g')}/z.yml"),
        listed(f"p/{digest('c')}"),
        listed(f"p/q/{digest('c')}/z.yml"),
        listed(f"px/{digest('c')}/z.yml"),
    ]
    found = model.stored_sets("p", objects)
    assert [item.digest[0] for item in found] == ["a", "b"]
    assert found[0].sizes == {"x/y.yml": 7, "z.yml": 1}
    assert found[0].written == START + datetime.timedelta(days=3)


@pytest.mark.parametrize(
    ("sets", "wanted", "expected"),
    [
        ([], "a", None),
        ([stored("b", 2), stored("a", 1)], "a", "b"),
        ([stored("b", 2), stored("a", 2)], "a", "a"),
        ([stored("b", 2), stored("c", 2)], "a", "b"),
    ],
)
def test_the_newest_is_in_use(sets: list[model.StoredSet], wanted: str, expected: str | None) -> None:
    found = model.in_use(sets, digest(wanted))
    assert (found.digest[0] if found else None) == expected


@pytest.mark.parametrize(
    ("sizes", "complete"),
    [
        ({"b.yml": 4, "a/c.yml": 9}, True),
        ({"b.yml": 4}, False),
        ({"b.yml": 4, "a/c.yml": 7}, False),
        ({"b.yml": 4, "a/c.yml": 9, "more": 1}, False),
    ],
)
def test_a_set_is_complete_with_all_bytes_of_all_files(sizes: dict[str, int], *, complete: bool) -> None:
    assert model.is_complete(stored("a", 0, sizes), FILES) is complete


@pytest.mark.parametrize(
    ("wanted", "keep", "older_than", "expected"),
    [
        ("e", 10, 99, ""),
        ("e", 2, 99, "abc"),
        ("e", 3, 99, "ab"),
        ("new", 3, 99, "abc"),  # written now, so that there are two more
        ("e", 2, 1, ""),  # b, written on day 2, took the place of a
        ("e", 2, 2, "a"),
        ("a", 2, 99, "bcd"),  # in use again, however old
    ],
)
def test_old_sets_are_removed_some_days_after_they_were_superseded(
    wanted: str, keep: int, older_than: int, expected: str
) -> None:
    sets = [stored(letter, day) for day, letter in reversed(list(enumerate("abcde", start=1)))]
    leaving = model.beyond(sets, digest(wanted), keep, START + datetime.timedelta(days=older_than))
    assert "".join(sorted(item.digest[0] for item in leaving)) == expected


def test_nothing_is_removed_before_the_new_set_is_written() -> None:
    changes = model.plan("p", None, model.state(digest("a"), FILES), [stored("b", 1)])
    assert [(change.op, change.key, change.level) for change in changes] == [
        ("create", "p", 0),
        ("delete", f"p/{digest('b')}", 1),
    ]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"prefix": ""}, "prefix"),
        ({"prefix": "/a"}, "prefix"),
        ({"prefix": "a/"}, "prefix"),
        ({"prefix": "a//b"}, "prefix"),
        ({"files": {}}, "files"),
        ({"files": {"../a": ""}}, "files"),
        ({"files": {"/a": ""}}, "files"),
        ({"files": {"a/.b": ""}}, "files"),
        ({"files": {"a b": ""}}, "files"),
        ({"files": {"a": {"b": 1}}}, "files[a]"),
        ({"files": {"a": "", "a/b": ""}}, "files"),
        ({"keep": 1}, "keep"),
        ({"keep_days": -1}, "keep_days"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], option: str) -> None:
    given = {"prefix": "prometheus", "files": FILES, "keep": 10, "keep_days": 30, **options}
    with pytest.raises(InvalidInput) as refused:
        model.validate(**given)
    assert refused.value.variable == option
