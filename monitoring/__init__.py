"""Dashboards as code, and the tools that prove what they and the alerting rules are built on."""

import sys
from pathlib import Path

# The rules are rendered, and environments are asked, by the code of the collection, whose parts import each other by
# their full names.
sys.path.append(str(Path(__file__).resolve().parents[1] / ".venv" / "collections"))
