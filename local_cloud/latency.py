"""Real durations of AWS operations, scaled by `LOCAL_CLOUD_LATENCY` (0 by default: no waiting)."""

from __future__ import annotations

from local_cloud.runtime import runtime


def scaled(seconds: float) -> float:
    """What `seconds` on AWS take here."""
    return seconds * runtime().settings.latency
