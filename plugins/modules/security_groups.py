#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the security groups of a VPC as one set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_groups
version_added: "0.1.0"
short_description: Manage the security groups of a VPC and their rules as one set
description:
  - Creates, changes and, with O(purge=true), removes security groups of one VPC in a single task.
  - Rules refer to other groups of the set by name, also in a circle, because all groups exist before the first rule.
  - A group has exactly the rules listed. The rule that EC2 gives a new group, which lets everything out, is removed
    unless it is among them.
  - Descriptions and tags of rules change in place. What else changes makes another rule, which is added before the
    former one goes.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  vpc_id:
    description: Id of the VPC. In check mode it may be one that is only known after apply.
    type: str
    required: true
  groups:
    description: Groups that shall exist. An empty list with O(purge=true) removes all that carry O(tags).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the group, unique in the VPC.
        type: str
        required: true
      description:
        description: What the group is for. EC2 never changes it.
        type: str
        required: true
      ingress:
        description: Rules for traffic that comes in. None when omitted.
        type: list
        elements: dict
        default: []
        suboptions: &rule
          protocol:
            description: V(tcp), V(udp), V(icmp), V(icmpv6), V(all), or a protocol number.
            type: str
            default: tcp
          from_port:
            description: First port, or ICMP type.
            type: int
          to_port:
            description: Last port, or ICMP code. The same as O(groups[].ingress[].from_port) when omitted.
            type: int
          cidr_ipv4:
            description: The other side as a range of IPv4 addresses.
            type: str
          cidr_ipv6:
            description: The other side as a range of IPv6 addresses.
            type: str
          prefix_list:
            description: The other side as a prefix list, by id, by name, or V(s3) and the like for an AWS service's.
            type: str
          group:
            description: The other side as a group, by name in O(groups) or the VPC, by id, or V(self).
            type: str
          description:
            description: What the rule is for. When omitted it is left alone, an empty one clears.
            type: str
          tags:
            description: Tags of the rule, beside O(tags).
            type: dict
      egress:
        description: Rules for traffic that goes out. None when omitted.
        type: list
        elements: dict
        default: []
        suboptions: *rule
      tags:
        description: Tags of the group, beside O(tags).
        type: dict
  purge:
    description: Whether to remove groups of the VPC that are not listed and carry all of O(tags).
    type: bool
    default: false
  teardown_timeout:
    description: Seconds to wait until nothing refers to a group that is removed.
    type: int
    default: 1200
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.vpc
  - module: amazon.aws.ec2_security_group
    description: Manages a single group.
"""

EXAMPLES = r"""
- name: Who may talk to whom
  trademaster.platform.security_groups:
    vpc_id: "{{ network_result.vpc_id }}"
    purge: true
    groups:
      - name: staging-load-balancer
        description: Public load balancer
        ingress:
          - {from_port: 443, cidr_ipv4: 0.0.0.0/0, description: HTTPS}
        egress:
          - {from_port: 8080, group: staging-auth, description: Authentication service}
      - name: staging-auth
        description: Authentication service
        ingress:
          - {from_port: 8080, group: staging-load-balancer, description: From the load balancer}
        egress:
          - {from_port: 443, prefix_list: s3, description: Image layers}
          - {from_port: 5432, group: staging-database, description: PostgreSQL}
      - name: staging-database
        description: PostgreSQL
        ingress:
          - {from_port: 5432, group: staging-auth, description: Authentication service}
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
security_group_ids:
  description: Ids of the groups by name.
  returned: always
  type: dict
  sample: {"staging-auth": "sg-0123456789abcdef0"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - op: update
      kind: security_group_rule
      key: staging-auth ingress tcp 8080 from staging-load-balancer
      fields: [description]
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "security group staging-auth removed", "seconds": 41.3}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.security_groups.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.security_groups.spec import GROUPS
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ARGUMENT_SPEC = {
    "vpc_id": {"type": "str", "required": True},
    "groups": GROUPS,
    "purge": {"type": "bool", "default": False},
    "teardown_timeout": {"type": "int", "default": 1200},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
