# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: what AWX is filled with, out of rows of data."""

from __future__ import annotations

DOCUMENTATION = r"""
name: awx_content
version_added: "0.1.0"
short_description: Make job templates, workflows and schedules of AWX out of rows of data
description:
  - Answers rows as the modules of C(awx.awx) take them. Surveys are made of the argument specs of the roles that a
    playbook runs, so that a question always names a variable that there is, with its type and its choices.
  - Names that lead nowhere, and questions that ask for what is no variable of the playbook, are refused.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description:
      - The rows as the role P(trademaster.platform.awx#role) has them, under C(job_templates), C(workflows),
        C(schedules), C(inventories), C(credentials), C(credential_types) and C(notifications). No secret is needed.
    type: dict
    required: true
  name:
    description: What all names begin with.
    type: str
    required: true
  organization:
    description: Organization that everything belongs to.
    type: str
    required: true
  directory:
    description: Directory with C(playbooks) and C(roles), which the surveys are made of.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show the questions of a template
  ansible.builtin.debug:
    msg: "{{ made.job_templates | map(attribute='survey') }}"
  vars:
    made: "{{ rows | trademaster.platform.awx_content(name='staging', organization='Us', directory='.') }}"
    rows:
      inventories: [{name: staging, path: inventories/staging}]
      job_templates:
        - name: deploy
          playbook: deploy
          survey: [{variable: release_tag, required: true}]
"""

RETURN = r"""
_value:
  description:
    - Lists C(job_templates), C(workflows) and C(schedules), with whole names, surveys and nodes, and C(notified), the
      notification templates by event.
  type: dict
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.plugin_utils.awx_surveys import (
    Option,
    playbook_options,
    playbook_roles,
    survey,
)
from ansible_collections.trademaster.platform.plugins.plugin_utils.awx_workflows import check_graph, workflow_nodes

Row = Mapping[str, Any]
Rows = Sequence[Row]

# Of what somebody can be told.
EVENTS = ("started", "success", "error", "approvals")
# What rows leave out, as the argument specs of the role say.
TEMPLATE = {
    "description": "",
    "check": False,
    "extra_vars": {},
    "job_tags": "",
    "ask_tags": False,
    "verbosity": 0,
    "timeout_seconds": 3600,
    "notify": False,
}
SCHEDULE = {"description": "", "extra_vars": {}, "enabled": True}


def awx_content(rows: Mapping[str, Rows], *, name: str, organization: str, directory: str) -> dict[str, Any]:
    try:
        return _Content(rows, name, organization, Path(directory)).made()
    except PlatformError as error:
        raise AnsibleFilterError(str(error)) from error


class _Content:
    """The rows, and what they are made with."""

    def __init__(self, rows: Mapping[str, Rows], name: str, organization: str, directory: Path) -> None:
        self.rows = {kind: list(listed or []) for kind, listed in rows.items()}
        self.name = name
        self.organization = organization
        self.directory = directory
        self.specs: dict[str, Mapping[str, Any]] = {}

    def made(self) -> dict[str, Any]:
        for kind in self.rows:
            self._check_names(kind)
        for index, credential in enumerate(self.rows.get("credentials", [])):
            self._known(f"awx_credentials[{index}].type", credential["type"], "credential_types", or_builtin=True)
        asked = {row["name"]: self._survey(index, row) for index, row in enumerate(self._of("job_templates"))}
        templates = [self._job_template(index, row, asked) for index, row in enumerate(self._of("job_templates"))]
        workflows = [self._workflow(index, row, asked) for index, row in enumerate(self._of("workflows"))]
        schedules = [self._schedule(index, row) for index, row in enumerate(self._of("schedules"))]
        notified = {
            event: [self._full(row["name"]) for row in self._of("notifications") if event in row["events"]]
            for event in EVENTS
        }
        return {"job_templates": templates, "workflows": workflows, "schedules": schedules, "notified": notified}

    def _of(self, kind: str) -> Rows:
        return self.rows.get(kind, [])

    def _full(self, name: str) -> str:
        return f"{self.name} {name}"

    def _check_names(self, kind: str) -> None:
        names = [row["name"] for row in self._of(kind)]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise InvalidInput(f"awx_{kind}[{index}].name", name, "is there twice: call one of them otherwise")

    def _known(self, where: str, name: str, kind: str, *, or_builtin: bool = False) -> str:
        """The whole name of a row of ours. What AWX brings along begins with a capital letter."""
        names = [row["name"] for row in self._of(kind)]
        if name in names:
            return self._full(name)
        if or_builtin and name[:1].isupper():
            return name
        raise InvalidInput(where, name, f"is not in awx_{kind}: choose from {', '.join(names) or 'none, it is empty'}")

    def _survey(self, index: int, row: Row) -> dict[str, Any]:
        where, title = f"awx_job_templates[{index}]", f"playbooks/{row['playbook']}.yml"
        path = self.directory / title
        if not path.is_file():
            there = sorted(found.stem for found in path.parent.glob("*.yml"))
            raise InvalidInput(f"{where}.playbook", row["playbook"], f"is no playbook: choose from {', '.join(there)}")
        if not row.get("survey"):
            return {}
        text = path.read_text(encoding="utf-8")
        playbook = yaml_load(text)
        options = self._options(playbook) | _own_options(row, text)
        return survey(f"{where}.survey", title, row["survey"], options)

    def _options(self, playbook: Sequence[Mapping[str, Any]]) -> dict[str, Option]:
        for role, _entry_point in playbook_roles(playbook):
            path = self.directory / "roles" / role / "meta" / "argument_specs.yml"
            if role not in self.specs and path.is_file():
                self.specs[role] = yaml_load(path.read_text(encoding="utf-8"))["argument_specs"]
        return playbook_options(playbook, self.specs)

    def _job_template(self, index: int, row: Row, surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        where = f"awx_job_templates[{index}]"
        inventory = row.get("inventory") or next((one["name"] for one in self._of("inventories")), "")
        return {
            **TEMPLATE,
            **row,
            "full_name": self._full(row["name"]),
            "playbook": f"playbooks/{row['playbook']}.yml",
            "inventory": self._known(f"{where}.inventory", inventory, "inventories"),
            "credentials": [
                self._known(f"{where}.credentials", name, "credentials") for name in row.get("credentials") or []
            ],
            "survey": surveys[row["name"]],
        }

    def _workflow(self, index: int, row: Row, surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        where = f"awx_workflows[{index}]"
        check_graph(f"{where}.nodes", row["nodes"])
        for place, node in enumerate(row["nodes"]):
            if node.get("job_template"):
                self._known(f"{where}.nodes[{place}].job_template", node["job_template"], "job_templates")
        return {
            "description": "",
            **row,
            "full_name": self._full(row["name"]),
            "survey": self._workflow_survey(f"{where}.survey", row, surveys),
            "nodes": workflow_nodes(row["nodes"], prefix=self.name, organization=self.organization, project=self.name),
        }

    def _workflow_survey(self, where: str, row: Row, surveys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A workflow hands on what its templates ask for, and drops the rest."""
        run = [node["job_template"] for node in row["nodes"] if node.get("job_template")]
        asked = {one["variable"]: one for name in run for one in surveys[name].get("spec", [])}
        for index, variable in enumerate(row.get("survey") or []):
            if variable not in asked:
                raise InvalidInput(
                    f"{where}[{index}]",
                    variable,
                    f"is asked for by none of its job templates: choose from {', '.join(asked)}",
                )
        spec = [asked[variable] for variable in row.get("survey") or []]
        return {"name": row["name"], "description": "", "spec": spec} if spec else {}

    def _schedule(self, index: int, row: Row) -> dict[str, Any]:
        where = f"awx_schedules[{index}]"
        runs = [kind for kind in ("job_template", "workflow", "project_sync") if row.get(kind)]
        if len(runs) != 1:
            raise InvalidInput(where, row["name"], "has to have one of job_template, workflow, project_sync")
        if row.get("project_sync"):
            template = self.name
        else:
            template = self._known(f"{where}.{runs[0]}", row[runs[0]], f"{runs[0]}s")
        return {**SCHEDULE, **row, "full_name": self._full(row["name"]), "template": template}


def _own_options(row: Row, text: str) -> dict[str, Option]:
    """Variables of the playbook itself, which has no argument specs: the row says what they are."""
    own = {
        one["variable"]: {"type": one["type"], "description": one.get("question") or one["variable"]}
        for one in row["survey"]
        if one.get("type")
    }
    return {name: option for name, option in own.items() if re.search(rf"\b{re.escape(name)}\b", text)}


class FilterModule:
    """Hands the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"awx_content": awx_content}
