"""Which release a rollback returns to, and whether the database still fits it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._release.rollback_plan import (
    described,
    known,
    misfit,
    previous,
    reference,
    unknown,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import Release

FAMILY = "arn:aws:ecs:us-east-1:111122223333:task-definition/app"


def release(number: int, **fields: Any) -> Release:
    return Release(
        **{
            "id": f"r{number}",
            "version": f"1.{number}.0",
            "image": f"example@sha256:{number}",
            "digest": f"sha256:{number}",
            "task_definition": f"{FAMILY}:{number}",
            **fields,
        }
    )


def record(
    before: Release | None, after: Release, verdict: str = "completed", schema: str = "", **fields: Any
) -> dict[str, Any]:
    """A record. `schema` says which revisions its migration led from and to: `1-2`."""
    old, _, new = schema.partition("-")
    return {
        "verb": "deploy",
        "verdict": verdict,
        "from": before.to_json() if before else None,
        "to": after.to_json(),
        "migrations": {"schema_before": old, "schema_after": new, "breaking": False} if schema else None,
        **fields,
    }


ONE, TWO, THREE, FOUR = (release(number) for number in (1, 2, 3, 4))
FIRST = release(1, id="")


@pytest.mark.parametrize(
    ("name", "records", "live", "expected"),
    [
        ("the one before", [record(TWO, THREE), record(ONE, TWO)], THREE, "r2"),
        ("not what failed", [record(THREE, FOUR, "rolled_back"), record(TWO, THREE)], THREE, "r2"),
        (
            "further back after a rollback",
            [record(THREE, TWO, "reverted", verb="rollback"), record(TWO, THREE), record(ONE, TWO)],
            TWO,
            "r1",
        ),
        ("what site.yml has brought about", [record(FIRST, TWO)], TWO, ""),
        ("live on a later revision", [record(ONE, TWO)], release(2, task_definition=f"{FAMILY}:9"), "r1"),
    ],
)
def test_the_previous_release(name: str, records: list[Any], live: Release, expected: str) -> None:
    assert previous(records, live).id == expected


@pytest.mark.parametrize(
    ("name", "records", "live"),
    [
        ("nothing was released", [], FIRST),
        ("back at the beginning", [record(TWO, FIRST, "reverted", verb="rollback"), record(FIRST, TWO)], FIRST),
        ("only failures", [record(FIRST, TWO, "failed")], FIRST),
        ("the same again", [record(ONE, ONE)], ONE),
    ],
)
def test_there_may_be_no_previous_release(name: str, records: list[Any], live: Release) -> None:
    with pytest.raises(PlatformError, match=r"no release before 1\.\d\.0 \(revision \d\)"):
        previous(records, live)


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("1.2.0", "r2"),
        ("2", "r2"),
        ("app:2", "r2"),
        ("1.1.0", "r1"),
        ("1.4.0", None),  # never was live
        ("4", None),
        ("1.9.0", None),
    ],
)
def test_a_release_is_found_by_version_and_by_revision(to: str, expected: str | None) -> None:
    records = [record(THREE, FOUR, "failed"), record(TWO, THREE), record(ONE, TWO)]
    found = known(records, to)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(("to", "expected"), [("7", "app:7"), ("app:7", "app:7"), ("1.2.0", None), ("v7", None)])
def test_a_number_names_a_revision(to: str, expected: str | None) -> None:
    assert reference("app", to) == expected


def test_an_unknown_release_is_told_with_those_that_are_known() -> None:
    error = unknown("9.9.9", [record(TWO, THREE), record(ONE, TWO)])
    assert str(error).endswith("of a release: the last releases are 1.3.0 (revision 3), 1.2.0 (revision 2)")
    assert "nothing has been released" in str(unknown("9.9.9", []))


@pytest.mark.parametrize(
    ("image", "tags", "version"),
    [
        ("r.example.com:5000/app@sha256:1", {"trademaster:version": "1.4.2"}, "1.4.2"),
        ("r.example.com:5000/app:1.0.0", {}, "1.0.0"),
        ("r.example.com:5000/app@sha256:1", {}, "app:3"),
    ],
)
def test_a_release_without_record_is_described_by_its_revision(
    image: str, tags: Mapping[str, str], version: str
) -> None:
    definition = {
        "taskDefinitionArn": f"{FAMILY}:3",
        "containerDefinitions": [{"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": image}],
    }
    found = described(definition, tags, "app")
    assert (found.version, found.image) == (version, image)


@pytest.mark.parametrize(
    ("name", "records", "live", "target", "why"),
    [
        ("no change", [record(ONE, TWO, schema="1-1")], TWO, ONE, ""),
        ("one change", [record(ONE, TWO, schema="1-2")], TWO, ONE, ""),
        (
            "two changes",
            [record(TWO, THREE, schema="2-3"), record(ONE, TWO, schema="1-2")],
            THREE,
            ONE,
            r"changed 2 times since \(1 → 2, 2 → 3\)",
        ),
        (
            "the migration of a release that failed counts",
            [record(ONE, THREE, schema="2-3"), record(ONE, TWO, "failed", schema="1-2")],
            THREE,
            ONE,
            "changed 2 times",
        ),
        (
            "what was before does not count",
            [record(TWO, THREE, schema="2-3"), record(ONE, TWO, schema="1-2")],
            THREE,
            TWO,
            "",
        ),
        (
            "a breaking change",
            [record(ONE, TWO, migrations={"schema_before": "1", "schema_after": "2", "breaking": True})],
            TWO,
            ONE,
            r"migration of 1\.2\.0 \(revision 2\) breaks it",
        ),
        (
            "a breaking change that is not on record yet",
            [],
            release(2, breaking=True, schema="2"),
            release(1, schema="1"),
            "marked as breaking",
        ),
        ("no schema known", [record(ONE, TWO)], TWO, ONE, ""),
    ],
)
def test_whether_the_database_fits(name: str, records: list[Any], live: Release, target: Release, why: str) -> None:
    found = misfit(records, live, target)
    if why:
        assert re.search(why, found)
    else:
        assert found == ""
