#!/usr/bin/env python3
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every check of the repository, go on after failures, and close with one line of counts.

A stage is a list of checks. A check counts as one, except that pytest counts its tests and Molecule its
scenarios; a check that finds nothing to run says so and counts nothing. The output of every check is kept in
tests/output, and shown when the check fails.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from local_cloud.ports import free_port_settings

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
OUTPUT = ROOT / "tests" / "output"
VERIFIED = OUTPUT / "molecule"
CACHE = ROOT / ".venv" / "cache"
BUILT = CACHE / "built"
COLLECTION = BUILT / "ansible_collections" / "trademaster" / "platform"
MOLECULE_STATE = ROOT / ".local-molecule"
MOLECULE_HOME = CACHE / "molecule"
ANSIBLE_TEST_HOME = CACHE / "ansible-test"

# Only what hangs is to meet it: a slow machine may take several times as long as a fast one.
TIME_LIMIT_S = 45 * 60
GRACE_S = 30
NO_TESTS_COLLECTED = 5
SHOWN_LINES = 300

# What ansible-test runs instead of the pip installer it would fetch: our pip, for the environment that runs this.
GET_PIP = f"""\
import os, sys
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
os.execv({str(BIN / "python")!r}, ["python", "-m", "pip", "--python", sys.executable, "install", *wanted])
"""


@dataclass(frozen=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code and the file that holds what it said."""

    code: int
    log: Path


def as_one(finished: Finished) -> Counts:
    return Counts(failed=1) if finished.code else Counts(passed=1)


@dataclass(frozen=True)
class Check:
    """A command, or several of which the first that fails decides, and how to count it."""

    name: str
    argv: Sequence[str | Path]
    count: Callable[[Finished], Counts] = as_one
    cwd: Path = ROOT
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] | None = None
    clean_up: Sequence[str | Path] = ()
    nothing: Callable[[], bool] = lambda: False
    more: Callable[[], str] = str  # what to show of a failure besides the output


# --- counting -----------------------------------------------------------------------------------------------


def pytest_counts(report: Path) -> Callable[[Finished], Counts]:
    def count(finished: Finished) -> Counts:
        if finished.code == NO_TESTS_COLLECTED:
            return Counts()
        try:
            suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314  pytest of this run wrote it
        except (FileNotFoundError, ET.ParseError):
            return Counts(failed=1)
        total = Counts()
        for suite in suites:
            tests, failures, errors, skipped = (
                int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
            )
            total += Counts(max(tests - failures - errors - skipped, 0), failures + errors, skipped)
        # pytest can fail beside its tests: an internal error, an interrupt, a time limit.
        return total + Counts(failed=1) if finished.code and not total.failed else total

    return count


def scenarios() -> list[str]:
    return sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))


def molecule_counts(finished: Finished) -> Counts:
    """Count scenarios: those Molecule names as failed, and those its recap does not know, failed."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", finished.log.read_text(errors="replace"))
    named = re.findall(r"^(?:CRITICAL|ERROR)\s+Scenarios failed: (.+)$", said, re.MULTILINE)
    failed = {name.strip() for line in named for name in line.split(",")}
    recap = set(re.findall(r"^(\S+)\s*: actions=", said, re.MULTILINE))
    known = set(scenarios())
    failed = (failed | (known - recap)) & known
    if finished.code and not failed:
        return Counts(len(known) - 1, 1)
    return Counts(len(known - failed), len(failed))


def verifier_failures() -> str:
    """Tell what failed in the verifiers of the scenarios, which Molecule does not show."""
    told = []
    for report in sorted(VERIFIED.glob("*.xml")):
        for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314  pytest of this run wrote it
            for problem in (*case.iter("failure"), *case.iter("error")):
                told.append(f"----- {report.stem} > verify > {case.get('name')}:\n{problem.text or ''}")
    return "\n".join(told)


def sanity_counts(finished: Finished) -> Counts:
    """Count ansible-test, which is content when it finds nothing to look at."""
    idle = "All targets skipped" in finished.log.read_text(errors="replace")
    return as_one(Finished(finished.code or int(idle), finished.log))


# --- what is run --------------------------------------------------------------------------------------------


def build_collection() -> None:
    """Build the collection and install it where its dependencies lie beside it, as a user would."""
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir(parents=True)
    galaxy("build", "--output-path", BUILT)
    (archive,) = BUILT.glob("*.tar.gz")
    galaxy("install", "--force", "--offline", "--no-deps", "--collections-path", BUILT, archive)
    (COLLECTION / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "config.yml", COLLECTION / "tests")
    for dependency in (ROOT / ".venv/collections/ansible_collections").iterdir():
        if dependency.name != "trademaster":
            (BUILT / "ansible_collections" / dependency.name).symlink_to(dependency)


def galaxy(*words: str | Path) -> None:
    argv = [BIN / "ansible-galaxy", "collection", *words]
    subprocess.run(argv, cwd=ROOT, env=environment({}), check=True, capture_output=True, text=True)


def prepare_sanity() -> None:
    """Give ansible-test a git work tree, and a home where it finds pip and the machine's pip settings."""
    build_collection()
    subprocess.run(["git", "init", "--quiet", COLLECTION], check=True, capture_output=True, text=True)
    cache = ANSIBLE_TEST_HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    from ansible_test._internal import python_requirements

    (version,) = set(re.findall(r"\bpip='([\d.]+)'", Path(python_requirements.__file__).read_text()))
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP)
    settings = ANSIBLE_TEST_HOME / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)
    settings.write_text(pip_settings())


def pip_settings() -> str:
    """Write what pip is told here (environment included, which ansible-test drops) as a pip.conf."""
    listing = subprocess.run(
        [BIN / "python", "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    found = re.findall(r"^(global|install|:env:)\.([\w-]+)='(.*)'$", listing, re.MULTILINE)
    # What the environment says comes last, as with pip.
    settings = {name: value for _, name, value in sorted(found, key=lambda setting: setting[0] == ":env:")}
    settings["quiet"] = "1"
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def pytest(*folders: str, workers: int = 0) -> Check:
    """Check that runs pytest over folders of tests; with workers, each has clouds of its own and whole modules."""
    side_by_side = ["-n", str(workers), "--dist", "loadfile"] if workers else []
    name = folders[0].rpartition("/")[2]
    report = OUTPUT / f"{name}.xml"
    present = [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
    return Check(
        "pytest",
        [BIN / "python", "-m", "pytest", "--tb=short", f"--junitxml={report}", *side_by_side, *present],
        count=pytest_counts(report),
        prepare=lambda: report.unlink(missing_ok=True),
        nothing=lambda: not present,
    )


def kong_contract() -> Check:
    """Check that runs the contract suite for Kong; KONG_ADMIN_URL names another node than the stand-in."""
    report = OUTPUT / "kong_contract.xml"
    return Check(
        "pytest",
        [BIN / "python", "-m", "scripts.kong_contract", "--quiet", "--tb=short", f"--junitxml={report}"],
        count=pytest_counts(report),
        prepare=lambda: report.unlink(missing_ok=True),
    )


def molecule() -> Check:
    """Check that runs all scenarios on one local cloud, on ports of its own."""
    env = {
        **free_port_settings("DNS"),
        "LOCAL_CLOUD_STATE": str(MOLECULE_STATE),
        # Molecule notes there, by the name of the checkout's folder alone, what it has created.
        "ANSIBLE_HOME": str(MOLECULE_HOME),
    }
    stop: list[str | Path] = [BIN / "python", "-m", "local_cloud", "down"]

    def forget() -> None:
        """Leave nothing of a run that was killed: what Molecule takes for created, it does not start."""
        subprocess.run(stop, cwd=ROOT, env=environment(env), check=True, capture_output=True, text=True)
        for folder in (VERIFIED, MOLECULE_HOME):
            shutil.rmtree(folder, ignore_errors=True)

    return Check(
        "molecule",
        [
            BIN / "molecule",
            *("test", "--all", "--workers", "2", "--shared-state", "--continue-on-failure"),
        ],
        count=molecule_counts,
        env=env,
        prepare=forget,
        more=verifier_failures,
        clean_up=stop,
        nothing=lambda: not scenarios(),
    )


def stages() -> dict[str, list[Check]]:
    importer = {"GALAXY_IMPORTER_CONFIG": str(ROOT / "tests" / "galaxy-importer.cfg")}
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "lint": [
            Check("ruff check", [BIN / "ruff", "check", "--output-format", "concise"]),
            Check("ruff format", [BIN / "ruff", "format", "--check", "--output-format", "concise"]),
            Check("mypy", [BIN / "mypy"]),
            Check("yamllint", [BIN / "yamllint", "--strict", "."]),
            Check("ansible-lint", [BIN / "ansible-lint", "--offline", "--profile", "production"]),
            Check("actionlint", [BIN / "actionlint"]),
            Check("zizmor", [BIN / "zizmor", "--offline", "--quiet", ".github"]),
            Check(
                "workflow schema", [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows]
            ),
            Check("role READMEs", [BIN / "python", "scripts/role_docs.py", "--check"]),
            Check("secrets", [BIN / "python", "scripts/find_secrets.py"]),
            Check("changelog", [BIN / "antsibull-changelog", "lint"]),
        ],
        "sanity": [
            Check(
                "ansible-test",
                [BIN / "ansible-test", "sanity", "--local", "--python", minor, "--color", "no"],
                count=sanity_counts,
                cwd=COLLECTION,
                env={"HOME": str(ANSIBLE_TEST_HOME), "LC_ALL": "C.UTF-8"},
                prepare=prepare_sanity,
            ),
            Check(
                "docs",
                [BIN / "antsibull-docs", "lint-collection-docs", "--plugin-docs", "."],
                cwd=COLLECTION,
                env={"ANSIBLE_COLLECTIONS_PATH": str(BUILT)},
                prepare=build_collection,
            ),
            Check(
                "galaxy-importer",
                ["sh", "-c", f"exec '{BIN}/python' -m galaxy_importer.main '{BUILT}'/*.tar.gz"],
                cwd=BUILT,  # it leaves its result there
                env=importer,
            ),
        ],
        "unit": [pytest("tests/unit", "tests/permissions")],
        "contract": [pytest("tests/contract", "tests/roles", workers=2)],
        "monitoring": [pytest("tests/monitoring")],
        # They mostly wait.
        "local_cloud": [pytest("tests/local_cloud", "tests/sample_service", workers=2)],
        "kong_contract": [kong_contract()],
        "releases": [pytest("tests/releases")],
        "molecule": [molecule()],
        "e2e": [pytest("tests/e2e")],
    }


# The two lanes run side by side on two cores, what is quick to fail first.
LANES = (
    ("lint", "unit", "monitoring", "sanity", "contract", "e2e"),
    ("kong_contract", "local_cloud", "molecule", "releases"),
)


# --- running ------------------------------------------------------------------------------------------------


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a check: this checkout's tools first, and no AWS account within reach.

    AWS_ENDPOINT_URL stays: it points the module tests to another emulator.
    """
    dropped = [name for name in os.environ if name.startswith(("AWS_", "MOLECULE_", "LOCAL_CLOUD_"))]
    kept = {name: value for name, value in os.environ.items() if name == "AWS_ENDPOINT_URL" or name not in dropped}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        **extra,
    }


class Runner:
    """Runs stages and says, a line each, how their checks ended."""

    def __init__(self) -> None:
        self.total = Counts()
        self._speaking = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()

    def stage(self, name: str, checks: Sequence[Check]) -> None:
        for check in checks:
            if not self._stopped.is_set():
                self._check(name, check)

    def _check(self, stage: str, check: Check) -> None:
        title = stage if check.name in ("pytest", stage) else f"{stage}: {check.name}"
        if check.nothing():
            self._say(f"{title:24} nothing to run here yet")
            return
        started = time.monotonic()
        log = OUTPUT / f"{title.replace(': ', '-').replace(' ', '-')}.log"
        counts = check.count(self._finish(check, log))
        took = time.monotonic() - started
        with self._speaking:
            self.total += counts
        self._say(f"{title:24} {'FAILED' if counts.failed else 'ok':6} {took:6.1f} s  {counts}")
        if counts.failed:
            lines = log.read_text(errors="replace").splitlines()
            said = "\n".join([*lines[-SHOWN_LINES:], check.more()])
            self._say(f"----- {title} said ({log.relative_to(ROOT)}):\n{said}\n----- end of {title}")

    def _finish(self, check: Check, log: Path) -> Finished:
        with log.open("wb") as output:
            try:
                if check.prepare:
                    check.prepare()
            except subprocess.CalledProcessError as error:
                output.write(f"{error}\n{error.stdout}{error.stderr}".encode())
                return Finished(error.returncode, log)
            code = self._run(check, check.argv, output.fileno())
            if check.clean_up:
                code = self._run(check, check.clean_up, output.fileno()) or code
        return Finished(code, log)

    def _run(self, check: Check, argv: Sequence[str | Path], output: int) -> int:
        # A session of its own, so that a time limit or an interrupt reaches what the command started.
        process = subprocess.Popen(
            [str(word) for word in argv],
            cwd=check.cwd,
            env=environment(check.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.add(process)
        try:
            return process.wait(TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.write(output, f"\nstopped: not finished within {TIME_LIMIT_S} s\n".encode())
            end(process)
            return 124
        finally:
            self._running.discard(process)

    def stop(self) -> None:
        self._stopped.set()
        for process in list(self._running):
            end(process)

    def _say(self, text: str) -> None:
        with self._speaking:
            print(text, flush=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a command so that it can tidy up, then kill what is left of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)


def selected(words: Sequence[str], known: Sequence[str]) -> list[str]:
    wanted = [name for word in words for name in word.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"no stage {', '.join(unknown)}: there are {', '.join(known)}")
    return [name for name in known if not wanted or name in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the repository's checks.")
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help="stages to run, also comma-separated; all by default"
    )
    parser.add_argument("--list", action="store_true", help="list the stages and their checks")
    parser.add_argument("--serial", action="store_true", help="one check at a time")
    arguments = parser.parse_args()
    known = stages()
    if arguments.list:
        for name, checks in known.items():
            print(f"{name}: {', '.join(check.name for check in checks)}")
        return 0
    names = selected(arguments.stages, list(known))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    runner = Runner()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    lanes = (names,) if arguments.serial else [[name for name in lane if name in names] for lane in LANES]

    def run_lane(lane: Sequence[str]) -> None:
        for name in lane:
            runner.stage(name, known[name])

    with ThreadPoolExecutor(len(lanes)) as pool:
        work = [pool.submit(run_lane, lane) for lane in lanes]
        try:
            for lane_done in as_completed(work):
                lane_done.result()
        except BaseException:
            # An interrupt, or a mistake in this file: nothing is left running, and nothing is counted.
            runner.stop()
            raise
    print(runner.total)
    return 1 if runner.total.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
