"""The built collection holds what is in the repository for it, and never state, secrets or tools of a checkout."""

from __future__ import annotations

import fnmatch
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = {
    *("CHANGELOG.md", "CONTRIBUTING.md", "COPYING", "README.md", "bindep.txt", "galaxy.yml"),
    *("changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "requirements", "roles"),
}
# ansible-galaxy leaves these out by itself.
BY_DEFAULT = ["galaxy.yml", "*.pyc", "*.retry", ".git", "tests/output"]


def left_out(name: str) -> bool:
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    return any(fnmatch.fnmatch(name, pattern) for pattern in [*BY_DEFAULT, *ignored])


def kept_out_of_git() -> list[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    names = [line.strip("/").replace("[cod]", "c") for line in lines if line and not line.startswith("#")]
    return [name for name in names if name != "__pycache__"]  # its content is *.pyc


@pytest.mark.parametrize("name", kept_out_of_git())
def test_what_git_leaves_out_the_build_leaves_out(name: str) -> None:
    # A directory that is left out takes its content along.
    assert left_out(name) or left_out(name.partition("/")[0])


def test_of_what_git_holds_the_build_takes_what_users_need() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    top = {line.partition("/")[0] for line in listing.splitlines()}

    assert {name for name in top if not left_out(name)} == SHIPPED - {"galaxy.yml"}
