"""What the built collection asks of an execution environment is all that its plugins import, in the versions pinned."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
LOCK = ROOT / "requirements" / "runtime.txt"
PINNED = re.compile(r"^([a-z0-9.-]+==\S+)", re.MULTILINE)
# Collections import each other, and ansible-core itself.
OF_ANSIBLE = {"ansible", "ansible_collections"}


def run(*argv: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run([str(word) for word in argv], cwd=cwd, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def definition() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "execution-environment.yml").read_text()))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    run(BIN / "ansible-galaxy", "collection", "build", "--output-path", folder)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def installed(archive: Path) -> Path:
    """The folder of collections with the built one in it, as an execution environment has it."""
    folder = archive.parent / "collections"
    shutil.unpack_archive(archive, folder / "ansible_collections" / "trademaster" / "platform")
    return folder


@pytest.fixture(scope="module")
def declared(installed: Path) -> dict[str, list[str]]:
    return introspected(installed)


@pytest.fixture(scope="module")
def context(archive: Path) -> Path:
    """What `ansible-builder create` leaves for podman, with the collection where `make image` puts it."""
    root = archive.parent / "checkout"
    for name in (*("execution-environment.yml", "bindep.txt", "requirements/runtime.txt"), ".local/image/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    for name in ("execution-environment.yml", "bindep.txt", "requirements/runtime.txt"):
        (root / name).symlink_to(ROOT / name)
    (root / definition()["additional_build_files"][0]["src"]).symlink_to(archive)
    run(
        BIN / "ansible-builder", "create", "--output-filename", "Containerfile", "--context", root / "context", cwd=root
    )
    return root / "context"


def introspected(collections: Path, *arguments: str | Path) -> dict[str, list[str]]:
    said = run(BIN / "ansible-builder", "introspect", collections, *arguments)
    return dict(yaml.safe_load(said.rpartition("---\n")[2]))  # warnings come before


def distributions_of(names: list[str]) -> set[str]:
    """Packages that pip installs for `names`, with what they require here."""
    found: set[str] = set()
    while names:
        requirement = Requirement(names.pop())
        name = requirement.name.lower()
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            names += requires(name) or []
    return found


def imported() -> dict[str, str]:
    """Modules outside the standard library that plugins import, each with a file that does."""
    found = {}
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found.update({name.partition(".")[0]: str(path.relative_to(ROOT)) for name in names})
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | OF_ANSIBLE}


def test_the_collection_declares_what_it_takes(declared: dict[str, list[str]]) -> None:
    from_us = "# from collection trademaster.platform"
    lines = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    # Which ansible-core it is, the execution environment decides.
    wanted = [line for line in lines if not line.startswith(("#", "ansible-core"))]
    assert declared["python"] == [f"{line}  {from_us}" for line in wanted]
    assert declared["system"] == [f"git [platform:rpm platform:dpkg]  {from_us}"]


def test_of_all_requirements_the_collection_has_its_own(installed: Path) -> None:
    assert [path.name for path in installed.glob("*/*/*/requirements/*")] == ["runtime.in"]


def test_every_import_of_a_plugin_is_declared(declared: dict[str, list[str]]) -> None:
    provided = distributions_of(["ansible-core", *(line.partition("  #")[0] for line in declared["python"])])
    providers = packages_distributions()
    missing = {
        name: path
        for name, path in imported().items()
        if not {one.lower() for one in providers.get(name, [])} & provided
    }
    assert missing == {}


def test_the_image_takes_the_locked_packages_and_no_others(context: Path, installed: Path) -> None:
    options = re.findall(r"--(\S+)=(\S+\.txt)", (context / "Containerfile").read_text())
    given = {name: file for name, file in options if (context / "_build" / file).exists()}
    assert set(given) == {"user-pip", "user-bindep", "exclude-collection-reqs"}
    merged = context / "merged.txt"
    arguments = [f"--{name}={context / '_build' / file}" for name, file in given.items()]
    taken = introspected(installed, *arguments, f"--write-pip={merged}")
    assert PINNED.findall(merged.read_text()) == PINNED.findall(LOCK.read_text())
    assert merged.read_text().count("--hash=sha256:") == LOCK.read_text().count("--hash=sha256:")
    assert [line.partition(" ")[0] for line in taken["system"]] == ["git"]


def test_the_image_holds_the_collection_that_was_built(context: Path, archive: Path) -> None:
    (wanted,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    assert (context / "_build" / wanted["name"]).read_bytes() == archive.read_bytes()


def test_the_image_has_the_versions_that_are_used_elsewhere() -> None:
    dependencies = definition()["dependencies"]
    assert dependencies["ansible_core"]["package_pip"] in LOCK.read_text()
    assert (
        dependencies["ansible_runner"]["package_pip"] in (ROOT / "requirements" / "local_cloud.in").read_text().split()
    )
    steps = json.dumps(definition()["additional_build_steps"])
    for role in ("prometheus", "alertmanager"):
        defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())
        assert f"--from={defaults[f'{role}_image']} " in steps
