"""What the stand-in refuses, with the statuses and sentences of AWX."""

from __future__ import annotations

from typing import Any

import pytest
from awx_support import PROJECT, Api

REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]
NULL = ["This field may not be null."]
START = "DTSTART:20300101T020000Z"
RULE = f"{START} RRULE:FREQ=DAILY;INTERVAL=1"
SHARED: dict[str, Any] = {"type": "text", "question_name": "Tag", "variable": "tag", "required": True}
ALLOWED = "'text, textarea, password, multiplechoice, multiselect, integer, float' allowed question types."


def gone(number: int = 999) -> list[str]:
    return [f'Invalid pk "{number}" - object does not exist.']


def test_it_says_what_it_is(api: Api) -> None:
    headers = api.send("GET", "ping/").headers
    assert (headers["Server"], headers["X-API-Product-Name"], headers["X-API-Product-Version"]) == (
        "awx-stand-in",
        "AWX",
        "24.6.1",
    )


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "Authentication credentials were not provided. To establish a login session, visit /api/login/."),
        (
            "Bearer wrong",
            "Authentication credentials were not provided. To establish a login session, visit /api/login/.",
        ),
        ("Basic YWRtaW46d3Jvbmc=", "Invalid username/password."),
        ("Basic nonsense", "Invalid username/password."),
    ],
)
def test_a_password_or_a_token_is_asked_for(header: str, detail: str, api: Api) -> None:
    answer = api.send("GET", "projects/", headers={"authorization": header})

    assert (answer.status, answer.json()) == (401, {"detail": detail})


def test_a_token_serves_until_it_is_deleted(api: Api) -> None:
    token = api.call("POST", "tokens/", {"scope": "write", "application": None})
    bearer = {"authorization": f"Bearer {token['token']}"}
    assert api.send("GET", "me/", headers=bearer).json()["results"][0]["username"] == "admin"
    assert token["token"] not in str(api.call("GET", "tokens/"))

    api.call("DELETE", f"tokens/{token['id']}/")

    assert api.send("GET", "me/", headers=bearer).status == 401


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        (("GET", "projects/999/", None), 404, "Not found."),
        (("DELETE", "job_templates/999/", None), 404, "Not found."),
        (("GET", "nothing/", None), 404, "The requested resource could not be found."),
        (("POST", "projects", {}), 404, "The requested resource could not be found."),
        (("GET", "organizations/1/nothing/", None), 404, "The requested resource could not be found."),
        (("PUT", "organizations/", {}), 405, 'Method "PUT" not allowed.'),
        (("POST", "jobs/", {}), 405, 'Method "POST" not allowed.'),
        (("POST", "projects/", ["a"]), 400, "JSON parse error - not a JSON object"),
        (("GET", "projects/?page=2", None), 404, "Invalid page."),
        (("GET", "projects/?colour=red", None), 400, "Project has no field named 'colour'"),
        (("GET", "projects/?organization=Default", None), 400, "Invalid organization id: Default"),
        (("GET", "credentials/?inputs__contains=a", None), 403, "Filtering on inputs is not allowed."),
        (("DELETE", "credential_types/1/", None), 403, "Deletion not allowed for managed credential types"),
        (
            ("PATCH", "credential_types/1/", {"name": "x"}),
            403,
            "Modifications not allowed for managed credential types",
        ),
    ],
)
def test_a_request_is_refused(request_: tuple[str, str, Any], status: int, detail: str, api: Api) -> None:
    assert api.refused(*request_) == (status, {"detail": detail})


NEW: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "without a name": ("organizations", {}, {"name": REQUIRED}),
    "a blank name": ("organizations", {"name": " "}, {"name": BLANK}),
    "a name that is a list": ("organizations", {"name": ["a"]}, {"name": ["Not a valid string."]}),
    "a long name": (
        "organizations",
        {"name": "a" * 513},
        {"name": ["Ensure this field has no more than 512 characters."]},
    ),
    "a number that is none": (
        "organizations",
        {"name": "a", "max_hosts": "x"},
        {"max_hosts": ["A valid integer is required."]},
    ),
    "a number below zero": (
        "organizations",
        {"name": "a", "max_hosts": -1},
        {"max_hosts": ["Ensure this value is greater than or equal to 0."]},
    ),
    "a name that is taken": (
        "organizations",
        {"name": "Default"},
        {"name": ["Organization with this Name already exists."]},
    ),
    "a reference to nothing": ("inventories", {"name": "a", "organization": 999}, {"organization": gone()}),
    "a reference that is a name": (
        "inventories",
        {"name": "a", "organization": "Default"},
        {"organization": ["Incorrect type. Expected pk value, received str."]},
    ),
    "an inventory of nobody": ("inventories", {"name": "a"}, {"organization": REQUIRED}),
    "variables that are a list": (
        "inventories",
        {"name": "a", "organization": 1, "variables": "[1]"},
        {
            "variables": [
                (
                    "Cannot parse as JSON (error: Input type `list` is not a dictionary) "
                    "or YAML (error: Input type `list` is not a dictionary)."
                )
            ]
        },
    ),
    "a smart inventory of nothing": (
        "inventories",
        {"name": "a", "organization": 1, "kind": "smart"},
        {"host_filter": ["Smart inventories must specify host_filter"]},
    ),
    "an inventory of another kind": (
        "inventories",
        {"name": "a", "organization": 1, "kind": "clever"},
        {"kind": ['"clever" is not a valid choice.']},
    ),
    "a flag that is none": (
        "projects",
        {**PROJECT, "scm_clean": "maybe"},
        {"scm_clean": ["Must be a valid boolean."]},
    ),
    "a project without a repository": (
        "projects",
        {"name": "a", "scm_type": "git"},
        {"scm_url": ["SCM URL is required."]},
    ),
    "options of a manual project": (
        "projects",
        {"name": "a", "scm_type": "", "scm_clean": True},
        {"scm_clean": ["Update options must be set to false for manual projects."]},
    ),
    "an environment without an image": ("execution_environments", {"name": "a"}, {"image": REQUIRED}),
    "a credential type of a managed kind": (
        "credential_types",
        {"name": "a", "kind": "ssh"},
        {"kind": ["Must be 'cloud' or 'net', not ssh"]},
    ),
    "a credential type with an unknown key": (
        "credential_types",
        {"name": "a", "kind": "cloud", "inputs": {"field": []}},
        {
            "inputs": [
                (
                    "Schema validation error in relative path [] "
                    "(Additional properties are not allowed ('field' was unexpected))"
                )
            ]
        },
    ),
    "a field of another type": (
        "credential_types",
        {"name": "a", "kind": "cloud", "inputs": {"fields": [{"id": "a", "label": "A", "type": "number"}]}},
        {"inputs": ["'number' is not one of ['string', 'boolean']"]},
    ),
    "two fields of a name": (
        "credential_types",
        {"name": "a", "kind": "cloud", "inputs": {"fields": [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]}},
        {"inputs": ["field IDs must be unique (a)"]},
    ),
    "an injector of an unknown field": (
        "credential_types",
        {"name": "a", "kind": "cloud", "inputs": {}, "injectors": {"env": {"TOKEN": "{{ token }}"}}},
        {"injectors": ["TOKEN uses an undefined field ('token' is undefined)"]},
    ),
    "an injector into Ansible": (
        "credential_types",
        {"name": "a", "kind": "cloud", "inputs": {}, "injectors": {"env": {"ANSIBLE_CONFIG": "x"}}},
        {
            "injectors": [
                (
                    "Environment variable ANSIBLE_CONFIG may affect Ansible configuration so its use "
                    "is not allowed in credentials."
                )
            ]
        },
    ),
    "a credential of nobody": (
        "credentials",
        {"name": "a", "credential_type": 4},
        {"detail": ["Missing 'user', 'team', or 'organization'."]},
    ),
    "a credential with an unknown input": (
        "credentials",
        {"name": "a", "organization": 1, "credential_type": 4, "inputs": {"secret_key": "x"}},
        {"inputs": ["Additional properties are not allowed ('secret_key' was unexpected)"]},
    ),
    "a credential with a number": (
        "credentials",
        {"name": "a", "organization": 1, "credential_type": 4, "inputs": {"username": 7}},
        {"inputs": {"username": ["7 is not of type 'string'"]}},
    ),
    "a credential with the placeholder of one": (
        "credentials",
        {"name": "a", "organization": 1, "credential_type": 4, "inputs": {"password": "$encrypted$"}},
        {"inputs": ["$encrypted$ is a reserved keyword, and cannot be used for password."]},
    ),
    "a key that is none": (
        "credentials",
        {"name": "a", "organization": 1, "credential_type": 1, "inputs": {"ssh_key_data": "key"}},
        {"inputs": {"ssh_key_data": ["Invalid certificate or key: key..."]}},
    ),
    "a notification of another type": (
        "notification_templates",
        {"name": "a", "organization": 1, "notification_type": "pigeon", "notification_configuration": {}},
        {"notification_type": ['"pigeon" is not a valid choice.']},
    ),
    "a notification without its settings": (
        "notification_templates",
        {"name": "a", "organization": 1, "notification_type": "slack", "notification_configuration": {"channels": []}},
        {
            "__all__": [
                "No values specified for field 'channels'",
                "Missing required fields for Notification Configuration: ['token'].",
            ]
        },
    ),
    "a notification of an unknown event": (
        "notification_templates",
        {
            "name": "a",
            "organization": 1,
            "notification_type": "grafana",
            "notification_configuration": {"grafana_url": "https://g.example.com", "grafana_key": "k"},
            "messages": {"failure": {"message": "x"}},
        },
        {"messages": ["Event 'failure' invalid, must be one of 'started', 'success', 'error', or 'workflow_approval'"]},
    ),
}


@pytest.mark.parametrize("case", NEW)
def test_an_object_is_refused(case: str, api: Api) -> None:
    collection, given, body = NEW[case]
    before = api.count(collection)

    assert api.refused("POST", f"{collection}/", given) == (400, body)
    assert api.count(collection) == before


def test_what_is_unknown_is_ignored(api: Api) -> None:
    assert "colour" not in api.add("organizations", name="a", colour="red", id=77)


TEMPLATES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "without a project": ({"project": None}, {"project": ["Job Templates must have a project assigned."]}),
    "without an inventory": (
        {"inventory": None},
        {"inventory": ["You must either set a default value or ask to prompt on launch."]},
    ),
    "without a playbook": ({"playbook": ""}, {"playbook": ["Must select playbook for project."]}),
    "a playbook that is not there": ({"playbook": "nothing.yml"}, {"playbook": ["Playbook not found for project."]}),
    "a file without plays": (
        {"playbook": "roles/service/tasks/main.yml"},
        {"playbook": ["Playbook not found for project."]},
    ),
    "another branch": ({"scm_branch": "x"}, {"scm_branch": ["Project does not allow overriding branch."]}),
    "a job type": ({"job_type": "scan"}, {"job_type": ['"scan" is not a valid choice.']}),
    "a verbosity": ({"verbosity": 6}, {"verbosity": ['"6" is not a valid choice.']}),
    "a taken name": (
        {"name": "taken"},
        {"__all__": ["JobTemplate with this (name, organization) combination already exists."]},
    ),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_job_template_is_refused(case: str, api: Api) -> None:
    taken = api.job_template("taken")
    given, body = TEMPLATES[case]
    wanted = {name: taken[name] for name in ("project", "inventory", "playbook")}

    assert api.refused("POST", "job_templates/", {"name": "a", **wanted, **given}) == (400, body)


def test_before_its_first_sync_a_project_has_no_playbook(api: Api) -> None:
    api.outcomes(platform="failed")
    project = api.add("projects", **PROJECT, organization=1)
    update = api.ended("project_updates", project["summary_fields"]["current_update"]["id"])

    assert update["status"] == "failed"
    assert api.call("GET", f"projects/{project['id']}/")["status"] == "failed"
    assert api.call("GET", f"projects/{project['id']}/playbooks/") == []


SOURCES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "of a project that is not named": (
        {"source_project": None},
        {"source_project": ["Project required for scm type sources."]},
    ),
    "of the cloud with a path": (
        {"source": "ec2", "source_project": None},
        {"detail": ["Cannot set source_path if not SCM type."]},
    ),
    "of the cloud without a credential": (
        {"source": "gce", "source_project": None, "source_path": ""},
        {"credential": ["Credential is required for a cloud source."]},
    ),
    "of nothing": ({"source": "pigeon"}, {"source": ['"pigeon" is not a valid choice.']}),
    "with variables that are none": (
        {"source_vars": "a"},
        {
            "source_vars": [
                (
                    "Cannot parse as JSON (error: Expecting value: line 1 column 1 (char 0)) "
                    "or YAML (error: Input type `str` is not a dictionary)."
                )
            ]
        },
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_an_inventory_source_is_refused(case: str, api: Api) -> None:
    given, body = SOURCES[case]
    inventory = api.add("inventories", name="staging", organization=1)["id"]
    whole = {"source": "scm", "source_project": api.project()["id"], "source_path": "inventories/staging", **given}

    assert api.refused("POST", "inventory_sources/", {"name": "a", "inventory": inventory, **whole}) == (400, body)


SCHEDULES = {
    "": BLANK,
    "DTSTART:NONSENSE": [
        "Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ",
        "One or more rule required in rrule.",
        "rrule parsing failed validation: Unknown string format: NONSENSE",
    ],
    "DTSTART:20300101T020000 RRULE:FREQ=DAILY;INTERVAL=1": [
        "DTSTART cannot be a naive datetime.  Specify ;TZINFO= or YYYYMMDDTHHMMSSZZ."
    ],
    START: ["One or more rule required in rrule."],
    f"{START} RRULE:FREQ=DAILY": ["INTERVAL required in rrule: RULE:FREQ=DAILY"],
    f"{START} RRULE:FREQ=SECONDLY;INTERVAL=1": ["SECONDLY is not supported: RULE:FREQ=SECONDLY;INTERVAL=1"],
    f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000": [
        "COUNT > 999 is unsupported: RULE:FREQ=DAILY;INTERVAL=1;COUNT=1000"
    ],
    f"{START} RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=2MO": [
        "BYDAY with numeric prefix not supported: RULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=2MO"
    ],
    f"{RULE} EXDATE:20300102T020000Z": ["EXDATE not allowed in rrule."],
}


@pytest.mark.parametrize("rule", SCHEDULES)
def test_a_rule_of_a_schedule_is_refused(rule: str, api: Api) -> None:
    template = api.job_template()
    schedule = {"name": "a", "unified_job_template": template["id"], "rrule": rule}

    assert api.refused("POST", "schedules/", schedule) == (400, {"rrule": SCHEDULES[rule]})


def test_a_schedule_answers_only_what_is_asked(api: Api) -> None:
    template = api.job_template()
    schedule = {"name": "a", "unified_job_template": template["id"], "rrule": RULE}
    sentence = (
        "Variables colour are not allowed on launch. Check the Prompt on Launch setting "
        "on the Job Template to include Extra Variables."
    )

    assert api.refused("POST", "schedules/", {**schedule, "extra_data": {"colour": "red"}})[1] == {
        "extra_data": [sentence]
    }
    assert api.refused("POST", "schedules/", {**schedule, "job_type": "check"})[1] == {
        "job_type": ["Field is not configured to prompt on launch."]
    }
    made = api.add("schedules", **schedule)
    assert (made["next_run"], made["timezone"], made["dtend"]) == ("2030-01-01T02:00:00Z", "UTC", None)


def question(**more: Any) -> dict[str, Any]:
    return {"name": "a", "description": "", "spec": [{**SHARED, **more}]}


SURVEYS: dict[str, tuple[dict[str, Any], str]] = {
    "without a description": ({"name": "a", "spec": [SHARED]}, "Field 'description' is missing from survey spec."),
    "without a list": (
        {"name": "a", "description": "", "spec": {}},
        "Expected list of items for field 'spec', received dict type.",
    ),
    "without questions": ({"name": "a", "description": "", "spec": []}, "'spec' doesn't contain any items."),
    "an unnamed question": (
        {"name": "a", "description": "", "spec": [{"type": "text"}]},
        "'question_name' missing from survey question 0",
    ),
    "a word for required": (question(required="yes"), "'required' in survey question 0 expected to be boolean."),
    "a variable twice": (
        {"name": "a", "description": "", "spec": [SHARED, SHARED]},
        "'variable' 'tag' duplicated in survey question 1.",
    ),
    "another type": (question(type="boolean"), f"'boolean' in survey question 0 is not one of {ALLOWED}"),
    "a default of another type": (
        question(type="integer", default="1"),
        "Default value 1 in survey question 0 expected to be integer.",
    ),
    "a limit that is no number": (question(max="10"), "The max limit in survey question 0 expected to be integer."),
    "no choices": (
        question(type="multiplechoice"),
        "Survey question 0 of type multiplechoice must specify choices.",
    ),
    "two of one": (
        question(type="multiplechoice", choices=["a", "b"], default="a\nb"),
        "Multiple Choice (Single Select) can only have one default value.",
    ),
    "a default that is no choice": (
        question(type="multiselect", choices="a\nb", default="c"),
        "Default choice must be answered from the choices listed.",
    ),
    "a placeholder": (
        question(type="password", default="$encrypted$"),
        "$encrypted$ is a reserved keyword, may not be used for new default in position 0.",
    ),
}


@pytest.mark.parametrize("case", SURVEYS)
def test_a_survey_is_refused(case: str, api: Api) -> None:
    spec, sentence = SURVEYS[case]
    template = api.job_template()

    assert api.refused("POST", f"job_templates/{template['id']}/survey_spec/", spec) == (400, {"error": sentence})
    assert api.call("GET", f"job_templates/{template['id']}/survey_spec/") == {}


def test_an_association_is_refused(api: Api) -> None:
    aws = {"organization": 1, "credential_type": api.one("credential_types", namespace="aws")["id"]}
    first, second = (api.add("credentials", name=name, **aws)["id"] for name in ("a", "b"))
    scm = api.add("credentials", name="c", organization=1, credential_type=2)["id"]
    path = f"job_templates/{api.job_template()['id']}/credentials/"
    api.call("POST", path, {"id": first})

    assert api.refused("POST", path, {"id": second})[1] == {
        "error": "Cannot assign multiple Amazon Web Services credentials."
    }
    assert api.refused("POST", path, {"id": scm})[1] == {"error": "Cannot assign a Credential of kind `scm`."}
    assert api.refused("POST", path, {"id": 999})[0] == 400
    assert api.refused("POST", path, {"disassociate": True})[1] == {"msg": '"id" is required to disassociate'}
    assert [one["id"] for one in api.call("GET", path)["results"]] == [first]


def test_a_credential_type_in_use_stays(api: Api) -> None:
    fields = {"fields": [{"id": "token", "label": "Token", "secret": True}]}
    kind = api.add("credential_types", name="Kong", kind="cloud", inputs=fields, injectors={})
    credential = api.add(
        "credentials", name="a", organization=1, credential_type=kind["id"], inputs={"token": "secret"}
    )
    path = f"credential_types/{kind['id']}/"

    assert credential["inputs"] == {"token": "$encrypted$"}
    assert api.refused("DELETE", path) == (403, {"detail": "Credential types that are in use cannot be deleted"})
    assert api.refused("PATCH", path, {"inputs": {}})[0] == 403
    kept = api.call("PATCH", f"credentials/{credential['id']}/", {"inputs": {"token": "$encrypted$"}})
    assert kept["inputs"] == {"token": "$encrypted$"}
    assert api.controller.stand_in.store.get("credential", credential["id"])["inputs"] == {"token": "secret"}


def test_edges_of_a_workflow_are_refused(api: Api) -> None:
    template = api.job_template()["id"]
    workflow, other = (api.add("workflow_job_templates", name=name, organization=1)["id"] for name in ("a", "b"))

    def node(name: str, owner: int) -> int:
        fields = {"identifier": name, "workflow_job_template": owner, "unified_job_template": template}
        return int(api.add("workflow_job_template_nodes", **fields)["id"])

    plan, deploy, foreign = node("plan", workflow), node("deploy", workflow), node("plan", other)
    edges = f"workflow_job_template_nodes/{plan}"
    api.call("POST", f"{edges}/success_nodes/", {"id": deploy})

    assert api.refused("POST", f"{edges}/success_nodes/", {"id": plan})[1] == {"Error": "Cycle detected."}
    back = f"workflow_job_template_nodes/{deploy}/always_nodes/"
    assert api.refused("POST", back, {"id": plan})[1] == {"Error": "Cycle detected."}
    assert api.refused("POST", f"{edges}/failure_nodes/", {"id": deploy})[1] == {"Error": "Relationship not allowed."}
    assert api.refused("POST", f"{edges}/success_nodes/", {"id": foreign})[0] == 400
    with_taken_name = {"identifier": "plan", "workflow_job_template": workflow, "unified_job_template": template}
    assert api.refused("POST", "workflow_job_template_nodes/", with_taken_name)[1] == {
        "__all__": ["Workflow job template node with this Identifier and Workflow job template already exists."]
    }


def test_lists_have_filters_and_pages(api: Api) -> None:
    for number in range(30):
        api.add("organizations", name=f"org-{number:02}", description="many")
    page = api.call("GET", "organizations/?description=many&order_by=-name")
    last = api.call("GET", page["next"].removeprefix("/api/v2/"))

    assert (page["count"], len(page["results"]), page["previous"]) == (30, 25, None)
    assert [one["name"] for one in last["results"]] == [f"org-{number:02}" for number in range(4, -1, -1)]
    assert last["next"] is None
    assert api.count("organizations", name__iexact="ORG-07") == 1
    assert api.count("organizations", or__id=1, or__name="org-07") == 2
    assert api.count("organizations", not__name__startswith="org-") == 1
    assert api.count("organizations", name__in="org-01,org-02,none") == 2
    assert api.count("credentials", credential_type__namespace="aws") == 0
    api.job_template("hello")
    assert api.one("unified_job_templates", name="hello", type="job_template")["type"] == "job_template"
    assert api.call("GET", "job_templates/hello++Default/")["name"] == "hello"
