# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put what a release of the collection publishes into dist: the archive, its part of the changelog, its dependencies.

`python -m scripts.release VERSION` refuses a version that galaxy.yml or the changelog does not have.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def notes(changelog: str, version: str) -> str:
    """The part of a changelog that is about one version, empty when there is none."""
    heading = rf"^## v{re.escape(version)}$"
    found = re.search(rf"{heading}\n(.*?)(?=^## v|\Z)", changelog.replace("\\", ""), re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else ""


def main(version: str) -> None:
    named = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    if version != named:
        sys.exit(f"version {version!r}: galaxy.yml says {named}: change it there, or the tag")
    told = notes((ROOT / "CHANGELOG.md").read_text(), version)
    if not told:
        sys.exit(f"version {version}: CHANGELOG.md does not have it: run antsibull-changelog release")
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    subprocess.run([galaxy, "collection", "build", "--output-path", DIST], cwd=ROOT, check=True)
    (DIST / "CHANGELOG.md").write_text(told)
    shutil.copy(ROOT / ".local" / "sbom.json", DIST)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.release VERSION")
    main(sys.argv[1])
