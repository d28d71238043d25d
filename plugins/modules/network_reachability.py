#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: proof of who can reach whom in a VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network_reachability
version_added: "0.1.0"
short_description: Prove who can reach whom in a VPC
description:
  - Computes from security groups, network ACLs, routes, gateways, endpoints, public addresses and load balancers what
    can reach what, and fails with one line for each assertion that does not hold, naming the way or what is in it.
  - Nothing is tried and nothing is sampled. Every address of the internet, every interface in the VPC, every protocol
    and port count, and answers have to find their way back through network ACLs.
  - With O(planned) it judges what is going to be, so that it fails before anything is opened, also in an account in
    which there is nothing yet. Without it, it judges what is there.
  - It only reads. Policies of endpoints, firewalls, DNS, transit gateways and peered networks are not looked into;
    whatever a route to such a device leads to counts as reached, and may come in.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the network, as M(trademaster.platform.vpc) has it.
    type: str
    required: true
  planned:
    description:
      - Options that are going to be given to M(trademaster.platform.vpc), and in C(security_groups) and
        C(security_group_tags) to M(trademaster.platform.security_groups) as O(ignore:groups) and O(ignore:tags).
      - They are laid over what there is. Groups that carry all of C(security_group_tags) and are not planned count as
        removed.
    type: dict
  workloads:
    description:
      - What is going to run. Each counts until something runs that carries its security groups.
      - A security group that nothing carries, neither here nor in the VPC, counts as an interface with a public
        address in every subnet.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What assertions call it.
        type: str
        required: true
      groups:
        description: Names of its security groups. The one of its name when omitted.
        type: list
        elements: str
      tier:
        description: Tier of its subnets.
        type: str
        required: true
      kind:
        description: What it is, in words; V(load balancer) for one that O(workloads[].forwards).
        type: str
        default: service
      public:
        description: Whether it has a public address.
        type: bool
        default: false
      listens:
        description: Ports on which a load balancer takes requests.
        type: list
        elements: int
        default: []
      forwards:
        description: Where a load balancer sends them.
        type: list
        elements: dict
        default: []
        suboptions:
          workload:
            description: Name of a workload.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            required: true
  assertions:
    description:
      - What has to hold. Each has O(assertions[].target) and O(assertions[].only_from), or O(assertions[].source) and
        O(assertions[].only_to), or O(assertions[].source), O(assertions[].target) and O(assertions[].ports).
      - Names are those of workloads and of security groups, which stand for all that carry them; V(internet) for every
        public address; V(vpc) for an interface in the VPC of which nothing is known; V(elsewhere) for private addresses
        outside of it; V(anywhere) for all of these; address ranges; and V(aws:s3) and the like as targets that must be
        reached.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What is asserted, in words. It begins the line of a failure.
        type: str
        required: true
      source:
        description: Who connects.
        type: str
      target:
        description: To whom.
        type: str
      ports:
        description: Ports that every address of the source has to reach on every address of the target.
        type: list
        elements: str
      protocol:
        description: Protocol of O(assertions[].ports).
        type: str
        default: tcp
      only_from:
        description: All that may reach the target. An empty list is nobody.
        type: list
        elements: dict
        suboptions:
          source:
            description: Who may connect.
            type: str
            required: true
          ports:
            description: To which ports, as numbers or ranges. All when omitted.
            type: list
            elements: str
          protocol:
            description: By which protocol. V(all) is any.
            type: str
            default: tcp
      only_to:
        description: All that the source may reach. An empty list is nothing.
        type: list
        elements: dict
        suboptions:
          target:
            description: What may be connected to.
            type: str
            required: true
          ports:
            description: On which ports, as numbers or ranges. All when omitted.
            type: list
            elements: str
          protocol:
            description: By which protocol. V(all) is any.
            type: str
            default: tcp
  list_flows:
    description: Whether to answer RV(flows), which takes a second or two.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.vpc
  - module: trademaster.platform.security_groups
"""

EXAMPLES = r"""
- name: Prove who reaches whom
  trademaster.platform.network_reachability:
    name: trademaster-staging
    workloads:
      - {name: service, tier: private}
      - {name: database, tier: data}
      - {name: load-balancer, tier: public, public: true}
    assertions:
      - name: The internet reaches the load balancer alone
        source: internet
        only_to: [{target: load-balancer, ports: [80, 443]}]
      - name: Only the service reaches the database
        target: database
        only_from: [{source: service, ports: [5432]}]
      - name: Nothing leaves the database
        source: database
        only_to: []
      - name: The service finds the database
        source: service
        target: database
        ports: [5432]
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
assertions:
  description: How many assertions hold.
  returned: success
  type: int
  sample: 4
workloads:
  description: Everything that was thought of in the VPC.
  returned: success
  type: list
  elements: str
  sample: [database, load-balancer, service]
flows:
  description: With O(list_flows), all that reaches anything, and on which way.
  returned: success
  type: list
  elements: dict
  sample:
    - source: service
      target: database
      traffic: tcp 5432
      path: >-
        security group service (sg-1) egress tcp 5432 to database
        → security group database (sg-2) ingress tcp 5432 from service
broken:
  description: The assertions that do not hold, and why.
  returned: when there are such
  type: list
  elements: dict
  sample:
    - assertion: Only the service reaches the database
      finding: >-
        vpc reaches database on tcp 5432: security group database (sg-2) ingress tcp 5432 from 0.0.0.0/0
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.run import run

FORWARD = {"workload": {"type": "str", "required": True}, "port": {"type": "int", "required": True}}

WORKLOAD = {
    "name": {"type": "str", "required": True},
    "groups": {"type": "list", "elements": "str"},
    "tier": {"type": "str", "required": True},
    "kind": {"type": "str", "default": "service"},
    "public": {"type": "bool", "default": False},
    "listens": {"type": "list", "elements": "int", "default": []},
    "forwards": {"type": "list", "elements": "dict", "default": [], "options": FORWARD},
}

TRAFFIC = {"ports": {"type": "list", "elements": "str"}, "protocol": {"type": "str", "default": "tcp"}}

ASSERTION = {
    "name": {"type": "str", "required": True},
    "source": {"type": "str"},
    "target": {"type": "str"},
    **TRAFFIC,
    "only_from": {
        "type": "list",
        "elements": "dict",
        "options": {"source": {"type": "str", "required": True}, **TRAFFIC},
    },
    "only_to": {
        "type": "list",
        "elements": "dict",
        "options": {"target": {"type": "str", "required": True}, **TRAFFIC},
    },
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "planned": {"type": "dict"},
    "workloads": {"type": "list", "elements": "dict", "default": [], "options": WORKLOAD},
    "assertions": {"type": "list", "elements": "dict", "required": True, "options": ASSERTION},
    "list_flows": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
