#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: lint SQL migrations."""

from __future__ import annotations

DOCUMENTATION = r"""
module: migrations_lint
version_added: "0.1.0"
short_description: Refuse SQL migrations that would block or break the release that runs
description:
  - Lints the SQL of migrations with C(squawk) and fails on statements that lock tables for long, or that the release
    that still runs would not survive.
  - A statement that is safe nevertheless is waived with a reason, and if wanted until a date. Comments in the files
    that switch the linter off are refused, because nobody sees them.
  - Answers whether what was waived breaks the release before, which can then not be returned to.
  - Rules about taste are not applied, nor those about timeouts, which belong to the connection of the migrations.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
requirements:
  - squawk (C(pip install squawk-cli))
options:
  path:
    description: File, or folder whose C(.sql) files are linted.
    type: str
    required: true
  after:
    description:
      - Revision of the schema. Of a folder only the files of later versions are linted, such as V(V13__name.sql) or
        V(0013_name.sql) after V(12), and files without a version.
      - All files are linted when it is omitted, or is no number.
    type: str
  waivers:
    description: Findings that are accepted.
    type: list
    elements: dict
    default: []
    suboptions:
      rule:
        description: Rule of the linter, such as V(ban-drop-column).
        type: str
        required: true
      file:
        description: Pattern of file names that it is accepted in. All when omitted.
        type: str
      reason:
        description: Why it is safe here.
        type: str
        required: true
      expires:
        description: Last day on which it is accepted, as V(YYYY-MM-DD).
        type: str
  pg_version:
    description: Version of PostgreSQL that the migrations run on.
    type: str
    default: "17"
  executable:
    description: The linter. When omitted, the one beside the Python that runs this, or else on E(PATH).
    type: str
attributes:
  check_mode:
    description: Reads and judges as ever.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: It changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Judge what the release does to the schema
  trademaster.platform.migrations_lint:
    path: ../auth-service/src/main/resources/db/migration
    after: "12"
    waivers:
      - rule: ban-drop-column
        file: V13__*
        reason: Nothing has read users.legacy_id since release 1.8
        expires: "2026-12-31"
  register: migrations
"""

RETURN = r"""
files:
  description: Names of the files that were linted.
  returned: always
  type: list
  elements: str
  sample: ["V13__drop_legacy_id.sql"]
breaking:
  description: Whether a waived statement breaks the release before.
  returned: always
  type: bool
  sample: true
refused:
  description: Findings that no waiver accepts, one a line.
  returned: always
  type: list
  elements: str
  sample: []
waived:
  description: Findings that are accepted.
  returned: always
  type: list
  elements: dict
  sample:
    - finding: "V13__drop_legacy_id.sql:1: ban-drop-column: Dropping a column may break existing clients."
      reason: Nothing has read users.legacy_id since release 1.8
      breaking: true
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Always empty.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.trademaster.platform.plugins.module_utils._core.session import Session, finish
from ansible_collections.trademaster.platform.plugins.module_utils._release.migrations_run import run

WAIVER = {
    "rule": {"type": "str", "required": True},
    "file": {"type": "str"},
    "reason": {"type": "str", "required": True},
    "expires": {"type": "str"},
}

ARGUMENT_SPEC = {
    "path": {"type": "str", "required": True},
    "after": {"type": "str"},
    "waivers": {"type": "list", "elements": "dict", "options": WAIVER, "default": []},
    "pg_version": {"type": "str", "default": "17"},
    "executable": {"type": "str"},
}


def main() -> None:
    finish(Session(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)), run, str)


if __name__ == "__main__":
    main()
