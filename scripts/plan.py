# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what site.yml would change: `python -m scripts.plan -i INVENTORY [ARGUMENT …]`, arguments of ansible-playbook.

Ends with 0 when nothing would change, with 2 when something would, and with 1 when that could not be found out. The
plan is in plan.json and plan.md below .local/plan, or PLAN_DIR.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODES = {"no changes": 0, "changes": 2}


def main(arguments: Sequence[str]) -> int:
    directory = Path(os.environ.get("PLAN_DIR") or ROOT / ".local" / "plan").absolute()
    plan = directory / "plan.json"
    plan.unlink(missing_ok=True)  # that of the run before would be taken for this one's
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "playbooks/site.yml", "--check", "--diff", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_STDOUT_CALLBACK": "trademaster.platform.plan",
            # The last task of site.yml judges what the tasks before it would change.
            "ANSIBLE_CALLBACKS_ENABLED": "trademaster.platform.planned_changes",
            "PLAN_DIR": str(directory),
        },
        check=False,
    )
    if done.returncode or not plan.exists():
        return 1
    return CODES.get(json.loads(plan.read_text())["verdict"], 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
