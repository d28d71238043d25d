"""`python -m local_cloud.awx`: serves until it is told to stop.

Settings are variables AWX_STAND_IN_*: ADDRESS, PORT, CERTIFICATE, KEY, USERNAME, PASSWORD; PROJECT, the folder that
stands for the repository of every project (this one, where it is not given); and STATE, that of the local cloud, if
jobs are to find it.
"""

from __future__ import annotations

from local_cloud.awx.server import main

main()
