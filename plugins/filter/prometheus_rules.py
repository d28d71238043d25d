# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: rule files of Prometheus, rendered and judged before anything is written."""

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_rules
version_added: "0.1.0"
short_description: Render and judge rule files of Prometheus
description:
  - Renders templates of rule files, adds files that are ready, and judges all of them. Every finding is one line that
    names file and rule; with one or more of them, the filter fails with all.
  - In templates C([[…]]) is an expression, C([%…%]) a block and C([#…#]) a comment, because double braces belong
    to Prometheus.
  - V(window('5m'\)) and V(range('5m'\)), which adds the brackets, are the length of a window at the pace,
    V(pending('2m'\)) is how long an alert waits at it, at least as long as a second argument says,
    V(events(20\)) is a number of events in such a window.
    C(thresholds.NAME) is a threshold, V(ratio(PERCENT\)) turns a percentage into a ratio, V(bucket(100\)) matches the
    bucket of a histogram by its upper bound. V(dashboard(UID\)) and V(runbook(ALERT\)) are addresses.
  - What PromQL means is judged by C(promtool) later. Here an alert has a known severity and owner, all annotations, a
    known dashboard, a unique name, and uses no label in a text that its expression cannot give; a recording rule is
    named level:metric:operation.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description: Templates by the name of their file. An ending C(.j2) is taken away in the answer.
    type: dict
    required: true
  grafana_url:
    description: Where Grafana answers, without a slash at the end.
    type: str
    required: true
  runbook_url:
    description: The folder that has a page C(<alert>.md) for each alert, without a slash at the end.
    type: str
    required: true
  runbooks:
    description: Names of the alerts that have a page. Each alert of the templates needs one.
    type: list
    elements: str
    required: true
  dashboards:
    description: uids of the dashboards that Grafana has.
    type: list
    elements: str
    default: [service-overview, database, cache, gateway, infrastructure, slo]
  owners:
    description: Who may own an alert.
    type: list
    elements: str
    default: [platform, auth, database]
  additional:
    description: Rule files that are ready, by name. They are judged like the others, except that their runbooks may be
      anywhere.
    type: dict
    default: {}
  pace:
    description:
      - How many times faster than in production alerts react. Windows and waits are divided by it.
      - A window never becomes shorter than three scrape intervals, so that two scrapes lie in it even when one was
        lost; a wait never shorter than two.
    type: float
    default: 1
  scrape_interval:
    description: How often Prometheus scrapes.
    type: str
    default: 15s
  thresholds:
    description:
      - Thresholds that differ from the defaults.
      - C(sign_in_availability_percent) (99.9), C(sign_in_latency_percent) (95) of sign-ins within
        C(sign_in_latency_milliseconds) (100) are the objectives; below C(slo_requests) (60) in the long window nothing
        is concluded. C(sign_in_success_percent) (99.5), C(sign_in_slow_milliseconds) (500), C(error_percent) (5),
        C(endpoint_error_percent) (20) are alerted on from C(requests) (20) in five minutes, C(sign_in_refused_percent)
        (50) and C(sign_in_limited_percent) (30) from C(sign_in_attempts) (100), which probes do not reach.
      - C(pool_used_percent) (80), C(pool_waiting) (1), C(gateway_limited_percent) (10),
        C(gateway_overhead_milliseconds) (10), C(probe_seconds) (2), C(certificate_days) (21),
        C(certificate_critical_days) (7), C(load_balancer_errors) (10) in five minutes.
      - C(database_connections_percent) (80), C(database_connections_critical_percent) (95),
        C(database_replica_lag_seconds) (30), C(database_query_seconds) (300), C(database_idle_transaction_seconds)
        (600), C(database_backup_hours) (2), C(database_free_gigabytes) (5), C(database_free_critical_gigabytes) (2),
        C(database_cpu_percent) (80), C(cache_memory_percent) (80), C(cache_memory_critical_percent) (95).
      - C(ecs_cpu_percent) (85), C(ecs_memory_percent) (85), C(ecs_replaced_tasks) (3), C(ecs_failed_tasks) (2),
        C(discovery_seconds) (120), C(prometheus_storage_percent) (90), C(release_minutes) (60).
    type: dict
    default: {}
  retention:
    description: C(time) and C(size) up to which Prometheus keeps samples. They are judged and nothing else.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the rule files at the pace of a fire drill
  ansible.builtin.debug:
    msg: "{{ templates | trademaster.platform.prometheus_rules(**settings, pace=10) }}"
  vars:
    paths: "{{ query('ansible.builtin.fileglob', role_path ~ '/templates/rules/*.j2') }}"
    templates: "{{ dict(paths | map('basename') | zip(query('ansible.builtin.file', *paths))) }}"
    settings:
      grafana_url: https://grafana.example.com
      runbook_url: https://example.com/runbooks
      runbooks: [AuthServiceDown]
"""

RETURN = r"""
_value:
  description: Rule files by name.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import (
    Settings,
    lint,
    render,
    settings_findings,
)


def prometheus_rules(
    templates: Mapping[str, str], *, additional: Mapping[str, str] | None = None, **settings: Any
) -> dict[str, str]:
    """Rule files made from `templates`, and those of `additional`. Pure."""
    try:
        judged_by = Settings(**settings)
    except TypeError as error:
        raise AnsibleFilterError(f"prometheus_rules: {error}") from error
    _refuse(settings_findings(judged_by))
    try:
        own = render(templates, judged_by)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error
    further = additional or {}
    _refuse(
        [f"{name}: is the name of a file of this role too: choose another" for name in sorted(own.keys() & further)]
    )
    files = {**own, **further}
    _refuse(lint(files, judged_by, ours=own))
    return files


def _refuse(findings: list[str]) -> None:
    if findings:
        raise AnsibleFilterError("\n".join(findings))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {"prometheus_rules": prometheus_rules}
