#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an application load balancer with all that routes through it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_load_balancer
version_added: "0.1.0"
short_description: Manage an application load balancer with target groups, listeners and rules as one set
description:
  - Creates, updates and removes an application load balancer together with its target groups, listeners and rules.
  - Listeners and rules refer to target groups by the name they have in the task.
  - Protocol, port, target type and VPC of a target group cannot be changed in place. Such a group is created anew under
    another name, listeners and rules turn to it, and then the old one goes. Register targets anew afterwards.
  - Weights that a deployment moves are left where they are with O(listeners[].manage_weights=false) and
    O(listeners[].rules[].manage_weights=false).
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the load balancer, up to 32 characters.
    type: str
    required: true
  state:
    description: Whether the load balancer shall exist, or be gone with its listeners and target groups.
    type: str
    choices: [present, absent]
    default: present
  scheme:
    description: Whether clients reach it from the internet or from inside the VPC. Cannot be changed.
    type: str
    choices: [internet-facing, internal]
  ip_address_type:
    description: Address families of its addresses.
    type: str
    choices: [ipv4, dualstack]
  subnets:
    description: Ids of subnets in two availability zones at least.
    type: list
    elements: str
  security_groups:
    description: Ids of its security groups.
    type: list
    elements: str
  vpc_id:
    description: VPC of the target groups.
    type: str
  deletion_protection:
    description: Whether the load balancer refuses to be deleted.
    type: bool
  idle_timeout_seconds:
    description: How long a connection may be idle.
    type: int
  http2:
    description: Whether clients may speak HTTP/2.
    type: bool
  drop_invalid_header_fields:
    description: Whether header fields with invalid names are removed before a request is forwarded.
    type: bool
  desync_mitigation_mode:
    description: How requests are handled that may be understood in two ways.
    type: str
    choices: [monitor, defensive, strictest]
  tls_version_and_cipher_suite_headers:
    description: Whether targets are told the negotiated TLS version and cipher suite.
    type: bool
  waf_fail_open:
    description: Whether requests are forwarded when the web application firewall does not answer.
    type: bool
  access_logs:
    description: Log of requests in a bucket.
    type: dict
    suboptions: &logs
      enabled:
        description: Whether to log.
        type: bool
        required: true
      bucket:
        description: Name of the bucket, which must allow the load balancing service to write.
        type: str
      prefix:
        description: Beginning of the names of the objects.
        type: str
  connection_logs:
    description: Log of connections in a bucket.
    type: dict
    suboptions: *logs
  attributes:
    description: Further attributes of the load balancer, by the keys of the service.
    type: dict
  target_groups:
    description: Where requests are forwarded to.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the target group, up to 32 characters.
        type: str
        required: true
      port:
        description: Port of the targets.
        type: int
        required: true
      protocol:
        description: What targets speak.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      protocol_version:
        description: Version of HTTP that targets speak.
        type: str
        choices: [HTTP1, HTTP2, GRPC]
      target_type:
        description: What is registered. Tasks on Fargate are registered by address.
        type: str
        choices: [ip, instance]
        default: ip
      health_check:
        description: How targets are probed.
        type: dict
        suboptions:
          enabled:
            description: Whether targets are probed.
            type: bool
          protocol:
            description: What the probe speaks.
            type: str
            choices: [HTTP, HTTPS]
          port:
            description: Port of the probe, or V(traffic-port).
            type: str
          path:
            description: Path of the probe.
            type: str
          interval_seconds:
            description: Time from one probe to the next.
            type: int
          timeout_seconds:
            description: How long a probe may take. Shorter than the interval.
            type: int
          healthy_threshold_count:
            description: Successes in a row after which a target counts as healthy.
            type: int
          unhealthy_threshold_count:
            description: Failures in a row after which a target counts as unhealthy.
            type: int
          matcher:
            description: Status codes of success, such as V(200) or V(200-299).
            type: str
      deregistration_delay_seconds:
        description: How long requests in flight may take to end when a target leaves.
        type: int
      slow_start_seconds:
        description: How long a new target is given a growing share of requests.
        type: int
      load_balancing_algorithm:
        description: How requests are shared among targets.
        type: str
        choices: [round_robin, least_outstanding_requests, weighted_random]
      stickiness:
        description: Whether the requests of a client stay with one target.
        type: dict
        suboptions:
          enabled:
            description: Whether they do.
            type: bool
            required: true
          duration_seconds:
            description: For how long.
            type: int
      attributes:
        description: Further attributes of the target group, by the keys of the service.
        type: dict
  listeners:
    description: Ports that are served.
    type: list
    elements: dict
    suboptions:
      port:
        description: Port that clients connect to.
        type: int
        required: true
      protocol:
        description: What clients speak.
        type: str
        choices: [HTTP, HTTPS]
        required: true
      ssl_policy:
        description: Name of the security policy, which sets TLS versions and cipher suites.
        type: str
      certificates:
        description: ARNs of certificates. The first is the default one.
        type: list
        elements: str
      default_action:
        description: What happens to a request that no rule matches.
        type: dict
        required: true
        suboptions: &action
          type:
            description: Kind of action.
            type: str
            choices: [forward, redirect, fixed-response]
            required: true
          target_groups:
            description: Where a V(forward) goes.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name of one of O(target_groups), or the ARN of another target group.
                type: str
                required: true
              weight:
                description: Share of requests, from V(0) to V(999).
                type: int
                default: 1
          stickiness_duration_seconds:
            description: How long a V(forward) keeps a client with the same target group. V(0) does not.
            type: int
          redirect:
            description: Where a V(redirect) sends the client. What is left out stays as it was in the request.
            type: dict
            suboptions:
              protocol:
                description: Protocol to use.
                type: str
              host:
                description: Host to go to.
                type: str
              port:
                description: Port to go to.
                type: str
              path:
                description: Path to go to.
                type: str
              query:
                description: Query to send.
                type: str
              status_code:
                description: Whether the redirect is permanent.
                type: str
                choices: [HTTP_301, HTTP_302]
                default: HTTP_301
          fixed_response:
            description: What a V(fixed-response) answers.
            type: dict
            suboptions:
              status_code:
                description: Status code.
                type: str
                required: true
              content_type:
                description: Type of the body.
                type: str
              message_body:
                description: Body.
                type: str
      manage_weights:
        description: Whether the weights of the default action are set. When not, they are set at creation only.
        type: bool
        default: true
      attributes:
        description: Attributes of the listener, by the keys of the service.
        type: dict
      rules:
        description: What happens to requests that match conditions.
        type: list
        elements: dict
        suboptions:
          priority:
            description: Rules are tried from the lowest to the highest.
            type: int
            required: true
          conditions:
            description: All of them have to match.
            type: list
            elements: dict
            required: true
            suboptions:
              field:
                description: What is looked at.
                type: str
                choices: [host-header, path-pattern, http-request-method, http-header, query-string, source-ip]
                required: true
              values:
                description: Any of them has to match. For V(query-string) a value, or key and value joined by V(=).
                type: list
                elements: str
                required: true
              http_header_name:
                description: Name of the header for V(http-header).
                type: str
          action:
            description: What happens to a request that matches.
            type: dict
            required: true
            suboptions: *action
          manage_weights:
            description: Whether the weights of the action are set. When not, they are set at creation only.
            type: bool
            default: true
  purge:
    description:
      - Whether to remove what is not listed of this load balancer. Listeners and rules that carry O(tags), and target
        groups that were made for it.
    type: bool
    default: false
  wait:
    description: Whether to wait until the load balancer is active. A later task with V(true) joins the creation.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for the load balancer to be active, or gone, in seconds.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.acm_certificate
  - module: amazon.aws.elb_application_lb
    description: Manages a load balancer and its listeners.
"""

EXAMPLES = r"""
- name: Load balancer of the authentication service
  trademaster.platform.application_load_balancer:
    name: trademaster-staging
    scheme: internet-facing
    subnets: "{{ network_result.subnets.public }}"
    security_groups:
      - "{{ network_result.security_groups.edge }}"
    vpc_id: "{{ network_result.vpc_id }}"
    deletion_protection: true
    drop_invalid_header_fields: true
    purge: true
    target_groups:
      - name: trademaster-staging-auth
        port: 8080
        deregistration_delay_seconds: 30
        health_check:
          path: /actuator/health
          interval_seconds: 10
          timeout_seconds: 5
    listeners:
      - port: 80
        protocol: HTTP
        default_action:
          type: redirect
          redirect: {protocol: HTTPS, port: "443"}
      - port: 443
        protocol: HTTPS
        ssl_policy: ELBSecurityPolicy-TLS13-1-2-2021-06
        certificates:
          - "{{ certificate.arn }}"
        default_action:
          type: fixed-response
          fixed_response: {status_code: "404"}
        rules:
          - priority: 10
            conditions:
              - field: host-header
                values: [staging-auth.example.com]
            action:
              type: forward
              target_groups:
                - name: trademaster-staging-auth
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
load_balancer_arn:
  description: ARN of the load balancer.
  returned: when present
  type: str
  sample: arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/trademaster-staging/50dc6c495c0c9188
dns_name:
  description: Name in the DNS, for alias records.
  returned: when present
  type: str
  sample: trademaster-staging-1234567890.eu-central-1.elb.amazonaws.com
canonical_hosted_zone_id:
  description: Zone of RV(dns_name), for alias records.
  returned: when present
  type: str
  sample: Z215JYRZR1TBD5
listeners:
  description: ARN by port.
  returned: always
  type: dict
  sample:
    "443": arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/trademaster-staging/50dc6c49/f2f7dc8e
target_groups:
  description: ARN by name in the task.
  returned: always
  type: dict
  sample:
    trademaster-staging-auth: arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/auth/73e2d6bc24d8a067
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "listener", "key": "443", "fields": ["ssl_policy"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "load balancer trademaster-staging active", "seconds": 121.4}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.elbv2.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

LOGS = {"enabled": {"type": "bool", "required": True}, "bucket": {"type": "str"}, "prefix": {"type": "str"}}

HEALTH_CHECK = {
    "enabled": {"type": "bool"},
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
    "port": {"type": "str"},
    "path": {"type": "str"},
    "interval_seconds": {"type": "int"},
    "timeout_seconds": {"type": "int"},
    "healthy_threshold_count": {"type": "int"},
    "unhealthy_threshold_count": {"type": "int"},
    "matcher": {"type": "str"},
}

TARGET_GROUP = {
    "name": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "default": "HTTP"},
    "protocol_version": {"type": "str", "choices": ["HTTP1", "HTTP2", "GRPC"]},
    "target_type": {"type": "str", "choices": ["ip", "instance"], "default": "ip"},
    "health_check": {"type": "dict", "options": HEALTH_CHECK},
    "deregistration_delay_seconds": {"type": "int"},
    "slow_start_seconds": {"type": "int"},
    "load_balancing_algorithm": {
        "type": "str",
        "choices": ["round_robin", "least_outstanding_requests", "weighted_random"],
    },
    "stickiness": {
        "type": "dict",
        "options": {"enabled": {"type": "bool", "required": True}, "duration_seconds": {"type": "int"}},
    },
    "attributes": {"type": "dict"},
}

SHARE = {"name": {"type": "str", "required": True}, "weight": {"type": "int", "default": 1}}

REDIRECT = {
    "protocol": {"type": "str"},
    "host": {"type": "str"},
    "port": {"type": "str"},
    "path": {"type": "str"},
    "query": {"type": "str"},
    "status_code": {"type": "str", "choices": ["HTTP_301", "HTTP_302"], "default": "HTTP_301"},
}

FIXED_RESPONSE = {
    "status_code": {"type": "str", "required": True},
    "content_type": {"type": "str"},
    "message_body": {"type": "str"},
}

ACTION = {
    "type": {"type": "str", "choices": ["forward", "redirect", "fixed-response"], "required": True},
    "target_groups": {"type": "list", "elements": "dict", "options": SHARE},
    "stickiness_duration_seconds": {"type": "int"},
    "redirect": {"type": "dict", "options": REDIRECT},
    "fixed_response": {"type": "dict", "options": FIXED_RESPONSE},
}

CONDITION = {
    "field": {
        "type": "str",
        "choices": [
            "host-header",
            "path-pattern",
            "http-request-method",
            "http-header",
            "query-string",
            "source-ip",
        ],
        "required": True,
    },
    "values": {"type": "list", "elements": "str", "required": True},
    "http_header_name": {"type": "str"},
}

RULE = {
    "priority": {"type": "int", "required": True},
    "conditions": {"type": "list", "elements": "dict", "required": True, "options": CONDITION},
    "action": {"type": "dict", "required": True, "options": ACTION},
    "manage_weights": {"type": "bool", "default": True},
}

LISTENER = {
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "required": True},
    "ssl_policy": {"type": "str"},
    "certificates": {"type": "list", "elements": "str"},
    "default_action": {"type": "dict", "required": True, "options": ACTION},
    "manage_weights": {"type": "bool", "default": True},
    "attributes": {"type": "dict"},
    "rules": {"type": "list", "elements": "dict", "options": RULE},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "scheme": {"type": "str", "choices": ["internet-facing", "internal"]},
    "ip_address_type": {"type": "str", "choices": ["ipv4", "dualstack"]},
    "subnets": {"type": "list", "elements": "str"},
    "security_groups": {"type": "list", "elements": "str"},
    "vpc_id": {"type": "str"},
    "deletion_protection": {"type": "bool"},
    "idle_timeout_seconds": {"type": "int"},
    "http2": {"type": "bool"},
    "drop_invalid_header_fields": {"type": "bool"},
    "desync_mitigation_mode": {"type": "str", "choices": ["monitor", "defensive", "strictest"]},
    "tls_version_and_cipher_suite_headers": {"type": "bool"},
    "waf_fail_open": {"type": "bool"},
    "access_logs": {"type": "dict", "options": LOGS},
    "connection_logs": {"type": "dict", "options": LOGS},
    "attributes": {"type": "dict"},
    "target_groups": {"type": "list", "elements": "dict", "options": TARGET_GROUP},
    "listeners": {"type": "list", "elements": "dict", "options": LISTENER},
    "purge": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ("subnets",))])


if __name__ == "__main__":
    main()
