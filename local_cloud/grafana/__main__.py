"""The `grafana` program of the image `grafana/grafana`: `python -m local_cloud.grafana server`."""

from __future__ import annotations

import os
import sys

from local_cloud.grafana.command import main

sys.exit(main(sys.argv[1:], os.environ))
