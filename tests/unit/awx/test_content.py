"""Rows of data become what the modules of awx.awx take; names that lead nowhere are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.trademaster.platform.plugins.filter.awx_content import awx_content
from ansible_collections.trademaster.platform.plugins.filter.awx_pending import awx_pending

REPOSITORY = Path(__file__).resolve().parents[3]
NODES: list[dict[str, Any]] = [
    {"name": "sync", "project_sync": True, "success": ["ask"]},
    {"name": "ask", "approval": {"description": "Look.", "timeout_seconds": 7200}, "success": ["deploy"]},
    {"name": "deploy", "job_template": "deploy", "failure": ["back"], "extra_vars": {"release_reason": "x"}},
    {"name": "back", "job_template": "rollback", "always": ["end"]},
    {"name": "end", "job_template": "status"},
]


def rows(**more: Any) -> dict[str, Any]:
    return {
        "inventories": [{"name": "staging", "path": "inventories/staging"}],
        "credential_types": [{"name": "aws"}],
        "credentials": [{"name": "main", "type": "aws"}, {"name": "git", "type": "Source Control"}],
        "notifications": [{"name": "chat", "events": ["error", "approvals"]}],
        "job_templates": [
            {"name": "deploy", "playbook": "deploy", "survey": [{"variable": "release_tag"}], "credentials": ["main"]},
            {"name": "rollback", "playbook": "rollback"},
            {"name": "status", "playbook": "status"},
        ],
        "workflows": [{"name": "release", "survey": ["release_tag"], "nodes": NODES}],
        "schedules": [{"name": "nightly", "job_template": "status", "rrule": "…"}],
        **more,
    }


def made(**more: Any) -> dict[str, Any]:
    return awx_content(rows(**more), name="tm", organization="us", directory=str(REPOSITORY))


def test_names_are_whole() -> None:
    content = made()
    deploy = content["job_templates"][0]
    assert (deploy["full_name"], deploy["inventory"], deploy["credentials"]) == ("tm deploy", "tm staging", ["tm main"])
    assert deploy["playbook"] == "playbooks/deploy.yml"
    assert content["schedules"][0]["template"] == "tm status"
    assert content["notified"] == {"started": [], "success": [], "error": ["tm chat"], "approvals": ["tm chat"]}


def test_a_workflow_asks_what_its_templates_ask() -> None:
    content = made()
    assert content["workflows"][0]["survey"]["spec"] == content["job_templates"][0]["survey"]["spec"]


def template(**more: Any) -> dict[str, Any]:
    return {"job_templates": [{"name": "deploy", "playbook": "deploy", **more}], "workflows": [], "schedules": []}


def workflow(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"workflows": [{"name": "release", "nodes": list(nodes), **more}]}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (template(playbook="deplo"), "awx_job_templates[0].playbook: 'deplo' is no playbook: choose from awx, "),
        (
            template(inventory="prod"),
            "awx_job_templates[0].inventory: 'prod' is not in awx_inventories: choose from staging",
        ),
        (
            template(credentials=["aws"]),
            "awx_job_templates[0].credentials: 'aws' is not in awx_credentials: choose from main,",
        ),
        (
            template(survey=[{"variable": "release_tga"}]),
            "awx_job_templates[0].survey[0].variable: 'release_tga' is no variable of the roles of playbooks/",
        ),
        (
            template(survey=[{"variable": "invented", "type": "str"}]),
            "awx_job_templates[0].survey[0].variable: 'invented' is no variable of the roles of playbooks/",
        ),
        (
            {"credentials": [{"name": "main", "type": "awz"}]},
            "awx_credentials[0].type: 'awz' is not in awx_credential_types",
        ),
        (
            {"schedules": [{"name": "a", "job_template": "nothing"}]},
            "awx_schedules[0].job_template: 'nothing' is not in awx_job_templates: choose from deploy,",
        ),
        (
            {"schedules": [{"name": "a"}]},
            "awx_schedules[0]: 'a' has to have one of job_template, work",
        ),
        ({"inventories": [{"name": "a"}, {"name": "a"}]}, "awx_inventories[1].name: 'a' is there twice"),
        (
            workflow({"name": "a", "job_template": "nothing"}),
            "awx_workflows[0].nodes[0].job_template: 'nothing' is not in awx_job_templates",
        ),
        (workflow({"name": "a"}), "awx_workflows[0].nodes[0]: 'a' has to have one of job_template, project_sync,"),
        (
            workflow({"name": "a", "project_sync": True, "success": ["b"]}),
            "awx_workflows[0].nodes[0].success: 'b' is no node: choose from a",
        ),
        (
            workflow(
                {"name": "a", "project_sync": True, "success": ["b"], "failure": ["b"]},
                {"name": "b", "project_sync": True},
            ),
            "awx_workflows[0].nodes[0].failure: 'b' follows already",
        ),
        (
            workflow(
                {"name": "a", "project_sync": True, "success": ["b"]},
                {"name": "b", "project_sync": True, "always": ["c"]},
                {"name": "c", "project_sync": True, "always": ["b"]},
            ),
            "awx_workflows[0].nodes: 'b, c' lead to each other in a circle",
        ),
        (
            workflow({"name": "a", "job_template": "deploy"}, survey=["release_to"]),
            "awx_workflows[0].survey[0]: 'release_to' is asked for by none of its job templates: choose from",
        ),
    ],
)
def test_what_leads_nowhere_is_refused_in_one_line(more: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        made(**more)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_variable_of_the_playbook_itself_is_asked_for_by_its_type() -> None:
    content = made(
        **template(playbook="destroy", survey=[{"variable": "destroy_confirmed", "type": "str", "question": "Which?"}])
    )
    (question,) = content["job_templates"][0]["survey"]["spec"]
    assert (question["variable"], question["type"], question["question_name"]) == (
        "destroy_confirmed",
        "text",
        "Which?",
    )


# What is to be written


def listed(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nodes as the API lists them."""
    kinds = {"job_template": "job", "project": "project_update", "workflow_approval": "workflow_approval"}
    ids = {node["identifier"]: index for index, node in enumerate(nodes)}
    return [
        {
            "id": ids[node["identifier"]],
            "identifier": node["identifier"],
            "extra_data": node.get("extra_data", {}),
            **{
                edge: [ids[other["identifier"]] for other in node["related"][edge]]
                for edge in ("success_nodes", "failure_nodes", "always_nodes")
            },
            "summary_fields": {
                "workflow_job_template": {"name": "tm release"},
                "unified_job_template": {
                    "name": node["unified_job_template"]["name"],
                    "description": node["unified_job_template"].get("description", "what the template does"),
                    "unified_job_type": kinds[node["unified_job_template"]["type"]],
                },
            },
        }
        for node in nodes
    ]


def is_current(workflows: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> bool:
    pending = awx_pending({"workflows": workflows}, name="tm", existing={"workflow_job_template_nodes": nodes})
    return bool(pending["workflows"][0]["current"])


def test_the_same_graph_is_not_written_again() -> None:
    workflows = made()["workflows"]
    assert is_current(workflows, listed(workflows[0]["nodes"]))
    assert not is_current(workflows, [])


@pytest.mark.parametrize(
    "changed",
    [
        {**NODES[2], "failure": [], "success": ["back"]},
        {**NODES[2], "failure": []},
        {**NODES[2], "extra_vars": {}},
        {**NODES[2], "job_template": "status"},
        {**NODES[2], "job_template": None, "approval": {"description": "Look."}},
    ],
)
def test_another_graph_is_seen(changed: dict[str, Any]) -> None:
    there = listed(made()["workflows"][0]["nodes"])
    others = [changed if node["name"] == changed["name"] else node for node in NODES]
    assert not is_current(made(**workflow(*others))["workflows"], there)


def test_a_longer_wait_for_an_approval_is_seen() -> None:
    there = listed(made()["workflows"][0]["nodes"])
    longer = {**NODES[1], "approval": {**NODES[1]["approval"], "timeout_seconds": 3600}}
    assert not is_current(made(**workflow(NODES[0], longer, *NODES[2:]))["workflows"], there)


CREDENTIAL = {"name": "main", "type": "aws", "inputs": {"region": "r", "secret": "s3cret", "empty": ""}}


def pending(credential: dict[str, Any], there: list[dict[str, Any]]) -> dict[str, Any]:
    found = awx_pending({"credentials": [credential]}, name="tm", existing={"credentials": there})
    return dict(found["credentials"][0])


def kept(told: str, **inputs: str) -> list[dict[str, Any]]:
    shown = {"region": "r", "secret": "$encrypted$", **inputs}
    return [{"name": "tm main", "description": told, "inputs": shown}]


def test_a_secret_is_written_once() -> None:
    first = pending(CREDENTIAL, [])
    assert not first["current"]
    assert "inputs" not in first
    again = pending(CREDENTIAL, kept(first["told"]))
    assert again["current"]
    assert again["told"] == first["told"]


@pytest.mark.parametrize(
    ("change", "there"),
    [
        ({"inputs": {"region": "r", "secret": "other"}}, {}),
        ({"inputs": {"region": "r2", "secret": "s3cret"}}, {}),
        ({"description": "Other"}, {}),
        ({"type": "gcp"}, {}),
        ({}, {"region": "changed by hand"}),
    ],
)
def test_what_changed_is_written(change: dict[str, Any], there: dict[str, Any]) -> None:
    told = pending(CREDENTIAL, [])["told"]
    assert not pending({**CREDENTIAL, **change}, kept(told, **there))["current"]


# The role's own rows


DEFAULTS = yaml.safe_load((REPOSITORY / "roles/awx/defaults/main.yml").read_text())
SPECS = yaml.safe_load((REPOSITORY / "roles/awx/meta/argument_specs.yml").read_text())["argument_specs"]["main"]
OWN = {kind: DEFAULTS[f"awx_{kind}"] for kind in ("job_templates", "workflows", "schedules", "credential_types")}


@pytest.mark.parametrize("kind", OWN)
def test_the_rows_of_the_role_are_as_its_specs_say(kind: str) -> None:
    validator = ArgumentSpecValidator({kind: SPECS["options"][f"awx_{kind}"]})
    given = [{**row, "credentials": []} if "credentials" in row else row for row in OWN[kind]]
    assert validator.validate({kind: given}).error_messages == []


def test_all_playbooks_have_a_template() -> None:
    own = [{**row, "credentials": []} for row in OWN["job_templates"]]
    content = made(**{**OWN, "job_templates": own})
    played = {Path(row["playbook"]).stem for row in content["job_templates"]}
    # Logs are read where they are followed; what fills the controller and the pipeline runs outside of them.
    assert played == {path.stem for path in (REPOSITORY / "playbooks").glob("*.yml")} - {"awx", "cicd", "logs"}
