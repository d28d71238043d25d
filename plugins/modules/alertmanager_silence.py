#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a silence of Alertmanager."""

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_silence
version_added: "0.1.0"
short_description: Keep alerts from notifying anybody for a while
description:
  - Makes a silence, such as for the time of a release, and ends it. It ends by itself if nobody does.
  - A silence is known by O(comment), O(created_by) and O(matchers). One that has at least half of its time left is left
    alone, one that has less is extended.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  url:
    description: Address of Alertmanager.
    type: str
    required: true
  matchers:
    description: What an alert has to match to be silenced, all of it. At least one names a label and its value.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Label.
        type: str
        required: true
      value:
        description: Value of the label, or a regular expression for all of it.
        type: str
        required: true
      regex:
        description: Whether O(matchers[].value) is a regular expression.
        type: bool
        default: false
      equal:
        description: Whether it has to match, or must not.
        type: bool
        default: true
  comment:
    description: What the silence is for.
    type: str
    required: true
  created_by:
    description: Who silences.
    type: str
    default: trademaster.platform
  duration_seconds:
    description: Seconds after which the silence ends by itself.
    type: int
    default: 3600
  timeout:
    description: Seconds that a request may take.
    type: float
    default: 10.0
  state:
    description: V(absent) ends the silence now.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Reads and plans, writes nothing, and reports exactly what a run would change.
    support: full
  diff_mode:
    description: Shows matchers, comment and times of the silence.
    support: full
  idempotent:
    description: A second run changes nothing while half of the time is left.
    support: full
"""

EXAMPLES = r"""
- name: Silence the service while it is released
  trademaster.platform.alertmanager_silence:
    url: http://alertmanager.example.com:9093
    comment: Release 1.4.0
    matchers:
      - {name: environment, value: staging}
      - {name: owner, value: auth}
    duration_seconds: 1800

- name: Let its alerts through again
  trademaster.platform.alertmanager_silence:
    url: http://alertmanager.example.com:9093
    comment: Release 1.4.0
    matchers:
      - {name: environment, value: staging}
      - {name: owner, value: auth}
    state: absent
"""

RETURN = r"""
silence_id:
  description: Id of the silence. Empty in check mode for one that is not there yet, and with O(state=absent).
  returned: success
  type: str
  sample: 3ed1a9a5-7f0e-4e8f-9d62-6d4f6a54e6a7
ends_at:
  description: When the silence ends by itself. Empty with O(state=absent).
  returned: success
  type: str
  sample: "2026-01-01T12:30:00Z"
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "silence", "key": "Release 1.4.0", "fields": ["endsAt"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.trademaster.platform.plugins.module_utils._alertmanager.silence import run
from ansible_collections.trademaster.platform.plugins.module_utils._core.session import Session, finish

MATCHER = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str", "required": True},
    "regex": {"type": "bool", "default": False},
    "equal": {"type": "bool", "default": True},
}
ARGUMENT_SPEC = {
    "url": {"type": "str", "required": True},
    "matchers": {"type": "list", "elements": "dict", "required": True, "options": MATCHER},
    "comment": {"type": "str", "required": True},
    "created_by": {"type": "str", "default": "trademaster.platform"},
    "duration_seconds": {"type": "int", "default": 3600},
    "timeout": {"type": "float", "default": 10.0},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    finish(Session(module), run, str)


if __name__ == "__main__":
    main()
