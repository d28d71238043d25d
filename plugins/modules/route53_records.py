#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of records in a Route53 hosted zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_records
version_added: "0.1.0"
short_description: Manage records of a Route53 hosted zone as one set
description:
  - Creates, updates or removes the listed records in one transaction. Other records of the zone are left alone, as are
    records of the same name with a routing policy.
  - Records have no tags. Those listed are taken for ours.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  hosted_zone:
    description: Name or id of the public hosted zone.
    type: str
    required: true
  records:
    description: The records.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Full name, such as V(auth.example.com).
        type: str
        required: true
      type:
        description: Type of the record.
        type: str
        choices: [A, AAAA, CAA, CNAME, MX, NS, SRV, TXT]
        default: A
      values:
        description: Values as in a zone file, those of V(TXT) in quotes.
        type: list
        elements: str
      ttl:
        description: How long resolvers may keep O(records[].values), in seconds.
        type: int
        default: 300
      alias:
        description: Resource of AWS that the name stands for, instead of O(records[].values).
        type: dict
        suboptions:
          dns_name:
            description: Name of the resource.
            type: str
            required: true
          hosted_zone_id:
            description: Zone of that name, which the resource tells.
            type: str
            required: true
          evaluate_target_health:
            description: Whether the name is answered only while the resource is healthy.
            type: bool
            default: true
  state:
    description: V(absent) removes the listed records; their values do not matter then.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: amazon.aws.route53
    description: Manages a single record, also with a routing policy.
"""

EXAMPLES = r"""
- name: Point the names at the load balancer
  trademaster.platform.route53_records:
    hosted_zone: example.com
    records:
      - name: staging-auth.example.com
        alias:
          dns_name: "{{ balancer.dns_name }}"
          hosted_zone_id: "{{ balancer.canonical_hosted_zone_id }}"
      - name: _dmarc.example.com
        type: TXT
        values: ['"v=DMARC1; p=reject"']
"""

RETURN = r"""
hosted_zone_id:
  description: Id of the hosted zone. None where the zone does not exist yet, in check mode.
  returned: always
  type: str
  sample: Z0123456789ABCDEFGHIJ
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "record", "key": "staging-auth.example.com. A", "fields": ["alias", "hosted_zone_id"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.route53.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ALIAS = {
    "dns_name": {"type": "str", "required": True},
    "hosted_zone_id": {"type": "str", "required": True},
    "evaluate_target_health": {"type": "bool", "default": True},
}

RECORD = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"], "default": "A"},
    "values": {"type": "list", "elements": "str"},
    "ttl": {"type": "int", "default": 300},
    "alias": {"type": "dict", "options": ALIAS},
}

ARGUMENT_SPEC = {
    "hosted_zone": {"type": "str", "required": True},
    "records": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": RECORD,
        "mutually_exclusive": [("values", "alias")],
        "required_one_of": [("values", "alias")],
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
