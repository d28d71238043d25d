#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a VPC with its subnets, gateways, routes, ACLs, endpoints and flow logs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc
version_added: "0.1.0"
short_description: Manage a VPC and everything that makes it a network
description:
  - Creates, changes and removes a VPC with subnets over several availability zones, internet and NAT gateways, route
    tables, network ACLs, endpoints and flow logs, all in one task.
  - Zones are looked up, never assumed. A subnet keeps its zone and its addresses whatever order the region lists its
    zones in, so zones, tiers and NAT gateways can be added and removed while the network is in use.
  - Every resource is named after O(name) and found again by its name and tags, also after an interrupted run.
  - The network ACL that comes with the VPC is left alone; its default security group is closed.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the VPC, and the beginning of the name of everything in it.
    type: str
    required: true
  state:
    description: Whether the network shall exist. V(absent) removes all of it and needs no other option.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description: Id of a VPC to take over, which receives O(name) and O(tags). Not needed for one made by this module.
    type: str
  cidr_block:
    description: Addresses of the VPC, between /16 and /28. Cannot be changed later. Required when O(state=present).
    type: str
  enable_dns_support:
    description: Whether the Amazon DNS server answers in the VPC.
    type: bool
    default: true
  enable_dns_hostnames:
    description: Whether instances get DNS names. Interface endpoints with private DNS need it.
    type: bool
    default: true
  zones:
    description: Number of availability zones to span. Those in use are kept, others follow in order of their names.
    type: int
    default: 2
  zone_names:
    description: The availability zones to span, instead of a number of them.
    type: list
    elements: str
  tiers:
    description: Groups of subnets, each with one subnet in every zone. Required when O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the tier, such as V(public), V(private) or V(data).
        type: str
        required: true
      public:
        description: Whether the default route leads to the internet gateway. The first such holds the NAT gateways.
        type: bool
        default: false
      nat:
        description: Whether the default route leads to a NAT gateway, where O(nat) makes one.
        type: bool
        default: false
      newbits:
        description: How many bits longer than that of O(cidr_block) the prefix of the subnets is. 4 when omitted.
        type: int
      cidrs:
        description: Addresses of the subnets, one range a zone, instead of the first free ranges.
        type: list
        elements: str
      map_public_ip_on_launch:
        description: Whether interfaces get a public address by default. EC2 says no when omitted.
        type: bool
      network_acl_rules:
        description:
          - Rules of the tier's own network ACL. When omitted the tier has none and the VPC's default one applies.
          - An empty list is an ACL that refuses everything.
        type: list
        elements: dict
        suboptions:
          rule_number:
            description: Rules are evaluated from the lowest number, 1 to 32766, unique for each direction.
            type: int
            required: true
          direction:
            description: Whether the rule is for traffic into or out of the subnets.
            type: str
            choices: [ingress, egress]
            default: ingress
          rule_action:
            description: What happens to the traffic.
            type: str
            choices: [allow, deny]
            default: allow
          protocol:
            description: V(tcp), V(udp), V(icmp), V(all), or a protocol number.
            type: str
            default: tcp
          cidr_block:
            description: The other side's addresses.
            type: str
            required: true
          from_port:
            description: First port, for V(tcp) and V(udp).
            type: int
          to_port:
            description: Last port, for V(tcp) and V(udp).
            type: int
          icmp_type:
            description: ICMP type, V(-1) for all.
            type: int
          icmp_code:
            description: ICMP code, V(-1) for all.
            type: int
  nat:
    description:
      - V(one) for all zones is cheaper, V(per_zone) survives the loss of a zone and avoids traffic between zones.
      - Each has an Elastic IP address of its own.
    type: str
    choices: [none, one, per_zone]
    default: none
  endpoints:
    description: Endpoints for AWS services. When omitted endpoints are left alone, an empty list removes them.
    type: list
    elements: dict
    suboptions:
      service:
        description: Short name of the service, such as V(s3) or V(ecr.api), or its full name.
        type: str
        required: true
      type:
        description: V(Gateway) for V(s3) and V(dynamodb), V(Interface) for the others, when omitted.
        type: str
        choices: [Gateway, Interface]
      tiers:
        description: Tiers whose route tables lead to a gateway endpoint, or the one tier for an interface endpoint.
        type: list
        elements: str
        required: true
      private_dns_enabled:
        description: Whether the service's usual name resolves to an interface endpoint.
        type: bool
        default: true
      security_group_ids:
        description: Groups of an interface endpoint. When omitted, a group that lets in HTTPS from O(cidr_block).
        type: list
        elements: str
      policy:
        description: Policy of the endpoint. When omitted it is left alone, which is full access for a new one.
        type: json
  flow_logs:
    description: Flow logs of the VPC. When omitted flow logs are left alone, an empty list removes them.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the flow log, after O(name).
        type: str
        default: flow-log
      traffic_type:
        description: Which traffic is recorded.
        type: str
        choices: [ACCEPT, REJECT, ALL]
        default: ALL
      log_destination_type:
        description: Where the records go.
        type: str
        choices: [cloud-watch-logs, s3]
        default: cloud-watch-logs
      log_group_name:
        description: Log group, for V(cloud-watch-logs).
        type: str
      log_destination:
        description: ARN of the bucket, with an optional folder, for V(s3).
        type: str
      deliver_logs_permission_arn:
        description: Role that may write to the log group, for V(cloud-watch-logs).
        type: str
      max_aggregation_interval:
        description: Seconds over which a record is gathered, V(60) or V(600).
        type: int
        default: 600
      log_format:
        description: Fields of a record. When omitted it is left alone, which is AWS's default format for a new one.
        type: str
  restrict_default_security_group:
    description: Whether to take all rules from the VPC's default security group.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until NAT gateways and endpoints are available.
      - With V(false) they are started, and the routes through NAT gateways follow when a later task waits.
    type: bool
    default: true
  nat_timeout:
    description: Seconds to wait for NAT gateways.
    type: int
    default: 600
  endpoint_timeout:
    description: Seconds to wait for endpoints.
    type: int
    default: 600
  teardown_timeout:
    description: Seconds to wait for a NAT gateway, an endpoint, or the network interfaces of a subnet to go.
    type: int
    default: 1200
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.security_groups
  - module: amazon.aws.ec2_vpc_net
    description: Manages a VPC alone.
"""

EXAMPLES = r"""
- name: Network of the staging environment
  trademaster.platform.vpc:
    name: trademaster-staging
    cidr_block: 10.20.0.0/16
    zones: 2
    nat: per_zone
    tiers:
      - name: public
        public: true
      - name: private
        nat: true
      - name: data
        network_acl_rules:
          - {rule_number: 100, cidr_block: 10.20.0.0/16, from_port: 5432, to_port: 5432}
          - {rule_number: 110, cidr_block: 10.20.0.0/16, from_port: 6379, to_port: 6379}
          - {rule_number: 100, direction: egress, cidr_block: 10.20.0.0/16, from_port: 1024, to_port: 65535}
    endpoints:
      - {service: s3, tiers: [private, data]}
      - {service: ecr.api, tiers: [private]}
    flow_logs:
      - log_group_name: /trademaster/staging/flow-logs
        deliver_logs_permission_arn: "{{ flow_logs_role_arn }}"
    tags:
      Project: trademaster
      Environment: staging

- name: Remove the network
  trademaster.platform.vpc:
    name: trademaster-staging
    state: absent
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
vpc_id:
  description: Id of the VPC; none when it is absent.
  returned: always
  type: str
  sample: vpc-0a1b2c3d4e5f60718
cidr_block:
  description: Addresses of the VPC.
  returned: when present
  type: str
  sample: 10.20.0.0/16
zones:
  description: Availability zones the network spans.
  returned: when present
  type: list
  elements: str
  sample: [eu-central-1a, eu-central-1b]
subnets:
  description: Subnets by tier, in order of RV(zones).
  returned: when present
  type: dict
  sample:
    public: [{"id": "subnet-0123456789abcdef0", "zone": "eu-central-1a", "cidr": "10.20.0.0/20"}]
subnet_ids:
  description: Ids of the subnets by tier, in order of RV(zones).
  returned: when present
  type: dict
  sample: {"public": ["subnet-0123456789abcdef0"]}
internet_gateway_id:
  description: Id of the internet gateway; none without a public tier.
  returned: when present
  type: str
  sample: igw-0123456789abcdef0
route_table_ids:
  description: Ids of the route tables, by tier, and by tier and zone for tiers behind NAT gateways.
  returned: when present
  type: dict
  sample: {"public": "rtb-0123456789abcdef0", "private-eu-central-1a": "rtb-0123456789abcdef1"}
network_acl_ids:
  description: Ids of the network ACLs by tier.
  returned: when present
  type: dict
  sample: {"data": "acl-0123456789abcdef0"}
nat_gateway_ids:
  description: Ids of the NAT gateways by zone.
  returned: when present
  type: dict
  sample: {"eu-central-1a": "nat-0123456789abcdef0"}
nat_public_ips:
  description: Addresses from which traffic leaves through the NAT gateways.
  returned: when present
  type: list
  elements: str
  sample: ["192.0.2.10"]
endpoint_ids:
  description: Ids of the endpoints by service, as given in O(endpoints).
  returned: when present
  type: dict
  sample: {"s3": "vpce-0123456789abcdef0"}
endpoints_security_group_id:
  description: Id of the group made for interface endpoints that were given none.
  returned: when present
  type: str
  sample: sg-0123456789abcdef1
flow_log_ids:
  description: Ids of the flow logs by name.
  returned: when present
  type: dict
  sample: {"flow-log": "fl-0123456789abcdef0"}
default_security_group_id:
  description: Id of the VPC's default security group.
  returned: when present
  type: str
  sample: sg-0123456789abcdef0
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "network_acl", "key": "trademaster-staging-data", "fields": ["rules"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "NAT gateways available", "seconds": 97.4}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.spec import VPC
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ARGUMENT_SPEC = {
    **VPC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "nat_timeout": {"type": "int", "default": 600},
    "endpoint_timeout": {"type": "int", "default": 600},
    "teardown_timeout": {"type": "int", "default": 1200},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ("cidr_block", "tiers"))])


if __name__ == "__main__":
    main()
