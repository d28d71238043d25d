# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: the report of an environment's controls."""

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence
version_added: "0.1.0"
short_description: Make a report of what security_controls and Prowler found
description:
  - Puts together what M(trademaster.platform.security_controls) answered and what Prowler wrote, with what is waived
    and why, and hashes of the parts.
  - What Prowler found of resources that are not ours is left out.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description: What M(trademaster.platform.security_controls) answered.
    type: dict
    required: true
  prowler:
    description: The CSV that Prowler wrote. Omitted where it was not asked.
    type: str
  waivers:
    description: As O(trademaster.platform.security_controls#module:waivers), those of Prowler included.
    type: list
    elements: dict
    default: []
  about:
    description:
      - C(name) and C(tags) say what is ours. C(at), C(commit) and C(versions) say when, of what, and with what the
        report was made.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show whether all controls are met
  ansible.builtin.debug:
    msg: "{{ (controls | trademaster.platform.evidence(about=about)).verdict }}"
  vars:
    about:
      name: trademaster-staging
      tags: {Project: trademaster, Environment: staging}
      at: "2026-11-23 09:30:00 UTC"
      commit: 1ff2ea8
      versions: {ansible-core: 2.19.14}
"""

RETURN = r"""
_value:
  description:
    - The report. C(verdict) is V(passed) or V(failed), C(failures) and C(problems) say why, one line each.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.module_utils._controls.report import report
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError


def evidence(
    answer: Mapping[str, Any],
    about: Mapping[str, Any],
    prowler: str | None = None,
    waivers: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The report as plain data."""
    try:
        return report(answer, prowler, waivers, about, datetime.now(tz=UTC).date())
    except PlatformError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Hands the filter to Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"evidence": evidence}
