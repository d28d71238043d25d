# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When not to drill: a drill would hide a real incident, or be hidden by one, or end a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.session import Aws
from .._core.errors import PlatformError
from .._verify.http import Unreachable, Untrusted
from .._verify.prometheus import Prometheus
from .pager import Pager

FIRING = 'ALERTS{alertstate="firing",severity="critical"}'


def refuse_unless_calm(aws: Aws, cluster: str, pager: Pager, prometheus: Prometheus | None) -> None:
    """Raises PlatformError with what is going on."""
    if found := going_on(aws, cluster, pager, prometheus):
        raise PlatformError(f"this is no time for a drill: {found}")


def going_on(aws: Aws, cluster: str, pager: Pager, prometheus: Prometheus | None) -> str:
    """What keeps the environment from being calm, empty when it is."""
    if found := [incident.title for incident in pager.open()]:
        return f"the pager has open incidents: {'; '.join(found)}"
    if firing := _firing(prometheus) if prometheus else []:
        return f"alerts fire: {', '.join(firing)}"
    if moving := _moving(aws, cluster):
        return f"a release is under way: {', '.join(moving)}"
    return ""


def _firing(prometheus: Prometheus) -> list[str]:
    """Critical alerts that fire, whether or not the pager was told."""
    try:
        return sorted({series["metric"]["alertname"] for series in prometheus.instant(FIRING)})
    except (Unreachable, Untrusted) as error:
        raise PlatformError(f"Prometheus cannot be asked whether alerts fire: {error}") from error


def _moving(aws: Aws, cluster: str) -> list[str]:
    """Services with a deployment that has not completed."""
    arns = aws.pages("ecs", "list_services", "serviceArns", cluster=cluster)
    services = ecs.describe_services(aws, cluster, arns)
    return sorted(service["serviceName"] for service in services if is_moving(service["deployments"]))


def is_moving(deployments: Sequence[Mapping[str, Any]]) -> bool:
    return len(deployments) > 1 or any(item.get("rolloutState") == "IN_PROGRESS" for item in deployments)
