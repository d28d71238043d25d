"""`python -m local_cloud.github`: serves until it is told to stop.

Settings are variables GITHUB_STAND_IN_*: ADDRESS, PORT, CERTIFICATE, KEY, TOKEN,
WORKFLOW_TOKEN.
"""

from __future__ import annotations

from local_cloud.github.server import main

main()
