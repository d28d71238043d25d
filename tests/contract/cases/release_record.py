"""Contract cases of release_record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.case import Boto, Case

GROUP = "/contract-release/releases"
ENDED = datetime.now(UTC) - timedelta(hours=1)
SECRET = "hunter2-of-the-database"
RECORD = {
    "id": "release-1",
    "service": "auth-service",
    "verb": "deploy",
    "by": "alice",
    "from": {"version": "1.4.1"},
    "to": {"version": "1.4.2"},
    "started_at": (ENDED - timedelta(minutes=10)).isoformat(),
    "ended_at": ENDED.isoformat(),
    "verdict": "completed",
    "why": f"the task said: DATABASE_PASSWORD={SECRET}",
}


def log_group(boto: Boto) -> Mapping[str, Any]:
    boto("logs").create_log_group(logGroupName=GROUP)
    return {}


CASES = [
    Case(
        name="release_record",
        module="release_record",
        present={"log_group": GROUP, "state_path": f"{GROUP}/auth-service", "record": RECORD},
        absent={},
        prepare=log_group,
        edits={
            "the next release": {"record": {**RECORD, "id": "release-2", "verdict": "rolled_back"}},
            "a rollback": {"record": {**RECORD, "id": "release-3", "verb": "rollback", "verdict": "reverted"}},
        },
        repeatable=True,
    )
]
