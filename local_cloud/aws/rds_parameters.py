"""RDS: parameter groups, engine versions, certificates."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import exceptions
from moto.rds.models import DBInstance, DBParameterGroup, RDSBackend
from moto.rds.responses import RDSResponse

from local_cloud.data_stores import rds_catalogue
from local_cloud.extensions import around, attribute, operation
from local_cloud.runtime import Runtime, runtime

Original = Callable[..., Any]
_PAGE = 100
# What the server here has of the libraries that RDS can preload.
_LIBRARIES = {"pg_stat_statements", "auto_explain", "pg_prewarm"}


def _invalid(message: str) -> exceptions.RDSClientError:
    return exceptions.InvalidParameterValue(message)


def catalogue(family: str) -> dict[str, rds_catalogue.Parameter]:
    return rds_catalogue.parameters(family, runtime().tools.find("postgres"))


def family_of(instance: DBInstance) -> str:
    return f"{rds_catalogue.ENGINE}{instance.engine_version.split('.')[0]}"


def find(backend: RDSBackend, name: str) -> DBParameterGroup:
    """A group; the default group of a family comes into being when it is first asked for."""
    name = name.lower()
    family = name.removeprefix("default.")
    if name not in backend.db_parameter_groups and name.startswith("default.") and family in rds_catalogue.FAMILIES:
        backend.create_db_parameter_group(
            {
                "db_parameter_group_name": name,
                "db_parameter_group_family": family,
                "description": f"Default parameter group for {family}",
            }
        )
    if name not in backend.db_parameter_groups:
        raise exceptions.DBParameterGroupNotFoundError(name)
    return backend.db_parameter_groups[name]


def check_family(backend: RDSBackend, name: str, family: str) -> None:
    group = find(backend, name)
    if group.family != family:
        raise exceptions.InvalidParameterCombination(
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
            f"Please use a parameter group with DBParameterGroupFamily {family}."
        )


def server_settings(instance: DBInstance) -> tuple[bool, dict[str, str]]:
    """(TLS forced, parameters for the process) out of the instance's group."""
    group = instance.db_parameter_groups()[0]
    known = catalogue(family_of(instance))
    set_values = {name: str(row.get("ParameterValue", "")) for name, row in group.parameters.items()}
    force = set_values.get("rds.force_ssl") or known["rds.force_ssl"].default
    parameters = {
        name: value
        for name, value in set_values.items()
        if name in known and known[name].server and known[name].modifiable and value and "{" not in value
    }
    if "shared_preload_libraries" in parameters:
        wanted = [name.strip() for name in parameters["shared_preload_libraries"].split(",")]
        parameters["shared_preload_libraries"] = ",".join(name for name in wanted if name in _LIBRARIES)
    return force in {"1", "on", "true"}, parameters


# -- groups -------------------------------------------------------------------------------------------


def create_db_parameter_group(original: Original, self: RDSBackend, kwargs: dict[str, Any]) -> DBParameterGroup:
    family = str(kwargs.get("db_parameter_group_family"))
    if family.startswith(rds_catalogue.ENGINE) and family not in rds_catalogue.FAMILIES:
        raise _invalid(f"ParameterGroupFamily {family} is not a valid parameter group family")
    created: DBParameterGroup = original(self, kwargs)
    return created


def modify_db_parameter_group(
    original: Original, self: RDSBackend, name: str, rows: list[dict[str, Any]]
) -> DBParameterGroup:
    group = _changeable(self, name)
    if not (group.family or "").startswith(rds_catalogue.ENGINE):
        changed: DBParameterGroup = original(self, group.name, rows)
        return changed
    if not 1 <= len(rows) <= 20:
        raise _invalid("Between 1 and 20 parameters can be modified at a time.")
    known = catalogue(str(group.family))
    for row in rows:
        _check(known, row)
    changed = original(self, group.name, rows)
    names = {row["ParameterName"] for row in rows if row.get("ApplyMethod") != "pending-reboot"}
    _tell_instances(self, group, names, waiting=len(names) < len(rows))
    return changed


def _check(known: dict[str, rds_catalogue.Parameter], row: dict[str, Any]) -> None:
    name, value = row["ParameterName"], str(row.get("ParameterValue", ""))
    parameter = known.get(name)
    if parameter is None:
        raise _invalid(f"Could not find parameter with name: {name}")
    if not parameter.modifiable:
        raise _invalid(f"The parameter {name} cannot be modified.")
    if parameter.static and row.get("ApplyMethod") == "immediate":
        raise exceptions.InvalidParameterCombination(f"cannot use immediate apply method for static parameter: {name}")
    if parameter.refuses(value):
        raise _invalid(f"Invalid parameter value: {value} for: {name} allowed values are: {parameter.allowed}")


def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    group = _changeable(self.backend, self.params["DBParameterGroupName"])
    names = [row["ParameterName"] for row in self.params.get("Parameters") or []]
    if self.params.get("ResetAllParameters"):
        names = list(group.parameters)
    known = catalogue(str(group.family))
    dynamic = {name for name in names if name in known and not known[name].static}
    for name in names:
        group.parameters.pop(name, None)
    _tell_instances(self.backend, group, dynamic, waiting=len(dynamic) < len(names))
    return ActionResult({"DBParameterGroupName": group.name})


def _tell_instances(backend: RDSBackend, group: DBParameterGroup, at_once: set[str], *, waiting: bool) -> None:
    from local_cloud.aws.rds import database_of

    for instance in backend.describe_db_instances():
        database = database_of(instance)
        if database is None or instance.db_parameter_groups()[0].name != group.name:
            continue
        database.pending_reboot = database.pending_reboot or waiting
        if at_once and instance.status == "available":
            database.apply_parameters()


def delete_db_parameter_group(original: Original, self: RDSBackend, name: str) -> DBParameterGroup:
    group = _changeable(self, name)
    if any(row.db_parameter_groups()[0].name == group.name for row in self.describe_db_instances()):
        raise exceptions.RDSClientError(
            "InvalidDBParameterGroupState", "One or more database instances are still members of this parameter group."
        )
    deleted: DBParameterGroup = original(self, group.name)
    return deleted


def _changeable(backend: RDSBackend, name: str) -> DBParameterGroup:
    group = find(backend, name)
    if group.name.startswith("default."):
        raise exceptions.RDSClientError(
            "InvalidDBParameterGroupState", f"The default parameter group {name} cannot be changed or deleted."
        )
    return group


def describe_db_parameter_groups(
    original: Original, self: RDSBackend, kwargs: dict[str, Any]
) -> list[DBParameterGroup]:
    name = kwargs.get("db_parameter_group_name")
    if name:
        return [find(self, name)]
    found: list[DBParameterGroup] = original(self, kwargs)
    return found


def describe_db_parameters(self: RDSResponse) -> ActionResult:
    group = find(self.backend, self.params["DBParameterGroupName"])
    source = self.params.get("Source")
    if not (group.family or "").startswith(rds_catalogue.ENGINE):
        return ActionResult({"Parameters": list(group.parameters.values())})
    rows = []
    for name, parameter in catalogue(str(group.family)).items():
        changed = group.parameters.get(name) or {}
        rows.append(parameter.describe(changed.get("ParameterValue"), changed.get("ApplyMethod")))
    return ActionResult(_page(self, [row for row in rows if source in {None, row["Source"]}]))


def describe_engine_default_parameters(self: RDSResponse) -> ActionResult:
    family = self.params["DBParameterGroupFamily"]
    if family not in rds_catalogue.FAMILIES:
        raise _invalid(f"DBParameterGroupFamily {family} is not a valid parameter group family")
    rows = [row.describe(None, None) for row in catalogue(family).values()]
    return ActionResult({"EngineDefaults": {"DBParameterGroupFamily": family, **_page(self, rows)}})


def _page(self: RDSResponse, rows: list[dict[str, Any]]) -> dict[str, Any]:
    size, start = int(self.params.get("MaxRecords") or _PAGE), int(self.params.get("Marker") or 0)
    answer: dict[str, Any] = {"Parameters": rows[start : start + size]}
    return answer if start + size >= len(rows) else {**answer, "Marker": str(start + size)}


def _group_status(instance: DBInstance) -> list[dict[str, Any]]:
    from local_cloud.aws.rds import database_of

    database = database_of(instance)
    waiting = database is not None and database.pending_reboot
    return [
        {
            "DBParameterGroupName": group.name,
            "ParameterApplyStatus": "pending-reboot" if waiting else "in-sync",
        }
        for group in instance.db_parameter_groups()
    ]


# -- versions, classes, certificates ------------------------------------------------------------------


def describe_db_engine_versions(self: RDSResponse) -> ActionResult:
    engine, wanted = self.params.get("Engine"), self.params.get("EngineVersion")
    family = self.params.get("DBParameterGroupFamily")
    rows = [
        version
        for version in rds_catalogue.VERSIONS
        if engine in {None, rds_catalogue.ENGINE}
        and wanted in {None, str(version), str(version.major)}
        and family in {None, version.family}
    ]
    if self.params.get("DefaultOnly"):
        rows = [version for version in rows if version == rds_catalogue.default_version(version.major)][-1:]
    return ActionResult({"DBEngineVersions": [version.describe() for version in rows]})


def describe_certificates(self: RDSResponse) -> ActionResult:
    wanted = self.params.get("CertificateIdentifier")
    rows = [
        _certificate(self, identifier)
        for identifier in rds_catalogue.CERTIFICATE_AUTHORITIES
        if wanted in {None, identifier}
    ]
    if not rows:
        raise exceptions.RDSClientError("CertificateNotFound", f"Certificate {wanted} not found.")
    return ActionResult({"Certificates": rows, "DefaultCertificateForNewLaunches": rds_catalogue.DEFAULT_AUTHORITY})


def _certificate(self: RDSResponse, identifier: str) -> dict[str, Any]:
    return {
        "CertificateIdentifier": identifier,
        "CertificateType": "CA",
        "ValidFrom": datetime.datetime(2021, 5, 21, tzinfo=datetime.UTC),
        "ValidTill": datetime.datetime(2061, 5, 21, tzinfo=datetime.UTC),
        "CertificateArn": f"arn:aws:rds:{self.region}::cert:{identifier}",
        "CustomerOverride": False,
    }


def install(_runtime: Runtime) -> None:
    attribute(DBInstance, "db_parameter_group_status_list", _group_status)
    for function in (
        create_db_parameter_group,
        modify_db_parameter_group,
        delete_db_parameter_group,
        describe_db_parameter_groups,
    ):
        around(RDSBackend, function.__name__)(function)
    for handler in (
        describe_db_parameters,
        describe_engine_default_parameters,
        reset_db_parameter_group,
        describe_db_engine_versions,
        describe_certificates,
    ):
        operation(RDSResponse)(handler)
