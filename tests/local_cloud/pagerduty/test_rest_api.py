"""The REST API of the stand-in: what it keeps, and what it refuses as PagerDuty does."""

from __future__ import annotations

from typing import Any

import pytest
from pager_support import Api

INVALID = {"message": "Invalid Input Provided", "code": 2001}
START = "2026-01-05T09:00:00+01:00"


def layer(api: Api, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Weeks",
        "start": START,
        "rotation_virtual_start": START,
        "rotation_turn_length_seconds": 604800,
        "users": [{"user": api.user()}],
        **fields,
    }


def schedule(api: Api, name: str = "Primary", **fields: Any) -> dict[str, Any]:
    item = {"type": "schedule", "name": name, "time_zone": "Europe/Berlin", "schedule_layers": [layer(api)], **fields}
    return {"schedule": item}


def test_it_says_what_it_is(api: Api) -> None:
    assert api.send("GET", "/users").headers["Server"] == "pagerduty-stand-in"


@pytest.mark.parametrize("header", ["", "Token token=wrong", "Bearer u+stand-in-token-0", "u+stand-in-token-0"])
def test_a_token_is_asked_for(header: str, api: Api) -> None:
    answer = api.send("GET", "/services", headers={"Authorization": header})

    assert answer.status == 401
    assert answer.json() == {"error": {"message": "Authentication failed", "code": 2006}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/services/PNOTHERE"),
        ("DELETE", "/schedules/PNOTHERE"),
        ("PUT", "/escalation_policies/PNOTHERE"),
        ("GET", "/nothing"),
        ("DELETE", "/services"),
    ],
)
def test_what_is_not_there_is_not_found(method: str, path: str, api: Api) -> None:
    assert api.refused(method, path, {} if method == "PUT" else None) == (404, {"message": "Not Found", "code": 2100})


@pytest.mark.parametrize("rules", [["call"], [{"escalation_delay_in_minutes": 5, "targets": 7}], {"a": "b"}])
def test_what_has_another_form_is_refused(rules: Any, api: Api) -> None:
    item = {"escalation_policy": {"type": "escalation_policy", "name": "Platform", "escalation_rules": rules}}

    assert api.refused("POST", "/escalation_policies", item)[0] == 400
    assert api.call("GET", "/escalation_policies")["escalation_policies"] == []


def refused_service(api: Api, **fields: Any) -> Any:
    policy = {"id": api.policy()["id"], "type": "escalation_policy_reference"}
    item = {"type": "service", "name": "auth", "escalation_policy": policy, **fields}
    status, error = api.refused("POST", "/services", {"service": item})
    assert status == 400
    assert {name: error[name] for name in INVALID} == INVALID
    return error["errors"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": ""}, ["Name cannot be empty."]),
        ({"escalation_policy": None}, ["Escalation policy cannot be empty."]),
        (
            {"escalation_policy": {"id": "PNOTHERE", "type": "escalation_policy_reference"}},
            ["Escalation Policy not found"],
        ),
        ({"auto_resolve_timeout": -1}, ["Auto resolve timeout must be between 0 and 31536000"]),
        ({"incident_urgency_rule": {"type": "constant"}}, ["Urgency cannot be empty."]),
        ({"incident_urgency_rule": {"type": "constant", "urgency": "huge"}}, ["Urgency must be in low, high, sev"]),
        ({"alert_grouping_parameters": {"type": "magic"}}, ["Type must be in time, intelligent, content_based."]),
        ({"alert_creation": "none"}, ["Alert creation must be in create_alerts_and_incidents, create_incidents."]),
    ],
)
def test_a_service_that_cannot_be_is_refused(fields: dict[str, Any], errors: list[str], api: Api) -> None:
    found = refused_service(api, **fields)

    assert [text.startswith(error) for text, error in zip(found, errors, strict=False)] == [True] * len(errors)
    assert api.call("GET", "/services")["services"] == []


def test_names_are_taken_once(api: Api) -> None:
    policy = api.policy()
    api.service(policy)

    assert refused_service_of(api, policy) == ["Name has already been taken"]
    assert api.refused("POST", "/schedules", schedule(api, name=""))[1]["errors"] == ["Name cannot be empty."]
    api.call("POST", "/schedules", schedule(api))
    assert api.refused("POST", "/schedules", schedule(api))[1]["errors"] == ["Name has already been taken"]


def refused_service_of(api: Api, policy: Any) -> Any:
    item = {"name": "auth", "escalation_policy": {"id": policy["id"], "type": "escalation_policy_reference"}}
    return api.refused("POST", "/services", {"service": item})[1]["errors"]


def test_what_is_in_use_cannot_be_deleted(api: Api) -> None:
    made = api.call("POST", "/schedules", schedule(api))["schedule"]
    target = {"id": made["id"], "type": "schedule_reference"}
    policy = api.policy(escalation_rules=[{"escalation_delay_in_minutes": 5, "targets": [target]}])
    service = api.service(policy)

    for path, what in (
        (f"/escalation_policies/{policy['id']}", "services"),
        (f"/schedules/{made['id']}", "escalation"),
    ):
        status, error = api.refused("DELETE", path)
        assert status == 400
        assert "can't be deleted if it's being used by " + what in error["errors"][0]
    for path in (f"/services/{service['id']}", f"/escalation_policies/{policy['id']}", f"/schedules/{made['id']}"):
        api.call("DELETE", path)


def test_what_is_not_named_stays(api: Api) -> None:
    service = api.service(api.policy(), description="Signs in", auto_resolve_timeout=600)

    changed = api.call("PUT", f"/services/{service['id']}", {"service": {"auto_resolve_timeout": 0}})["service"]

    assert (changed["description"], changed["auto_resolve_timeout"]) == ("Signs in", None)


def test_lists_come_in_pages(api: Api) -> None:
    policy = api.policy()
    for number in range(27):
        api.service(policy, f"auth-{number:02}")

    first, rest = api.call("GET", "/services"), api.call("GET", "/services?limit=10&offset=20&total=true")

    assert (len(first["services"]), first["limit"], first["offset"], first["more"], first["total"]) == (
        25,
        25,
        0,
        True,
        None,
    )
    assert (len(rest["services"]), rest["more"], rest["total"]) == (7, False, 27)
    assert [item["name"] for item in api.call("GET", "/services?query=AUTH-03")["services"]] == ["auth-03"]
    assert api.refused("GET", "/services?offset=9990&limit=100")[0] == 400


def test_limits_come_on_request(api: Api) -> None:
    faults = {"faults": [{"status": 429, "times": 1, "method": "GET", "path": "/services", "reset_seconds": 20}]}
    assert api.send("POST", "/stand-in/faults", faults).status == 204

    limited, answered = api.send("GET", "/services"), api.send("GET", "/services")

    assert (limited.status, answered.status) == (429, 200)
    assert limited.json() == {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
    assert limited.headers["ratelimit-reset"] == "20"
    assert limited.headers["ratelimit-remaining"] == "0"


def test_a_layer_begins_now_at_the_earliest_and_zones_have_one_name(api: Api) -> None:
    made = api.call("POST", "/schedules", schedule(api, time_zone="UTC"))["schedule"]

    assert made["time_zone"] == "Etc/UTC"
    assert made["schedule_layers"][0]["start"] == "2030-01-07T12:00:00+00:00"
    assert made["schedule_layers"][0]["rotation_virtual_start"] == "2026-01-05T08:00:00+00:00"
    assert "schedule_layers" not in api.call("GET", "/schedules")["schedules"][0]


def test_layers_are_shown_from_above_and_stay_until_they_end(api: Api) -> None:
    layers = [layer(api), layer(api, name="Nights")]
    made = api.call("POST", "/schedules", schedule(api, schedule_layers=layers))["schedule"]
    assert [item["name"] for item in made["schedule_layers"]] == ["Nights", "Weeks"]

    weeks = {**layer(api), "id": made["schedule_layers"][1]["id"]}
    changed = api.call("PUT", f"/schedules/{made['id']}", schedule(api, schedule_layers=[weeks]))["schedule"]

    assert {item["name"]: item["end"] for item in changed["schedule_layers"]} == {"Nights": None, "Weeks": None}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"users": []}, {**INVALID, "errors": ["Users cannot be empty."]}),
        ({"users": [{"user": {"id": "PNOBODY", "type": "user_reference"}}]}, {**INVALID, "errors": ["User not found"]}),
        (
            {"rotation_turn_length_seconds": 60},
            {**INVALID, "errors": ["Rotation turn length seconds must be between 3600 and 31536000"]},
        ),
        (
            {
                "restrictions": [
                    {"type": "daily_restriction", "start_time_of_day": "08:00:00", "duration_seconds": 86400}
                ]
            },
            {
                "message": "Invalid Schedule",
                "code": 3001,
                "errors": {
                    "rotation_layers.daily_restrictions.duration_seconds": [
                        "Please use a shorter duration or just turn the recurrence off."
                    ]
                },
            },
        ),
    ],
)
def test_a_layer_that_cannot_be_is_refused(fields: dict[str, Any], error: Any, api: Api) -> None:
    assert api.refused("POST", "/schedules", schedule(api, schedule_layers=[layer(api, **fields)])) == (400, error)


@pytest.mark.parametrize(
    ("rules", "errors"),
    [
        ([], ["Escalation rules cannot be empty."]),
        ([{"escalation_delay_in_minutes": 5, "targets": []}], ["Targets cannot be empty."]),
        (
            [{"escalation_delay_in_minutes": 5, "targets": [{"id": "PNOBODY", "type": "user_reference"}]}],
            ["Target not found"],
        ),
    ],
)
def test_a_policy_that_calls_nobody_is_refused(rules: Any, errors: list[str], api: Api) -> None:
    item = {"escalation_policy": {"type": "escalation_policy", "name": "Platform", "escalation_rules": rules}}

    assert api.refused("POST", "/escalation_policies", item)[1]["errors"][: len(errors)] == errors


def test_an_integration_gets_a_key_of_its_own(api: Api) -> None:
    service = api.service(api.policy())
    keys = {api.key(service), api.key(service, "aws_cloudwatch_inbound_integration")}

    assert {len(key) for key in keys} == {32}
    assert len(keys) == 2
    references = api.call("GET", f"/services/{service['id']}")["service"]["integrations"]
    whole = api.call("GET", f"/services/{service['id']}?include[]=integrations")["service"]["integrations"]
    assert "integration_key" not in references[0]
    assert {item["integration_key"] for item in whole} == keys
    path = f"/services/{service['id']}/integrations"
    assert api.refused("POST", path, {"integration": {"name": "x"}})[1]["errors"] == ["Type cannot be empty."]
    assert api.refused("POST", path, {"integration": {"type": "x_inbound_integration"}})[0] == 400


def test_who_asks_has_to_be_known_for_some_requests(api: Api) -> None:
    body = {"user": {"type": "user", "name": "Anna", "email": "anna@example.com"}}

    assert api.refused("POST", "/users", body) == (400, {"message": "Requester User Not Found", "code": 1008})
