#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring customers back to an earlier release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: blue_green_rollback
version_added: "0.1.0"
short_description: Bring customers back to an earlier release of a service with two colours
description:
  - Returns to the release before the live one, or to O(to). Where its tasks still run, customers are there as soon as
    the gateway has other weights; else the tasks are started on the colour that nobody uses, and tried through the
    preview first.
  - Where a deployment was killed, it is ended instead. Customers go back to the release that it was to replace, and
    what it had started is stopped. That is all, unless O(to) is given.
  - Refuses, before it writes anything, when there is no such release, when it is live already, and when the schema of
    the database has changed more than once since, or by a migration that is marked as breaking.
  - What is under way is noted in O(state_path), so that a rollback that was killed is completed by the next one.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  id:
    description: Id of this rollback, unique.
    type: str
    required: true
  container:
    description: Container whose image the releases are made of.
    type: str
    required: true
  to:
    description: Version, or number of the revision, to return to. The release before the live one when omitted.
    type: str
  force:
    description: Whether to return to a release that the database does not fit any more.
    type: bool
    default: false
  warm_seconds:
    description: Seconds for which the tasks of the release that is left are kept. They are stopped at once with V(0).
    type: int
    default: 3600
  start_timeout:
    description: Seconds that tasks may take to be started and healthy.
    type: int
    default: 900
  log_group:
    description: Log group with the records of releases.
    type: str
    required: true
attributes:
  check_mode:
    description: Decides and refuses as ever, says where customers would go, and writes nothing.
    support: full
  diff_mode:
    description: Shows the weights before and after.
    support: full
  idempotent:
    description: Each run returns to an earlier release. One that is named is refused when it is live.
    support: none
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.release
  - trademaster.platform.release.connections
seealso:
  - module: trademaster.platform.blue_green_deployment
  - module: trademaster.platform.release_record
"""

EXAMPLES = r"""
- name: Return to the release before
  trademaster.platform.blue_green_rollback:
    id: 20260302-101500-7f3a
    cluster: trademaster-staging
    container: auth
    colours:
      blue:
        service: trademaster-staging-auth-blue
        target: auth-service-blue.staging.trademaster.internal:8080
      green:
        service: trademaster-staging-auth-green
        target: auth-service-green.staging.trademaster.internal:8080
    gateway:
      admin_url: https://kong-admin.example.com:8444
      admin_token: "{{ lookup('trademaster.platform.secret', 'trademaster/staging/kong/admin-token') }}"
    upstream: auth-service
    preview:
      upstream: auth-service-preview
      header: X-Release-Preview
      token_secret: trademaster/staging/kong/preview-token
    probe:
      url: https://auth.example.com
      email: probe@example.com
      secret_id: trademaster-verify/staging/probe
    state_path: /trademaster/staging/releases/auth-service
    log_group: /trademaster/staging/releases
"""

RETURN = r"""
verb:
  description: V(rollback), or V(deploy) where a deployment was ended that had been killed.
  returned: success
  type: str
  sample: rollback
id:
  description: Id of this rollback, or of the deployment that was ended.
  returned: success
  type: str
  sample: 20260302-101500-7f3a
verdict:
  description: What became of it, for the record of the release.
  returned: success
  type: str
  sample: reverted
live:
  description: The colour that takes the customers now.
  returned: success
  type: str
  sample: blue
from:
  description: The release that was live before.
  returned: success
  type: dict
  sample:
    version: 1.4.2
    task_definition: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:8
to:
  description: The release that customers are on now.
  returned: success
  type: dict
  sample:
    version: 1.4.1
    task_definition: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:7
warm:
  description: Whether no task had to be started.
  returned: success
  type: bool
  sample: true
why:
  description: What was done, as one line.
  returned: success
  type: str
  sample: green 1.4.2 (revision 8) → blue 1.4.1 (revision 7); its tasks still run
phases:
  description: How long it took.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "traffic", "seconds": 0.1}]
started_at:
  description: When it began.
  returned: success
  type: str
  sample: "2026-03-02T10:15:00.100000Z"
ended_at:
  description: When it was over.
  returned: success
  type: str
  sample: "2026-03-02T10:15:00.700000Z"
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "customers", "key": "auth-service", "fields": ["weights", "release"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release.connections import CONNECTIONS
from ansible_collections.trademaster.platform.plugins.module_utils._release.rollback_run import run

ARGUMENT_SPEC = {
    **CONNECTIONS,
    "id": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "to": {"type": "str"},
    "force": {"type": "bool", "default": False},
    "warm_seconds": {"type": "int", "default": 3600},
    "start_timeout": {"type": "int", "default": 900},
    "log_group": {"type": "str", "required": True},
}


def silent(_line: str) -> None:
    pass


def main(report: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches."""
    run_module(ARGUMENT_SPEC, partial(run, report=report))


if __name__ == "__main__":
    main()
