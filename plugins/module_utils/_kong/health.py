# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that manages a target, and what the gateway holds of its health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .._core.changes import Change
from .._core.errors import InvalidInput
from .._core.wait import DONE, Verdict, pending
from . import find, one
from .session import Kong, Outcome

TIMEOUT = 60.0  # seconds until the nodes have seen a change
WAYS = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}


def run(kong: Kong) -> Outcome:
    """Bring a target, and with the option `health` its health, to its state."""
    wanted = kong.params["health"]
    if not wanted or kong.params["state"] == "absent":
        return one.run(kong, "targets", "target")
    upstream, target = str(kong.params["upstream"]), find.address(str(kong.params["target"]))
    refuse_without_checks(kong, upstream, wanted)
    before = health_of(kong, upstream, target)
    outcome = one.run(kong, "targets", "target")
    if not before and not kong.check_mode:
        kong.wait(
            f"{target} is known to the balancer", lambda: health_of(kong, upstream, target), known, timeout=TIMEOUT
        )
    # A new target counts as healthy until somebody finds that it is not.
    if (before or WAYS["healthy"]) == WAYS[wanted]:
        return outcome
    change = Change("update", "health", f"{upstream}/{target}", {"health": before}, {"health": WAYS[wanted]}, level=1)
    if not kong.check_mode:
        set_health(kong, upstream, target, wanted)
    return Outcome([*outcome.changes, change], outcome.result, warnings=outcome.warnings)


def refuse_without_checks(kong: Kong, upstream: str, wanted: str) -> None:
    found = kong.client.find(f"/upstreams/{quote(upstream, safe='')}")
    if found is not None and not has_checks(found.get("healthchecks") or {}):
        raise InvalidInput("health", wanted, f"needs an upstream with health checks, and {upstream} has none")


def has_checks(healthchecks: Mapping[str, Any]) -> bool:
    """Whether an upstream keeps account of the health of its targets at all."""
    active, passive = healthchecks.get("active") or {}, healthchecks.get("passive") or {}
    probes = [(active.get(name) or {}).get("interval") for name in WAYS]
    counts = [(passive.get("healthy") or {}).get("successes")]
    counts += [(passive.get("unhealthy") or {}).get(name) for name in ("tcp_failures", "http_failures", "timeouts")]
    return any(probes) or any(counts)


def health_of(kong: Kong, upstream: str, target: str) -> str:
    """HEALTHY, UNHEALTHY or what else the asked node says of a target; empty where it does not know it."""
    if kong.client.find(f"/upstreams/{quote(upstream, safe='')}") is None:
        return ""
    listed = kong.client.pages(f"/upstreams/{quote(upstream, safe='')}/health")
    return next((str(found.get("health", "")) for found in listed if found.get("target") == target), "")


def set_health(kong: Kong, upstream: str, target: str, wanted: str) -> None:
    path = f"/upstreams/{quote(upstream, safe='')}/targets/{quote(target, safe='')}/{wanted}"
    kong.client.put(path, {})

    def judge(seen: str) -> Verdict:
        return DONE if seen == WAYS[wanted] else pending(f"it is {seen}")

    kong.wait(f"{target} is {wanted}", lambda: health_of(kong, upstream, target), judge, timeout=TIMEOUT)


def known(seen: str) -> Verdict:
    return DONE if seen else pending("it is not listed")
