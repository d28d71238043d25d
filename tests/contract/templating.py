"""Expressions as a playbook uses them, with what inventories give lookups."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ANSIBLE = Path(sys.executable).parent / "ansible"
# Read through variables, one of them a template, as inventories give them.
VARIABLES = {
    "platform_project": "contract",
    "platform_environment": "{{ 'te' ~ 'st' }}",
    "aws_region": "us-east-1",
    "aws_access_key": "local",
    "aws_secret_key": "local-secret-key",
}


def templated(expression: str, endpoint: str, *, check: bool = False, **more: str) -> subprocess.CompletedProcess[str]:
    """Show what an expression is, as JSON, in check mode or out of it. `more` are further variables."""
    message = f"{{{{ {expression} | to_json }}}}"
    arguments = ["localhost", "-c", "local", "-m", "ansible.builtin.debug", "-a", f"msg={json.dumps(message)}"]
    variables = json.dumps({**VARIABLES, "aws_endpoint_url": endpoint, **more})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["ANSIBLE_COLLECTIONS_PATH"] = next(path for path in sys.path if path.endswith(".venv/collections"))
    return subprocess.run(
        [str(ANSIBLE), *arguments, *(["--check"] if check else []), "-e", variables],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
