"""The playbooks of this folder, run on an AWS endpoint, and a look at what they have made there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3

FOLDER = Path(__file__).parent
ACCOUNT = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def play(name: str, endpoint: str, variables: dict[str, Any], *, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run `<name>.yml` with variables of its own."""
    given = {"ansible_python_interpreter": sys.executable, **variables}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
    return subprocess.run(
        [*command, "-e", json.dumps(given), str(FOLDER / f"{name}.yml")],
        cwd=FOLDER.parents[1],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "AWS_ENDPOINT_URL": endpoint, **ACCOUNT},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=ACCOUNT["AWS_REGION"],
        aws_access_key_id=ACCOUNT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ACCOUNT["AWS_SECRET_ACCESS_KEY"],
    )
