"""What `make test` closes with is what ran: nothing that failed, crashed or was never reached counts as passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import test as runner
from scripts.test import Counts, Finished

SUITE = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


@pytest.mark.parametrize(
    ("code", "report", "expected"),
    [
        pytest.param(0, SUITE.format(5, 0, 0, 0), Counts(5, 0, 0), id="all pass"),
        pytest.param(1, SUITE.format(5, 1, 1, 1), Counts(2, 2, 1), id="failures, errors and skips"),
        pytest.param(3, SUITE.format(5, 0, 0, 0), Counts(5, 1, 0), id="pytest itself failed"),
        pytest.param(2, None, Counts(0, 1, 0), id="no report"),
        pytest.param(2, "<testsuites", Counts(0, 1, 0), id="half a report"),
        pytest.param(5, SUITE.format(0, 0, 0, 0), Counts(), id="no tests"),
    ],
)
def test_pytest_is_counted_by_its_report(tmp_path: Path, code: int, report: str | None, expected: Counts) -> None:
    path = tmp_path / "report.xml"
    if report is not None:
        path.write_text(report)

    assert runner.pytest_counts(path)(Finished(code, tmp_path / "log")) == expected


RECAP = "{0}      : actions=9  successful=9  disabled=0  skipped=0  missing=0  failed=0\n"
FAILED = "\x1b[31mCRITICAL\x1b[0m Scenarios failed: cache\nERROR    Scenarios failed: cache\n"


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        pytest.param(0, RECAP.format("cache") + RECAP.format("network"), Counts(2), id="all pass"),
        pytest.param(1, FAILED + RECAP.format("cache") + RECAP.format("network"), Counts(1, 1), id="one fails"),
        pytest.param(1, "Traceback", Counts(0, 2), id="none was reached"),
        pytest.param(0, RECAP.format("network"), Counts(1, 1), id="one was not reached"),
        pytest.param(1, RECAP.format("cache") + RECAP.format("network"), Counts(1, 1), id="failed afterwards"),
    ],
)
def test_molecule_is_counted_by_scenarios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str, expected: Counts
) -> None:
    for name in ("cache", "network"):
        (tmp_path / "molecule" / name).mkdir(parents=True)
        (tmp_path / "molecule" / name / "molecule.yml").touch()
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    log = tmp_path / "log"
    log.write_text(said)

    assert runner.molecule_counts(Finished(code, log)) == expected


def test_failures_of_verifiers_are_told_by_scenario_and_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "VERIFIED", tmp_path)
    passed = '<testcase name="test_key"/>'
    failed = '<testcase name="test_tls"><failure message="no">assert "plain" == "TLS"</failure></testcase>'
    (tmp_path / "cache.xml").write_text(f"<testsuites><testsuite>{passed}{failed}</testsuite></testsuites>")

    assert runner.verifier_failures() == '----- cache > verify > test_tls:\nassert "plain" == "TLS"'


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        pytest.param(0, 'Running sanity test "import"', Counts(1), id="clean"),
        pytest.param(1, "ERROR: Found 1 issue", Counts(0, 1), id="an issue"),
        pytest.param(0, "WARNING: All targets skipped.", Counts(0, 1), id="nothing was looked at"),
    ],
)
def test_ansible_test_passes_only_when_it_looked_at_something(
    tmp_path: Path, code: int, said: str, expected: Counts
) -> None:
    log = tmp_path / "log"
    log.write_text(said)

    assert runner.sanity_counts(Finished(code, log)) == expected


def test_the_closing_line_is_one_that_ci_reads() -> None:
    assert str(Counts(3) + Counts(1, 2, 4)) == "4 passed, 2 failed, 4 skipped"


def test_an_unknown_stage_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(SystemExit, match=r"no stage speed: there are lint, unit"):
        runner.selected(["speed"], ["lint", "unit"])


@pytest.mark.parametrize(
    ("words", "expected"), [([], ["lint", "unit"]), (["unit,lint"], ["lint", "unit"]), (["unit"], ["unit"])]
)
def test_stages_are_selected_by_word_or_comma(words: list[str], expected: list[str]) -> None:
    assert runner.selected(words, ["lint", "unit"]) == expected


def test_every_stage_runs_in_a_lane() -> None:
    assert sorted(name for lane in runner.LANES for name in lane) == sorted(runner.stages())
