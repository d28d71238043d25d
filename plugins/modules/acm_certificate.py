#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a certificate that is proved through DNS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
version_added: "0.1.0"
short_description: Request a certificate and have it validated through Route53
description:
  - Requests a certificate from AWS Certificate Manager, publishes the records that prove control of its domains in a
    Route53 hosted zone, and waits until it is issued.
  - The certificate is known by a tag that holds its domain name. Others of the same domain are left alone.
  - Names and key of a certificate cannot be changed. It is replaced then. The old certificate is removed as soon as
    nothing uses it, by this run or by a later one, so listeners can turn to the new one in between.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  domain_name:
    description: First name of the certificate, such as V(auth.example.com) or V(*.example.com).
    type: str
    required: true
  subject_alternative_names:
    description: Further names.
    type: list
    elements: str
  state:
    description: Whether the certificate shall exist, or be gone with the records that no other certificate needs.
    type: str
    choices: [present, absent]
    default: present
  hosted_zone:
    description:
      - Name or id of the public hosted zone that holds all the names.
      - When omitted, no records are published. RV(validation_records) tells them.
    type: str
  validation_record_ttl:
    description: How long resolvers may keep a validation record, in seconds.
    type: int
    default: 300
  key_algorithm:
    description: Kind and size of the key. AWS takes V(RSA_2048) when omitted.
    type: str
    choices: [RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1, EC_secp521r1]
  transparency_logging:
    description: Whether the certificate is logged publicly. Browsers reject those that are not.
    type: bool
  wait:
    description: Whether to wait until the certificate is issued. A later task with V(true) joins the validation.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for records, for the certificate, or for its users to let go of it, in seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.application_load_balancer
  - module: community.aws.acm_certificate
    description: Imports certificates.
"""

EXAMPLES = r"""
- name: Certificate of the authentication service, requested
  trademaster.platform.acm_certificate:
    domain_name: staging-auth.example.com
    subject_alternative_names: [staging-api.example.com]
    hosted_zone: example.com
    wait: false
    tags: &tags
      Project: trademaster
      Environment: staging

- name: Certificate of the authentication service, issued
  trademaster.platform.acm_certificate:
    domain_name: staging-auth.example.com
    subject_alternative_names: [staging-api.example.com]
    hosted_zone: example.com
    tags: *tags
  register: certificate
"""

RETURN = r"""
arn:
  description: ARN of the certificate.
  returned: when present
  type: str
  sample: arn:aws:acm:eu-central-1:123456789012:certificate/2f6b9c1e-4a0d-4d52-9f0e-0c7a1b1f7c55
status:
  description: Where the certificate stands.
  returned: when present
  type: str
  sample: ISSUED
domain_names:
  description: All names of the certificate.
  returned: always
  type: list
  elements: str
  sample: [staging-api.example.com, staging-auth.example.com]
validation_records:
  description: Records that prove control of the domains, as far as they are known.
  returned: when present
  type: list
  elements: dict
  sample:
    - domain: staging-auth.example.com
      name: _3639ac514e785e898d2646601fa951d5.staging-auth.example.com.
      type: CNAME
      value: _98d2646601fa951d53639ac514e785e8.acm-validations.aws.
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "validation_record", "key": "staging-auth.example.com", "fields": ["hosted_zone"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "certificate staging-auth.example.com issued", "seconds": 94.2}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.acm.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

KEY_ALGORITHMS = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]

ARGUMENT_SPEC = {
    "domain_name": {"type": "str", "required": True},
    "subject_alternative_names": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "hosted_zone": {"type": "str"},
    "validation_record_ttl": {"type": "int", "default": 300},
    "key_algorithm": {"type": "str", "choices": KEY_ALGORITHMS, "no_log": False},
    "transparency_logging": {"type": "bool"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 1800},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
