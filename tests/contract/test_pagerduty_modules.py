"""What the modules for PagerDuty do beyond the common contract: references, refusals, and what they answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3

from tests.contract.harness import Run, run_module
from tests.contract.pager_api import USER, PagerApi

LATER = "(known after apply)"


def service(name: str = "contract-refused", **options: Any) -> dict[str, Any]:
    return {"name": name, "escalation_policy": "contract-nobody", **options}


def refused(run: Run, message: str) -> None:
    assert run.answer.get("failed")
    assert run.answer["msg"].startswith(message), run.answer["msg"]
    assert "\n" not in run.answer["msg"]
    assert run.calls.writes == []


RULE = {"escalation_delay_in_minutes": 5, "users": [USER]}
LAYER = {"name": "All", "users": [USER], "rotation_turn_length_seconds": 86400}
DAILY = {"type": "daily_restriction", "start_time_of_day": "08:00:00", "duration_seconds": 3600}


def policy(**rule: Any) -> dict[str, Any]:
    return {"name": "contract-refused", "escalation_rules": [{**RULE, **rule}]}


def schedule(**layer: Any) -> dict[str, Any]:
    return {"name": "contract-refused", "time_zone": "Europe/Berlin", "schedule_layers": [{**LAYER, **layer}]}


REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a user who is none": (
        "pagerduty_escalation_policy",
        policy(users=["nobody@example.com"]),
        "escalation_rules[0].users: 'nobody@example.com' is no user of the PagerDuty account; correct the address, or",
    ),
    "a user on call who is none": (
        "pagerduty_schedule",
        schedule(users=["nobody@example.com"]),
        "schedule_layers[0].users: 'nobody@example.com' is no user of the PagerDuty account; correct",
    ),
    "nobody to call": (
        "pagerduty_escalation_policy",
        policy(users=[]),
        "escalation_rules[0].users: [] and schedules have to name 1 to 10 to be called",
    ),
    "no delay": (
        "pagerduty_escalation_policy",
        policy(escalation_delay_in_minutes=0),
        "escalation_rules[0].escalation_delay_in_minutes: 0 has to be at least 1",
    ),
    "no rules": (
        "pagerduty_escalation_policy",
        {"name": "contract-refused", "escalation_rules": []},
        "escalation_rules: [] is empty; PagerDuty wants at least one rule",
    ),
    "a new policy without rules": (
        "pagerduty_escalation_policy",
        {"name": "contract-refused"},
        "escalation_rules: None is needed for a new escalation policy; name who is called",
    ),
    "too many loops": (
        "pagerduty_escalation_policy",
        {**policy(), "num_loops": 10},
        "num_loops: 10 has to be from 0 to 9",
    ),
    "a schedule that is none": (
        "pagerduty_escalation_policy",
        policy(schedules=["contract-missing"]),
        "escalation_rules[0].schedules: 'contract-missing' is no schedule that exists; create it first",
    ),
    "a policy that is none": (
        "pagerduty_service",
        service(),
        "escalation_policy: 'contract-nobody' is no escalation policy that exists; create it first",
    ),
    "a new service without policy": (
        "pagerduty_service",
        {"name": "contract-refused"},
        "escalation_policy: None is needed for a new service; name who is called",
    ),
    "an integration of no service": (
        "pagerduty_service_integration",
        {"name": "x", "service": "contract-missing", "type": "events_api_v2_inbound_integration"},
        "service: 'contract-missing' is no service that exists; create it first",
    ),
    "a layer without turns": (
        "pagerduty_schedule",
        schedule(rotation_turn_length_seconds=None),
        "schedule_layers[0].rotation_turn_length_seconds: None is needed for a new layer",
    ),
    "a turn that is too short": (
        "pagerduty_schedule",
        schedule(rotation_turn_length_seconds=60),
        "schedule_layers[0].rotation_turn_length_seconds: 60 has to be from 3600 to 31536000",
    ),
    "a day that is too long": (
        "pagerduty_schedule",
        schedule(restrictions=[{**DAILY, "duration_seconds": 86400}]),
        "schedule_layers[0].restrictions[0].duration_seconds: 86400 has to be more than 0 and less than 86400",
    ),
    "a week without its day": (
        "pagerduty_schedule",
        schedule(restrictions=[{**DAILY, "type": "weekly_restriction"}]),
        "schedule_layers[0].restrictions[0].start_day_of_week: None is needed for a weekly_restriction, and only",
    ),
    "a time that is none": (
        "pagerduty_schedule",
        schedule(restrictions=[{**DAILY, "start_time_of_day": "eight"}]),
        "schedule_layers[0].restrictions[0].start_time_of_day: 'eight' has to be of the form HH:MM:SS",
    ),
    "a begin without offset": (
        "pagerduty_schedule",
        schedule(start="2030-01-01T00:00:00"),
        "schedule_layers[0].start: '2030-01-01T00:00:00' has to be a point in time with its offset",
    ),
    "layers of one name": (
        "pagerduty_schedule",
        {**schedule(), "schedule_layers": [LAYER, LAYER]},
        "schedule_layers: ['All', 'All'] has to hold at least one layer, and each name once",
    ),
    "incidents since no time": (
        "pagerduty_incidents_info",
        {"service": "contract-alone", "since": "yesterday"},
        "since: 'yesterday' has to be a point in time with its offset",
    ),
    "another protocol": (
        "pagerduty_service",
        {**service(), "api_url": "http://127.0.0.1:1"},
        "api_url: 'http://127.0.0.1:1' has to be an https:// URL",
    ),
    "nobody there": (
        "pagerduty_service",
        {**service(), "api_url": "https://127.0.0.1:1"},
        "api_url: https://127.0.0.1:1 cannot be reached: ",
    ),
    "an authority that is none": (
        "pagerduty_service",
        {**service(), "ca_cert": "/nowhere/ca.pem"},
        "ca_cert: '/nowhere/ca.pem' cannot be read as PEM: ",
    ),
    "a token with a line break": (
        "pagerduty_service",
        {**service(), "api_token": "u+token-with-an-end\n"},
        "api_token: '********' holds a line break or what no header can; trim it",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_is_refused_before_anything_is_written(name: str, pager: PagerApi) -> None:
    module, options, message = REFUSALS[name]
    pager.service("contract-alone", pager.policy("contract-alone"))

    refused(run_module(module, options), message)


def test_a_wrong_token_is_named_and_not_shown(pager: PagerApi) -> None:
    run = run_module("pagerduty_service", {**service(), "api_token": "u+wrong-token-1"})

    refused(
        run, "GET /services: 401: Authentication failed (code 2006); check api_token, and api_url where the account"
    )
    assert "u+wrong-token-1" not in run.output
    assert "en-1" not in run.answer["msg"]


def test_a_refusal_of_pagerduty_is_told_in_its_words(pager: PagerApi) -> None:
    pager.service("contract-using", pager.policy("contract-used"))

    run = run_module("pagerduty_escalation_policy", {"name": "contract-used", "state": "absent"})

    message = "DELETE /escalation_policies/"
    assert run.answer["msg"].startswith(message)
    assert "400: Invalid Input Provided: Escalation policy can't be deleted if it's being used" in run.answer["msg"]


def test_check_mode_plans_on_what_an_earlier_task_would_make(pager: PagerApi) -> None:
    planned = {
        "pagerduty_escalation_policy": policy(schedules=["contract-planned"]),
        "pagerduty_service": service(escalation_policy="contract-planned"),
        "pagerduty_service_integration": {
            "name": "Alertmanager",
            "service": "contract-planned",
            "type": "events_api_v2_inbound_integration",
        },
    }
    for module, options in planned.items():
        run = run_module(module, options, check=True)
        assert run.changed, run.answer
        assert run.calls.writes == []
        assert "contract-planned does not exist; it is taken to be made before" in str(run.answer["warnings"])
        (entity,) = [run.answer[name] for name in ("escalation_policy", "service", "integration") if name in run.answer]
        assert entity["id"] == LATER
        # What an earlier task answered in check mode may be handed on.
        names = {"contract-planned": LATER, "Alertmanager": "Alertmanager"}
        handed = {name: names.get(value, value) for name, value in options.items() if not isinstance(value, list)}
        if module != "pagerduty_escalation_policy":
            assert run_module(module, handed, check=True).changed


def test_names_and_ids_mean_the_same(pager: PagerApi) -> None:
    made = pager.policy("contract-by-id")
    options = service("contract-referring", escalation_policy="contract-by-id")

    created = run_module("pagerduty_service", options)
    again = run_module("pagerduty_service", {**options, "escalation_policy": made["id"]})

    assert (
        created.answer["service"]["escalation_policy_id"]
        == made["id"]
        == again.answer["service"]["escalation_policy_id"]
    )
    assert (created.changed, again.changed) == (True, False)
    run_module("pagerduty_service", {**options, "state": "absent"})


def test_an_integration_is_removed_from_a_service_given_by_id(pager: PagerApi) -> None:
    made = pager.service("contract-stays", pager.policy("contract-stays"))
    options = {"name": "Alertmanager", "service": made["id"], "type": "events_api_v2_inbound_integration"}

    created = run_module("pagerduty_service_integration", options)
    removed = [run_module("pagerduty_service_integration", {**options, "state": "absent"}) for _ in range(2)]
    nowhere = run_module("pagerduty_service_integration", {**options, "service": "contract-none", "state": "absent"})

    assert [run.changed for run in (created, *removed, nowhere)] == [True, True, False, False]
    assert pager.get(f"/services/{made['id']}")["service"]["integrations"] == []


def test_users_that_are_not_managed_keep_their_turns(pager: PagerApi) -> None:
    """Two people of one name are still two."""
    both = [pager.user_id(f"contract-twin@{place}.example.com") for place in ("north", "south")]
    run_module("pagerduty_schedule", schedule(users=both))

    changed = run_module("pagerduty_schedule", schedule(users=None, rotation_turn_length_seconds=43200))

    (listed,) = pager.get("/schedules?query=contract-refused")["schedules"]
    (layer,) = pager.get(f"/schedules/{listed['id']}")["schedule"]["schedule_layers"]
    assert changed.changed
    assert [item["user"]["id"] for item in layer["users"]] == both
    run_module("pagerduty_schedule", {"name": "contract-refused", "state": "absent"})


def test_a_layer_that_is_not_listed_any_more_ends(pager: PagerApi) -> None:
    run_module("pagerduty_schedule", {**schedule(), "schedule_layers": [LAYER, {**LAYER, "name": "Nights"}]})
    run = run_module("pagerduty_schedule", schedule())
    (listed,) = pager.get("/schedules?query=contract-refused")["schedules"]
    layers = {layer["name"]: layer for layer in pager.get(f"/schedules/{listed['id']}")["schedule"]["schedule_layers"]}

    assert run.changed
    assert layers["All"]["end"] is None
    assert datetime.fromisoformat(layers["Nights"]["end"]) <= datetime.now(UTC)
    back = run_module("pagerduty_schedule", {**schedule(), "schedule_layers": [LAYER, {**LAYER, "name": "Nights"}]})
    assert back.changed
    run_module("pagerduty_schedule", {"name": "contract-refused", "state": "absent"})


def test_incidents_are_told_with_their_alerts_and_times(pager: PagerApi) -> None:
    made = pager.service("contract-paged", pager.policy("contract-paging"))
    item = {"type": "events_api_v2_inbound_integration", "name": "Alertmanager"}
    key = pager.call("POST", f"/services/{made['id']}/integrations", {"integration": item})["integration"][
        "integration_key"
    ]
    before = datetime.now(UTC) - timedelta(seconds=1)
    for action, alert in (("trigger", "one"), ("trigger", "two"), ("resolve", "two")):
        send(pager, key, action, alert)

    everything = run_module("pagerduty_incidents_info", {"service": "contract-paged", "since": before.isoformat()})
    still = run_module("pagerduty_incidents_info", {"service": "contract-paged", "statuses": ["triggered"]})
    later = {"service": "contract-paged", "since": (before + timedelta(hours=1)).isoformat()}

    assert not everything.changed
    states = {item["title"]: (item["status"], item["resolved_at"] is None) for item in everything.answer["incidents"]}
    assert states == {"alert one": ("triggered", True), "alert two": ("resolved", False)}
    assert [item["alerts"][0]["alert_key"] for item in still.answer["incidents"]] == ["one"]
    assert run_module("pagerduty_incidents_info", later).answer["incidents"] == []


def send(pager: PagerApi, key: str, action: str, alert: str) -> None:
    payload = {"summary": f"alert {alert}", "source": "contract", "severity": "critical"}
    event = {"routing_key": key, "dedup_key": alert, "event_action": action, "payload": payload}
    pool = urllib3.PoolManager(ca_certs=pager.ca_cert)
    events = pager.url.replace("//api.", "//events.")
    assert pool.request("POST", f"{events}/v2/enqueue", json=event).status == 202
