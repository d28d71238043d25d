"""What the site holds."""

from __future__ import annotations

FIRST_REPOSITORY = "trademaster/auth-service"
