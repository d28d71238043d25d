"""What AWX demands of an object as a whole, beyond its single fields.

Each check gets what was given, cleaned, and the object as it was; it may complete what was given. Raises ApiError.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from local_cloud.awx import credentials, notifications, recurrence
from local_cloud.awx.errors import ApiError, Invalid, invalid, refused
from local_cloud.awx.projects import Projects
from local_cloud.awx.prompts import saved_answers_errors
from local_cloud.awx.store import Object, Store

_PROMPT = "You must either set a default value or ask to prompt on launch."
_BRANCH = "Project does not allow overriding branch."
# Inventory sources that need the credential of their service; EC2 may use the role of the machine.
_CLOUD_SOURCES = (
    *("gce", "azure_rm", "vmware", "satellite6", "openstack", "rhv", "controller", "insights"),
    *("terraform", "openshift_virtualization"),
)
_KINDS_OF_JOBS = ("ssh", "vault", "cloud", "net", "kubernetes")


class Checks:
    def __init__(self, store: Store, projects: Projects) -> None:
        self._store = store
        self._projects = projects
        self._of: dict[str, Callable[[Object, Object | None], None]] = {
            "credential_type": self._credential_type,
            "credential": self._credential,
            "notification_template": self._notification_template,
            "project": self._project,
            "inventory": self._inventory,
            "inventory_source": self._inventory_source,
            "job_template": self._job_template,
            "workflow_job_template_node": self._node,
            "schedule": self._schedule,
        }

    def check(self, kind: str, given: Object, before: Object | None) -> None:
        if before is not None and before.get("managed"):
            names = {"credential_type": "credential types", "execution_environment": "execution environments"}
            raise refused(f"Modifications not allowed for managed {names.get(kind, kind)}", 403)
        if kind in self._of:
            self._of[kind](given, before)

    def check_removal(self, item: Object) -> None:
        if item["type"] != "credential_type":
            return
        if item["managed"]:
            raise refused("Deletion not allowed for managed credential types", 403)
        if self._store.where("credential", credential_type=item["id"]):
            raise refused("Credential types that are in use cannot be deleted", 403)

    def check_credential_of_job(self, owner: Object, credential: Object) -> None:
        """A job takes one credential of a kind."""
        kind = self._store.get("credential_type", credential["credential_type"])
        taken = [self._unique(one) for one in self._store.linked(owner, "credentials")]
        if self._unique(credential) in taken:
            raise ApiError(400, {"error": f"Cannot assign multiple {kind['name']} credentials."})
        if kind["kind"] not in _KINDS_OF_JOBS:
            raise ApiError(400, {"error": f"Cannot assign a Credential of kind `{kind['kind']}`."})

    def check_credential_of_answers(self, owner: Object, credential: Object) -> None:
        """A schedule or a node gives a credential only where its template asks for one."""
        template = self._store.find("unified_job_template", owner["unified_job_template"])
        if template is None or "ask_credential_on_launch" not in template:
            raise ApiError(400, {"msg": "Related template cannot accept credentials on launch."})
        if not template["ask_credential_on_launch"]:
            raise ApiError(400, {"msg": "Related template is not configured to accept credentials on launch."})
        name = self._store.get("credential_type", credential["credential_type"])["name"]
        if self._unique(credential) in [self._unique(one) for one in self._store.linked(owner, "credentials")]:
            raise ApiError(400, {"msg": f"This launch configuration already provides a {name} credential."})
        if credential in self._store.linked(template, "credentials"):
            raise ApiError(400, {"msg": f"Related template already uses {name} credential."})

    def check_galaxy_credential(self, credential: Object) -> None:
        kind = self._store.get("credential_type", credential["credential_type"])
        if kind["namespace"] != "galaxy_api_token":
            raise ApiError(400, {"msg": f"Credential must be a Galaxy credential, not {kind['name']}."})

    def _unique(self, credential: Object) -> tuple[int, str]:
        kind = self._store.get("credential_type", credential["credential_type"])
        return credentials.unique_kind(kind, credential["inputs"])

    def _credential_type(self, given: Object, before: Object | None) -> None:
        used = before is not None and self._store.where("credential", credential_type=before["id"])
        if used and before and given.get("inputs", before["inputs"]) != before["inputs"]:
            raise refused("Modifications to inputs are not allowed for credential types that are in use", 403)
        if given.get("kind", "cloud") not in ("cloud", "net"):
            raise invalid(kind=f"Must be 'cloud' or 'net', not {given['kind']}")
        for name in ("inputs", "injectors"):
            given[name] = _value(given, before, name) or {}
        credentials.check_type(given["inputs"], given["injectors"])

    def _credential(self, given: Object, before: Object | None) -> None:
        if before is None:
            owners = sorted(name for name in ("user", "team", "organization") if given.get(name))
            if not owners:
                raise ApiError(400, {"detail": ["Missing 'user', 'team', or 'organization'."]})
            if len(owners) > 1:
                received = f"received {', '.join(owners)} fields."
                sentence = f"Only one of 'user', 'team', or 'organization' should be provided, {received}"
                raise ApiError(400, {"detail": [sentence]})
        kind = self._store.get("credential_type", _value(given, before, "credential_type"))
        given["inputs"] = inputs = dict(_value(given, before, "inputs") or {})
        credentials.check_inputs(kind, inputs, new=before is None)
        for name in credentials.secrets_of(kind):
            if before is not None and inputs.get(name) == credentials.ENCRYPTED:
                inputs[name] = before["inputs"].get(name, "")

    def _notification_template(self, given: Object, before: Object | None) -> None:
        kind = _value(given, before, "notification_type")
        if before is None or "notification_configuration" in given:
            kept = before["notification_configuration"] if before else {}
            configuration = given.get("notification_configuration") or {}
            given["notification_configuration"] = notifications.checked(kind, configuration, kept)
        if given.get("messages"):
            notifications.check_messages(given["messages"])

    def _project(self, given: Object, before: Object | None) -> None:
        scm_type = _value(given, before, "scm_type") or ""
        if given.get("scm_branch") and scm_type == "archive":
            raise invalid(scm_branch="SCM branch cannot be used with archive projects.")
        for name in ("scm_refspec", "scm_track_submodules"):
            if given.get(name) and scm_type != "git":
                raise invalid(**{name: f"SCM {name.removeprefix('scm_')} can only be used with git projects."})
        if scm_type:
            given.pop("local_path", None)
            if not _value(given, before, "scm_url"):
                raise invalid(scm_url="SCM URL is required.")
            self._check_kind("credential", _value(given, before, "credential"), "scm", "scm")
        else:
            for name in ("scm_update_on_launch", "scm_delete_on_update", "scm_track_submodules", "scm_clean"):
                if _value(given, before, name):
                    raise invalid(**{name: "Update options must be set to false for manual projects."})

    def _check_kind(self, field: str, number: int | None, wanted: str, called: str) -> None:
        credential = self._store.find("credential", number)
        if credential is None:
            return
        if self._store.get("credential_type", credential["credential_type"])["kind"] != wanted:
            raise invalid(**{field: f"Credential kind must be '{called}'."})

    def _inventory(self, given: Object, before: Object | None) -> None:
        if _value(given, before, "kind") == "smart" and not _value(given, before, "host_filter"):
            raise invalid(host_filter="Smart inventories must specify host_filter")

    def _inventory_source(self, given: Object, before: Object | None) -> None:
        source = _value(given, before, "source")
        project = self._store.find("project", _value(given, before, "source_project"))
        inventory = self._store.get("inventory", _value(given, before, "inventory"))
        if inventory["kind"]:
            raise ApiError(400, {"detail": ["Cannot create Inventory Source for Smart or Constructed Inventories"]})
        if source == "scm":
            if project is None:
                raise invalid(source_project="Project required for scm type sources.")
            if not project["scm_type"]:
                raise invalid(source_project="Cannot use manual project for SCM-based inventory.")
        else:
            extra = [name for name in ("source_project", "source_path", "scm_branch") if given.get(name)]
            if extra:
                raise ApiError(400, {"detail": [f"Cannot set {' '.join(extra)} if not SCM type."]})
        if _value(given, before, "scm_branch") and not (project or {}).get("allow_override"):
            raise invalid(scm_branch=_BRANCH)
        self._check_source_credential(source, _value(given, before, "credential"))

    def _check_source_credential(self, source: str, number: int | None) -> None:
        credential = self._store.find("credential", number)
        if credential is None:
            if source in _CLOUD_SOURCES:
                raise invalid(credential="Credential is required for a cloud source.")
            return
        kind = self._store.get("credential_type", credential["credential_type"])
        if source != "scm" and kind["namespace"] != source.replace("ec2", "aws"):
            raise invalid(
                credential=f"Cloud-based inventory sources (such as {source}) require "
                "credentials for the matching cloud service."
            )
        if source == "scm" and kind["kind"] in ("scm", "ssh", "vault", "insights"):
            raise invalid(
                credential="Credentials of type machine, source control, insights and vault are disallowed for "
                "custom inventory sources."
            )

    def _job_template(self, given: Object, before: Object | None) -> None:
        def value(name: str) -> Any:
            return _value(given, before, name)

        if value("host_config_key") and not value("inventory"):
            raise invalid(host_config_key="Cannot enable provisioning callback without an inventory set.")
        project = self._store.find("project", value("project"))
        if project is None:
            raise invalid(project="Job Templates must have a project assigned.")
        if value("inventory") is None and not value("ask_inventory_on_launch"):
            raise invalid(inventory=_PROMPT)
        playbook = value("playbook")
        if not playbook:
            raise invalid(playbook="Must select playbook for project.")
        if not project["allow_override"] and playbook not in self._projects.playbooks(project):
            raise invalid(playbook="Playbook not found for project.")
        for name in ("scm_branch", "ask_scm_branch_on_launch"):
            if value(name) and not project["allow_override"]:
                raise invalid(**{name: _BRANCH})
        given["organization"] = project["organization"]

    def _node(self, given: Object, before: Object | None) -> None:
        template = self._store.find("unified_job_template", _value(given, before, "unified_job_template"))
        if before is None and not given.get("identifier"):
            given["identifier"] = str(uuid.uuid4())
        if template is not None:
            _refuse(saved_answers_errors(self._store, template, given, required=False))

    def _schedule(self, given: Object, before: Object | None) -> None:
        if before is not None and given == {"enabled": False}:
            return
        if "rrule" in given:
            try:
                recurrence.check(given["rrule"])
            except Invalid as error:
                raise ApiError(400, {"rrule": error.sentences}) from None
        template = self._store.get("unified_job_template", _value(given, before, "unified_job_template"))
        if template["type"] == "project" and not template["scm_type"]:
            raise invalid(unified_job_template="Manual Project cannot have a schedule set.")
        _refuse(saved_answers_errors(self._store, template, given, required=before is None or "extra_data" in given))


def _refuse(errors: dict[str, list[str]]) -> None:
    if errors:
        raise ApiError(400, errors)


def _value(given: Object, before: Object | None, name: str) -> Any:
    return given.get(name, before.get(name) if before else None)
