"""The `kong` program of the image `kong:3.9.1`: `python -m local_cloud.kong <command>`."""

from __future__ import annotations

import sys

from local_cloud.kong.command import main

sys.exit(main(sys.argv[1:]))
