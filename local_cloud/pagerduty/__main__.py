"""`python -m local_cloud.pagerduty`: serves until it is told to stop. Settings: see `server.Settings`."""

from __future__ import annotations

from local_cloud.pagerduty.server import main

main()
