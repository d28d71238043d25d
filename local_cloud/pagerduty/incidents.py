"""Alerts and incidents: what events become, and what the REST API shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local_cloud.pagerduty import checks
from local_cloud.pagerduty.account import Account, Object, new_id, reference, timestamp
from local_cloud.pagerduty.errors import ApiError, invalid, not_found

OPEN = ("triggered", "acknowledged")
STATUSES = (*OPEN, "resolved")
_LOW = ("info", "warning")


class Incidents:
    def __init__(self, account: Account):
        self._account = account

    # -- events -----------------------------------------------------------------------------------

    def trigger(self, integration: Object, key: str, event: Object) -> Object:
        """The open alert of this key, else a new one with an incident. `event`: summary, severity, body."""
        account = self._account
        service = account.services[integration["service"]["id"]]
        known = self._open_alert(service["id"], key)
        if known:
            return known
        incident = self._incident_for(service, key, event)
        alert = account.stamped(f"incidents/{incident['id']}/alerts", "alert", {})
        alert |= {
            "summary": event["summary"],
            "status": "triggered",
            "alert_key": key,
            "severity": event["severity"],
            "created_at": timestamp(account.now()),
            "suppressed": False,
            "service": reference(service),
            "integration": reference(integration),
            "incident": {"id": incident["id"], "type": "incident_reference"},
            "body": event["body"],
        }
        account.alerts[alert["id"]] = alert
        return alert

    def acknowledge(self, integration: Object, key: str) -> None:
        alert = self._open_alert(integration["service"]["id"], key)
        if alert:
            self.set_status(self._account.incidents[alert["incident"]["id"]], "acknowledged")

    def resolve(self, integration: Object, key: str) -> None:
        """An incident is resolved with the last of its alerts."""
        alert = self._open_alert(integration["service"]["id"], key)
        if alert is None:
            return
        alert["status"] = "resolved"
        incident = self._account.incidents[alert["incident"]["id"]]
        if all(item["status"] == "resolved" for item in self.alerts_of(incident)):
            self.set_status(incident, "resolved")

    def _open_alert(self, service_id: str, key: str) -> Object | None:
        for alert in self._account.alerts.values():
            if alert["service"]["id"] == service_id and alert["alert_key"] == key and alert["status"] == "triggered":
                return alert
        return None

    def _incident_for(self, service: Object, key: str, event: Object) -> Object:
        """A new incident; with grouping by time, the open one of the service."""
        account = self._account
        if (service["alert_grouping_parameters"] or {}).get("type") == "time":
            for incident in self._of_service(service["id"]):
                if incident["status"] in OPEN:
                    return incident
        now = timestamp(account.now())
        policy = account.escalation_policies[service["escalation_policy"]["id"]]
        incident = account.stamped("incidents", "incident", {})
        incident |= {
            "summary": f"[#{len(account.incidents) + 1}] {event['summary']}",
            "incident_number": len(account.incidents) + 1,
            "title": event["summary"],
            "description": event["summary"],
            "created_at": now,
            "updated_at": now,
            "last_status_change_at": now,
            "resolved_at": None,
            "status": "triggered",
            "incident_key": key,
            "service": reference(service),
            "escalation_policy": reference(policy),
            "urgency": _urgency(service, event["severity"]),
            "teams": [],
            "assignments": [{"at": now, "assignee": reference(user)} for user in account.users_of(policy)],
        }
        account.incidents[incident["id"]] = incident
        service["last_incident_timestamp"] = now
        self._log("trigger_log_entry", incident)
        for assignment in incident["assignments"]:
            self._log("notify_log_entry", incident, user=assignment["assignee"])
        return incident

    # -- REST API ---------------------------------------------------------------------------------

    def find(self, identifier: str) -> Object:
        found = self._account.incidents.get(identifier)
        if found is None:
            raise not_found()
        return found

    def view(self, incident: Object) -> Object:
        statuses = [alert["status"] for alert in self.alerts_of(incident)]
        counts = {
            "all": len(statuses),
            "triggered": statuses.count("triggered"),
            "resolved": statuses.count("resolved"),
        }
        return {**incident, "alert_counts": counts}

    def listed(self, query: dict[str, list[str]]) -> list[Object]:
        """Filtered by statuses[], service_ids[], urgencies[], incident_key, since and until; newest last."""
        statuses = query.get("statuses[]") or list(STATUSES)
        if not set(statuses) <= set(STATUSES):
            raise ApiError(400, 1003, "Invalid Status Provided")
        since, until = (_moment(query, name) for name in ("since", "until"))
        found = []
        for incident in self._account.incidents.values():
            created = checks.moment(incident["created_at"])
            assert created is not None
            fits = (
                incident["status"] in statuses
                and incident["service"]["id"] in (query.get("service_ids[]") or [incident["service"]["id"]])
                and incident["urgency"] in (query.get("urgencies[]") or [incident["urgency"]])
                and incident["incident_key"] in (query.get("incident_key") or [incident["incident_key"]])
                and (since is None or created >= since.replace(microsecond=0))
                and (until is None or created < until)
            )
            if fits:
                found.append(self.view(incident))
        return found

    def alerts_of(self, incident: Object) -> list[Object]:
        return [item for item in self._account.alerts.values() if item["incident"]["id"] == incident["id"]]

    def log_of(self, incident: Object) -> list[Object]:
        """The newest entry first."""
        return [item for item in reversed(self._account.log_entries) if item["incident"]["id"] == incident["id"]]

    def update(self, incident: Object, body: Any) -> Object:
        data = checks.wrapped(body, "incident")
        checks.refuse(checks.required(data, "type"))
        if "status" in data:
            if data["status"] not in STATUSES[1:]:
                raise ApiError(400, 1003, "Invalid Status Provided")
            if incident["status"] == "resolved":
                raise ApiError(400, INCIDENT_RESOLVED, "Incident Already Resolved")
            self.set_status(incident, data["status"])
        if "title" in data:
            incident["title"] = data["title"]
        return self.view(incident)

    def set_status(self, incident: Object, status: str) -> None:
        now = timestamp(self._account.now())
        incident |= {"status": status, "updated_at": now, "last_status_change_at": now}
        self._log({"acknowledged": "acknowledge_log_entry", "resolved": "resolve_log_entry"}[status], incident)
        if status == "resolved":
            incident |= {"resolved_at": now, "assignments": []}
            for alert in self.alerts_of(incident):
                alert["status"] = "resolved"

    def _of_service(self, service_id: str) -> Iterator[Object]:
        return (item for item in self._account.incidents.values() if item["service"]["id"] == service_id)

    def _log(self, kind: str, incident: Object, **more: Object) -> None:
        entry = {
            "id": f"R{new_id()}",
            "type": kind,
            "summary": kind.removesuffix("_log_entry").capitalize(),
            "created_at": timestamp(self._account.now()),
            "incident": {"id": incident["id"], "type": "incident_reference"},
            **more,
        }
        self._account.log_entries.append(entry)


INCIDENT_RESOLVED = 1001


def _urgency(service: Object, severity: str) -> str:
    urgency = service["incident_urgency_rule"].get("urgency") or "high"
    if urgency != "severity_based":
        return str(urgency)
    return "low" if severity in _LOW else "high"


def _moment(query: dict[str, list[str]], name: str) -> Any:
    if not query.get(name):
        return None
    found = checks.moment(query[name][0])
    if found is None:
        raise invalid(f"{name} is not a valid point in time")
    return found
