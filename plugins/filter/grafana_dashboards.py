# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: files of dashboards, read and judged before anything is written."""

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_dashboards
version_added: "0.2.0"
short_description: Read and judge files of Grafana's dashboards
description:
  - Reads files with the JSON model of a dashboard each, and judges them by what Grafana would refuse, silently skip, or
    show without data. Every finding is one line that names the file; with one or more of them, the filter fails with
    all.
  - Each file is a JSON object with a title and a C(uid) that no other file has, and refers to data sources by a known
    C(uid), or by a variable of its own that stands for one.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description: Paths of the files on the controller.
    type: list
    elements: str
    required: true
  data_sources:
    description: uids of the data sources that Grafana has.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the names of the role's dashboards
  ansible.builtin.debug:
    msg: "{{ files | trademaster.platform.grafana_dashboards(data_sources=['prometheus']) | list }}"
  vars:
    files: "{{ query('ansible.builtin.fileglob', 'dashboards/*.json') }}"
"""

RETURN = r"""
_value:
  description: Texts by the name of their file, without its folder.
  type: dict
  sample: {"database.json": "{\"uid\": \"database\", \"title\": \"Database\", \"panels\": []}"}
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.plugin_utils.grafana_dashboards import findings


def grafana_dashboards(paths: Sequence[str], data_sources: Sequence[str]) -> dict[str, str]:
    """Raises AnsibleFilterError with a line for each finding."""
    texts = {}
    for path in paths:
        try:
            texts[path] = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AnsibleFilterError(f"{path}: cannot be read: {error}") from error
    # A panel and its queries name the same data source.
    problems = list(dict.fromkeys(findings(texts, data_sources)))
    if problems:
        raise AnsibleFilterError("\n".join(problems))
    return {Path(path).name: text for path, text in texts.items()}


class FilterModule:
    """The filters of this file by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"grafana_dashboards": grafana_dashboards}
