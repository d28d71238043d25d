"""The kinds of objects: their fields, what is unique, and what they are associated with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_cloud.awx.fields import Choice, Dictionary, Field, Flag, Reference, Text, Variables, Whole
from local_cloud.awx.notifications import TYPES as NOTIFICATION_TYPES

_JOB_TYPES = ("run", "check")
_VERBOSITIES = (0, 1, 2, 3, 4, 5)
_EVENTS = ("started", "success", "error")
_SHORT = 512


@dataclass(frozen=True)
class Kind:
    """`model` is what AWX calls it in sentences. `more` are fields that only the controller writes.

    `soft` is the sentence for what is unique among templates: those have no such constraint in the database.
    """

    name: str
    collection: str
    model: str
    fields: Mapping[str, Field]
    unique: tuple[str, ...] = ()
    soft: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    writable: bool = True

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    def references(self) -> Iterator[tuple[str, Reference]]:
        for name, one in self.fields.items():
            if isinstance(one, Reference):
                yield name, one


def _name(**more: Any) -> dict[str, Field]:
    return {"name": Text(required=True, longest=_SHORT, empty=False), "description": Text(), **more}


def _notified(*events: str) -> dict[str, str]:
    return {f"notification_templates_{event}": "notification_template" for event in (*_EVENTS, *events)}


def _flags(*names: str) -> dict[str, Field]:
    return {name: Flag() for name in names}


def _asked(*prompts: str) -> dict[str, Field]:
    return _flags(*(f"ask_{prompt}_on_launch" for prompt in prompts))


# What a schedule or a node of a workflow answers to the prompts of its template.
_ANSWERS: dict[str, Field] = {
    "extra_data": Dictionary(text=True),
    "inventory": Reference(kind="inventory"),
    "scm_branch": Text(default=None, null=True),
    "job_type": Choice(choices=_JOB_TYPES, default=None, null=None),
    "job_tags": Text(default=None, null=True),
    "skip_tags": Text(default=None, null=True),
    "limit": Text(default=None, null=True),
    "diff_mode": Flag(default=None, null=True),
    "verbosity": Choice(choices=_VERBOSITIES, default=None, null=None),
    "execution_environment": Reference(kind="execution_environment"),
    "forks": Whole(default=None, null=True),
    "job_slice_count": Whole(default=None, null=True),
    "timeout": Whole(default=None, null=True, lowest=None),
}
_ANSWERED_LINKS = {"credentials": "credential", "labels": "label", "instance_groups": "instance_group"}
_SCM: dict[str, Field] = {
    "local_path": Text(longest=1024),
    "scm_type": Choice(choices=("git", "svn", "insights", "archive")),
    "scm_url": Text(longest=1024),
    "scm_branch": Text(longest=256),
    "scm_refspec": Text(longest=1024),
    "scm_clean": Flag(),
    "scm_track_submodules": Flag(),
    "scm_delete_on_update": Flag(),
    "credential": Reference(kind="credential"),
    "timeout": Whole(lowest=None),
}
_SOURCES = (
    *("file", "constructed", "scm", "ec2", "gce", "azure_rm", "vmware", "satellite6", "openstack", "rhv"),
    *("controller", "insights", "terraform", "openshift_virtualization"),
)
_UPDATED: dict[str, Any] = {
    "last_job_run": None,
    "last_job_failed": False,
    "next_job_run": None,
    "status": "never updated",
    "last_update_failed": False,
    "last_updated": None,
}

_KINDS = (
    Kind(
        "organization",
        "organizations",
        "Organization",
        _name(max_hosts=Whole(), default_environment=Reference(kind="execution_environment")),
        unique=("name",),
        more={"custom_virtualenv": None},
        links={
            **_notified("approvals"),
            "instance_groups": "instance_group",
            "galaxy_credentials": "credential",
        },
    ),
    Kind(
        "credential_type",
        "credential_types",
        "CredentialType",
        _name(
            kind=Choice(
                choices=("cloud", "net", "ssh", "vault", "scm", "token", "insights", "kubernetes"),
                required=True,
                empty=False,
            ),
            inputs=Dictionary(),
            injectors=Dictionary(),
        ),
        unique=("name", "kind"),
        more={"namespace": None, "managed": False},
    ),
    Kind(
        "credential",
        "credentials",
        "Credential",
        _name(
            organization=Reference(kind="organization", cascade=True),
            credential_type=Reference(kind="credential_type", required=True, null=False),
            inputs=Dictionary(),
            user=Reference(kind="user", write_only=True, create_only=True),
            team=Reference(kind="team", write_only=True, create_only=True),
        ),
        unique=("organization", "name", "credential_type"),
        more={"managed": False},
    ),
    Kind(
        "execution_environment",
        "execution_environments",
        "ExecutionEnvironment",
        _name(
            organization=Reference(kind="organization", cascade=True),
            image=Text(required=True, empty=False, longest=1024),
            credential=Reference(kind="credential"),
            pull=Choice(choices=("always", "missing", "never")),
        ),
        unique=("name",),
        more={"managed": False},
    ),
    Kind(
        "instance_group",
        "instance_groups",
        "InstanceGroup",
        {
            "name": Text(required=True, empty=False, longest=250),
            "max_concurrent_jobs": Whole(),
            "max_forks": Whole(),
            "is_container_group": Flag(),
            "credential": Reference(kind="credential"),
            "policy_instance_percentage": Whole(highest=100),
            "policy_instance_minimum": Whole(),
            "pod_spec_override": Text(),
        },
        unique=("name",),
        more={"capacity": 57, "consumed_capacity": 0, "jobs_running": 0, "policy_instance_list": []},
    ),
    Kind(
        "label",
        "labels",
        "Label",
        {
            "name": Text(required=True, empty=False, longest=_SHORT),
            "organization": Reference(kind="organization", required=True, null=False, cascade=True),
        },
        unique=("name", "organization"),
    ),
    Kind(
        "notification_template",
        "notification_templates",
        "NotificationTemplate",
        _name(
            organization=Reference(kind="organization", required=True, null=True, cascade=True),
            notification_type=Choice(choices=NOTIFICATION_TYPES, required=True, empty=False),
            notification_configuration=Dictionary(),
            messages=Dictionary(null=True),
        ),
        unique=("organization", "name"),
    ),
    Kind(
        "project",
        "projects",
        "Project",
        _name(
            **_SCM,
            organization=Reference(kind="organization"),
            scm_update_on_launch=Flag(),
            scm_update_cache_timeout=Whole(),
            allow_override=Flag(),
            default_environment=Reference(kind="execution_environment"),
            signature_validation_credential=Reference(kind="credential"),
        ),
        unique=("name", "organization"),
        soft=True,
        more={**_UPDATED, "scm_revision": "", "custom_virtualenv": None},
        links=_notified(),
        actions=("update", "playbooks", "inventories", "project_updates", "schedules"),
    ),
    Kind(
        "inventory",
        "inventories",
        "Inventory",
        _name(
            organization=Reference(kind="organization", required=True, null=True),
            kind=Choice(choices=("smart", "constructed")),
            host_filter=Text(default=None, null=True),
            variables=Variables(),
            prevent_instance_group_fallback=Flag(),
        ),
        unique=("name", "organization"),
        more={"has_active_failures": False, "pending_deletion": False},
        links={"instance_groups": "instance_group", "labels": "label", "input_inventories": "inventory"},
        actions=("hosts", "inventory_sources"),
    ),
    Kind(
        "host",
        "hosts",
        "Host",
        _name(
            inventory=Reference(kind="inventory", required=True, null=False, cascade=True, create_only=True),
            enabled=Flag(default=True),
            instance_id=Text(longest=1024),
            variables=Variables(),
        ),
        unique=("name", "inventory"),
    ),
    Kind(
        "inventory_source",
        "inventory_sources",
        "InventorySource",
        _name(
            inventory=Reference(kind="inventory", required=True, null=False, cascade=True, create_only=True),
            source=Choice(choices=_SOURCES, required=True, empty=False),
            source_path=Text(longest=1024),
            source_vars=Variables(),
            scm_branch=Text(longest=1024),
            source_project=Reference(kind="project", cascade=True),
            credential=Reference(kind="credential"),
            enabled_var=Text(),
            enabled_value=Text(),
            host_filter=Text(),
            overwrite=Flag(),
            overwrite_vars=Flag(),
            timeout=Whole(lowest=None),
            verbosity=Choice(choices=(0, 1, 2), default=1),
            limit=Text(),
            execution_environment=Reference(kind="execution_environment"),
            update_on_launch=Flag(),
            update_cache_timeout=Whole(),
        ),
        unique=("name", "inventory"),
        soft=True,
        more={**_UPDATED, "custom_virtualenv": None},
        links=_notified(),
        actions=("update", "inventory_updates", "schedules"),
    ),
    Kind(
        "job_template",
        "job_templates",
        "JobTemplate",
        _name(
            organization=Reference(kind="organization", read_only=True),
            job_type=Choice(choices=_JOB_TYPES, default="run", empty=False),
            inventory=Reference(kind="inventory"),
            project=Reference(kind="project"),
            playbook=Text(longest=1024),
            scm_branch=Text(longest=1024),
            forks=Whole(),
            limit=Text(),
            verbosity=Choice(choices=_VERBOSITIES, default=0, empty=False),
            extra_vars=Variables(),
            job_tags=Text(longest=1024),
            skip_tags=Text(longest=1024),
            start_at_task=Text(longest=1024),
            timeout=Whole(lowest=None),
            execution_environment=Reference(kind="execution_environment"),
            host_config_key=Text(longest=1024),
            job_slice_count=Whole(default=1),
            webhook_service=Choice(choices=("github", "gitlab", "bitbucket_dc")),
            webhook_credential=Reference(kind="credential"),
            **_flags("force_handlers", "use_fact_cache", "survey_enabled", "become_enabled", "diff_mode"),
            **_flags("allow_simultaneous", "prevent_instance_group_fallback"),
            **_asked("scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity"),
            **_asked("inventory", "credential", "execution_environment", "labels", "forks", "job_slice_count"),
            **_asked("timeout", "instance_groups"),
        ),
        unique=("name", "organization"),
        soft=True,
        more={
            "last_job_run": None,
            "last_job_failed": False,
            "next_job_run": None,
            "status": "never updated",
            "custom_virtualenv": None,
        },
        links={**_notified(), **_ANSWERED_LINKS},
        actions=("launch", "survey_spec", "jobs", "schedules"),
    ),
    Kind(
        "workflow_job_template",
        "workflow_job_templates",
        "WorkflowJobTemplate",
        _name(
            organization=Reference(kind="organization"),
            extra_vars=Variables(),
            inventory=Reference(kind="inventory"),
            limit=Text(default=None, null=True),
            scm_branch=Text(default=None, null=True),
            job_tags=Text(default=None, null=True),
            skip_tags=Text(default=None, null=True),
            webhook_service=Choice(choices=("github", "gitlab", "bitbucket_dc")),
            webhook_credential=Reference(kind="credential"),
            **_flags("survey_enabled", "allow_simultaneous"),
            **_asked("variables", "inventory", "scm_branch", "limit", "labels", "skip_tags", "tags"),
        ),
        unique=("name", "organization"),
        soft=True,
        more={"last_job_run": None, "last_job_failed": False, "next_job_run": None, "status": "never updated"},
        links={**_notified("approvals"), "labels": "label"},
        actions=("launch", "survey_spec", "workflow_nodes", "workflow_jobs", "schedules"),
    ),
    Kind(
        "workflow_approval_template",
        "workflow_approval_templates",
        "WorkflowApprovalTemplate",
        _name(timeout=Whole(lowest=None)),
        more={"last_job_run": None, "last_job_failed": False, "next_job_run": None, "status": "never updated"},
    ),
    Kind(
        "workflow_job_template_node",
        "workflow_job_template_nodes",
        "WorkflowJobTemplateNode",
        {
            **_ANSWERS,
            "workflow_job_template": Reference(
                kind="workflow_job_template", required=True, null=False, cascade=True, create_only=True
            ),
            "unified_job_template": Reference(kind="unified_job_template"),
            "all_parents_must_converge": Flag(),
            "identifier": Text(longest=_SHORT),
        },
        unique=("identifier", "workflow_job_template"),
        links={
            **_ANSWERED_LINKS,
            "success_nodes": "workflow_job_template_node",
            "failure_nodes": "workflow_job_template_node",
            "always_nodes": "workflow_job_template_node",
        },
        actions=("create_approval_template",),
    ),
    Kind(
        "schedule",
        "schedules",
        "Schedule",
        _name(
            **_ANSWERS,
            rrule=Text(required=True, empty=False),
            unified_job_template=Reference(kind="unified_job_template", required=True, null=False, cascade=True),
            enabled=Flag(default=True),
        ),
        unique=("unified_job_template", "name"),
        links=_ANSWERED_LINKS,
    ),
    Kind("user", "users", "User", {"username": Text(required=True, empty=False)}, writable=False),
    Kind("team", "teams", "Team", _name(organization=Reference(kind="organization")), writable=False),
)

_JOB: dict[str, Any] = {
    "name": "",
    "description": "",
    "launch_type": "manual",
    "status": "new",
    "failed": False,
    "started": None,
    "finished": None,
    "canceled_on": None,
    "elapsed": 0.0,
    "job_explanation": "",
    "event_processing_finished": False,
}


def _job(name: str, collection: str, model: str, actions: tuple[str, ...] = (), **references: str) -> Kind:
    fields = {one: Reference(kind=kind) for one, kind in references.items()}
    return Kind(name, collection, model, fields, more=_JOB, actions=actions, writable=False)


_JOBS = (
    _job(
        "job",
        "jobs",
        "Job",
        ("cancel", "stdout"),
        unified_job_template="job_template",
        job_template="job_template",
        inventory="inventory",
        project="project",
        organization="organization",
        execution_environment="execution_environment",
    ),
    _job(
        "workflow_job",
        "workflow_jobs",
        "WorkflowJob",
        ("cancel", "workflow_nodes"),
        unified_job_template="workflow_job_template",
        workflow_job_template="workflow_job_template",
        inventory="inventory",
        organization="organization",
    ),
    _job(
        "project_update",
        "project_updates",
        "ProjectUpdate",
        ("cancel",),
        unified_job_template="project",
        project="project",
    ),
    _job(
        "inventory_update",
        "inventory_updates",
        "InventoryUpdate",
        ("cancel",),
        unified_job_template="inventory_source",
        inventory_source="inventory_source",
        inventory="inventory",
    ),
    _job(
        "workflow_approval",
        "workflow_approvals",
        "WorkflowApproval",
        ("approve", "deny"),
        unified_job_template="workflow_approval_template",
        workflow_approval_template="workflow_approval_template",
    ),
    Kind(
        "workflow_job_node",
        "workflow_job_nodes",
        "WorkflowJobNode",
        {
            "job": Reference(kind="unified_job"),
            "workflow_job": Reference(kind="workflow_job", cascade=True),
            "unified_job_template": Reference(kind="unified_job_template"),
        },
        links={f"{outcome}_nodes": "workflow_job_node" for outcome in ("success", "failure", "always")},
        writable=False,
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*_KINDS, *_JOBS)}
COLLECTIONS: dict[str, Kind] = {kind.collection: kind for kind in KINDS.values()}
# Kinds that share their ids, and a collection that lists them all.
GROUPS: dict[str, tuple[str, ...]] = {
    "unified_job_template": (
        "project",
        "inventory_source",
        "job_template",
        "workflow_job_template",
        "workflow_approval_template",
    ),
    "unified_job": ("job", "workflow_job", "project_update", "inventory_update", "workflow_approval"),
}
GROUP_COLLECTIONS = {"unified_job_templates": "unified_job_template", "unified_jobs": "unified_job"}
JOB_OF = {
    "project": "project_update",
    "inventory_source": "inventory_update",
    "job_template": "job",
    "workflow_job_template": "workflow_job",
    "workflow_approval_template": "workflow_approval",
}


def group_of(kind: str) -> str:
    """The kind, or the group whose ids it shares."""
    return next((group for group, members in GROUPS.items() if kind in members), kind)
