#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of files in S3, below the digest of its content."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_file_set
version_added: "0.1.0"
short_description: Keep a set of files in S3 under the digest of its content
description:
  - Checks files, such as the configuration of a service, and uploads them below a prefix that ends with the SHA-256
    digest of their content. Other files are another prefix, so what uses them changes with them, and can go back.
  - Nothing is uploaded that a checker refuses.
  - Former sets stay for a while, so that a service that is rolled back finds its files. A set that is used again is
    written again and counts as the newest.
  - The files may hold no secrets.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  bucket:
    description: Bucket of the files, which has to exist; in check mode it may come to exist later.
    type: str
    required: true
  prefix:
    description: What the keys of all sets begin with, such as V(prometheus). Nothing outside it is ever touched.
    type: str
    required: true
  files:
    description: Text of each file by its path below the digest. Required with O(state=present).
    type: dict
  validate:
    description:
      - Commands that check the files, each a list of a program and its arguments. They run one after the other in a
        temporary folder that holds the files, without a shell, in check mode as well.
      - They are left out while a file holds a value that is only known after apply.
    type: list
    elements: list
  program_variable:
    description: Variable in which users name the program of O(validate), for the error when it cannot be run.
    type: str
  keep:
    description: How many of the newest sets stay at least, the one in use included.
    type: int
    default: 10
  keep_days:
    description:
      - How many days sets beyond O(keep) stay after the next one took their place, so that a day of failed attempts
        does not remove the set that the last good revision still runs with.
    type: int
    default: 30
  state:
    description: V(absent) removes all sets below O(prefix).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.s3_buckets
    description: Manages the bucket.
  - module: community.aws.s3_sync
    description: Uploads a folder of the controller.
"""

EXAMPLES = r"""
- name: The configuration of Prometheus, checked by promtool
  trademaster.platform.s3_file_set:
    bucket: trademaster-staging-configuration
    prefix: prometheus
    files:
      prometheus.yml: "{{ lookup('ansible.builtin.template', 'prometheus.yml.j2') }}"
      rules/availability.yml: "{{ lookup('ansible.builtin.file', 'availability.yml') }}"
    validate:
      - [promtool, check, config, prometheus.yml]
      - [promtool, check, rules, rules/availability.yml]
    program_variable: prometheus_promtool
  register: configuration

- name: No configuration of Prometheus
  trademaster.platform.s3_file_set:
    bucket: trademaster-staging-configuration
    prefix: prometheus
    state: absent
"""

RETURN = r"""
digest:
  description: SHA-256 of what C(sha256sum) prints for the files, sorted by path. Known in check mode, too.
  returned: with O(state=present)
  type: str
  sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
prefix:
  description: Where the files are in the bucket.
  returned: with O(state=present)
  type: str
  sample: prometheus/2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "file_set", "key": "prometheus", "fields": ["digest", "files"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3.file_set_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ARGUMENT_SPEC = {
    "bucket": {"type": "str", "required": True},
    "prefix": {"type": "str", "required": True},
    "files": {"type": "dict"},
    "validate": {"type": "list", "elements": "list"},
    "program_variable": {"type": "str"},
    "keep": {"type": "int", "default": 10, "no_log": False},
    "keep_days": {"type": "int", "default": 30, "no_log": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ["files"])])


if __name__ == "__main__":
    main()
