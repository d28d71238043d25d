"""The modules of awx.awx against the stand-in: each makes, leaves alone, changes and removes its kind of object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from awx_support import PROJECT, Api, Modules

SURVEY = {
    "name": "Deploy",
    "description": "",
    "spec": [
        {"type": "text", "question_name": "Tag", "variable": "release_tag", "required": True},
        {
            "type": "multiplechoice",
            "question_name": "Colour",
            "variable": "colour",
            "required": False,
            "choices": ["blue", "green"],
            "default": "blue",
        },
    ],
}
INPUTS = {
    "fields": [
        {"id": "url", "label": "URL", "type": "string"},
        {"id": "token", "label": "Token", "type": "string", "secret": True},
    ],
    "required": ["url", "token"],
}
# What a module finds an object by.
FOUND_BY = ("name", "identifier", "organization", "inventory", "credential_type", "workflow_job_template")
RULE = "DTSTART;TZID=Europe/Berlin:20300101T020000 RRULE:FREQ=DAILY;INTERVAL=1"
WEBHOOK = {"url": "https://example.com/hook", "headers": {}}
# Kind -> what it is made of, and another value for something of it.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "organization": ({"name": "TradeMaster", "max_hosts": 3}, {"description": "Authentication"}),
    "credential_type": (
        {"name": "Kong", "kind": "cloud", "inputs": INPUTS, "injectors": {"env": {"KONG_ADMIN_TOKEN": "{{ token }}"}}},
        {"injectors": {"extra_vars": {"kong_admin_url": "{{ url }}"}}},
    ),
    "credential": (
        {
            "name": "AWS staging",
            "organization": "Default",
            "credential_type": "Amazon Web Services",
            "inputs": {"username": "AKIAEXAMPLE", "password": "not-a-secret"},
            "update_secrets": False,
        },
        {"inputs": {"username": "AKIAOTHER", "password": "not-a-secret"}},
    ),
    "execution_environment": (
        {"name": "platform", "image": "registry.example.com/platform:1", "pull": "missing"},
        {"image": "registry.example.com/platform:2"},
    ),
    "project": (
        {**PROJECT, "organization": "Default", "scm_update_on_launch": True, "notification_templates_error": ["Pager"]},
        {"scm_branch": "main", "notification_templates_error": []},
    ),
    "inventory": (
        {"name": "production", "organization": "Default", "variables": {"a": 1}, "instance_groups": ["default"]},
        {"variables": {"a": 2}, "instance_groups": []},
    ),
    "host": ({"name": "gateway", "inventory": "staging", "variables": {"a": 1}}, {"enabled": False}),
    "inventory_source": (
        {
            "name": "files",
            "inventory": "staging",
            "source": "scm",
            "source_project": "platform",
            "source_path": "inventories/staging",
            "source_vars": {"a": 1},
            "overwrite": True,
        },
        {"update_on_launch": True, "source_vars": {"a": 2}},
    ),
    "job_template": (
        {
            "name": "Deploy",
            "organization": "Default",
            "project": "platform",
            "inventory": "staging",
            "playbook": "playbooks/hello.yml",
            "extra_vars": {"environment_name": "staging"},
            "credentials": ["AWS"],
            "survey_enabled": True,
            "survey_spec": SURVEY,
            "ask_variables_on_launch": True,
            "ask_job_type_on_launch": True,
            "notification_templates_success": ["Pager"],
            "execution_environment": "AWX EE (24.6.1)",
            "instance_groups": ["default"],
        },
        {"job_type": "check", "credentials": [], "survey_spec": {**SURVEY, "description": "A release"}},
    ),
    "workflow_job_template": (
        {"name": "Release", "organization": "Default", "survey_enabled": True, "survey_spec": SURVEY},
        {"extra_vars": {"environment_name": "staging"}, "notification_templates_approvals": ["Pager"]},
    ),
    "workflow_job_template_node": (
        {
            "workflow_job_template": "Nightly",
            "organization": "Default",
            "identifier": "plan",
            "unified_job_template": "hello",
            "lookup_organization": "Default",
            "success_nodes": ["deploy"],
            "failure_nodes": ["rollback"],
            "extra_data": {"environment_name": "staging"},
        },
        {"failure_nodes": [], "always_nodes": ["notify"], "job_type": "check"},
    ),
    "schedule": (
        {
            "name": "Every night",
            "unified_job_template": "hello",
            "rrule": RULE,
            "extra_data": {"greeting": "good night"},
        },
        {"enabled": False, "rrule": RULE.replace("DAILY", "WEEKLY")},
    ),
    "notification_template": (
        {
            "name": "Hook",
            "organization": "Default",
            "notification_type": "webhook",
            "notification_configuration": WEBHOOK,
            "messages": {"error": {"body": "{{ job_metadata }}"}},
        },
        {"notification_configuration": {**WEBHOOK, "http_method": "PUT"}},
    ),
}


@pytest.fixture
def world(api: Api) -> Api:
    """What the objects refer to."""
    aws = api.one("credential_types", namespace="aws")["id"]
    api.add("credentials", name="AWS", organization=1, credential_type=aws, inputs={"username": "a", "password": "b"})
    hook = {"notification_type": "webhook", "notification_configuration": dict(WEBHOOK)}
    api.add("notification_templates", name="Pager", organization=1, **hook)
    return api


@pytest.mark.parametrize("kind", CASES)
def test_a_module_makes_leaves_alone_changes_and_removes(kind: str, world: Api, modules: Modules) -> None:
    given, edit = CASES[kind]
    if kind != "project":
        template = world.job_template("hello", ask_variables_on_launch=True, ask_job_type_on_launch=True)
    if kind == "workflow_job_template_node":
        workflow = world.add("workflow_job_templates", name="Nightly", organization=1)
        for identifier in ("deploy", "rollback", "notify"):
            node = {"identifier": identifier, "unified_job_template": template["id"]}
            world.add("workflow_job_template_nodes", workflow_job_template=workflow["id"], **node)
    found_by = (
        {"identifier", "workflow_job_template"} if "identifier" in given else {"name", "inventory", "organization"}
    )
    absent = {name: value for name, value in given.items() if name in {*found_by, "credential_type"}}

    assert modules.changed(kind, **given), "made"
    assert not modules.changed(kind, **given), "nothing to do"
    assert modules.changed(kind, **{**given, **edit}), "changed"
    assert not modules.changed(kind, **{**given, **edit}), "nothing to do after the change"
    assert modules.changed(kind, **absent, state="absent"), "removed"
    assert not modules.changed(kind, **absent, state="absent"), "nothing to remove"


def test_a_module_makes_the_graph_of_a_workflow(api: Api, modules: Modules) -> None:
    for name in ("plan", "deploy", "rollback"):
        api.job_template(name)

    def node(name: str, kind: str = "job_template", **edges: list[dict[str, str]]) -> dict[str, Any]:
        template = {"name": name, "type": kind, "organization": {"name": "Default"}, "timeout": 60}
        return {"identifier": name, "unified_job_template": template, "related": edges}

    nodes = [
        node("plan", success_nodes=[{"identifier": "approve"}]),
        node("approve", "workflow_approval", success_nodes=[{"identifier": "deploy"}]),
        node("deploy", failure_nodes=[{"identifier": "rollback"}]),
        node("rollback"),
    ]
    for _again in range(2):
        assert modules.changed(
            "workflow_job_template",
            name="Release",
            organization="Default",
            workflow_nodes=nodes,
            destroy_current_nodes=True,
        )

    made = {one["identifier"]: one for one in api.call("GET", "workflow_job_template_nodes/")["results"]}
    assert {name: one["summary_fields"]["unified_job_template"]["unified_job_type"] for name, one in made.items()} == {
        "plan": "job",
        "approve": "workflow_approval",
        "deploy": "job",
        "rollback": "job",
    }
    assert made["plan"]["success_nodes"] == [made["approve"]["id"]]
    assert made["approve"]["success_nodes"] == [made["deploy"]["id"]]
    assert made["deploy"]["failure_nodes"] == [made["rollback"]["id"]]
    assert api.count("unified_job_templates", type="workflow_approval_template") == 1, "the first went with its node"


def test_a_playbook_makes_them_with_the_defaults_of_their_group(api: Api, tmp_path: Path) -> None:
    controller = api.controller
    names = ("url", "username", "password")
    values = {"controller": {name: getattr(controller, name) for name in names}}
    given = json.dumps({**values, "ansible_python_interpreter": sys.executable})
    program = Path(sys.executable).with_name("ansible-playbook")
    argv = [program, "-i", "localhost,", "-c", "local", Path(__file__).with_name("controller.yml"), "-e", given]
    variables = {**os.environ, "SSL_CERT_FILE": controller.ca_cert, "HOME": str(tmp_path)}

    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=variables)

    assert "ok=4    changed=3    unreachable=0    failed=0" in done.stdout, done.stdout
    assert api.count("organizations") == 1
    assert api.one("projects", name="platform")["organization"] is None
