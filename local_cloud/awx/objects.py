"""Creating, changing and removing objects, with the refusals of AWX."""

from __future__ import annotations

from typing import Any

from local_cloud.awx.checks import Checks
from local_cloud.awx.errors import ApiError, Invalid, invalid
from local_cloud.awx.fields import names
from local_cloud.awx.jobs import Jobs
from local_cloud.awx.kinds import Kind
from local_cloud.awx.store import Object, Store

# A project with other values for these is synced again.
_SYNCED = ("scm_url", "scm_branch", "scm_type", "scm_refspec")


class Objects:
    def __init__(self, store: Store, checks: Checks, jobs: Jobs) -> None:
        self._store = store
        self._checks = checks
        self._jobs = jobs

    def create(self, kind: Kind, body: Object) -> Object:
        """Raises ApiError."""
        given = self.cleaned(kind, body, None, partial=False)
        self._checks.check(kind.name, given, None)
        self._check_unique(kind, given, None)
        item = self._store.add(kind.name, given)
        if kind.name == "project" and item["scm_type"]:
            self._jobs.update(item)
        return item

    def update(self, kind: Kind, item: Object, body: Object, *, partial: bool) -> Object:
        """Raises ApiError."""
        given = self.cleaned(kind, body, item, partial=partial)
        self._checks.check(kind.name, given, item)
        self._check_unique(kind, given, item)
        moved = kind.name == "project" and any(name in given and given[name] != item[name] for name in _SYNCED)
        if "unified_job_template" in given and given["unified_job_template"] != item["unified_job_template"]:
            self._remove_approval(item)
        self._store.change(item, given)
        if moved and item["scm_type"]:
            self._jobs.update(item)
        return item

    def remove(self, item: Object) -> None:
        """Raises ApiError."""
        active = self._jobs.active_jobs(item)
        if active:
            running = [{"id": job["id"], "type": job["type"]} for job in active]
            raise ApiError(409, {"error": "Resource is being used by running jobs.", "active_jobs": running})
        self._checks.check_removal(item)
        self._store.remove(item)

    def _remove_approval(self, item: Object) -> None:
        """What a node asks for approval is nothing without it."""
        template = self._store.find("workflow_approval_template", item.get("unified_job_template"))
        if item["type"] == "workflow_job_template_node" and template is not None:
            self._store.remove(template)

    def cleaned(self, kind: Kind, body: Object, before: Object | None, *, partial: bool) -> Object:
        """What a body says of the fields that may be written; the rest is ignored. Raises ApiError."""
        given: Object = {}
        errors: dict[str, list[str]] = {}
        for name, field in kind.fields.items():
            if field.read_only or (field.create_only and before is not None):
                continue
            if name not in body:
                if field.required and not partial:
                    errors[name] = ["This field is required."]
                continue
            try:
                given[name] = field.clean(body[name], self._store.exists)
            except Invalid as error:
                errors[name] = error.sentences
        if errors:
            raise ApiError(400, errors)
        return given

    def _check_unique(self, kind: Kind, given: Object, before: Object | None) -> None:
        if not kind.unique:
            return
        whole: Object = {**(before or {}), **given}
        values: dict[str, Any] = {name: whole.get(name) for name in kind.unique}
        if None in values.values() and not kind.soft:
            return
        same = [one for one in self._store.where(kind.name, **values) if before is None or one["id"] != before["id"]]
        if not same:
            return
        if kind.soft:
            raise invalid(__all__=f"{kind.model} with this ({', '.join(kind.unique)}) combination already exists.")
        field = kind.unique[0] if len(kind.unique) == 1 else "__all__"
        raise invalid(**{field: f"{kind.title} with this {names(kind.unique)} already exists."})
