"""`python -m local_cloud.pagerduty`: serves until it is told to stop.

Settings are variables PAGERDUTY_STAND_IN_*: ADDRESS, PORT, CERTIFICATE, KEY, TOKEN.
"""

from __future__ import annotations

from local_cloud.pagerduty.server import main

main()
