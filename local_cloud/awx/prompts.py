"""Prompts on launch: which answers a template takes, at a launch or kept in a schedule or a node of a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local_cloud.awx import surveys, variables
from local_cloud.awx.store import Object, Store

# Prompt -> the flag of the template that allows it.
_PROMPTS = {
    "extra_vars": "ask_variables_on_launch",
    "inventory": "ask_inventory_on_launch",
    "credentials": "ask_credential_on_launch",
    "scm_branch": "ask_scm_branch_on_launch",
    "diff_mode": "ask_diff_mode_on_launch",
    "job_tags": "ask_tags_on_launch",
    "job_type": "ask_job_type_on_launch",
    "skip_tags": "ask_skip_tags_on_launch",
    "limit": "ask_limit_on_launch",
    "verbosity": "ask_verbosity_on_launch",
    "execution_environment": "ask_execution_environment_on_launch",
    "labels": "ask_labels_on_launch",
    "forks": "ask_forks_on_launch",
    "job_slice_count": "ask_job_slice_count_on_launch",
    "timeout": "ask_timeout_on_launch",
    "instance_groups": "ask_instance_groups_on_launch",
}
_TITLES = {"job_template": "Job Template", "workflow_job_template": "Workflow Job Template"}
_MANY = ("credentials", "labels", "instance_groups")


@dataclass
class Answers:
    accepted: Object = field(default_factory=dict)
    ignored: Object = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)


def prompts_of(template: Object) -> dict[str, str]:
    return {name: flag for name, flag in _PROMPTS.items() if flag in template}


def survey_of(store: Store, template: Object) -> Object:
    """The specification that is asked for; empty when the survey is off."""
    return store.survey_specs.get(template["id"], {}) if template.get("survey_enabled") else {}


def sorted_answers(
    store: Store, template: Object, given: Object, *, saved: bool = False, required: bool = True
) -> Answers:
    """What of it the template takes. What it does not ask for is ignored at a launch, and refused when it is saved."""
    answers = Answers()
    _sort_variables(store, template, given.get("extra_vars") or {}, answers, saved=saved, required=required)
    for name in prompts_of(template):
        value = given.get(name)
        if name == "extra_vars" or value is None:
            continue
        if name in _MANY:
            present = {one["id"] for one in store.linked(template, name)}
            value = [number for number in value if number not in present]
        if value in ([], template.get(name)):
            continue
        if template[_PROMPTS[name]]:
            answers.accepted[name] = value
        else:
            answers.ignored[name] = value
            if saved:
                answers.errors[name] = ["Field is not configured to prompt on launch."]
    return answers


def saved_answers_errors(store: Store, template: Object, given: Object, *, required: bool) -> dict[str, list[str]]:
    """Sentences about the answers in a schedule or a node, by field."""
    if template["type"] not in _TITLES:
        return {"extra_data": [_not_allowed(template, given["extra_data"])]} if given.get("extra_data") else {}
    if not {"extra_data", *prompts_of(template)} & set(given):
        return {}
    asked = {**given, "extra_vars": given.get("extra_data")}
    errors = sorted_answers(store, template, asked, saved=True, required=required).errors
    if "extra_vars" in errors:
        errors["extra_data"] = errors.pop("extra_vars")
    return errors


def job_variables(store: Store, template: Object, answers: Object) -> Object:
    """The template's, then the defaults of its survey, then the answers."""
    own = variables.parsed(template.get("extra_vars") or "")
    spec = survey_of(store, template)
    secrets = surveys.secrets_of(spec)
    given = {name: value for name, value in answers.items() if not (name in secrets and value == surveys.ENCRYPTED)}
    return {**own, **surveys.defaults(spec), **given}


def _sort_variables(
    store: Store, template: Object, given: Object, answers: Answers, *, saved: bool, required: bool
) -> None:
    accepted: Object = {}
    rest = dict(given)
    found: list[str] = []
    for question in survey_of(store, template).get("spec", []):
        name = question["variable"]
        errors = surveys.errors_of(question, given, required=required)
        found += errors
        if name in rest:
            value = rest.pop(name)
            if errors:
                answers.ignored.setdefault("extra_vars", {})[name] = value
            else:
                accepted[name] = value
    if found:
        answers.errors["variables_needed_to_start"] = found
    if template.get("ask_variables_on_launch"):
        accepted |= rest
        rest = {}
    own = variables.parsed(template.get("extra_vars") or "")
    rest = {name: value for name, value in rest.items() if name not in own or own[name] != value}
    if rest:
        answers.ignored.setdefault("extra_vars", {}).update(rest)
        if saved:
            answers.errors["extra_vars"] = [_not_allowed(template, rest)]
    if accepted:
        answers.accepted["extra_vars"] = accepted


def _not_allowed(template: Object, names: Any) -> str:
    title = _TITLES.get(template["type"], template["type"].replace("_", " ").title())
    return (
        f"Variables {', '.join(names)} are not allowed on launch. Check the Prompt on Launch setting "
        f"on the {title} to include Extra Variables."
    )


def secret_variables(store: Store, template: Object) -> list[str]:
    return surveys.secrets_of(survey_of(store, template))
