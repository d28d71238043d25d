"""The contract that every module keeps, on whatever AWS endpoint, and whatever Kong, is given.

Check mode writes nothing and predicts exactly what apply does; a second run changes nothing; every edited field is
seen; removal takes only what is ours; no secret shows.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract import cases as case_modules
from tests.contract.case import Case
from tests.contract.harness import Run, run_module

CASES: list[Case] = [
    case
    for info in pkgutil.iter_modules(case_modules.__path__)
    for case in importlib.import_module(f"{case_modules.__name__}.{info.name}").CASES
]


def succeeded(run: Run) -> Run:
    assert not run.answer.get("failed"), run.answer.get("msg")
    return run


def shows_no_secret(case: Case, run: Run) -> None:
    found = [secret for secret in case.secrets if secret in run.output]
    assert not found, f"{case.module} printed a secret"


def converges(case: Case, options: Mapping[str, Any], *, changes: bool = True) -> None:
    """Check mode predicts without writing, apply does just that, and then nothing is left to do."""
    predicted = succeeded(run_module(case.module, options, check=True))
    assert predicted.calls.writes == [], "check mode wrote"
    assert predicted.changed is changes, f"check mode saw {predicted.changes}"
    applied = succeeded(run_module(case.module, options))
    assert applied.changes == predicted.changes, "apply did something else than check mode said"
    assert applied.answer.get("diff") == predicted.answer.get("diff")
    for run in (predicted, applied, *([] if case.repeatable else [settled(case, options)])):
        shows_no_secret(case, run)


def settled(case: Case, options: Mapping[str, Any]) -> Run:
    """A further run, which finds nothing to do."""
    again = succeeded(run_module(case.module, options))
    assert again.changes == [], "a second run changed something"
    assert not again.changed
    assert again.calls.writes == [], "a second run wrote"
    return again


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_module_keeps_the_contract(case: Case, request: pytest.FixtureRequest, subtests: pytest.Subtests) -> None:
    api = request.getfixturevalue(case.api)
    given = case.prepare(api)
    present = {**case.present, **given}
    untouched = case.foreign(api) if case.foreign else lambda: None
    before = untouched()
    with subtests.test("create"):
        converges(case, present)
    for name, edit in case.edits.items():
        with subtests.test(f"edit {name}"):
            converges(case, {**present, **edit})
            succeeded(run_module(case.module, present))
    if not case.repeatable:
        with subtests.test("remove"):
            converges(case, {**present, **case.absent})
    with subtests.test("foreign resources stay"):
        assert untouched() == before
