# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: what of AWX's content is to be written."""

from __future__ import annotations

DOCUMENTATION = r"""
name: awx_pending
version_added: "0.1.0"
short_description: Tell what of the content of AWX is to be written
description:
  - AWX gives no secret back, so the description of what holds one ends with a fingerprint, by which a changed secret is
    seen. The module C(awx.awx.workflow_job_template) takes no edge away, so graphs are compared here.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description: Rows under C(credentials) and C(notifications), and C(workflows) as
      P(trademaster.platform.awx_content#filter) answers them.
    type: dict
    required: true
  name:
    description: What all names begin with.
    type: str
    required: true
  existing:
    description: What the API lists, under C(credentials), C(notification_templates) and C(workflow_job_template_nodes).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Count the credentials that are to be written
  ansible.builtin.debug:
    msg: "{{ pending.credentials | rejectattr('current') | length }}"
  vars:
    pending: "{{ {'credentials': rows} | trademaster.platform.awx_pending(name='staging', existing=listed) }}"
"""

RETURN = r"""
_value:
  description:
    - The rows, each with C(current), which is V(true) where nothing is to be written. Rows with secrets have
      C(full_name) and C(told) as well, the description that is to be.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.trademaster.platform.plugins.plugin_utils.awx_secrets import with_fingerprints
from ansible_collections.trademaster.platform.plugins.plugin_utils.awx_workflows import is_same_graph

Rows = Sequence[Mapping[str, Any]]


def awx_pending(rows: Mapping[str, Rows], *, name: str, existing: Mapping[str, Rows] | None = None) -> dict[str, Any]:
    there = existing or {}
    nodes = there.get("workflow_job_template_nodes", [])
    credentials, notifications = there.get("credentials", []), there.get("notification_templates", [])
    return {
        "credentials": with_fingerprints(
            rows.get("credentials", []), credentials, prefix=name, values="inputs", kept="inputs"
        ),
        "notifications": with_fingerprints(
            rows.get("notifications", []),
            notifications,
            prefix=name,
            values="configuration",
            kept="notification_configuration",
        ),
        "workflows": [
            {**row, "current": is_same_graph(row["nodes"], _of_workflow(row["full_name"], nodes))}
            for row in rows.get("workflows", [])
        ],
    }


def _of_workflow(name: str, nodes: Rows) -> Rows:
    return [node for node in nodes if node["summary_fields"]["workflow_job_template"]["name"] == name]


class FilterModule:
    """Hands the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"awx_pending": awx_pending}
