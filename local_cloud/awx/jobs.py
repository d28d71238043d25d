"""Jobs: what is launched, waits for its turn, runs and ends."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from local_cloud.awx import playbooks, prompts, variables
from local_cloud.awx.kinds import JOB_OF
from local_cloud.awx.projects import Projects
from local_cloud.awx.store import Object, Store
from local_cloud.awx.views import ACTIVE

LOG = logging.getLogger("local_cloud.awx")
_VERBOSITY = ("", "-v", "-vv", "-vvv", "-vvvv", "-vvvvv")
_SETTINGS = (
    *("job_type", "inventory", "limit", "verbosity", "job_tags", "skip_tags", "diff_mode", "forks"),
    *("scm_branch", "timeout", "execution_environment", "job_slice_count"),
)
OUTCOMES = ("successful", "failed", "running")


class Jobs:
    """`outcomes` says by the name of a template how its jobs end; those run nothing, or run for ever."""

    def __init__(self, store: Store, projects: Projects) -> None:
        self._store = store
        self._projects = projects
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.outcomes: dict[str, str] = {}

    def new(self, template: Object, **values: Any) -> Object:
        """A job of a template, which waits for its turn."""
        kind = JOB_OF[template["type"]]
        job = self._store.add(
            kind,
            {
                "name": template["name"],
                "description": template["description"],
                "unified_job_template": template["id"],
                template["type"]: template["id"],
                "status": "pending",
                **values,
            },
        )
        template["status"] = "pending"
        return job

    def start(self, job: Object, work: Any) -> None:
        """`work` is a coroutine that ends the job."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[job["id"]] = task
        task.add_done_callback(lambda done: self._ended(job, done))

    def launch(self, template: Object, answers: Object, **more: Any) -> Object:
        """A job of a job template, with the answers that it takes."""
        settings = {name: answers.get(name, template[name]) for name in _SETTINGS}
        own = {name: template[name] for name in ("project", "playbook", "organization")}
        given = prompts.job_variables(self._store, template, answers.get("extra_vars") or {})
        secrets = prompts.secret_variables(self._store, template)
        shown = {name: "$encrypted$" if name in secrets else value for name, value in given.items()}
        job = self.new(
            template,
            **settings,
            **own,
            extra_vars=json.dumps(shown),
            artifacts={},
            _extra_vars=given,
            _credentials=self._credentials(template, answers.get("credentials") or []),
            **more,
        )
        self.start(job, self._run(job, template))
        return job

    def update(self, source: Object) -> Object:
        """The sync of a project or of an inventory source."""
        if source["type"] == "project":
            names = ("scm_type", "scm_url", "scm_branch", "scm_revision")
            job = self.new(source, job_type="check", **{name: source[name] for name in names})
            self.start(job, self._sync_project(job, source))
            return job
        job = self.new(source, inventory=source["inventory"], source=source["source"])
        self.start(job, self._sync_inventory(job, source))
        return job

    async def wait(self, job: Object) -> None:
        await asyncio.wait([self._tasks[job["id"]]])

    def cancel(self, job: Object) -> bool:
        """Whether it was still under way."""
        if job["status"] not in ACTIVE:
            return False
        self.end(job, "canceled", canceled_on=self._store.timestamp())
        self._tasks[job["id"]].cancel()
        return True

    def active_jobs(self, item: Object) -> list[Object]:
        """Those that would lose what they use."""
        names = {
            "organization": ("organization",),
            "inventory": ("inventory",),
            "project": ("project", "unified_job_template"),
            "inventory_source": ("unified_job_template",),
            "job_template": ("unified_job_template",),
            "workflow_job_template": ("unified_job_template",),
        }.get(item["type"], ())
        return [
            job
            for job in self._store.all("unified_job")
            if job["status"] in ACTIVE and any(job.get(name) == item["id"] for name in names)
        ]

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def begin(self, job: Object) -> None:
        self._store.change(job, {"status": "running", "started": self._store.timestamp()})

    def end(self, job: Object, status: str, **more: Any) -> None:
        finished = self._store.now()
        started = datetime.datetime.fromisoformat(job["started"]) if job["started"] else finished
        stamp = self._store.timestamp()
        ended = {"failed": status != "successful", "finished": stamp, "event_processing_finished": True}
        elapsed = round((finished - started).total_seconds(), 3)
        self._store.change(job, {"status": status, **ended, "elapsed": elapsed, **more})
        LOG.info("%s %s (%s) ended: %s %s", job["type"], job["id"], job["name"], status, job["job_explanation"])
        template = self._store.find("unified_job_template", job["unified_job_template"])
        if template is not None:
            template |= {"last_job_run": stamp, "last_job_failed": job["failed"], "status": status}
            if "last_updated" in template:
                template |= {"last_updated": stamp, "last_update_failed": job["failed"]}

    def _ended(self, job: Object, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            LOG.error("%s %s", job["type"], job["id"], exc_info=task.exception())
            self.end(job, "error", job_explanation=f"The stand-in failed: {task.exception()}")

    async def _run(self, job: Object, template: Object) -> None:
        if template["allow_simultaneous"]:
            await self._run_now(job)
            return
        async with self._turns[template["id"]]:
            await self._run_now(job)

    async def _run_now(self, job: Object) -> None:
        self.begin(job)
        missing = self._missing_inputs(job)
        if missing:
            self.end(job, "failed", job_explanation=missing)
            return
        failed = await self._update_first(job)
        if failed:
            self.end(job, "failed", job_explanation=failed)
            return
        outcome = self.outcomes.get(job["name"])
        if outcome == "running":
            await asyncio.Event().wait()
        if outcome is not None:
            self.end(job, outcome, job_explanation="" if outcome == "successful" else "The test wants it to fail.")
            return
        playbook = playbooks.Playbook(
            job["playbook"],
            self._projects.folder,
            self._inventory(job["inventory"]),
            {**self._told(job), **job["_extra_vars"]},
            _options(job),
            [(kind, inputs) for _, kind, inputs in self._used_credentials(job)],
        )
        canceled = asyncio.Event()
        try:
            result = await asyncio.to_thread(playbooks.run, playbook, canceled.is_set)
        finally:
            canceled.set()
        job |= {"_stdout": result.stdout, "artifacts": result.artifacts}
        self.end(job, result.status, job_explanation=result.explanation)

    async def _update_first(self, job: Object) -> str:
        """Sync what is to be up to date at a launch; a sentence when that fails."""
        project = self._store.get("project", job["project"])
        sources = self._store.where("inventory_source", inventory=job["inventory"], update_on_launch=True)
        for source in [*([project] if project["scm_update_on_launch"] else []), *sources]:
            if self._fresh(source):
                continue
            update = self.update(source)
            await self.wait(update)
            if update["status"] != "successful":
                about = {"job_type": update["type"], "job_name": update["name"], "job_id": str(update["id"])}
                return f"Previous Task Failed: {json.dumps(about)}"
        return ""

    def _fresh(self, source: Object) -> bool:
        """Whether its last sync is recent enough."""
        name = "scm_update_cache_timeout" if source["type"] == "project" else "update_cache_timeout"
        if not source["last_updated"] or source["last_update_failed"] or not source[name]:
            return False
        age = self._store.now() - datetime.datetime.fromisoformat(source["last_updated"])
        return age.total_seconds() < source[name]

    def _told(self, job: Object) -> Object:
        """What AWX tells every job about itself."""
        inventory = self._store.find("inventory", job["inventory"]) or {"id": None, "name": ""}
        template = self._store.get("job_template", job["job_template"])
        about = {
            "job_id": job["id"],
            "job_launch_type": job["launch_type"],
            "job_template_id": template["id"],
            "job_template_name": template["name"],
            "inventory_id": inventory["id"],
            "inventory_name": inventory["name"],
            "project_revision": self._store.get("project", job["project"])["scm_revision"],
            "user_id": self._store.user["id"],
            "user_name": self._store.user["username"],
        }
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in about.items()}

    def _credentials(self, template: Object, extra: list[int]) -> list[int]:
        """Those of the template, and those given at the launch, which take the place of others of their type."""
        given = [self._store.get("credential", number) for number in extra]
        types = [credential["credential_type"] for credential in given]
        kept = [one for one in self._store.linked(template, "credentials") if one["credential_type"] not in types]
        return [one["id"] for one in (*kept, *given)]

    def _used_credentials(self, job: Object) -> list[tuple[Object, Object, Object]]:
        found = []
        for number in job["_credentials"]:
            credential = self._store.get("credential", number)
            kind = self._store.get("credential_type", credential["credential_type"])
            found.append((credential, kind, credential["inputs"]))
        return found

    def _missing_inputs(self, job: Object) -> str:
        for credential, kind, inputs in self._used_credentials(job):
            missing = [name for name in kind["inputs"].get("required", []) if not inputs.get(name)]
            if missing:
                names = ", ".join(sorted(missing))
                return (
                    f"Job cannot start because Credential {credential['name']} does not provide one or more "
                    f"required fields ({names})."
                )
        return ""

    def _inventory(self, number: int | None) -> Object:
        """As `ansible-inventory --list` shows it."""
        inventory = self._store.find("inventory", number)
        if inventory is None:
            return {"_meta": {"hostvars": {}}, "all": {"hosts": []}}
        content: Object = json.loads(inventory.get("_content") or "{}")
        hosts = self._store.where("host", inventory=number, enabled=True)
        hostvars = content.setdefault("_meta", {}).setdefault("hostvars", {})
        everything = content.setdefault("all", {})
        for host in hosts:
            hostvars[host["name"]] = variables.parsed(host["variables"])
            everything.setdefault("hosts", []).append(host["name"])
        own = variables.parsed(inventory["variables"])
        everything["vars"] = {**everything.get("vars", {}), **own}
        return content

    async def _sync_project(self, job: Object, project: Object) -> None:
        async with self._turns[project["id"]]:
            self.begin(job)
            if self.outcomes.get(project["name"]) == "failed":
                self.end(job, "failed", job_explanation="The test wants it to fail.")
                return
            self._projects.sync(project)
            job["scm_revision"] = project["scm_revision"]
            self.end(job, "successful")

    async def _sync_inventory(self, job: Object, source: Object) -> None:
        async with self._turns[source["id"]]:
            self.begin(job)
            if source["source"] != "scm":
                self.end(job, "failed", job_explanation="The stand-in imports inventories of projects only.")
                return
            content = await asyncio.to_thread(_imported, self._projects.folder / source["source_path"])
            if content is None:
                self.end(job, "failed", job_explanation=f"{source['source_path']} is not an inventory.")
                return
            self._store.get("inventory", source["inventory"])["_content"] = content
            self.end(job, "successful")


def _options(job: Object) -> list[str]:
    found = ["--check"] if job["job_type"] == "check" else []
    found += ["--diff"] if job["diff_mode"] else []
    for option, name in (("--limit", "limit"), ("--tags", "job_tags"), ("--skip-tags", "skip_tags")):
        found += [option, job[name]] if job[name] else []
    found += ["--forks", str(job["forks"])] if job["forks"] else []
    return found + ([_VERBOSITY[job["verbosity"]]] if job["verbosity"] else [])


def _imported(path: Path) -> str | None:
    """What `ansible-inventory` makes of it; nothing when that refuses it."""
    if not path.exists():
        return None
    program = Path(sys.executable).parent / "ansible-inventory"
    argv = [str(program), "--inventory", str(path), "--list", "--export", "--playbook-dir", str(path.parent)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return None if done.returncode else done.stdout
