"""What is sent of a service: only what differs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty import services
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.references import References

HOURS = {"type": "fixed_time_per_day", "time_zone": "Etc/UTC", "start_time": "09:00:00", "end_time": "17:00:00"}
BY_HOURS = {"type": "use_support_hours", "during_support_hours": {"type": "constant", "urgency": "high"}}
CURRENT = {"name": "auth", "description": "", "auto_resolve_timeout": 0, "alert_grouping": {}, "support_hours": HOURS}


@pytest.mark.parametrize(
    ("desired", "body"),
    [
        ({"description": "Signs in"}, {"description": "Signs in"}),
        ({"auto_resolve_timeout": 600}, {"auto_resolve_timeout": 600}),
        ({"support_hours": {}}, {"support_hours": None}),
        ({"alert_grouping": {"type": "time", "timeout": 5}}, {"type": "time", "config": {"timeout": 5}}),
        ({"incident_urgency_rule": BY_HOURS}, {"incident_urgency_rule": BY_HOURS, "support_hours": HOURS}),
    ],
)
def test_only_what_differs_is_sent(desired: dict[str, Any], body: dict[str, Any]) -> None:
    change = Change("update", "service", "auth", before=CURRENT, after={"name": "auth", **desired})

    sent = services._body(change, References(session=None))  # type: ignore[arg-type]

    if "alert_grouping" in desired:
        body = {"alert_grouping_parameters": body}
    assert sent == {"type": "service", **body}


def test_grouping_that_is_cleared_has_no_settings() -> None:
    before = {**CURRENT, "alert_grouping": {"type": "time", "timeout": 5}}
    change = Change("update", "service", "auth", before=before, after={"name": "auth", "alert_grouping": {}})

    sent = services._body(change, References(session=None))  # type: ignore[arg-type]

    assert sent["alert_grouping_parameters"] == {"type": None, "config": None}
