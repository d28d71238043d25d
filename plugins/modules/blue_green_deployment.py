#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: giving a release to the customers step by step, and taking it back when it does not do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: blue_green_deployment
version_added: "0.1.0"
short_description: Move customers to a release, step by step and judged by metrics
description:
  - Starts a revision on the colour that no customer is on, with as many tasks as the other one has, and waits until
    ECS and the gateway find all of them healthy. Signs in to it through a preview that customers cannot reach. Then
    moves the weights of the gateway's upstream in O(steps).
  - During each step Prometheus tells how the new colour does, absolutely and beside the other one, and somebody signs
    in. A step fails as soon as it cannot pass any more. It takes longer while there is too little traffic.
  - Whatever goes wrong, customers go back first, then the new tasks are stopped, and then the task fails and says why.
    The same happens when the run is told to stop, or loses its lock.
  - What is under way is noted in O(state_path). When a run was killed, the next one begins by putting right what it has
    left.
  - With the last step passed, the other colour is kept for O(warm_seconds), so that a rollback starts no task.
  - Changes nothing when customers are on the revision already.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  service:
    description: Logical name of the service, which stands for C($service) in O(metrics.queries).
    type: str
    required: true
  task_definition:
    description: ARN of the revision to bring to the customers.
    type: str
    required: true
  release:
    description: What is known of the release, as it goes into the state.
    type: dict
    required: true
    suboptions:
      id:
        description: Id of the release.
        type: str
        required: true
      version:
        description: Tag of the image.
        type: str
        required: true
      image:
        description: The image as C(repository@digest).
        type: str
        required: true
      digest:
        description: Digest of the image.
        type: str
        required: true
      schema:
        description: Version of the database's schema that the release was made for.
        type: str
        default: ""
      breaking:
        description: Whether its migrations keep the release before it from running.
        type: bool
        default: false
      by:
        description: Who releases it.
        type: str
        default: ""
      at:
        description: When, in ISO 8601.
        type: str
        default: ""
  steps:
    description:
      - How many percent of the customers move, and how many seconds they are watched. Weights rise, to 100 at last.
      - A step of 0 seconds is not watched.
    type: list
    elements: dict
    required: true
    suboptions:
      weight:
        description: Percent of the customers.
        type: int
        required: true
      seconds:
        description: Seconds until the next step.
        type: float
        required: true
  bake_seconds:
    description: Seconds that all customers are watched after the last step, before the release counts as completed.
    type: float
    default: 300.0
  thresholds:
    description: What the new colour has to keep.
    type: dict
    required: true
    suboptions:
      error_ratio:
        description: Share of the requests that may fail with 5xx.
        type: float
        required: true
      p95_milliseconds:
        description: Time within which 95 % of the requests have to be answered.
        type: float
        required: true
      p95_ratio:
        description: How many times as long as the other colour it may take for 95 % of the requests.
        type: float
        required: true
      p95_floor_milliseconds:
        description: Time up to which colours are not compared.
        type: float
        default: 100.0
      minimum_requests:
        description: Requests without which a step cannot pass.
        type: int
        required: true
  metrics:
    description: Where Prometheus is, and what it is asked.
    type: dict
    required: true
    suboptions:
      grafana:
        description: Grafana, through which Prometheus is asked.
        type: dict
        required: true
        suboptions:
          url:
            description: Address where Grafana is reached.
            type: str
            required: true
          server_name:
            description: Name of Grafana, where it is not the one in O(metrics.grafana.url).
            type: str
          ca_file:
            description: File with the authorities to trust, instead of those of the system.
            type: path
          secret_id:
            description: Name or ARN of the secret of an account of Grafana, JSON with C(username) and C(password).
            type: str
            required: true
          datasource_uid:
            description: C(uid) of the data source in Grafana that is Prometheus.
            type: str
            default: prometheus
      queries:
        description:
          - PromQL in the place of the usual one, by name of the figure, in which C($service) and C($colour) stand for
            the service's name and the colour.
          - C(up) counts the tasks that are scraped. C(requests), C(errors) and C(latency), the buckets of a histogram
            of seconds, are counters of a colour. C(gateway_requests) and C(gateway_errors) are those of the gateway.
          - Counters are to be apart by task, so that one that begins anew is seen.
        type: dict
      traffic_timeout:
        description: Seconds that a step may last longer while there are fewer requests than the minimum.
        type: float
        default: 300.0
      gap_seconds:
        description: Seconds for which Prometheus may have nothing to say before the release is taken back.
        type: float
        default: 60.0
  requests_per_minute:
    description:
      - Requests to make during steps, half of them to the new colour alone, so that there is something to judge.
      - None with V(0). They count against the limit of the account's tier.
    type: int
    default: 60
  warm_seconds:
    description: Seconds that the other colour keeps its tasks after the release has completed.
    type: float
    default: 3600.0
  start_timeout:
    description: Seconds within which the new tasks have to be healthy, and seen by Prometheus.
    type: float
    default: 900.0
  poll_seconds:
    description: Seconds between looks, at most.
    type: float
    default: 2.0
attributes:
  check_mode:
    description: Says what would be put right, and which release would go where.
    support: full
  diff_mode:
    description: Shows which release customers were on, and which one they are on.
    support: full
  idempotent:
    description: The revision that customers are on is not released again.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.release
  - trademaster.platform.release.connections
seealso:
  - module: trademaster.platform.blue_green_rollback
  - module: trademaster.platform.release_preflight
"""

EXAMPLES = r"""
- name: Bring a release to the customers
  trademaster.platform.blue_green_deployment:
    cluster: trademaster-staging
    service: auth-service
    colours:
      blue: {service: trademaster-staging-auth-blue, target: "auth-service-blue.staging.internal:8080"}
      green: {service: trademaster-staging-auth-green, target: "auth-service-green.staging.internal:8080"}
    task_definition: arn:aws:ecs:us-east-1:123456789012:task-definition/trademaster-staging-auth:42
    release:
      id: 0b6f1c1e-6d0b-4c0e-8f55-4f4b0d9b8a11
      version: 1.4.0
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/auth@sha256:0f1e2d
      digest: sha256:0f1e2d
    gateway:
      admin_url: https://gateway-admin.example.com
      admin_token: "{{ lookup('ansible.builtin.env', 'KONG_ADMIN_TOKEN') }}"
    upstream: auth-service
    preview:
      upstream: auth-service-preview
      header: X-Release-Preview
      token_secret: trademaster/staging/kong/preview-token
    steps:
      - {weight: 10, seconds: 120}
      - {weight: 50, seconds: 120}
      - {weight: 100, seconds: 120}
    thresholds: {error_ratio: 0.01, p95_milliseconds: 500, p95_ratio: 1.5, minimum_requests: 20}
    metrics:
      grafana:
        url: https://grafana.example.com
        secret_id: trademaster/staging/grafana/admin
    probe:
      url: https://auth.example.com
      email: probe@example.com
      secret_id: trademaster-verify/staging/probe
    state_path: /trademaster/staging/releases/auth-service
"""

RETURN = r"""
verdict:
  description:
    - V(completed) when customers are on the release, V(unchanged) when they were before, V(planned) in check mode.
    - When the task fails, V(rolled_back) if customers were on it, else V(failed).
  returned: always
  type: str
  sample: completed
live:
  description: The colour that customers are on.
  returned: always
  type: str
  sample: green
from:
  description: The colour that customers were on.
  returned: success
  type: str
  sample: blue
to:
  description: The colour of the release.
  returned: success
  type: str
  sample: green
phases:
  description: What was done, and how many seconds it took.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "start", "seconds": 41.2}, {"name": "preview", "seconds": 6.3}]
steps:
  description:
    - What was seen in each step. C(error_ratio) and C(p95), in milliseconds, are of the new colour, C(live_p95) of the
      other one.
  returned: always
  type: list
  elements: dict
  sample:
    - {"weight": 10, "seconds": 120.4, "requests": 64, "error_ratio": 0.0, "p95": 38.5, "live_p95": 36.9,
       "gateway_errors": 0}
why:
  description: Why the release was taken back.
  returned: always
  type: str
  sample: ""
put_right:
  description: What a run that came to no end had left, and what was done about it.
  returned: success
  type: str
  sample: ""
not_put_right:
  description: What could not be taken back. The next run begins with it.
  returned: failure of a rollout
  type: list
  elements: str
  sample: []
rollback_seconds:
  description: How long it took until customers were back.
  returned: failure of a rollout
  type: float
  sample: 0.3
events:
  description: The latest events of the new colour's ECS service.
  returned: failure of a rollout
  type: list
  elements: str
  sample: ["(service trademaster-staging-auth-green) has reached a steady state."]
stopped_tasks:
  description: Why tasks of the new colour stopped by themselves.
  returned: failure of a rollout
  type: list
  elements: dict
  sample: []
log:
  description: The last lines of a task of the new colour, by container. What looks like a secret is masked.
  returned: failure of a rollout
  type: dict
  sample: {"auth": ["started in 4.1 s"]}
changes:
  description: What was changed, or would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "release", "key": "auth-service", "fields": ["live", "version", "task_definition"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "2 tasks of green", "seconds": 41.2}]
"""

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release.connections import CONNECTIONS
from ansible_collections.trademaster.platform.plugins.module_utils._release.deployment_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._verify import grafana

RELEASE = {
    "id": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "digest": {"type": "str", "required": True},
    "schema": {"type": "str", "default": ""},
    "breaking": {"type": "bool", "default": False},
    "by": {"type": "str", "default": ""},
    "at": {"type": "str", "default": ""},
}
STEP = {
    "weight": {"type": "int", "required": True},
    "seconds": {"type": "float", "required": True},
}
THRESHOLDS = {
    "error_ratio": {"type": "float", "required": True},
    "p95_milliseconds": {"type": "float", "required": True},
    "p95_ratio": {"type": "float", "required": True},
    "p95_floor_milliseconds": {"type": "float", "default": 100.0},
    "minimum_requests": {"type": "int", "required": True},
}
METRICS = {
    "grafana": {"type": "dict", "required": True, "options": dict(grafana.OPTIONS)},
    "queries": {"type": "dict"},
    "traffic_timeout": {"type": "float", "default": 300.0},
    "gap_seconds": {"type": "float", "default": 60.0},
}
ARGUMENT_SPEC = {
    **CONNECTIONS,
    "service": {"type": "str", "required": True},
    "task_definition": {"type": "str", "required": True},
    "release": {"type": "dict", "required": True, "options": RELEASE},
    "steps": {"type": "list", "elements": "dict", "required": True, "options": STEP},
    "bake_seconds": {"type": "float", "default": 300.0},
    "thresholds": {"type": "dict", "required": True, "options": THRESHOLDS},
    "metrics": {"type": "dict", "required": True, "options": METRICS},
    "requests_per_minute": {"type": "int", "default": 60},
    "warm_seconds": {"type": "float", "default": 3600.0},
    "start_timeout": {"type": "float", "default": 900.0},
    "poll_seconds": {"type": "float", "default": 2.0},
}


def silent(_line: str) -> None:
    """Where nobody watches, the result has to do."""


def main(report: Callable[[str], None] = silent, last_words: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches, and `last_words` does once the run was told to stop."""
    run_module(ARGUMENT_SPEC, partial(run, report=report, last_words=last_words))


if __name__ == "__main__":
    main()
