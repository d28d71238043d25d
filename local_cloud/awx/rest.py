"""The REST API v2: which request is answered by what."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_cloud.awx import VERSION, prompts, surveys, workflows
from local_cloud.awx.checks import Checks
from local_cloud.awx.errors import ApiError, not_allowed, not_found, refused
from local_cloud.awx.fields import Dictionary, Field, References
from local_cloud.awx.jobs import Jobs
from local_cloud.awx.kinds import COLLECTIONS, GROUP_COLLECTIONS, JOB_OF, KINDS, Kind
from local_cloud.awx.lists import Filter, Query, page
from local_cloud.awx.objects import Objects
from local_cloud.awx.projects import Projects
from local_cloud.awx.store import Object, Store
from local_cloud.awx.views import ACTIVE, ROOT, Views
from local_cloud.awx.workflows import EDGES, Workflows

Answer = tuple[int, Any]
# Sub-list -> the kind it lists, and the field that points to its owner.
_OWNED = {
    "hosts": ("host", "inventory"),
    "inventory_sources": ("inventory_source", "inventory"),
    "schedules": ("schedule", "unified_job_template"),
    "jobs": ("job", "job_template"),
    "workflow_jobs": ("workflow_job", "workflow_job_template"),
    "project_updates": ("project_update", "project"),
    "inventory_updates": ("inventory_update", "inventory_source"),
}
_NODES = {
    "workflow_job_template": ("workflow_job_template_node", "workflow_job_template"),
    "workflow_job": ("workflow_job_node", "workflow_job"),
}
_LAUNCH: dict[str, Field] = {
    **{name: field for name, field in KINDS["workflow_job_template_node"].fields.items() if name != "extra_data"},
    "extra_vars": Dictionary(text=True),
    **{name: References(kind=name.removesuffix("s")) for name in ("credentials", "labels", "instance_groups")},
}


@dataclass(frozen=True)
class Request:
    """`segments` are those of the path behind `/api/v2/`."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: Query
    body: Any


class RestApi:
    def __init__(self, store: Store, projects: Projects, jobs: Jobs) -> None:
        self._store = store
        self._projects = projects
        self._jobs = jobs
        self._checks = Checks(store, projects)
        self._objects = Objects(store, self._checks, jobs)
        self._workflows = Workflows(store, jobs)
        self._views = Views(store)
        self._actions: dict[str, Callable[[Request, Object], Answer]] = {
            "survey_spec": self._survey_spec,
            "launch": self._launch,
            "update": self._update,
            "playbooks": lambda _request, project: (200, self._projects.playbooks(project)),
            "inventories": lambda _request, project: (200, self._projects.inventories(project)),
            "create_approval_template": self._create_approval,
            "cancel": self._cancel,
            "stdout": self._stdout,
            "approve": self._decide,
            "deny": self._decide,
        }

    def answer(self, request: Request) -> Answer:
        """Status and body. Raises ApiError."""
        match request.segments:
            case ():
                return 200, {name: f"{ROOT}/{name}/" for name in (*COLLECTIONS, *GROUP_COLLECTIONS)}
            case ("ping" | "config",):
                return 200, {"version": VERSION, "ha": False, "active_node": "awx-stand-in", "instances": []}
            case ("me",):
                return 200, self._page(request, [self._store.user])
            case (collection,) if collection in GROUP_COLLECTIONS:
                return self._list(request, GROUP_COLLECTIONS[collection])
            case (collection, *rest) if collection in COLLECTIONS and len(rest) <= 2:
                return self._of_kind(request, COLLECTIONS[collection], rest)
        raise refused("The requested resource could not be found.", 404)

    def _of_kind(self, request: Request, kind: Kind, rest: list[str]) -> Answer:
        if not rest:
            return self._collection(request, kind)
        item = self._find(kind, rest[0])
        return self._detail(request, kind, item) if len(rest) == 1 else self._sub(request, item, rest[1])

    def _find(self, kind: Kind, name: str) -> Object:
        """By id, or by its name as in `name++organization`."""
        if name.isdecimal():
            item = self._store.find(kind.name, int(name))
        else:
            own, _, organization = urllib.parse.unquote(name).partition("++")
            items = self._store.where(kind.name, name=own)
            item = next((one for one in items if self._organization(one) == organization), None)
        if item is None or item["type"] != kind.name:
            raise not_found()
        return item

    def _organization(self, item: Object) -> str:
        organization = self._store.find("organization", item.get("organization"))
        return organization["name"] if organization else ""

    def _list(self, request: Request, kind: str, items: list[Object] | None = None) -> Answer:
        _only(request, "GET")
        found = self._store.all(kind) if items is None else items
        return 200, self._page(request, Filter(self._store, kind).apply(found, request.query))

    def _page(self, request: Request, found: list[Object]) -> Object:
        shown, head = page(request.path, request.query, found)
        return {**head, "results": [self._views.shown(item) for item in shown]}

    def _collection(self, request: Request, kind: Kind) -> Answer:
        if kind.name == "workflow_approval_template":
            raise refused("The requested resource could not be found.", 404)
        if request.method != "POST":
            return self._list(request, kind.name)
        if not kind.writable:
            raise not_allowed("POST")
        return 201, self._views.shown(self._objects.create(kind, request.body))

    def _detail(self, request: Request, kind: Kind, item: Object) -> Answer:
        if request.method == "GET":
            return 200, self._views.shown(item)
        if request.method == "DELETE":
            self._objects.remove(item)
            return 202 if kind.name == "inventory" else 204, None
        if request.method not in ("PUT", "PATCH") or not kind.writable:
            raise not_allowed(request.method)
        changed = self._objects.update(kind, item, request.body, partial=request.method == "PATCH")
        return 200, self._views.shown(changed)

    def _sub(self, request: Request, item: Object, sub: str) -> Answer:
        kind = KINDS[item["type"]]
        if sub in kind.links:
            return self._association(request, item, sub)
        if sub not in kind.actions:
            raise refused("The requested resource could not be found.", 404)
        if sub in self._actions:
            return self._actions[sub](request, item)
        owned, field = _NODES[kind.name] if sub == "workflow_nodes" else _OWNED[sub]
        if request.method == "POST" and KINDS[owned].writable:
            created = self._objects.create(KINDS[owned], {**request.body, field: item["id"]})
            return 201, self._views.shown(created)
        return self._list(request, owned, self._store.where(owned, **{field: item["id"]}))

    def _association(self, request: Request, item: Object, sub: str) -> Answer:
        """`{"id"}` associates, with `disassociate` it does the contrary."""
        kind = KINDS[item["type"]].links[sub]
        if request.method != "POST" or not KINDS[item["type"]].writable:
            return self._list(request, kind, self._store.linked(item, sub))
        number = request.body.get("id")
        if not number:
            if "disassociate" in request.body:
                raise ApiError(400, {"msg": '"id" is required to disassociate'})
            raise ApiError(400, {"msg": f"{KINDS[kind].title.title()} 'id' field is missing."})
        if isinstance(number, bool) or not isinstance(number, int):
            raise ApiError(400, {"msg": '"id" field must be an integer.'})
        other = self._store.find(kind, number)
        if other is None:
            raise refused(f"{KINDS[kind].model} matching query does not exist.")
        if "disassociate" in request.body:
            self._store.unlink(item, sub, number)
            return 204, None
        if other not in self._store.linked(item, sub):
            self._check_association(item, sub, other)
            self._store.link(item, sub, number)
        return 204, None

    def _check_association(self, item: Object, sub: str, other: Object) -> None:
        if sub in EDGES:
            workflows.check_edge(self._store, item, other, sub)
        if sub == "credentials" and "unified_job_template" in item:
            self._checks.check_credential_of_answers(item, other)
        elif sub == "credentials":
            self._checks.check_credential_of_job(item, other)
        if sub == "galaxy_credentials":
            self._checks.check_galaxy_credential(other)

    def _survey_spec(self, request: Request, template: Object) -> Answer:
        specs = self._store.survey_specs
        before = specs.get(template["id"], {})
        if request.method == "POST":
            specs[template["id"]] = surveys.checked(request.body, before)
            return 200, None
        if request.method == "DELETE":
            specs.pop(template["id"], None)
            return 200, None
        _only(request, "GET")
        return 200, surveys.shown(before)

    def _launch(self, request: Request, template: Object) -> Answer:
        if request.method != "POST":
            _only(request, "GET")
            return 200, self._launch_form(template)
        fields = {name: _LAUNCH[name] for name in prompts.prompts_of(template) if name in _LAUNCH}
        shape = Kind("launch", "", "", fields)
        given = self._objects.cleaned(shape, request.body, None, partial=True)
        workflow = template["type"] == "workflow_job_template"
        answers = prompts.sorted_answers(self._store, template, given, saved=workflow)
        if not workflow:
            self._check_launch(template, answers)
        if answers.errors:
            raise ApiError(400, answers.errors)
        launcher = self._workflows if workflow else self._jobs
        job = launcher.launch(template, answers.accepted)
        head = {JOB_OF[template["type"]]: job["id"], "ignored_fields": answers.ignored}
        return 201, {**head, **self._views.shown(job)}

    def _check_launch(self, template: Object, answers: prompts.Answers) -> None:
        project = self._store.find("project", template["project"])
        if project is None:
            answers.errors["project"] = ["A project is required to run a job."]
        elif project["status"] in ("failed", "error", "canceled") and not project["scm_update_on_launch"]:
            answers.errors["playbook"] = ["Missing a revision to run due to failed project update."]
        if template["inventory"] is None and "inventory" not in answers.accepted:
            answers.errors["resources_needed_to_start"] = ["Job Template inventory is missing or undefined."]

    def _launch_form(self, template: Object) -> Object:
        asked = prompts.prompts_of(template)
        spec = prompts.survey_of(self._store, template)
        needed = surveys.required_of(spec)
        prompting = any(template[flag] for flag in asked.values())
        data = {name: template[name] for name in ("id", "name", "description")}
        return {
            "can_start_without_user_input": not needed and not prompting,
            "passwords_needed_to_start": [],
            **{flag: template[flag] for flag in asked.values()},
            "survey_enabled": bool(spec),
            "variables_needed_to_start": needed,
            "credential_needed_to_start": False,
            "inventory_needed_to_start": template["inventory"] is None,
            f"{template['type']}_data": data,
            "defaults": {name: template[name] for name in asked if name in template},
        }

    def _update(self, request: Request, source: Object) -> Answer:
        possible = source["type"] == "inventory_source" or bool(source["scm_type"])
        if request.method != "POST":
            _only(request, "GET")
            return 200, {"can_update": possible}
        if not possible:
            raise not_allowed("POST")
        job = self._jobs.update(source)
        return 202, {job["type"]: job["id"], **self._views.shown(job)}

    def _create_approval(self, request: Request, node: Object) -> Answer:
        if request.method != "POST":
            _only(request, "GET")
            return 200, {}
        kind = KINDS["workflow_approval_template"]
        template = self._objects.create(kind, request.body)
        self._store.change(node, {"unified_job_template": template["id"]})
        return 201, self._views.shown(template)

    def _cancel(self, request: Request, job: Object) -> Answer:
        if request.method != "POST":
            _only(request, "GET")
            return 200, {"can_cancel": job["status"] in ACTIVE}
        if not self._jobs.cancel(job):
            raise not_allowed("POST")
        return 202, None

    def _stdout(self, request: Request, job: Object) -> Answer:
        _only(request, "GET")
        output = job.get("_stdout", "")
        if dict(request.query).get("format", "").startswith("txt"):
            return 200, str(output)
        return 200, {"range": {"start": 0, "end": output.count("\n")}, "content": output}

    def _decide(self, request: Request, approval: Object) -> Answer:
        if request.method != "POST":
            _only(request, "GET")
            return 200, {}
        self._workflows.decide(approval, "successful" if request.segments[-1] == "approve" else "failed")
        return 204, None


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise not_allowed(request.method)
