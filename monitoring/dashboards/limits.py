"""What panels draw as thresholds: the values that the alerts fire at by default."""

from __future__ import annotations

from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import THRESHOLDS as LIMITS

__all__ = ["LIMITS", "share"]


def share(name: str) -> float:
    """The limit `<name>_percent` as a share of 1."""
    return round(LIMITS[f"{name}_percent"] / 100, 6)
