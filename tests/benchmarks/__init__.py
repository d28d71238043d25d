"""What the design promises, measured."""

from __future__ import annotations

import sys
from pathlib import Path

# Where tests find what they bring local clouds up with.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "local_cloud"))
