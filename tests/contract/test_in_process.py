"""A module answers the same in the process of its task and in a Python of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
PARAMETERS = [{"name": "level", "value": "INFO"}, {"name": "token", "secure_value": "correct-horse-battery"}]


def task(name: str, options: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"name": name, "trademaster.platform.ssm_parameters": options, "register": name, **keywords}


def play(folder: Path, endpoint: str, options: dict[str, Any], **keywords: Any) -> subprocess.CompletedProcess[str]:
    """Run the module twice in check mode, the second time with a task environment, and compare the results."""
    same = "here | dict2items == elsewhere | dict2items"
    tasks = [
        task("here", options, check_mode=True, **keywords),
        task("elsewhere", options, check_mode=True, environment={"WHEREVER": "elsewhere"}, **keywords),
        {"ansible.builtin.assert": {"that": same}},
    ]
    file = folder / "play.yml"
    file.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    connection = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret-key"}
    collections = next(path for path in sys.path if path.endswith(".venv/collections"))
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return subprocess.run(
        [str(PLAYBOOK), "-i", "localhost,", "-c", "local", "-vvv", "-e", json.dumps(variables), str(file)],
        env={
            **os.environ,
            **connection,
            **credentials,
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def output_of(run: subprocess.CompletedProcess[str], name: str) -> str:
    """What the run said from the start of a task to the start of the next."""
    return run.stdout.split(f"TASK [{name}]", 1)[1].split("TASK [", 1)[0]


@pytest.mark.parametrize("diff", [False, True])
def test_both_ways_answer_the_same(tmp_path: Path, aws_endpoint: str, diff: bool) -> None:
    options = {"path": "/contract/in-process", "parameters": PARAMETERS, "tags": {"Project": "contract"}}
    run = play(tmp_path, aws_endpoint, options, diff=diff)
    assert run.returncode == 0, run.stdout
    assert "EXEC" not in output_of(run, "here")
    assert "EXEC" in output_of(run, "elsewhere")
    assert "correct-horse-battery" not in run.stdout


def test_both_ways_fail_the_same(tmp_path: Path, aws_endpoint: str) -> None:
    options = {"path": "no-slash", "parameters": PARAMETERS}
    run = play(tmp_path, aws_endpoint, options, ignore_errors=True)
    assert run.returncode == 0, run.stdout
    assert "path: 'no-slash' is not a hierarchy" in output_of(run, "here")
