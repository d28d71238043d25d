"""The `yace` program of the image: `python -m local_cloud.cloudwatch_exporter --config.file=config.yml`."""

from __future__ import annotations

import sys

from local_cloud.cloudwatch_exporter.command import main

sys.exit(main(sys.argv[1:]))
