#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an annotation of Grafana."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_annotation
version_added: "0.1.0"
short_description: Mark an event, such as a release, on dashboards
description:
  - Makes, changes or removes an annotation of the organisation, which dashboards draw that ask for one of its tags.
  - An annotation is known by its tag O(key). Where several have it, the first one stays and the others are removed.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  grafana:
    description: Grafana.
    type: dict
    required: true
    suboptions:
      url:
        description: Address where it is reached.
        type: str
        required: true
      server_name:
        description: Its name, where it is not the one in O(grafana.url).
        type: str
      ca_file:
        description: File with the authorities to trust, instead of those of the system.
        type: path
      secret_id:
        description: Name or ARN of the secret of an account that may edit, JSON with C(username) and C(password).
        type: str
        required: true
  key:
    description: Tag that no other annotation has, such as V(release:2026-01-01-7).
    type: str
    required: true
  text:
    description: What happened. Required with O(state=present).
    type: str
  tags:
    description: Tags besides O(key).
    type: list
    elements: str
    default: []
  start:
    description: When it happened or began, in ISO 8601 with its time zone. Required with O(state=present).
    type: str
  end:
    description: When it ended. Omitted for what has no duration, or has not ended yet.
    type: str
  timeout:
    description: Seconds that a request may take.
    type: float
    default: 10.0
  state:
    description: V(absent) removes the annotation.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Reads and plans, writes nothing, and reports exactly what a run would change.
    support: full
  diff_mode:
    description: Shows text, tags and times.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Show the release on all dashboards
  trademaster.platform.grafana_annotation:
    grafana:
      url: https://grafana.example.com
      secret_id: shop/staging/grafana/admin
    key: release:2026-01-01-7
    tags: [release, auth-service, completed]
    text: auth-service 1.4.0 completed
    start: "2026-01-01T12:00:00Z"
    end: "2026-01-01T12:06:30Z"
"""

RETURN = r"""
id:
  description: Number of the annotation. 0 in check mode for one that is not there yet, and with O(state=absent).
  returned: success
  type: int
  sample: 17
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "annotation", "key": "release:2026-01-01-7", "fields": ["text", "tags", "start", "end"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._grafana.annotation import run

GRAFANA = {
    "url": {"type": "str", "required": True},
    "server_name": {"type": "str"},
    "ca_file": {"type": "path"},
    "secret_id": {"type": "str", "required": True, "no_log": False},
}
ARGUMENT_SPEC = {
    "grafana": {"type": "dict", "required": True, "options": GRAFANA},
    "key": {"type": "str", "required": True, "no_log": False},
    "text": {"type": "str"},
    "tags": {"type": "list", "elements": "str", "default": []},
    "start": {"type": "str"},
    "end": {"type": "str"},
    "timeout": {"type": "float", "default": 10.0},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ["text", "start"])])


if __name__ == "__main__":
    main()
