"""What a gateway works with: all entities at one version of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Snapshot:
    version: int
    entities: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Collection (`services`, `routes`, `keyauth_credentials`, …) → id → entity as the Admin API answers it."""
