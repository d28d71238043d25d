"""Strict mode (`LOCAL_CLOUD_STRICT=1`): behaviours of a real account that emulators leave out."""

from __future__ import annotations

import time

from local_cloud.runtime import runtime

IAM_PROPAGATION_SECONDS = 10.0
VISIBILITY_SECONDS = 2.0

# Without simulated latency strict mode still shows every inconsistency, but for a moment only.
_SHORTEST = 0.5


def enabled() -> bool:
    return runtime().settings.strict


def delay(seconds: float) -> float:
    """How long an inconsistency that lasts `seconds` on AWS lasts here; 0 when not strict."""
    settings = runtime().settings
    return max(_SHORTEST, seconds * settings.latency) if settings.strict else 0.0


def settled(since: float, seconds: float) -> bool:
    """Whether what changed at `since` (time.time()) is consistent by now."""
    return time.time() >= since + delay(seconds)
