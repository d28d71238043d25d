"""What a run in check mode would change, as text, JSON and Markdown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.trademaster.platform.plugins.plugin_utils.plan import (
    MARKDOWN_CHARACTERS,
    Plan,
    changes_of,
    fenced,
    shown,
)

REPOSITORY = Path(__file__).resolve().parents[3]
NETWORK = {
    "changed": True,
    "changes": [
        {"op": "create", "kind": "subnet", "key": "private-a", "fields": ["cidr_block"]},
        {"op": "update", "kind": "security_group", "key": "auth", "fields": ["ingress", "description"]},
        {"op": "delete", "kind": "route", "key": "old", "fields": []},
    ],
    "diff": {
        "before": {"security_group auth": {"ingress": [8080], "description": None}, "route old": {"target": "nat-1"}},
        "after": {
            "subnet private-a": {"cidr_block": "10.0.1.0/24"},
            "security_group auth": {"ingress": [8080, 8081], "description": "two\nlines"},
        },
    },
}
REPLACED = {
    "changed": True,
    "changes": [{"op": "replace", "kind": "instance", "key": "main", "fields": ["engine"]}],
    "diff": {"before": {"instance main": {"engine": "15"}}, "after": {"instance main": {"engine": "17"}}},
}


@pytest.fixture
def plan() -> Plan:
    plan = Plan("staging")
    plan.enter("encryption")
    plan.add("network", "Bring the network to its state", NETWORK)
    plan.add("database", "Create the instance", REPLACED)
    plan.add("network", "Look", {"changed": False, "changes": []})
    return plan


def test_it_is_told_role_by_role_with_before_and_after(plan: Plan) -> None:
    assert plan.text().splitlines() == [
        "network",
        "  + subnet private-a",
        "  ~ security_group auth",
        "      ingress: [8080] → [8080, 8081]",
        r'      description: (none) → "two\nlines"',
        "  - route old",
        "",
        "database",
        "  ± instance main",
        "      engine: 15 → 17",
        "",
        "Plan for staging: 1 to create, 1 to update, 1 to replace, 1 to delete, in 2 of 3 roles",
    ]


def test_programs_get_all_of_it(plan: Plan) -> None:
    data = json.loads(json.dumps(plan.data()))
    assert data["verdict"] == "changes"
    assert data["counts"] == {"create": 1, "update": 1, "replace": 1, "delete": 1, "run": 0}
    assert [role["name"] for role in data["roles"]] == ["encryption", "network", "database"]
    assert data["roles"][1]["changes"][0] == {
        "op": "create", "kind": "subnet", "key": "private-a", "before": {}, "after": {"cidr_block": "10.0.1.0/24"},
    }  # fmt: skip


def test_a_pull_request_gets_sections_that_unfold(plan: Plan) -> None:
    told = plan.markdown()
    assert told.startswith("<!-- plan: staging -->\n### Plan for staging: 1 to create")
    assert "<details><summary><b>network</b>: 3 changes</summary>" in told
    assert "<details><summary><b>database</b>: 1 change</summary>" in told
    assert "-     engine: 15\n+     engine: 17" in told


def test_no_changes() -> None:
    plan = Plan("staging")
    plan.add("network", "Look", {"changed": False, "changes": []})
    assert (plan.verdict, plan.text()) == ("no changes", "Plan for staging: no changes")


def test_what_failed_makes_the_plan_incomplete(plan: Plan) -> None:
    plan.fail("evidence", "Refuse what the run would bring about", "RDS.2: main is public")
    assert plan.verdict == "failed"
    assert "not complete; 1 to create" in plan.headline
    assert "**evidence: Refuse what the run would bring about** failed:" in plan.markdown()
    assert "RDS.2: main is public" in plan.markdown()


def test_of_other_modules_only_the_task_is_told() -> None:
    answer = {"changed": True, "diff": {"before": "password: old", "after": "password: new"}}
    (change,) = changes_of("Write the file", answer)
    assert (change.op, change.kind, change.key, change.before, change.after) == (
        "run",
        "task",
        "Write the file",
        {},
        {},
    )
    assert list(changes_of("Look", {"changed": False})) == []
    assert list(changes_of("Write", {"changed": False, "changes": "not ours"})) == []


def test_what_a_play_calls_no_change_is_none() -> None:
    taken = {"changed": False, "changes": [{"op": "create", "kind": "lock", "key": "auth-service", "fields": []}]}
    assert list(changes_of("Take the lock", taken)) == []


def test_values_take_one_line() -> None:
    assert shown("") == '""'
    assert shown(None) == "(none)"
    assert shown("a\x1b[31m") == r'"a\u001b[31m"'
    assert len(shown(["long"] * 100)) == 100


def test_no_value_gets_out_of_its_block() -> None:
    assert fenced("~~~~\n<script>").count("~~~~") == 2


def test_a_comment_is_never_too_long_for_github() -> None:
    plan = Plan("staging")
    for number in range(40):
        changes = [{"op": "create", "kind": "subnet", "key": "x" * 50} for _ in range(60)]
        plan.add(f"role{number}", "Create", {"changed": True, "changes": changes})
    told = plan.markdown()
    assert len(told) < MARKDOWN_CHARACTERS + 100
    assert told.endswith("more roles: see plan.json\n")


def test_the_callback_gathers_a_run(tmp_path: Path) -> None:
    """A playbook without roles of ours: a loop, a failure and a hidden task."""
    (tmp_path / "playbook.yml").write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "vars": {"ansible_python_interpreter": sys.executable},
                    "tasks": [
                        {
                            "name": "Write",
                            "ansible.builtin.copy": {"content": "hidden-content", "dest": f"{tmp_path}/{{{{ item }}}}"},
                            "loop": ["a", "b"],
                        },
                        {
                            "name": "Hide",
                            "ansible.builtin.copy": {"content": "hidden-content", "dest": f"{tmp_path}/c"},
                            "no_log": True,
                        },
                        {
                            "name": "Stop",
                            "ansible.builtin.fail": {"msg": "there is no more {{ item }}"},
                            "loop": ["to see", "to do"],
                        },
                    ],
                }
            ]
        )
    )
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "--check", "--diff", tmp_path / "playbook.yml"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_STDOUT_CALLBACK": "trademaster.platform.plan",
            "ANSIBLE_CALLBACKS_ENABLED": "trademaster.platform.planned_changes",
            "PLAN_DIR": str(tmp_path / "plan"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    plan = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert done.returncode == 2, done.stderr
    assert plan["counts"]["run"] == 3
    assert plan["failures"] == [
        {"role": "playbook", "task": "Stop", "reason": "there is no more to see\nthere is no more to do"}
    ]
    assert "there is no more to see" in done.stderr
    assert "Plan for localhost: not complete; 3 to run" in done.stdout
    written = "".join(path.read_text() for path in (tmp_path / "plan").iterdir())
    assert "hidden-content" not in done.stdout + done.stderr + written
