"""The controller has what the role's rows say: surveys of real variables, and a workflow that rolls back."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
CLOUD = json.loads((Path(os.environ["LOCAL_CLOUD_STATE"]) / "endpoints.json").read_text())
AWX = CLOUD["awx"]
HEADERS = urllib3.make_headers(basic_auth=f"{AWX['username']}:{Path(AWX['password_file']).read_text()}")
HTTP = urllib3.PoolManager(ca_certs=CLOUD["ca"], headers=HEADERS)
NAME = "molecule-awx"
# Type of a question -> types of options that may be asked for with it.
KINDS = {
    "text": {"str", "path", "raw"},
    "textarea": {"str"},
    "integer": {"int"},
    "float": {"float"},
    "multiplechoice": {"str", "bool"},
    "multiselect": {"list"},
    "password": {"str"},
}
# Of a playbook itself, which has no argument specs.
OWN = {"destroy_confirmed": {"type": "str"}, "notify_failure": {"type": "str"}}


def get(path: str) -> Any:
    answer = HTTP.request("GET", f"{AWX['url']}/api/v2/{path}")
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def post(path: str, body: Any) -> Any:
    answer = HTTP.request("POST", f"{AWX['url']}/{path}", json=body)
    assert answer.status < 300, answer.data
    return json.loads(answer.data) if answer.data else None


def eventually(read: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := read()):
        assert time.monotonic() < deadline
    return found


def listed(kind: str, **query: str) -> list[Any]:
    wanted = "&".join(f"{name}={value}" for name, value in {"page_size": "200", **query}.items())
    return list(get(f"{kind}/?{wanted}")["results"])


def named(kind: str, name: str) -> Any:
    (found,) = listed(kind, name=f"{NAME}%20{name}" if name else NAME)
    return found


def roles(playbook: str) -> list[tuple[str, str]]:
    tasks = [task for play in yaml.safe_load((ROOT / playbook).read_text()) for task in play["tasks"]]
    imports = [task["ansible.builtin.import_role"] for task in tasks if "ansible.builtin.import_role" in task]
    return [(role["name"].rpartition(".")[2], role.get("tasks_from", "main")) for role in imports]


def options(playbook: str) -> dict[str, Any]:
    """Read here on its own, not by the code that made the surveys."""
    found: dict[str, Any] = {}
    for role, entry_point in roles(playbook):
        specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
        found |= specs["argument_specs"].get(entry_point, {}).get("options", {})
    return found


TEMPLATES = {item["name"].removeprefix(f"{NAME} "): item for item in listed("job_templates", name__startswith=NAME)}


def test_there_is_a_template_for_everything_that_operators_do() -> None:
    assert {"site", "plan", "verify", "deploy", "rollback", "releases", "status"} <= set(TEMPLATES)
    assert {"rotate", "evidence", "drill", "destroy"} <= set(TEMPLATES)
    assert not any(item["allow_simultaneous"] for item in TEMPLATES.values())
    assert all(item["timeout"] > 0 for item in TEMPLATES.values())


def test_the_plan_only_tells() -> None:
    plan = TEMPLATES["plan"]
    assert (plan["playbook"], plan["job_type"], plan["diff_mode"]) == ("playbooks/site.yml", "check", True)


def test_questions_are_variables_of_the_playbook() -> None:
    asking = [template for template in TEMPLATES.values() if template["survey_enabled"]]
    questions = [
        (options(template["playbook"]) | OWN, question)
        for template in asking
        for question in get(f"job_templates/{template['id']}/survey_spec/")["spec"]
    ]
    assert len(questions) >= len(asking) > 0
    for known, question in questions:
        option = known[question["variable"]]
        assert option["type"] in KINDS[question["type"]], question
        choices = ["true", "false"] if option["type"] == "bool" else option.get("choices")
        assert not choices or question["choices"] == choices


def test_only_one_template_has_the_account_that_takes_down() -> None:
    accounts = {
        name: {one["name"] for one in item["summary_fields"]["credentials"]} for name, item in TEMPLATES.items()
    }
    destroying = accounts.pop("destroy")
    assert destroying == {f"{NAME} destroy", f"{NAME} pagerduty"}
    assert all(names == {f"{NAME} aws", f"{NAME} pagerduty"} for names in accounts.values())


def nodes() -> dict[str, Any]:
    workflow = named("workflow_job_templates", "release")
    return {
        node["identifier"]: node for node in listed("workflow_job_template_nodes", workflow_job_template=workflow["id"])
    }


def test_the_workflow_waits_for_an_approval_and_rolls_back_what_does_not_verify() -> None:
    graph = nodes()
    names = {node["id"]: name for name, node in graph.items()}
    edges = {
        (name, edge, names[follower])
        for name, node in graph.items()
        for edge in ("success", "failure", "always")
        for follower in node[f"{edge}_nodes"]
    }
    assert edges == {
        ("sync", "success", "plan"),
        ("plan", "success", "approval"),
        ("approval", "success", "site"),
        ("site", "success", "deploy"),
        ("deploy", "success", "verify"),
        ("verify", "success", "status"),
        ("verify", "failure", "rollback"),
        ("rollback", "always", "notify"),
    }
    approval = graph["approval"]["summary_fields"]["unified_job_template"]
    assert approval["unified_job_type"] == "workflow_approval"
    assert get(f"workflow_approval_templates/{approval['id']}/")["timeout"] == 86400


def test_the_workflow_asks_what_deploy_has_to_know() -> None:
    workflow = named("workflow_job_templates", "release")
    asked = {one["variable"]: one for one in get(f"workflow_job_templates/{workflow['id']}/survey_spec/")["spec"]}
    assert asked["release_tag"]["required"]


def released(decision: str, **outcomes: str) -> tuple[Any, dict[str, str]]:
    """Launch the workflow, decide, and answer the workflow job and how each step ended; no playbook is run."""
    ends = {f"{NAME} {name}": outcomes.get(name, "successful") for name in TEMPLATES}
    post("stand-in/outcomes", {"outcomes": ends})
    try:
        workflow = named("workflow_job_templates", "release")["id"]
        job = post(f"api/v2/workflow_job_templates/{workflow}/launch/", {"extra_vars": {"release_tag": "1.4.2"}})["id"]
        approval = eventually(lambda: listed("workflow_approvals", status="pending"))[0]["id"]
        post(f"api/v2/workflow_approvals/{approval}/{decision}/", {})
        ended = eventually(lambda: (found := get(f"workflow_jobs/{job}/"))["finished"] and found)
    finally:
        post("stand-in/outcomes", {"outcomes": {}})
    steps = {node["identifier"]: node for node in listed("workflow_job_nodes", workflow_job=job)}
    ran = {name: node["summary_fields"]["job"]["status"] for name, node in steps.items() if node["job"]}
    return ended, ran


def test_a_release_that_does_not_verify_is_rolled_back_and_the_workflow_fails() -> None:
    ended, ran = released("approve", verify="failed", notify="failed")

    assert ended["status"] == "failed"
    assert {name for name, status in ran.items() if status == "failed"} == {"verify", "notify"}
    assert ran["rollback"] == "successful"
    assert "status" not in ran
    deployed = listed("jobs", name=f"{NAME}%20deploy", status="successful", order_by="-id")[0]
    variables = json.loads(deployed["extra_vars"])
    assert variables["release_tag"] == "1.4.2"
    assert variables["release_by"] == "{{ awx_user_name | default('awx') }}"


def test_what_is_denied_changes_nothing() -> None:
    ended, ran = released("deny")

    assert ended["status"] == "failed"
    assert ran == {"sync": "successful", "plan": "successful", "approval": "failed"}


def test_inventories_come_from_the_project() -> None:
    source = named("inventory_sources", "local")
    assert source["source_project"] == named("projects", "")["id"]
    assert (source["source"], source["source_path"]) == ("scm", "inventories/local")
    assert source["update_on_launch"]


def test_no_secret_is_shown() -> None:
    shown = json.dumps([listed("credentials"), listed("notification_templates")])
    assert "of-molecule-" not in shown
    assert "$encrypted$" in shown


@pytest.mark.parametrize("event", ["success", "error", "approvals"])
def test_the_channel_is_told_of_the_workflow(event: str) -> None:
    workflow = named("workflow_job_templates", "release")
    told = get(f"workflow_job_templates/{workflow['id']}/notification_templates_{event}/")["results"]
    assert f"{NAME} chat" in [one["name"] for one in told]


def test_evidence_is_gathered_at_night() -> None:
    schedule = named("schedules", "nightly%20evidence")
    assert schedule["enabled"]
    assert schedule["unified_job_template"] == TEMPLATES["evidence"]["id"]
    assert "FREQ=DAILY" in schedule["rrule"]
