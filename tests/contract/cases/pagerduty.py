"""Contract cases of the modules for PagerDuty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.pager_api import USER, PagerApi

OTHER = "contract-second@example.com"
PRESENT, ABSENT = {"state": "present"}, {"state": "absent"}
# An account's token is printed by no module; the stand-in's is this one.
TOKEN = "u+stand-in-token-0"


def prepare_schedule(pager: PagerApi) -> Mapping[str, Any]:
    pager.user_id(OTHER)
    return {}


def foreign_schedule(pager: PagerApi) -> Callable[[], Any]:
    """A schedule whose name only begins alike."""
    path = f"/schedules/{pager.schedule('contract-schedule-2')['id']}"
    return lambda: pager.get(path)


def prepare_policy(pager: PagerApi) -> Mapping[str, Any]:
    pager.user_id(OTHER)
    pager.schedule("contract-night")
    return {}


def foreign_policy(pager: PagerApi) -> Callable[[], Any]:
    path = f"/escalation_policies/{pager.policy('contract-policy-2')['id']}"
    return lambda: pager.get(path)


def prepare_service(pager: PagerApi) -> Mapping[str, Any]:
    pager.policy("contract-one")
    return {"escalation_policy": "contract-one"}


def foreign_service(pager: PagerApi) -> Callable[[], Any]:
    path = f"/services/{pager.service('contract-service-2', pager.policy('contract-two'))['id']}"
    return lambda: pager.get(path)


def prepare_integration(pager: PagerApi) -> Mapping[str, Any]:
    pager.service("contract-integrated", pager.policy("contract-three"))
    return {}


def foreign_integration(pager: PagerApi) -> Callable[[], Any]:
    """An integration of the same name at another service."""
    service = pager.service("contract-elsewhere", pager.policy("contract-four"))
    item = {"type": "events_api_v2_inbound_integration", "name": "contract-events"}
    path = f"/services/{service['id']}/integrations"
    made = pager.made(path, "integration", item)
    return lambda: pager.get(f"{path}/{made['id']}")


WEEKS = {
    "name": "Weeks",
    "users": [USER],
    "rotation_turn_length_seconds": 604800,
    "rotation_virtual_start": "2026-01-05T09:00:00+01:00",
}
NIGHTS = {
    "name": "Nights",
    "users": [OTHER],
    "rotation_turn_length_seconds": 86400,
    "restrictions": [{"type": "daily_restriction", "start_time_of_day": "20:00:00", "duration_seconds": 43200}],
}
WEEKEND = {
    "type": "weekly_restriction",
    "start_day_of_week": 6,
    "start_time_of_day": "00:00:00",
    "duration_seconds": 172800,
}


def layers(**changes: Any) -> dict[str, Any]:
    """The two layers with a change of the second."""
    return {"schedule_layers": [WEEKS, {**NIGHTS, **changes}]}


CALL_ONE = {"escalation_delay_in_minutes": 10, "users": [USER]}
CALL_NIGHT = {"escalation_delay_in_minutes": 20, "schedules": ["contract-night"]}
SUPPORT = {
    "type": "fixed_time_per_day",
    "time_zone": "Europe/Berlin",
    "start_time": "09:00:00",
    "end_time": "17:00:00",
    "days_of_week": [1, 2, 3, 4, 5],
}
BY_HOURS = {
    "type": "use_support_hours",
    "during_support_hours": {"urgency": "high"},
    "outside_support_hours": {"urgency": "low"},
}

CASES = [
    Case(
        name="pagerduty_schedule",
        module="pagerduty_schedule",
        api="pager",
        present={
            "name": "contract-schedule",
            "description": "Who is on call",
            "time_zone": "Europe/Berlin",
            "schedule_layers": [WEEKS, NIGHTS],
        },
        absent=ABSENT,
        edits={
            "description": {"description": "Who is called"},
            "no description": {"description": ""},
            "zone": {"time_zone": "UTC"},
            "users": layers(users=[OTHER, USER]),
            "turn": layers(rotation_turn_length_seconds=43200),
            "count from": layers(rotation_virtual_start="2026-02-02T09:00:00Z"),
            "begin later": layers(start="2035-01-01T00:00:00Z"),
            "end": layers(end="2036-01-01T00:00:00+01:00"),
            "other restrictions": layers(restrictions=[WEEKEND]),
            "no restrictions": layers(restrictions=[]),
            "one layer more": {"schedule_layers": [WEEKS, NIGHTS, {**WEEKS, "name": "Third"}]},
            "one layer less": {"schedule_layers": [WEEKS]},
            "precedence": {"schedule_layers": [NIGHTS, WEEKS]},
        },
        prepare=prepare_schedule,
        foreign=foreign_schedule,
        secrets=(TOKEN,),
    ),
    Case(
        name="pagerduty_escalation_policy",
        module="pagerduty_escalation_policy",
        api="pager",
        present={
            "name": "contract-policy",
            "description": "Who is called",
            "num_loops": 1,
            "on_call_handoff_notifications": "always",
            "escalation_rules": [CALL_ONE, CALL_NIGHT],
        },
        absent=ABSENT,
        edits={
            "description": {"description": "Who is called first"},
            "no description": {"description": ""},
            "loops": {"num_loops": 0},
            "handoff": {"on_call_handoff_notifications": "if_has_services"},
            "order": {"escalation_rules": [CALL_NIGHT, CALL_ONE]},
            "delay": {"escalation_rules": [CALL_ONE, {**CALL_NIGHT, "escalation_delay_in_minutes": 15}]},
            "one rule less": {"escalation_rules": [CALL_ONE]},
            "more users": {"escalation_rules": [{**CALL_ONE, "users": [USER.upper(), OTHER]}, CALL_NIGHT]},
        },
        prepare=prepare_policy,
        foreign=foreign_policy,
        secrets=(TOKEN,),
    ),
    Case(
        name="pagerduty_service",
        module="pagerduty_service",
        api="pager",
        present={
            "name": "contract-service",
            "description": "Signs people in",
            "auto_resolve_timeout": 14400,
            "acknowledgement_timeout": 1800,
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "support_hours": {},
            "alert_creation": "create_alerts_and_incidents",
            "alert_grouping": {"type": "time", "timeout": 5},
        },
        absent=ABSENT,
        edits={
            "description": {"description": "Signs people out"},
            "no description": {"description": ""},
            "policy": {"escalation_policy": "contract-two"},
            "resolve": {"auto_resolve_timeout": 7200},
            "never resolve": {"auto_resolve_timeout": 0},
            "acknowledge": {"acknowledgement_timeout": 0},
            "urgency": {"incident_urgency_rule": {"type": "constant", "urgency": "severity_based"}},
            "urgency by hours": {"incident_urgency_rule": BY_HOURS, "support_hours": SUPPORT},
            "hours": {"support_hours": SUPPORT},
            "creation": {"alert_creation": "create_incidents"},
            "group longer": {"alert_grouping": {"type": "time", "timeout": 10}},
            "group by content": {
                "alert_grouping": {"type": "content_based", "aggregate": "all", "fields": ["class"], "time_window": 300}
            },
            "no grouping": {"alert_grouping": {}},
        },
        prepare=prepare_service,
        foreign=foreign_service,
        secrets=(TOKEN,),
    ),
    Case(
        name="pagerduty_service_integration",
        module="pagerduty_service_integration",
        api="pager",
        present={
            "name": "contract-events",
            "service": "contract-integrated",
            "type": "events_api_v2_inbound_integration",
        },
        absent=ABSENT,
        edits={
            "type": {"type": "generic_events_api_inbound_integration"},
            "vendor": {"vendor": "Amazon CloudWatch"},
        },
        prepare=prepare_integration,
        foreign=foreign_integration,
        secrets=(TOKEN,),
    ),
]
