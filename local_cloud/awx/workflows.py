"""Workflows: the graph of nodes, and running it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from local_cloud.awx import prompts
from local_cloud.awx.errors import ApiError
from local_cloud.awx.jobs import Jobs
from local_cloud.awx.store import Object, Store

EDGES = ("success_nodes", "failure_nodes", "always_nodes")
_FINISHED = ("successful", "failed", "error", "canceled")


def check_edge(store: Store, parent: Object, child: Object, edge: str) -> None:
    """Whether an edge may lead from one node to another. Raises ApiError."""
    if parent["workflow_job_template"] != child["workflow_job_template"]:
        raise ApiError(400, {"Error": "Nodes are of different workflows."})
    if parent["id"] == child["id"] or _leads_to(store, child, parent["id"]):
        raise ApiError(400, {"Error": "Cycle detected."})
    others = [name for name in EDGES if name != edge]
    if any(child["id"] == one["id"] for name in others for one in store.linked(parent, name)):
        raise ApiError(400, {"Error": "Relationship not allowed."})


def _leads_to(store: Store, node: Object, wanted: int) -> bool:
    children = [one for edge in EDGES for one in store.linked(node, edge)]
    return any(one["id"] == wanted or _leads_to(store, one, wanted) for one in children)


class Workflows:
    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        self._decisions: dict[int, asyncio.Future[str]] = {}
        self._turns: dict[int, asyncio.Lock] = {}

    def launch(self, template: Object, answers: Object) -> Object:
        given = prompts.job_variables(self._store, template, answers.get("extra_vars") or {})
        secrets = prompts.secret_variables(self._store, template)
        shown = {name: "$encrypted$" if name in secrets else value for name, value in given.items()}
        names = ("inventory", "limit", "scm_branch", "job_tags", "skip_tags")
        settings = {name: answers.get(name, template[name]) for name in names}
        job = self._jobs.new(
            template,
            **settings,
            organization=template["organization"],
            extra_vars=json.dumps(shown),
            _extra_vars=given,
        )
        self._copy_nodes(template, job)
        self._jobs.start(job, self._run(job, template))
        return job

    def decide(self, approval: Object, status: str) -> None:
        """Approve (`successful`) or deny (`failed`). Raises ApiError."""
        if approval["status"] != "pending":
            raise ApiError(400, {"error": "This workflow step has already been approved or denied."})
        self._decisions[approval["id"]].set_result(status)
        self._jobs.end(approval, status)

    def _copy_nodes(self, template: Object, job: Object) -> None:
        copies: dict[int, Object] = {}
        originals = self._store.where("workflow_job_template_node", workflow_job_template=template["id"])
        for node in originals:
            kept = ("identifier", "unified_job_template", "all_parents_must_converge", "extra_data")
            values = {name: node[name] for name in kept}
            copies[node["id"]] = self._store.add(
                "workflow_job_node",
                {**values, "job": None, "workflow_job": job["id"], "do_not_run": False, "_node": node},
            )
        for node in originals:
            for edge in EDGES:
                for child in self._store.linked(node, edge):
                    self._store.link(copies[node["id"]], edge, copies[child["id"]]["id"])

    async def _run(self, job: Object, template: Object) -> None:
        turns = {} if template["allow_simultaneous"] else self._turns
        async with turns.setdefault(template["id"], asyncio.Lock()):
            self._jobs.begin(job)
            nodes = self._store.where("workflow_job_node", workflow_job=job["id"])
            running: dict[asyncio.Task[None], Object] = {}
            artifacts: Object = {}
            try:
                while True:
                    for node in self._ready(nodes, list(running.values())):
                        running[asyncio.ensure_future(self._run_node(node, job, artifacts))] = node
                    if not running:
                        break
                    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        job_of_node = self._store.get("unified_job", running.pop(task)["job"])
                        artifacts |= job_of_node.get("artifacts") or {}
            finally:
                for task in running:
                    task.cancel()
            failed = [node["identifier"] for node in nodes if self._unhandled(node)]
            explanation = f"No error handling path for workflow job node(s) [{', '.join(failed)}]." if failed else ""
            self._jobs.end(job, "failed" if failed else "successful", job_explanation=explanation)

    def _ready(self, nodes: list[Object], running: list[Object]) -> list[Object]:
        """Those whose turn it is; those that nothing leads to any more are left out for good."""
        found = []
        changed = True
        while changed:
            changed = False
            for node in nodes:
                if node["do_not_run"] or node in running or node in found or self._outcome(node):
                    continue
                fired = self._fired(node, nodes)
                if fired is False:
                    node["do_not_run"] = changed = True
                elif fired:
                    found.append(node)
        return found

    def _fired(self, node: Object, nodes: list[Object]) -> bool | None:
        """Whether the edges that lead here let it run; None while that is open."""
        edges = [
            (parent, edge)
            for parent in nodes
            for edge in EDGES
            if any(one["id"] == node["id"] for one in self._store.linked(parent, edge))
        ]
        if not edges:
            return True
        if any(not parent["do_not_run"] and not self._outcome(parent) for parent, _ in edges):
            return None
        taken = [self._takes(self._outcome(parent), edge) for parent, edge in edges]
        return all(taken) if node["all_parents_must_converge"] else any(taken)

    def _takes(self, outcome: str, edge: str) -> bool:
        if not outcome:
            return False
        return edge == "always_nodes" or (edge == "success_nodes") == (outcome == "successful")

    def _outcome(self, node: Object) -> str:
        """How its job ended; empty before that."""
        if node["unified_job_template"] is None:
            return "failed"
        job = self._store.find("unified_job", node["job"])
        return job["status"] if job and job["status"] in _FINISHED else ""

    def _unhandled(self, node: Object) -> bool:
        if node["do_not_run"] or self._outcome(node) == "successful":
            return False
        return not any(self._store.linked(node, edge) for edge in ("failure_nodes", "always_nodes"))

    async def _run_node(self, node: Object, workflow: Object, artifacts: Object) -> None:
        template = self._store.get("unified_job_template", node["unified_job_template"])
        job = self._launch_node(node, template, workflow, artifacts)
        node["job"] = job["id"]
        try:
            await self._jobs.wait(job)
        except asyncio.CancelledError:
            self._jobs.cancel(job)
            raise

    def _launch_node(self, node: Object, template: Object, workflow: Object, artifacts: Object) -> Object:
        """The answers kept in the node, then what earlier nodes handed on, then the variables of the workflow."""
        kept = node["_node"]
        given = {**(kept["extra_data"] or {}), **artifacts, **workflow["_extra_vars"]}
        if template["type"] == "workflow_approval_template":
            return self._ask(template)
        if template["type"] in ("project", "inventory_source"):
            return self._jobs.update(template)
        if template["type"] == "workflow_job_template":
            return self.launch(template, {"extra_vars": given})
        answers = {name: kept[name] for name in prompts.prompts_of(template) if kept.get(name) is not None}
        answers |= {name: workflow[name] for name in ("inventory", "limit") if workflow.get(name)}
        extra = [one["id"] for one in self._store.linked(kept, "credentials")]
        accepted = prompts.sorted_answers(self._store, template, {**answers, "credentials": extra}).accepted
        more: dict[str, Any] = {"launch_type": "workflow"}
        return self._jobs.launch(template, {**accepted, "extra_vars": given}, **more)

    def _ask(self, template: Object) -> Object:
        approval = self._jobs.new(template, launch_type="workflow", timed_out=False, can_approve_or_deny=True)
        self._decisions[approval["id"]] = asyncio.get_running_loop().create_future()
        self._jobs.start(approval, self._await_decision(approval, template["timeout"]))
        return approval

    async def _await_decision(self, approval: Object, timeout: int) -> None:
        try:
            await asyncio.wait_for(self._decisions[approval["id"]], timeout or None)
        except TimeoutError:
            explanation = f"The approval node {approval['name']} ({approval['id']}) has expired after {timeout} s."
            self._jobs.end(approval, "failed", timed_out=True, job_explanation=explanation)
