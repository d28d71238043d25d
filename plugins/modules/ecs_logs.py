#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: what the containers of a service say."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_logs
version_added: "0.1.0"
short_description: Show what the containers of an ECS service say
description:
  - Reads the log groups of a service's containers in CloudWatch Logs and shows the lines of all tasks in the order of
    time, each with its time in UTC, its task and its container. What looks like a secret is masked.
  - One-off tasks that log to the same group, such as migrations, are shown by the prefix of their streams.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: Name or ARN of the ECS cluster.
    type: str
    required: true
  service:
    description:
      - What to show - a name of O(groups), or that of a service, with or without O(prefix).
      - When omitted, the names are shown that there are.
    type: str
  groups:
    description: Services that are shown together, by name; each is a dictionary of ECS services by their labels.
    type: dict
  prefix:
    description: Beginning that names of services have in common, and that may be left out.
    type: str
  since:
    description: From when on, as V(30s), V(15m), V(2h) or V(1d) ago, or as a time in ISO 8601.
    type: str
    default: 10m
  filter_pattern:
    description: Pattern of CloudWatch Logs that lines have to match.
    type: str
  limit:
    description: Events to show at most of what was said before; the last ones are shown.
    type: int
    default: 1000
  follow:
    description: Whether to go on showing lines as they come in, until the task is interrupted. Check mode does not.
    type: bool
    default: false
  poll_seconds:
    description: Seconds between looks while following.
    type: float
    default: 1.0
attributes:
  check_mode:
    description: Reads as ever, and follows nothing.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  idempotent:
    description: Nothing is changed.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: trademaster.platform.environment_status_info
"""

EXAMPLES = r"""
- name: Show what both colours of the service have said of errors
  trademaster.platform.ecs_logs:
    cluster: trademaster-staging
    service: auth-service
    groups:
      auth-service:
        blue: trademaster-staging-auth-blue
        green: trademaster-staging-auth-green
    since: 1h
    filter_pattern: ERROR
"""

RETURN = r"""
lines:
  description: What was said until the task began to follow.
  returned: success
  type: list
  elements: str
  sample: ["06:12:33.120 blue  3f2a1b9c auth Started in 2.1 seconds"]
services:
  description: What can be asked for.
  returned: success
  type: list
  elements: str
  sample: [auth-service, kong]
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.service_logs_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "service": {"type": "str"},
    "groups": {"type": "dict"},
    "prefix": {"type": "str"},
    "since": {"type": "str", "default": "10m"},
    "filter_pattern": {"type": "str"},
    "limit": {"type": "int", "default": 1000},
    "follow": {"type": "bool", "default": False},
    "poll_seconds": {"type": "float", "default": 1.0},
}


def silent(_line: str) -> None:
    """Where nobody watches, the lines in the result have to do."""


def main(report: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches."""
    run_module(ARGUMENT_SPEC, partial(run, report=report))


if __name__ == "__main__":
    main()
