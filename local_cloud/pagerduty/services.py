"""Services and their integrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloud.pagerduty import checks
from local_cloud.pagerduty.account import Account, Object, new_key, reference, timestamp
from local_cloud.pagerduty.errors import not_found

INTEGRATION_TYPES = (
    "aws_cloudwatch_inbound_integration",
    "cloudkick_inbound_integration",
    "event_transformer_api_inbound_integration",
    "events_api_v2_inbound_integration",
    "generic_email_inbound_integration",
    "generic_events_api_inbound_integration",
    "keynote_inbound_integration",
    "nagios_inbound_integration",
    "pingdom_inbound_integration",
    "sql_monitor_inbound_integration",
)
_POLICY_TYPES = ("escalation_policy", "escalation_policy_reference")
_URGENCIES = ("low", "high", "severity_based")
_TIMEOUTS = ("auto_resolve_timeout", "acknowledgement_timeout")
_SETTINGS = (
    "name",
    "description",
    "auto_resolve_timeout",
    "acknowledgement_timeout",
    "incident_urgency_rule",
    "support_hours",
    "scheduled_actions",
    "alert_creation",
    "alert_grouping_parameters",
    "status",
)
_DEFAULTS: Object = {
    "description": "",
    "auto_resolve_timeout": None,
    "acknowledgement_timeout": None,
    "incident_urgency_rule": {"type": "constant", "urgency": "high"},
    "support_hours": None,
    "scheduled_actions": [],
    "alert_creation": "create_alerts_and_incidents",
    "alert_grouping_parameters": {"type": None, "config": None},
    "status": "active",
    "last_incident_timestamp": None,
    "teams": [],
    "addons": [],
}


class Services:
    def __init__(self, account: Account):
        self._account = account

    def view(self, service: Object, include: list[str]) -> Object:
        """Integrations are references unless they are to be included."""
        own = [item for item in self._account.integrations.values() if item["service"]["id"] == service["id"]]
        whole = "integrations" in include
        policy = self._account.escalation_policies[service["escalation_policy"]["id"]]
        return {
            **service,
            "status": self._status(service),
            "integrations": own if whole else [reference(item) for item in own],
            "escalation_policy": policy if "escalation_policies" in include else reference(policy),
        }

    def create(self, body: Any) -> Object:
        data = checks.wrapped(body, "service")
        checks.refuse(checks.required(data, "name", "escalation_policy"), self._findings(data, ""))
        service = self._account.stamped("services", "service", {**_DEFAULTS, **_settings(data)})
        service |= {"created_at": timestamp(self._account.now()), "escalation_policy": data["escalation_policy"]}
        self._account.services[service["id"]] = service
        return service

    def update(self, service: Object, body: Any) -> Object:
        data = checks.wrapped(body, "service")
        checks.refuse(self._findings(data, service["id"]))
        service |= _settings(data)
        service["summary"] = service["name"]
        if "escalation_policy" in data:
            service["escalation_policy"] = data["escalation_policy"]
        return service

    def delete(self, service: Object) -> None:
        account = self._account
        for collection in (account.integrations, account.incidents, account.alerts):
            for identifier in [key for key, item in collection.items() if item["service"]["id"] == service["id"]]:
                del collection[identifier]
        del account.services[service["id"]]

    def _status(self, service: Object) -> str:
        if service["status"] == "disabled":
            return "disabled"
        statuses = {
            item["status"] for item in self._account.incidents.values() if item["service"]["id"] == service["id"]
        }
        if "triggered" in statuses:
            return "critical"
        return "warning" if "acknowledged" in statuses else "active"

    def _findings(self, data: Object, own: str) -> list[str]:
        account = self._account
        others = {item["name"] for key, item in account.services.items() if key != own}
        findings = checks.text(data, "name", 255) + checks.text(data, "description", 1024)
        if "name" in data:
            findings += checks.required(data, "name")
        if data.get("name") in others:
            findings.append("Name has already been taken")
        for name in _TIMEOUTS:
            findings += checks.whole(data, name, 0, 31_536_000, empty=True)
        if "escalation_policy" in data:
            policy = data["escalation_policy"]
            findings += checks.points_to(policy, _POLICY_TYPES, account.escalation_policies, "Escalation Policy")
        findings += checks.one_of(data, "alert_creation", ("create_alerts_and_incidents", "create_incidents"))
        findings += checks.one_of(data, "status", ("active", "disabled", "warning", "critical", "maintenance"))
        return findings + _urgency_findings(data) + _grouping_findings(data)


def _settings(data: Mapping[str, Any]) -> Object:
    """What the caller may set; 0 disables a timeout, as null does."""
    found = {name: data[name] for name in _SETTINGS if name in data}
    return found | {name: found[name] or None for name in _TIMEOUTS if name in found}


def _urgency_findings(data: Object) -> list[str]:
    rule = data.get("incident_urgency_rule")
    if rule is None:
        return []
    findings = checks.one_of(rule, "type", ("constant", "use_support_hours")) + checks.required(rule, "type")
    if rule.get("type") == "constant":
        return findings + checks.required(rule, "urgency") + checks.one_of(rule, "urgency", _URGENCIES)
    findings += checks.required(rule, "during_support_hours", "outside_support_hours")
    findings += checks.required(data, "support_hours")
    hours = data.get("support_hours") or {}
    if hours:
        findings += checks.one_of(hours, "type", ("fixed_time_per_day",)) + checks.time_zone(hours, "time_zone")
        findings += checks.time_of_day(hours, "start_time") + checks.time_of_day(hours, "end_time")
        findings += checks.required(hours, "days_of_week")
    return findings


def _grouping_findings(data: Object) -> list[str]:
    grouping = data.get("alert_grouping_parameters")
    if not grouping:
        return []
    findings = checks.one_of(grouping, "type", ("time", "intelligent", "content_based", None))
    config = grouping.get("config") or {}
    if grouping.get("type") == "time":
        findings += checks.whole(config, "timeout", 0, 1440)
    if grouping.get("type") == "content_based":
        findings += checks.required(config, "aggregate", "fields")
        findings += checks.one_of(config, "aggregate", ("all", "any"))
    return findings


class Integrations:
    """Integrations of one service."""

    def __init__(self, account: Account, service: Object):
        self._account = account
        self._service = service

    def find(self, identifier: str) -> Object:
        found = self._account.integrations.get(identifier)
        if found is None or found["service"]["id"] != self._service["id"]:
            raise not_found()
        return found

    def create(self, body: Any) -> Object:
        data = checks.wrapped(body, "integration")
        checks.refuse(checks.required(data, "type"), self._findings(data))
        kind = str(data["type"]).removesuffix("_reference")
        vendor = self._account.vendors.get((data.get("vendor") or {}).get("id", ""))
        name = data.get("name") or (vendor or {"name": kind})["name"]
        path = f"services/{self._service['id']}/integrations"
        integration = self._account.stamped(path, kind, {"name": name})
        integration |= {
            "service": reference(self._service),
            "created_at": timestamp(self._account.now()),
            "vendor": reference(vendor) if vendor else None,
            "integration_key": new_key(),
        }
        if kind == "generic_email_inbound_integration":
            integration["integration_email"] = data.get("integration_email")
        self._account.integrations[integration["id"]] = integration
        return integration

    def update(self, integration: Object, body: Any) -> Object:
        """The name; type, vendor and key stay what they were."""
        data = checks.wrapped(body, "integration")
        checks.refuse(self._findings(data))
        if "name" in data:
            integration |= {"name": data["name"], "summary": data["name"]}
        return integration

    def delete(self, integration: Object) -> None:
        del self._account.integrations[integration["id"]]

    def _findings(self, data: Object) -> list[str]:
        allowed = [*INTEGRATION_TYPES, *(f"{name}_reference" for name in INTEGRATION_TYPES)]
        findings = checks.one_of(data, "type", allowed) + checks.text(data, "name", 255)
        vendor = data.get("vendor")
        if vendor:
            findings += checks.points_to(vendor, ("vendor", "vendor_reference"), self._account.vendors, "Vendor")
        if data.get("type") == "generic_email_inbound_integration":
            findings += checks.required(data, "integration_email")
        return findings
