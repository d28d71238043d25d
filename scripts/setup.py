#!/usr/bin/env python3
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `.venv` ready to run the playbooks, the local cloud and (with --test) the tests.

Needs Python 3.11+ with venv and nothing else from PyPI. What it makes, all below `.venv`:

- the virtual environment with the pinned packages of requirements/*.txt;
- `collections`: the collections of requirements.yml, unpacked from the `ansible` package, and a link that
  makes this checkout importable as trademaster.platform;
- `debian`: PostgreSQL, Redis, Prometheus, Alertmanager and exporters, unpacked from Debian packages. Nothing is
  installed on the machine. Without apt, the programs are taken from PATH.

With --prowler it makes `.venv-prowler` as well: the independent judge of `make evidence`, whose 1.3 GB of packages
agree with none of the others.

Every step is stamped with a hash of its inputs: what is up to date is not redone, what was interrupted is.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "setup: Python 3.11 or newer is needed, this is %d.%d: run `make PYTHON=python3.11 …`" % sys.version_info[:2]
    )

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
PYTHON = VENV / "bin" / "python"
COLLECTIONS = VENV / "collections"
DEBIAN = VENV / "debian"
REQUIREMENTS = ROOT / "requirements"
PROWLER_VENV = ROOT / ".venv-prowler"
PROWLER = PROWLER_VENV / "bin" / "prowler"
TOLD_EVERY_S = 15

# Directories of the `ansible` package to unpack; they satisfy requirements.yml.
BUNDLED = ("amazon/aws", "awx/awx", "community/aws", "community/general")

# Program the local cloud runs -> Debian package that carries it.
PROGRAMS = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "psql": "postgresql-client",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "prometheus-postgres-exporter": "prometheus-postgres-exporter",
    "prometheus-redis-exporter": "prometheus-redis-exporter",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
DEBIAN_ROOTS = ("postgresql", "redis-server", *sorted({p for p in PROGRAMS.values() if p.startswith("prometheus")}))
# Dependencies that are unpacked too: the servers' own parts always, libraries when the machine lacks them.
DEBIAN_OWN = ("postgresql-", "redis-", "prometheus")
DEBIAN_LIBRARIES = ("lib", "lua-")
DEBIAN_UNNEEDED = ("-common", "-perl")
# Parts of web pages that nobody opens here.
DEBIAN_PAGES = "libjs-"
# Debian's Alertmanager looks for its templates at one place of the machine, where nothing is installed here. Whoever
# starts it has them open as a file descriptor instead: program, place, descriptor.
DEBIAN_RELOCATED = ("usr/bin/prometheus-alertmanager", "/usr/share/prometheus/alertmanager", "/proc/self/fd/9")
MINIMUM_POSTGRESQL = 13


class SetupError(Exception):
    """A problem the user can mend; the message is one line that says how."""


def say(text: str) -> None:
    sys.stdout.write(f"setup: {text}\n")  # one write, because two steps may speak at once
    sys.stdout.flush()


def run(*argv: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command and return its standard output.

    Raises SetupError with the last line of what it said when it fails.
    """
    import subprocess  # here, because importing it would cost an up-to-date run a third of its time

    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    done = subprocess.run(
        [str(part) for part in argv], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        # The first error line names the cause; tools like to close with a summary.
        reason = next((line for line in said if line.lower().startswith(("error", "e:"))), said[-1])
        raise SetupError(f"`{' '.join(str(part) for part in argv[:4])} …` failed: {reason.strip()}")
    return done.stdout


def digest(*parts: str | Path) -> str:
    """Hash texts and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


@dataclass(frozen=True)
class Step:
    """One thing to bring about. `present` says whether its result is still there."""

    name: str
    inputs: tuple[str | Path, ...]
    present: Callable[[], bool]
    make: Callable[[], None]

    @property
    def stamp(self) -> Path:
        return STAMPS / self.name.replace(" ", "-")

    def fresh(self) -> bool:
        try:
            return self.stamp.read_text() == digest(*self.inputs) and self.present()
        except FileNotFoundError:
            return False

    def bring_about(self) -> None:
        if self.fresh():
            return
        say(f"{self.name} …")
        started = time.monotonic()
        self.stamp.unlink(missing_ok=True)
        self.make()
        STAMPS.mkdir(parents=True, exist_ok=True)
        unfinished = self.stamp.with_suffix(".new")
        unfinished.write_text(digest(*self.inputs))
        unfinished.replace(self.stamp)
        say(f"{self.name}: done in {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give an empty directory that takes the place of `target` once it is complete."""
    unfinished, former = (target.with_name(target.name + ending) for ending in (".new", ".old"))
    for leftover in (unfinished, former):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    # Two renames, so that a playbook that is running meanwhile hardly finds the place empty.
    if target.exists():
        target.rename(former)
    unfinished.rename(target)
    shutil.rmtree(former, ignore_errors=True)


# --- the virtual environment and its packages ---------------------------------------------------------------


def make_environment() -> None:
    import venv

    for part in ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg"):
        path = VENV / part
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    for stamp in STAMPS.glob("*packages*"):
        stamp.unlink()
    try:
        import ensurepip  # noqa: F401  Debian ships it apart, in python3-venv
    except ModuleNotFoundError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(f"Python's venv module is incomplete: apt-get install python{version}-venv") from None
    # From a virtual environment, sys.executable would chain the new one to it.
    sys.executable = getattr(sys, "_base_executable", sys.executable)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)


def installed_by_pip(lock: Path) -> Callable[[], None]:
    """Give the action that installs a lock file; interrupted, it starts again from an empty environment."""

    def install() -> None:
        unfinished = STAMPS / "packages.unfinished"
        if unfinished.exists():
            say("an earlier run was interrupted: the environment is made anew")
            make_environment()
        STAMPS.mkdir(parents=True, exist_ok=True)
        unfinished.touch()
        pip("install", "--require-hashes", "--requirement", lock)
        unfinished.unlink()

    return install


def pip(command: str, *arguments: str | Path) -> None:
    run(PYTHON, "-m", "pip", command, "--quiet", "--disable-pip-version-check", "--no-input", *arguments)


# --- Prowler ------------------------------------------------------------------------------------------------


def make_prowler() -> None:
    """Install Prowler, telling how far it is: 1.3 GB take minutes."""
    import subprocess
    import venv

    # Scripts name the place of their environment, so it cannot be made elsewhere; that it is whole, the stamp says.
    shutil.rmtree(PROWLER_VENV, ignore_errors=True)
    sys.executable = getattr(sys, "_base_executable", sys.executable)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(PROWLER_VENV)
    argv = [PROWLER_VENV / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    argv += ["--progress-bar", "off", "--require-hashes", "--requirement", REQUIREMENTS / "prowler.txt"]
    process = subprocess.Popen(
        [str(part) for part in argv], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    told = time.monotonic()
    for line in process.stdout or ():
        said.append(line.strip())
        if time.monotonic() - told >= TOLD_EVERY_S or line.startswith("Installing"):
            told = time.monotonic()
            say(f"prowler: {sum(one.startswith('Collecting') for one in said)} packages fetched, {said[-1][:60]}")
    if process.wait():
        reason = next((line for line in said if line.startswith("ERROR")), said[-1] if said else "no output")
        raise SetupError(f"Prowler could not be installed: {reason}")


# --- collections --------------------------------------------------------------------------------------------


def make_collections() -> None:
    import zipfile

    with replacing(COLLECTIONS) as directory:
        pip(
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--dest",
            directory,
            "--requirement",
            REQUIREMENTS / "collections.txt",
        )
        (wheel,) = directory.glob("*.whl")
        wanted = tuple(f"ansible_collections/{name}/" for name in BUNDLED)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory, [name for name in archive.namelist() if name.startswith(wanted)])
        wheel.unlink()
        namespace = directory / "ansible_collections" / "trademaster"
        namespace.mkdir()
        (namespace / "platform").symlink_to("../../../..", target_is_directory=True)


# --- programs of Debian packages ----------------------------------------------------------------------------


class Apt:
    """apt without root: reads the machine's package lists, or lists of its own when those are no use."""

    def __init__(self, scratch: Path, *, own_lists: bool) -> None:
        self.scratch = scratch
        # The sandbox user could not write below the clone; it exists only for downloads run by root.
        self.options = ["-o", "APT::Sandbox::User=root"]
        if own_lists:
            for part in ("lists/partial", "cache/archives/partial"):
                (scratch / part).mkdir(parents=True, exist_ok=True)
            self.options += ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
            run("apt-get", *self.options, "update")

    def depends(self, packages: set[str]) -> set[str]:
        """Name the direct dependencies; of alternatives, the first."""
        output = run("apt-cache", *self.options, "depends", "--important", *sorted(packages))
        found = set()
        alternative_taken = False
        for line in output.splitlines():
            kind, _, name = line.strip().partition(": ")
            if kind.lstrip("|") not in ("Depends", "PreDepends"):
                continue
            if not alternative_taken and not name.startswith("<"):
                found.add(name.partition(":")[0])
            alternative_taken = kind.startswith("|")
        return found

    def closure(self) -> set[str]:
        """Name the packages to unpack: the servers and the libraries this machine lacks."""
        listing = run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\n")
        installed = {line[3:] for line in listing.splitlines() if line.startswith("ii ")}

        def needed(name: str) -> bool:
            if name.endswith(DEBIAN_UNNEEDED) or name.startswith(DEBIAN_PAGES):
                return False
            return name.startswith(DEBIAN_OWN) or (name.startswith(DEBIAN_LIBRARIES) and name not in installed)

        found: set[str] = set()
        frontier = set(DEBIAN_ROOTS)
        while frontier:
            found |= frontier
            frontier = {name for name in self.depends(frontier) if needed(name)} - found
        return found

    def unpack(self, target: Path) -> None:
        downloads = self.scratch / "packages"
        downloads.mkdir(parents=True, exist_ok=True)
        run("apt-get", *self.options, "download", *sorted(self.closure()), cwd=downloads)
        for package in sorted(downloads.glob("*.deb")):
            run("dpkg-deb", "--extract", package, target)


def find_program(name: str) -> str | None:
    """Find a program as the local cloud does: unpacked, on PATH, or where Debian keeps PostgreSQL's."""
    found = sorted(DEBIAN.glob(f"usr/bin/{name}")) + sorted(DEBIAN.glob(f"usr/lib/postgresql/*/bin/{name}"))
    if found:
        return str(found[-1])
    # Newest version first; Debian keeps PostgreSQL's server programs off PATH.
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(versions[0]) if versions else None)


def make_programs() -> None:
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        try:
            unpack_programs()
        except SetupError as error:
            say(f"apt does not deliver, so the programs of this machine are used: {error}")
    missing = sorted({package for name, package in PROGRAMS.items() if not find_program(name)})
    if missing:
        raise SetupError(f"these programs are needed on PATH: apt-get install {' '.join(missing)}")
    check_postgresql_version()


def unpack_programs() -> None:
    with replacing(DEBIAN) as target:
        scratch = VENV / "apt"
        try:
            Apt(scratch, own_lists=False).unpack(target)
        except SetupError:
            # No lists yet (a fresh container), or so old that they name packages no longer served.
            Apt(scratch, own_lists=True).unpack(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        relocate(target, *DEBIAN_RELOCATED)


def relocate(unpacked: Path, program: str, place: str, instead: str) -> None:
    """Let a program look elsewhere. The text keeps its length, for which slashes may be repeated."""
    path = unpacked / program
    content = path.read_bytes()
    path.write_bytes(content.replace(place.encode(), instead.ljust(len(place), "/").encode()))


def check_postgresql_version() -> None:
    program = find_program("postgres")
    if program is None:
        raise SetupError("postgres is missing: apt-get install postgresql")
    libraries = ":".join(str(path) for path in DEBIAN.glob("usr/lib/*-linux-gnu*"))
    version = run(program, "--version", env={"LD_LIBRARY_PATH": libraries}).split()[2]
    if int(version.partition(".")[0]) < MINIMUM_POSTGRESQL:
        raise SetupError(f"{program} is PostgreSQL {version}, {MINIMUM_POSTGRESQL} or newer is needed")


# --- putting it together ------------------------------------------------------------------------------------


def steps(*, test: bool, prowler: bool = False) -> tuple[Step, list[Step], Step]:
    """Give the environment, the Python packages (in order) and the rest, which needs no package."""
    python = f"{sys.version} {os.path.realpath(sys.base_prefix)} {ROOT}"
    environment = Step("python environment", (python,), PYTHON.exists, make_environment)
    locks = [("python packages", "local_cloud.txt")] + ([("test packages", "test.txt")] if test else [])
    packages = [
        Step(name, (python, REQUIREMENTS / lock), PYTHON.exists, installed_by_pip(REQUIREMENTS / lock))
        for name, lock in locks
    ]
    collections = Step(
        "collections", (REQUIREMENTS / "collections.txt", *BUNDLED), COLLECTIONS.exists, make_collections
    )
    programs = Step(
        "native programs",
        (
            str(PROGRAMS),
            *DEBIAN_ROOTS,
            *DEBIAN_OWN,
            *DEBIAN_LIBRARIES,
            *DEBIAN_UNNEEDED,
            DEBIAN_PAGES,
            *DEBIAN_RELOCATED,
        ),
        lambda: all(find_program(name) for name in PROGRAMS),
        make_programs,
    )
    judge = Step("prowler", (python, REQUIREMENTS / "prowler.txt"), PROWLER.exists, make_prowler)
    return environment, [*packages, collections, *([judge] if prowler else [])], programs


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Let one run at a time change `.venv`."""
    VENV.mkdir(exist_ok=True)
    with (VENV / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is running here, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(*, test: bool, prowler: bool) -> None:
    """Bring everything about. The native programs do not need Python packages, so they come beside them."""
    environment, in_order, programs = steps(test=test, prowler=prowler)
    if all(step.fresh() for step in (environment, *in_order, programs)):
        return
    if test and not shutil.which("git"):
        raise SetupError("the tests need git: apt-get install git")
    with exclusive(), ThreadPoolExecutor() as pool:
        beside = pool.submit(programs.bring_about)
        environment.bring_about()
        for step in in_order:
            step.bring_about()
        beside.result()


def report(*, test: bool, prowler: bool) -> int:
    environment, in_order, programs = steps(test=test, prowler=prowler)
    state = [(step.name, step.fresh()) for step in (environment, *in_order, programs)]
    for name, fresh in state:
        print(f"{name}: {'ready' if fresh else 'to be made'}")
    return 0 if all(fresh for _, fresh in state) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Make .venv ready; what is up to date is left alone.")
    parser.add_argument("--test", action="store_true", help="also what `make test` needs")
    parser.add_argument("--prowler", action="store_true", help="also Prowler, which `make evidence` asks")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is to be made")
    arguments = parser.parse_args()
    try:
        if arguments.check:
            return report(test=arguments.test, prowler=arguments.prowler)
        set_up(test=arguments.test, prowler=arguments.prowler)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
