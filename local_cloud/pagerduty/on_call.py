"""Schedules and escalation policies: who is called."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

from local_cloud.pagerduty import checks
from local_cloud.pagerduty.account import Account, Object, new_id, reference
from local_cloud.pagerduty.errors import invalid, invalid_schedule

_USER_TYPES = ("user", "user_reference")
_TARGET_TYPES = ("user", "schedule", "user_reference", "schedule_reference")
_WEEK = 604_800


class Schedules:
    def __init__(self, account: Account):
        self._account = account

    def view(self, schedule: Object, include: list[str], *, listed: bool = False) -> Object:
        """The uppermost layer comes first. A list holds no layers unless they are to be included."""
        policies = [item for item in self._account.escalation_policies.values() if schedule["id"] in _schedules(item)]
        shown = {**schedule, "escalation_policies": [reference(item) for item in policies]}
        if listed and "schedule_layers" not in include:
            del shown["schedule_layers"]
            return shown
        layers = [self._layer_view(layer) for layer in reversed(schedule["schedule_layers"])]
        users = {user["user"]["id"]: user["user"] for layer in layers for user in layer["users"]}
        return {**shown, "schedule_layers": layers, "users": list(users.values())}

    def _layer_view(self, layer: Object) -> Object:
        users = [{"user": reference(self._account.users[item["user"]["id"]])} for item in layer["users"]]
        return {**layer, "users": users, "rendered_schedule_entries": [], "rendered_coverage_percentage": None}

    def create(self, body: Any) -> Object:
        data = checks.wrapped(body, "schedule")
        checks.refuse(checks.required(data, "name", "time_zone", "schedule_layers"), self._findings(data, ""))
        zone = _zone(data["time_zone"])
        fields = {"name": data["name"], "description": data.get("description"), "time_zone": zone.key, "teams": []}
        schedule = self._account.stamped("schedules", "schedule", fields)
        schedule["schedule_layers"] = self._layers(data["schedule_layers"], [], zone)
        self._account.schedules[schedule["id"]] = schedule
        return schedule

    def update(self, schedule: Object, body: Any) -> Object:
        data = checks.wrapped(body, "schedule")
        checks.refuse(checks.required(data, "time_zone", "schedule_layers"), self._findings(data, schedule["id"]))
        zone = _zone(data["time_zone"])
        layers = self._layers(data["schedule_layers"], schedule["schedule_layers"], zone)
        schedule |= {name: data[name] for name in ("name", "description") if name in data}
        schedule |= {"summary": schedule["name"], "time_zone": zone.key, "schedule_layers": layers}
        return schedule

    def delete(self, schedule: Object) -> None:
        if any(schedule["id"] in _schedules(policy) for policy in self._account.escalation_policies.values()):
            raise invalid("Schedule can't be deleted if it's being used by escalation policies")
        del self._account.schedules[schedule["id"]]

    def _findings(self, data: Object, own: str) -> list[str]:
        others = {item["name"] for key, item in self._account.schedules.items() if key != own}
        findings = checks.text(data, "name", 255)
        if data.get("name") in others:
            findings.append("Name has already been taken")
        if data.get("time_zone"):
            findings += checks.time_zone(data, "time_zone")
        return findings

    def _layers(self, wanted: Any, known: list[Object], zone: zoneinfo.ZoneInfo) -> list[Object]:
        """Layers with an id of `known` change, others are new. A layer that is not named stays: it can only end."""
        if not isinstance(wanted, list) or not all(isinstance(layer, dict) for layer in wanted):
            raise invalid("Schedule layers must be an array")
        by_id = {layer["id"]: layer for layer in known}
        named = {layer["id"] for layer in wanted if layer.get("id")}
        if not named <= set(by_id):
            raise invalid_schedule("schedule_layers.id", "is not a layer of this schedule.")
        made = [self._layer(layer, by_id.get(layer.get("id") or ""), zone) for layer in wanted]
        return [layer for layer in known if layer["id"] not in named] + made

    def _layer(self, data: Object, known: Object | None, zone: zoneinfo.ZoneInfo) -> Object:
        checks.refuse(
            checks.required(data, "start", "users", "rotation_virtual_start", "rotation_turn_length_seconds"),
            checks.whole(data, "rotation_turn_length_seconds", 3600, 365 * 24 * 3600),
            *(checks.points_to(item.get("user"), _USER_TYPES, self._account.users, "User") for item in data["users"]),
        )
        for restriction in data.get("restrictions") or []:
            _check_restriction(restriction)
        identifier = known["id"] if known else new_id()
        return {
            "id": identifier,
            "name": data.get("name") or (known["name"] if known else f"Layer {identifier}"),
            "start": _local(self._start(data, known), zone),
            "end": _local(_moment(data, "end"), zone) if data.get("end") else None,
            "users": [{"user": {"id": item["user"]["id"]}} for item in data["users"]],
            "restrictions": list(data.get("restrictions") or []),
            "rotation_virtual_start": _local(_moment(data, "rotation_virtual_start"), zone),
            "rotation_turn_length_seconds": data["rotation_turn_length_seconds"],
        }

    def _start(self, data: Object, known: Object | None) -> datetime.datetime:
        """A new layer begins now at the earliest, and what has begun keeps its beginning."""
        now = self._account.now()
        wanted = _moment(data, "start")
        if known is None:
            return max(wanted, now)
        begun = datetime.datetime.fromisoformat(known["start"])
        return begun if begun <= now and wanted <= now else max(wanted, now)


class Policies:
    def __init__(self, account: Account):
        self._account = account

    def view(self, policy: Object, _include: list[str]) -> Object:
        services = self._account.services.values()
        using = [item for item in services if item["escalation_policy"]["id"] == policy["id"]]
        return {**policy, "services": [reference(item) for item in using]}

    def create(self, body: Any) -> Object:
        data = checks.wrapped(body, "escalation_policy")
        checks.refuse(checks.required(data, "name", "escalation_rules"), self._findings(data, ""))
        defaults = {"description": None, "num_loops": 0, "on_call_handoff_notifications": "if_has_services"}
        fields = {**defaults, **_policy_fields(data), "teams": []}
        policy = self._account.stamped("escalation_policies", "escalation_policy", fields)
        policy["escalation_rules"] = self._rules(data["escalation_rules"])
        self._account.escalation_policies[policy["id"]] = policy
        return policy

    def update(self, policy: Object, body: Any) -> Object:
        data = checks.wrapped(body, "escalation_policy")
        checks.refuse(self._findings(data, policy["id"]))
        if "escalation_rules" in data:
            policy["escalation_rules"] = self._rules(data["escalation_rules"])
        policy |= _policy_fields(data)
        policy["summary"] = policy["name"]
        return policy

    def delete(self, policy: Object) -> None:
        if any(item["escalation_policy"]["id"] == policy["id"] for item in self._account.services.values()):
            raise invalid("Escalation policy can't be deleted if it's being used by services")
        del self._account.escalation_policies[policy["id"]]

    def _findings(self, data: Object, own: str) -> list[str]:
        others = {item["name"] for key, item in self._account.escalation_policies.items() if key != own}
        findings = checks.text(data, "name", 255) + checks.whole(data, "num_loops", 0, 9)
        findings += checks.one_of(data, "on_call_handoff_notifications", ("if_has_services", "always"))
        if data.get("name") in others:
            findings.append("Name has already been taken")
        if "escalation_rules" in data:
            findings += checks.required(data, "escalation_rules")
        for rule in data.get("escalation_rules") or []:
            findings += self._rule_findings(rule)
        return findings

    def _rule_findings(self, rule: Object) -> list[str]:
        targets = rule.get("targets") or []
        findings = checks.required(rule, "escalation_delay_in_minutes", "targets")
        findings += checks.whole(rule, "escalation_delay_in_minutes", 1, 20160)
        known = {**self._account.users, **self._account.schedules}
        for target in targets:
            findings += checks.points_to(target, _TARGET_TYPES, known, "Target")
        return findings + (["Targets is too long (maximum is 10 targets)"] if len(targets) > 10 else [])

    def _rules(self, wanted: list[Object]) -> list[Object]:
        account = self._account
        everybody = {**account.users, **account.schedules}
        return [
            {
                "id": rule.get("id") or new_id(),
                "escalation_delay_in_minutes": rule["escalation_delay_in_minutes"],
                "targets": [reference(everybody[target["id"]]) for target in rule["targets"]],
                "escalation_rule_assignment_strategy": {"type": "assign_to_everyone"},
            }
            for rule in wanted
        ]


def _policy_fields(data: Object) -> Object:
    names = ("name", "description", "num_loops", "on_call_handoff_notifications")
    return {name: data[name] for name in names if name in data}


def _schedules(policy: Object) -> set[str]:
    targets = [target for rule in policy["escalation_rules"] for target in rule["targets"]]
    return {target["id"] for target in targets if target["type"].startswith("schedule")}


def _zone(name: str) -> zoneinfo.ZoneInfo:
    """The API has its own name for UTC."""
    return zoneinfo.ZoneInfo("Etc/UTC" if name == "UTC" else name)


def _moment(data: Object, name: str) -> datetime.datetime:
    found = checks.moment(data.get(name))
    if found is None:
        raise invalid_schedule(f"rotation_layers.{name}", "is not a valid point in time.")
    return found


def _local(value: datetime.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """Points in time are shown in the zone of the schedule, to the second."""
    return value.astimezone(zone).isoformat(timespec="seconds")


def _check_restriction(data: Object) -> None:
    kind = data.get("type")
    checks.refuse(
        checks.required(data, "type", "start_time_of_day", "duration_seconds"),
        checks.one_of(data, "type", ("daily_restriction", "weekly_restriction")),
        checks.time_of_day(data, "start_time_of_day"),
    )
    if kind == "weekly_restriction" and data.get("start_day_of_week") not in range(1, 8):
        raise invalid("Start day of week must be in 1, 2, 3, 4, 5, 6, or 7.")
    longest = _WEEK if kind == "weekly_restriction" else 24 * 3600
    seconds = data["duration_seconds"]
    if not isinstance(seconds, int) or not 0 < seconds < longest:
        name = f"rotation_layers.{str(kind).removesuffix('_restriction')}_restrictions.duration_seconds"
        raise invalid_schedule(name, "Please use a shorter duration or just turn the recurrence off.")
