"""Launching: what a job takes from its template and its launch, and how jobs and workflows end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from awx_support import Api, Modules, eventually

TAG: dict[str, Any] = {"type": "text", "question_name": "Tag", "variable": "release_tag", "required": True, "max": 10}
COLOUR: dict[str, Any] = {
    "type": "multiplechoice",
    "question_name": "Colour",
    "variable": "colour",
    "required": False,
    "choices": ["blue", "green"],
    "default": "blue",
}
PASSWORD = {"type": "password", "question_name": "Password", "variable": "password", "required": False, "default": "p"}


def with_survey(api: Api, *questions: dict[str, Any], **fields: Any) -> Any:
    template = api.job_template(survey_enabled=True, **fields)
    spec = {"name": "Deploy", "description": "", "spec": list(questions)}
    api.call("POST", f"job_templates/{template['id']}/survey_spec/", spec)
    api.outcomes(deploy="successful")
    return template


def launch(api: Api, template: Any, **answers: Any) -> Any:
    return api.call("POST", f"{template['type']}s/{template['id']}/launch/", answers)


LAUNCHES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["'release_tag' value missing"]),
    "a number": ({"release_tag": 7}, ["Value 7 for 'release_tag' expected to be a string."]),
    "a long text": (
        {"release_tag": "12345678901"},
        ["'release_tag' value 12345678901 is too large (must be no more than 10)."],
    ),
    "no choice": (
        {"release_tag": "1", "colour": "red"},
        ["Value red for 'colour' expected to be one of ['blue', 'green']."],
    ),
}


@pytest.mark.parametrize("case", LAUNCHES)
def test_an_answer_is_refused(case: str, api: Api) -> None:
    template = with_survey(api, TAG, COLOUR)
    extra_vars, sentences = LAUNCHES[case]

    path = f"job_templates/{template['id']}/launch/"
    assert api.refused("POST", path, {"extra_vars": extra_vars}) == (400, {"variables_needed_to_start": sentences})
    assert api.call("GET", path)["variables_needed_to_start"] == ["release_tag"]
    assert api.count("jobs") == 0


def test_a_job_gets_the_template_then_the_survey_then_the_answers(api: Api) -> None:
    template = with_survey(api, TAG, COLOUR, PASSWORD, extra_vars='{"region": "us-east-1", "colour": "none"}')
    launched = launch(api, template, extra_vars={"release_tag": "1.2", "unasked": 1}, job_type="check", limit="a")
    job = api.ended("jobs", launched["job"])

    assert launched["ignored_fields"] == {"extra_vars": {"unasked": 1}, "job_type": "check", "limit": "a"}
    assert json.loads(job["extra_vars"]) == {
        "region": "us-east-1",
        "colour": "blue",
        "release_tag": "1.2",
        "password": "$encrypted$",
    }
    assert (job["status"], job["failed"], job["job_type"], job["launch_type"]) == ("successful", False, "run", "manual")
    assert job["event_processing_finished"]
    assert api.call("GET", f"job_templates/{template['id']}/")["status"] == "successful"


def test_what_runs_keeps_what_it_uses(api: Api) -> None:
    template = api.job_template()
    api.outcomes(deploy="running")
    first, second = (launch(api, template)["job"] for _ in range(2))
    eventually(lambda: api.call("GET", f"jobs/{first}/")["status"], lambda status: status == "running")

    for path in (f"job_templates/{template['id']}/", f"projects/{template['project']}/"):
        status, body = api.refused("DELETE", path)
        assert (status, body["error"]) == (409, "Resource is being used by running jobs.")
        assert [job["id"] for job in body["active_jobs"]] == [first, second]
    assert api.call("GET", f"jobs/{second}/")["status"] == "pending", "one at a time"
    for job in (second, first):
        api.call("POST", f"jobs/{job}/cancel/")
    assert api.refused("POST", f"jobs/{first}/cancel/")[0] == 405
    assert api.call("GET", f"jobs/{first}/")["status"] == "canceled"
    api.call("DELETE", f"job_templates/{template['id']}/")


def test_a_credential_without_its_inputs_fails_the_job(api: Api) -> None:
    template = api.job_template()
    kind = api.one("credential_types", namespace="aws")["id"]
    credential = api.add("credentials", name="AWS", organization=1, credential_type=kind, inputs={"username": "a"})
    api.call("POST", f"job_templates/{template['id']}/credentials/", {"id": credential["id"]})

    job = api.ended("jobs", launch(api, template)["job"])

    assert job["status"] == "failed"
    assert job["job_explanation"] == (
        "Job cannot start because Credential AWS does not provide one or more required fields (password)."
    )


def workflow(api: Api, *edges: tuple[str, str, str], approvals: tuple[str, ...] = (), **fields: Any) -> Any:
    """Nodes of job templates of their names, and approvals."""
    template = api.add("workflow_job_templates", name="release", organization=1, **fields)
    nodes: dict[str, int] = {}
    for name in dict.fromkeys(name for parent, _, child in edges for name in (parent, child)):
        job_template = None if name in approvals else api.job_template(name)["id"]
        node = {"identifier": name, "unified_job_template": job_template, "workflow_job_template": template["id"]}
        nodes[name] = api.add("workflow_job_template_nodes", **node)["id"]
        if name in approvals:
            path = f"workflow_job_template_nodes/{nodes[name]}/create_approval_template/"
            api.call("POST", path, {"name": name, "timeout": 60})
    for parent, edge, child in edges:
        api.call("POST", f"workflow_job_template_nodes/{nodes[parent]}/{edge}_nodes/", {"id": nodes[child]})
    return template


def ran(api: Api, job: int) -> dict[str, str]:
    """Node -> how its job ended."""
    nodes = api.call("GET", f"workflow_jobs/{job}/workflow_nodes/")["results"]
    return {node["identifier"]: node["summary_fields"]["job"]["status"] for node in nodes if node["job"]}


RELEASE = (
    ("plan", "success", "approve"),
    ("approve", "success", "deploy"),
    ("deploy", "success", "verify"),
    ("deploy", "failure", "rollback"),
    ("rollback", "always", "notify"),
)
ENDS: dict[str, tuple[dict[str, str], str, dict[str, str], str]] = {
    "all goes well": (
        {},
        "approve",
        {"plan": "successful", "approve": "successful", "deploy": "successful", "verify": "successful"},
        "successful",
    ),
    "the deployment fails": (
        {"deploy": "failed"},
        "approve",
        {
            "plan": "successful",
            "approve": "successful",
            "deploy": "failed",
            "rollback": "successful",
            "notify": "successful",
        },
        "successful",
    ),
    "the verification fails": (
        {"verify": "failed"},
        "approve",
        {"plan": "successful", "approve": "successful", "deploy": "successful", "verify": "failed"},
        "failed",
    ),
    "the approval is refused": ({}, "deny", {"plan": "successful", "approve": "failed"}, "failed"),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_workflow_follows_its_edges(case: str, api: Api) -> None:
    outcomes, decision, wanted, status = ENDS[case]
    template = workflow(api, *RELEASE, approvals=("approve",), extra_vars='{"environment_name": "staging"}')
    every = dict.fromkeys(("plan", "deploy", "verify", "rollback", "notify"), "successful")
    api.outcomes(**{**every, **outcomes})
    job = launch(api, template)["workflow_job"]
    path = f"workflow_jobs/{job}/workflow_nodes/?job__name=approve"
    (node,) = eventually(lambda: api.call("GET", path)["results"], bool)
    approval = node["related"]["job"].removeprefix("/api/v2/")
    api.call("POST", f"{approval}{decision}/", {})

    assert api.ended("workflow_jobs", job)["status"] == status
    assert ran(api, job) == wanted
    assert api.refused("POST", f"{approval}approve/", {})[1] == {
        "error": "This workflow step has already been approved or denied."
    }
    assert json.loads(api.one("jobs", name="plan")["extra_vars"]) == {"environment_name": "staging"}


def test_a_workflow_takes_only_what_it_asks(api: Api) -> None:
    template = workflow(api, ("plan", "success", "deploy"))
    path = f"workflow_job_templates/{template['id']}/launch/"

    status, body = api.refused("POST", path, {"extra_vars": {"a": 1}})

    assert (status, list(body)) == (400, ["extra_vars"])
    assert "on the Workflow Job Template to include Extra Variables." in body["extra_vars"][0]


def test_a_canceled_workflow_cancels_its_jobs(api: Api) -> None:
    template = workflow(api, ("plan", "success", "deploy"))
    api.outcomes(plan="running")
    job = launch(api, template)["workflow_job"]
    eventually(lambda: ran(api, job), lambda nodes: nodes == {"plan": "running"})

    api.call("POST", f"workflow_jobs/{job}/cancel/", {})

    eventually(lambda: ran(api, job), lambda nodes: nodes == {"plan": "canceled"})
    assert api.ended("workflow_jobs", job)["status"] == "canceled"


def test_the_modules_launch_and_approve(api: Api, modules: Modules) -> None:
    workflow(api, ("plan", "success", "approve"), approvals=("approve",), ask_variables_on_launch=True)
    with_survey(api, TAG)
    api.outcomes(plan="successful", deploy="successful")

    done = modules.run("job_launch", name="deploy", extra_vars={"release_tag": "1"}, wait=True)
    refused = modules.run("job_launch", name="deploy", extra_vars={"colour": "red"})
    started = modules.run("workflow_launch", name="release", extra_vars={"release_tag": "1"}, wait=False)
    approved = modules.run("workflow_approval", workflow_job_id=started["id"], name="approve", action="approve")
    waited = modules.run("job_wait", job_id=started["id"], job_type="workflow_jobs")

    assert done["status"] == "successful"
    assert refused["response"]["json"] == {"variables_needed_to_start": ["'release_tag' value missing"]}
    assert approved["changed"]
    assert waited["status"] == "successful"


def test_a_module_makes_an_approval_and_its_edge(api: Api, modules: Modules) -> None:
    api.job_template()
    api.add("workflow_job_templates", name="release", organization=1)
    deploy = {"workflow_job_template": "release", "identifier": "deploy", "unified_job_template": "deploy"}
    node = {"workflow_job_template": "release", "identifier": "approve"}
    approve = {**node, "approval_node": {"name": "Approve the plan", "timeout": 600}}
    assert modules.changed("workflow_job_template_node", **deploy)
    assert modules.changed("workflow_job_template_node", **approve)
    assert not modules.changed("workflow_job_template_node", **approve)
    # With the approval itself the module would look for the edges of the approval, which has none.
    assert modules.changed("workflow_job_template_node", **node, success_nodes=["deploy"])
    assert not modules.changed("workflow_job_template_node", **node, success_nodes=["deploy"])

    made = api.one("workflow_job_template_nodes", identifier="approve")
    assert made["summary_fields"]["unified_job_template"] == {
        "id": made["unified_job_template"],
        "name": "Approve the plan",
        "description": "",
        "unified_job_type": "workflow_approval",
        "timeout": 600,
    }
    assert len(made["success_nodes"]) == 1
    assert modules.changed("workflow_job_template_node", **node, state="absent")
    assert api.count("unified_job_templates", name="Approve the plan".replace(" ", "+")) == 0


def test_after_a_failed_sync_nothing_is_launched(api: Api) -> None:
    template = api.job_template()
    api.outcomes(platform="failed")
    update = api.call("POST", f"projects/{template['project']}/update/", {})
    assert api.ended("project_updates", update["id"])["failed"]

    assert api.refused("POST", f"job_templates/{template['id']}/launch/", {}) == (
        400,
        {"playbook": ["Missing a revision to run due to failed project update."]},
    )


def test_what_a_job_needs_is_synced_first(api: Api) -> None:
    template = api.job_template()
    source = {
        "source": "scm",
        "source_project": template["project"],
        "source_path": "nowhere",
        "update_on_launch": True,
    }
    made = api.add("inventory_sources", name="files", inventory=template["inventory"], **source)
    api.call("PATCH", f"projects/{template['project']}/", {"scm_update_on_launch": True})

    job = api.ended("jobs", launch(api, template)["job"])

    assert job["status"] == "failed"
    assert job["job_explanation"].startswith(
        'Previous Task Failed: {"job_type": "inventory_update", "job_name": "files"'
    )
    assert api.count("project_updates") == 2, "the first, and that of the launch"
    assert api.call("GET", f"inventory_sources/{made['id']}/")["last_update_failed"] is True


def test_a_job_runs_its_playbook_in_a_copy_of_the_project(api: Api, project: Path) -> None:
    template = api.job_template(extra_vars='{"greeting": "good morning"}')
    fields = [{"id": "url", "label": "URL"}, {"id": "token", "label": "Token", "secret": True}]
    injectors = {
        "extra_vars": {"kong_admin_url": "{{ url }}"},
        "env": {"KONG_TOKEN_FILE": "{{ tower.filename.token }}"},
        "file": {"template.token": "{{ token }}"},
    }
    kind = api.add("credential_types", name="Kong", kind="cloud", inputs={"fields": fields}, injectors=injectors)["id"]
    inputs = {"url": "https://kong.example.com", "token": "not-to-be-told"}
    kong = api.add("credentials", name="Kong", organization=1, credential_type=kind, inputs=inputs)["id"]
    api.call("POST", f"job_templates/{template['id']}/credentials/", {"id": kong})
    source = {"source": "scm", "source_project": template["project"], "source_path": "inventories/staging"}
    api.add("inventory_sources", name="files", inventory=template["inventory"], update_on_launch=True, **source)

    job = api.ended("jobs", launch(api, template)["job"])

    output = api.send("GET", f"jobs/{job['id']}/stdout/?format=txt").data.decode()
    assert job["status"] == "successful", (job["job_explanation"], output)
    assert "good morning to localhost by admin" in output
    assert str(project) not in output, "it ran elsewhere"
    assert "https://kong.example.com, /" in output
    assert "template.token" in output
    assert job["artifacts"] == {"greeted": "localhost"}
    assert "not-to-be-told" not in output + json.dumps(job)
