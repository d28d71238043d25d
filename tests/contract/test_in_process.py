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

from tests.contract.kong_admin import Admin

PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
PARAMETERS = [{"name": "level", "value": "INFO"}, {"name": "token", "secure_value": "correct-horse-battery"}]


def aws(endpoint: str) -> dict[str, str]:
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret-key"}
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", **credentials}


def play(
    folder: Path, connection: dict[str, str], module: str, options: dict[str, Any], **keywords: Any
) -> subprocess.CompletedProcess[str]:
    """Run the module twice in check mode, the second time with a task environment, and compare the results."""

    def task(name: str, **more: Any) -> dict[str, Any]:
        call = {f"trademaster.platform.{module}": options}
        return {"name": name, **call, "register": name, "check_mode": True, **keywords, **more}

    same = "here | dict2items == elsewhere | dict2items"
    tasks = [
        task("here"),
        task("elsewhere", environment={"WHEREVER": "elsewhere"}),
        {"ansible.builtin.assert": {"that": same}},
    ]
    file = folder / "play.yml"
    file.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    collections = next(path for path in sys.path if path.endswith(".venv/collections"))
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return subprocess.run(
        [str(PLAYBOOK), "-i", "localhost,", "-c", "local", "-vvv", "-e", json.dumps(variables), str(file)],
        env={
            **os.environ,
            **connection,
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


def answers_the_same_both_ways(run: subprocess.CompletedProcess[str], secret: str) -> None:
    assert run.returncode == 0, run.stdout
    assert "EXEC" not in output_of(run, "here")
    assert "EXEC" in output_of(run, "elsewhere")
    assert secret not in run.stdout


@pytest.mark.parametrize("diff", [False, True])
def test_both_ways_answer_the_same(tmp_path: Path, aws_endpoint: str, diff: bool) -> None:
    options = {"path": "/contract/in-process", "parameters": PARAMETERS, "tags": {"Project": "contract"}}
    run = play(tmp_path, aws(aws_endpoint), "ssm_parameters", options, diff=diff)
    answers_the_same_both_ways(run, "correct-horse-battery")


@pytest.mark.parametrize("diff", [False, True])
def test_both_ways_answer_the_same_for_kong(tmp_path: Path, kong: Admin, diff: bool) -> None:
    kong.made("/consumers", {"username": "contract-in-process"})
    options = {"type": "key-auth", "consumer": "contract-in-process", "key": "correct-horse-battery"}
    run = play(tmp_path, {"KONG_ADMIN_URL": kong.url}, "kong_credential", options, diff=diff)
    answers_the_same_both_ways(run, "correct-horse-battery")


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("ssm_parameters", {"path": "no-slash", "parameters": PARAMETERS}, "path: 'no-slash' is not a hierarchy"),
        ("kong_service", {"name": "a b"}, "name: 'a b' has to be a name of letters"),
        (
            "github_variables",
            {"repository": "a", "variables": {}, "api_token": "unused"},
            "repository: 'a' has to be owner/",
        ),
        ("pagerduty_service", {"name": "a", "api_url": "http://a"}, "api_url: 'http://a' has to be an https:// URL"),
    ],
)
def test_both_ways_fail_the_same(tmp_path: Path, module: str, options: dict[str, Any], message: str) -> None:
    nowhere = {**aws("http://127.0.0.1:1"), "KONG_ADMIN_URL": "http://127.0.0.1:1", "PAGERDUTY_API_TOKEN": "unused"}
    run = play(tmp_path, nowhere, module, options, ignore_errors=True)
    assert run.returncode == 0, run.stdout
    assert message in output_of(run, "here")
