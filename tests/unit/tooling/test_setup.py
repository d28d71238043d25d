"""Setting up does each step once, redoes what was interrupted or changed, and leaves no half-made directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import setup
from scripts.setup import Apt, SetupError, Step


@pytest.fixture
def stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    return tmp_path / "stamps"


def step(made: list[str], *, inputs: str = "a", there: bool = True, make: Callable[[], None] | None = None) -> Step:
    return Step("a step", (inputs,), lambda: there, make or (lambda: made.append(inputs)))


def test_a_step_is_done_once(stamps: Path) -> None:
    made: list[str] = []
    for _ in range(2):
        step(made).bring_about()

    assert made == ["a"]


def test_a_step_is_redone_for_other_inputs_and_when_its_result_is_gone(stamps: Path) -> None:
    made: list[str] = []
    step(made).bring_about()
    step(made, inputs="b").bring_about()
    step(made, inputs="b", there=False).bring_about()

    assert made == ["a", "b", "b"]


def test_a_step_that_fails_half_way_through_a_change_is_not_taken_for_done(stamps: Path) -> None:
    def fail() -> None:
        raise SetupError("the disk is full")

    made: list[str] = []
    step(made).bring_about()
    with pytest.raises(SetupError):
        step(made, inputs="b", make=fail).bring_about()

    assert not step(made).fresh()
    assert not step(made, inputs="b").fresh()


def test_a_directory_takes_its_place_only_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "collections"
    target.mkdir()
    (target / "old").touch()

    with pytest.raises(KeyboardInterrupt), setup.replacing(target) as unfinished:  # noqa: PT012
        (unfinished / "half").touch()
        raise KeyboardInterrupt
    assert [path.name for path in target.iterdir()] == ["old"]

    with setup.replacing(target) as unfinished:
        (unfinished / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert not (tmp_path / "collections.new").exists()


DEPENDS = """\
postgresql-15
 |Depends: locales
  Depends: locales-all
  PreDepends: init-system-helpers
  Depends: postgresql-client-15
  Depends: <debconf-2.0>
    cdebconf
  Depends: libpq5:any
redis-server
  Depends: redis-tools
  Conflicts: redis
"""


def test_dependencies_are_the_direct_ones_and_of_alternatives_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "run", lambda *_argv: DEPENDS)

    found = Apt(tmp_path, own_lists=False).depends({"postgresql-15", "redis-server"})

    assert found == {"locales", "init-system-helpers", "postgresql-client-15", "libpq5", "redis-tools"}


def test_packages_are_the_servers_and_the_libraries_this_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = {
        "postgresql": {"postgresql-17"},
        "postgresql-17": {"postgresql-client-17", "postgresql-common", "libc6", "libllvm19", "perl"},
        "redis-server": {"redis-tools", "adduser"},
        "redis-tools": {"liblua5.1-0", "lua-cjson", "libjson-perl"},
        "libllvm19": {"libz3-4"},
        "prometheus": {"libjs-jquery", "libc6"},
    }
    monkeypatch.setattr(setup, "run", lambda *_argv: "ii libc6\nrc libz3-4\nii redis-tools\n")
    monkeypatch.setattr(Apt, "depends", lambda _apt, names: set().union(*(tree.get(name, set()) for name in names)))

    assert Apt(tmp_path, own_lists=False).closure() == {
        *("postgresql", "postgresql-17", "postgresql-client-17", "redis-server", "redis-tools"),
        *("libllvm19", "libz3-4", "liblua5.1-0", "lua-cjson"),
        *("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"),
        *("prometheus-postgres-exporter", "prometheus-redis-exporter"),
    }


def test_a_failing_command_is_told_in_one_line_with_its_cause() -> None:
    with pytest.raises(SetupError, match=r"^`sh -c .*` failed: E: no space$"):
        setup.run("sh", "-c", "echo reading; echo 'E: no space' >&2; echo closing words >&2; exit 1")
