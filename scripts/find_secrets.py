#!/usr/bin/env python3
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for secrets in the files that git knows, or in those that are given.

`.secrets.baseline` holds the settings of detect-secrets, and what looks like a secret and is none. It is compared by
file, kind and hash, so that lines may move. `--accept` writes what is found now into it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / ".secrets.baseline"
Found = dict[str, Any]


def scan(files: Sequence[str], settings: dict[str, Any]) -> list[Found]:
    """What looks like a secret; only hashes are kept of it."""
    with transient_settings(settings):
        return [secret.json() for file in files for secret in scan_file(file)]


def identity(found: Found) -> tuple[str, str, str]:
    return found["filename"], found["type"], found["hashed_secret"]


def search(files: Sequence[str], settings: dict[str, Any], workers: int = 2) -> list[Found]:
    shares = [files[share::workers] for share in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        found = [secret for part in pool.map(scan, shares, [settings] * workers) for secret in part]
    return sorted(found, key=lambda secret: (secret["filename"], secret["line_number"]))


def main() -> int:
    parser = argparse.ArgumentParser(description="Look for secrets in files.")
    parser.add_argument("files", nargs="*", help="files; all that git knows by default")
    parser.add_argument("--accept", action="store_true", help="take what is found for no secret")
    arguments = parser.parse_args()
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    baseline = json.loads(BASELINE.read_text())
    settings = {name: baseline[name] for name in ("plugins_used", "filters_used")}
    files = [file for file in arguments.files or listed.splitlines() if Path(file).name != BASELINE.name]
    found = search(files, settings)
    if arguments.accept:
        results: dict[str, list[Found]] = {}
        for secret in found:
            results.setdefault(secret["filename"], []).append(secret)
        BASELINE.write_text(json.dumps({**baseline, "results": results}, indent=1) + "\n")
        return 0
    known = {identity(secret) for secrets in baseline["results"].values() for secret in secrets}
    new = [secret for secret in found if identity(secret) not in known]
    for secret in new:
        print(f"{secret['filename']}:{secret['line_number']}: {secret['type']}")
    if new:
        print("secrets? take them out, and change them; what is none: scripts/find_secrets.py --accept")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
