"""Objects as the API shows them."""

from __future__ import annotations

from typing import Any

from local_cloud.awx import credentials, notifications, recurrence, surveys
from local_cloud.awx.kinds import GROUPS, JOB_OF, KINDS
from local_cloud.awx.store import Object, Store

ROOT = "/api/v2"
ACTIVE = ("new", "pending", "waiting", "running")
_STATUSES = ("status", "failed")


def url(item: Object) -> str:
    return f"{ROOT}/{KINDS[item['type']].collection}/{item['id']}/"


class Views:
    def __init__(self, store: Store) -> None:
        self._store = store

    def shown(self, item: Object) -> Object:
        kind = KINDS[item["type"]]
        hidden = {name for name, field in kind.fields.items() if field.write_only}
        head = {"id": item["id"], "type": item["type"], "url": url(item)}
        links = {"related": self._related(item), "summary_fields": self._summary(item)}
        rest = {name: value for name, value in item.items() if name not in hidden and not name.startswith("_")}
        return {**head, **links, **rest, **self._computed(item)}

    def _related(self, item: Object) -> Object:
        kind = KINDS[item["type"]]
        own = url(item)
        found = {name: f"{own}{name}/" for name in (*kind.links, *kind.actions)}
        for name, reference in kind.references():
            target = self._store.find(reference.kind, item.get(name))
            if target is not None:
                found[name] = url(target)
        current = self._current_update(item)
        if current is not None:
            found["current_update"] = url(current)
        return found

    def _summary(self, item: Object) -> Object:
        found: Object = {}
        for name, reference in KINDS[item["type"]].references():
            target = self._store.find(reference.kind, item.get(name))
            if target is not None and not reference.write_only:
                found[name] = self._brief(target, reference.kind)
        if "credentials" in KINDS[item["type"]].links:
            found["credentials"] = [self._brief(one, "credential") for one in self._store.linked(item, "credentials")]
        if "labels" in KINDS[item["type"]].links:
            labels = [{"id": one["id"], "name": one["name"]} for one in self._store.linked(item, "labels")]
            found["labels"] = {"count": len(labels), "results": labels}
        spec = self._store.survey_specs.get(item["id"]) if item["type"] in JOB_OF else None
        if spec:
            found["survey"] = {"title": spec["name"], "description": spec["description"]}
        current = self._current_update(item)
        if current is not None:
            found["current_update"] = self._brief(current, "unified_job")
        found["user_capabilities"] = {"edit": True, "delete": True}
        return found

    def _brief(self, target: Object, kind: str) -> Object:
        names = ["id", "name", "description"]
        found = {name: target[name] for name in names if name in target}
        if kind == "unified_job_template":
            found["unified_job_type"] = JOB_OF[target["type"]]
            if target["type"] == "workflow_approval_template":
                found["timeout"] = target["timeout"]
        if kind in ("unified_job", *GROUPS["unified_job"]):
            found |= {"type": target["type"]} | {name: target[name] for name in _STATUSES}
        if kind == "credential":
            credential_type = self._store.get("credential_type", target["credential_type"])
            found |= {"kind": self._kind(credential_type), "cloud": credential_type["kind"] == "cloud"}
        if kind == "user":
            found["username"] = target["username"]
        return found

    def _current_update(self, item: Object) -> Object | None:
        """The update of a project or an inventory source that is under way."""
        if item["type"] not in ("project", "inventory_source"):
            return None
        updates = self._store.where(JOB_OF[item["type"]], unified_job_template=item["id"])
        return next((update for update in updates if update["status"] in ACTIVE), None)

    def _kind(self, credential_type: Object) -> str | None:
        namespace = credential_type["namespace"]
        return namespace if namespace else ("cloud" if credential_type["kind"] == "cloud" else None)

    def _computed(self, item: Object) -> Object:
        match item["type"]:
            case "credential":
                return self._credential(item)
            case "notification_template":
                configuration = notifications.shown(item["notification_type"], item["notification_configuration"])
                return {"notification_configuration": configuration}
            case "schedule":
                return {**recurrence.dates(item["rrule"], self._store.now()), **self._extra_data(item)}
            case "workflow_job_template_node" | "workflow_job_node":
                return {**self._edges(item), **self._extra_data(item)}
            case "inventory":
                return self._inventory_counts(item)
        return {}

    def _credential(self, item: Object) -> Object:
        kind = self._store.get("credential_type", item["credential_type"])
        inputs = credentials.shown_inputs(kind, item["inputs"])
        return {"inputs": inputs, "kind": self._kind(kind), "cloud": kind["kind"] == "cloud", "kubernetes": False}

    def _edges(self, node: Object) -> Object:
        names = ("success_nodes", "failure_nodes", "always_nodes")
        return {name: [one["id"] for one in self._store.linked(node, name)] for name in names}

    def _extra_data(self, item: Object) -> Object:
        """Without the answers to password questions."""
        spec = self._store.survey_specs.get(item["unified_job_template"] or 0, {})
        secrets = surveys.secrets_of(spec)
        given: dict[str, Any] = item["extra_data"] or {}
        shown = {name: surveys.ENCRYPTED if name in secrets else value for name, value in given.items()}
        return {"extra_data": shown}

    def _inventory_counts(self, inventory: Object) -> Object:
        hosts = self._store.where("host", inventory=inventory["id"])
        sources = self._store.where("inventory_source", inventory=inventory["id"])
        return {
            "total_hosts": len(hosts),
            "has_inventory_sources": bool(sources),
            "total_inventory_sources": len(sources),
        }
