"""RDS: PostgreSQL instances with a real server behind them."""

from __future__ import annotations

import datetime
import json
import logging
import secrets
import string
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds import exceptions
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from local_cloud.aws import rds_parameters
from local_cloud.data_stores import rds_catalogue
from local_cloud.data_stores.database import PENDING_NAMES, Database
from local_cloud.data_stores.postgresql import Certificate, PostgresServer
from local_cloud.extensions import around, attribute, operation
from local_cloud.latency import scaled
from local_cloud.runtime import Runtime, runtime

LOG = logging.getLogger(__name__)
REVIVE_SECONDS = 1.0
CREATE_SECONDS = 720.0
DELETE_SECONDS = 240.0
MODIFY_SECONDS = 60.0
RESTART_SECONDS = 60.0
CLASS_CHANGE_SECONDS = 480.0
LOG_SECONDS = 300.0

Original = Callable[..., Any]
_RESERVED_USERS = {"admin", "rdsadmin", "rds_superuser", "rdsrepladmin", "public", "user", "root"}


class InvalidState(exceptions.RDSClientError):
    def __init__(self, message: str):
        super().__init__("InvalidDBInstanceState", message)


class InvalidVPCNetworkState(exceptions.RDSClientError):
    def __init__(self, message: str):
        super().__init__("DBSubnetGroupDoesNotCoverEnoughAZs", message)


class InvalidSubnetGroupState(exceptions.RDSClientError):
    def __init__(self, message: str):
        super().__init__("InvalidDBSubnetGroupStateFault", message)


def database_of(instance: DBInstance) -> Database | None:
    """The server side of an instance; None for engines that have no server here."""
    found: Database | None = instance.__dict__.get("local_database")
    return found


# -- creation ---------------------------------------------------------------------------------------


def create_db_instance(original: Original, self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    if db_kwargs.get("engine") != rds_catalogue.ENGINE or db_kwargs.get("db_cluster_identifier"):
        instance: DBInstance = original(self, db_kwargs)
        return instance
    wanted = _checked_creation(self, dict(db_kwargs))
    chosen_insights = insights(self, {}, wanted)
    instance = original(self, wanted)
    _complete(instance, wanted)
    instance.__dict__.update(chosen_insights)
    database = _build_database(instance)
    instance.__dict__["local_database"] = database
    password = _master_password(instance) or str(wanted.get("master_user_password"))
    database.begin(
        "creating",
        lambda: _start(database, instance.master_username or "", password, instance.db_name),
        scaled(CREATE_SECONDS),
    )
    return instance


def _start(database: Database, master: str, password: str, name: str | None) -> None:
    database.server.create(master, password, name)
    with database.server.administrator() as connection:
        version = connection.info.parameter_status("server_version")
    runtime().endpoints.publish(
        "databases",
        database.server.name,
        {
            "address": database.server.address,
            "port": database.server.port,
            "engine_version": database.instance.engine_version,
            "server_version": version,
        },
    )


def _checked_creation(backend: RDSBackend, wanted: dict[str, Any]) -> dict[str, Any]:
    version = rds_catalogue.find_version(wanted.get("engine_version"))
    if version is None:
        raise exceptions.InvalidParameterCombination(
            f"Cannot find version {wanted['engine_version']} for {rds_catalogue.ENGINE}"
        )
    wanted["engine_version"] = str(version)
    check_class(wanted["db_instance_class"])
    _check_master(wanted)
    _check_storage(wanted)
    check_security_groups(backend, wanted.get("vpc_security_group_ids") or [])
    if group := wanted.get("db_parameter_group_name"):
        rds_parameters.check_family(backend, group, version.family)
    if wanted.get("storage_encrypted"):
        wanted["kms_key_id"] = key_arn(backend, wanted.get("kms_key_id") or "alias/aws/rds")
    wanted.setdefault("license_model", "postgresql-license")
    wanted.setdefault("ca_certificate_identifier", rds_catalogue.DEFAULT_AUTHORITY)
    check_authority(wanted["ca_certificate_identifier"])
    wanted.setdefault("storage_type", "gp2")
    wanted.setdefault("publicly_accessible", False)
    return wanted


def key_arn(backend: RDSBackend, key_id: str) -> str:
    """Raises KMSKeyNotAccessibleFault."""
    return backend._validate_kms_key(key_id)  # noqa: SLF001 - moto has no other way


def check_security_groups(backend: RDSBackend, group_ids: list[str]) -> None:
    known = {group.id for group in ec2_backends[backend.account_id][backend.region_name].describe_security_groups()}
    missing = [group_id for group_id in group_ids if group_id not in known]
    if missing:
        raise exceptions.InvalidParameterValue(f"Invalid security group: {missing[0]}")


def check_class(name: str) -> None:
    if not rds_catalogue.known_class(name):
        raise exceptions.InvalidParameterValue(f"Invalid DB Instance class: {name}")


def check_authority(identifier: str) -> None:
    if identifier not in rds_catalogue.CERTIFICATE_AUTHORITIES:
        raise exceptions.RDSClientError(
            "CertificateNotFound", f"The certificate authority {identifier} does not exist."
        )


def check_password(password: str) -> None:
    if not 8 <= len(password) <= 128:
        raise exceptions.InvalidParameterValue(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 or longer than "
            "128 characters."
        )
    if set(password) & set('/@" ') or not set(password) <= set(string.printable):
        raise exceptions.InvalidParameterValue(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
            "'/', '@', '\"', ' ' may be used."
        )


def _check_master(wanted: dict[str, Any]) -> None:
    user, password = wanted.get("master_username"), wanted.get("master_user_password")
    if not user:
        raise exceptions.InvalidParameterValue("The parameter MasterUsername must be provided and must not be blank.")
    if user.lower() in _RESERVED_USERS or user.startswith("pg_"):
        raise exceptions.InvalidParameterValue(
            f"MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        )
    managed = wanted.get("manage_master_user_password")
    if managed and password:
        raise exceptions.InvalidParameterCombination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword."
        )
    if not managed and not password:
        raise exceptions.InvalidParameterValue(
            "The parameter MasterUserPassword must be provided and must not be blank."
        )
    if password:
        check_password(password)
    name = wanted.get("db_name")
    if name is not None and not (name.replace("_", "a").isalnum() and name[0].isalpha() and len(name) <= 63):
        raise exceptions.InvalidParameterValue(
            "DBName must begin with a letter and contain only alphanumeric characters."
        )


def _check_storage(wanted: dict[str, Any]) -> None:
    size, port = wanted.get("allocated_storage") or 20, wanted.get("port")
    if not 20 <= size <= 65536:
        raise exceptions.InvalidParameterValue(
            f"Invalid storage size for engine name postgres and storage type {wanted.get('storage_type') or 'gp2'}: "
            f"{size}"
        )
    if port is not None and not 1150 <= port <= 65535:
        raise exceptions.InvalidParameterValue(f"The port {port} is not in the range 1150 to 65535.")
    if not 0 <= (wanted.get("backup_retention_period") or 0) <= 35:
        raise exceptions.InvalidParameterValue("Backup retention period must be between 0 and 35.")


def _complete(instance: DBInstance, wanted: dict[str, Any]) -> None:
    """Fields that moto leaves out or makes up."""
    alphabet = string.ascii_uppercase + string.digits
    instance.dbi_resource_id = "db-" + "".join(secrets.choice(alphabet) for _ in range(26))
    instance.max_allocated_storage = wanted.get("max_allocated_storage") or instance.allocated_storage
    extra = instance.__dict__
    extra["pending_modified_values"] = {}
    extra["network_type"] = wanted.get("network_type") or "IPV4"
    extra["backup_target"] = "region"
    extra["activity_stream_status"] = "stopped"
    extra["dedicated_log_volume"] = bool(wanted.get("dedicated_log_volume"))
    extra["engine_lifecycle_support"] = wanted.get("engine_lifecycle_support") or "open-source-rds-extended-support"
    set_zones(instance)


def insights(backend: RDSBackend, current: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The attributes of Database and Performance Insights that `wanted` makes of `current`."""
    mode = wanted.get("database_insights_mode") or current.get("database_insights_mode") or "standard"
    enabled = wanted.get("enable_performance_insights")
    if enabled is None:
        enabled = current.get("performance_insights_enabled", False)
    retention = (
        wanted.get("performance_insights_retention_period") or current.get("performance_insights_retention_period") or 7
    )
    if mode == "advanced" and (not enabled or retention < 465):
        raise exceptions.InvalidParameterCombination(
            "The advanced mode of Database Insights needs Performance Insights with a retention of 465 days."
        )
    if retention not in {7, 731} and retention % 31:
        raise exceptions.InvalidParameterValue(f"Invalid Performance Insights retention period: {retention}")
    key = wanted.get("performance_insights_kms_key_id") or current.get("performance_insights_kms_key_id")
    return {
        "database_insights_mode": mode,
        "performance_insights_enabled": bool(enabled),
        "performance_insights_retention_period": retention if enabled else None,
        "performance_insights_kms_key_id": key_arn(backend, key or "alias/aws/rds") if enabled else None,
    }


def set_zones(instance: DBInstance) -> None:
    """The zone of the primary, and with Multi-AZ of the standby, out of the subnet group's."""
    subnet_group = instance.__dict__.get("db_subnet_group")
    zones = [row["SubnetAvailabilityZone"]["Name"] for row in subnet_group.subnets] if subnet_group else []
    if zones and instance.availability_zone not in zones:
        instance.availability_zone = zones[0]
    others = [zone for zone in zones or [f"{instance.region}b"] if zone != instance.availability_zone]
    instance.__dict__["secondary_availability_zone"] = others[0] if instance.multi_az and others else None


def _build_database(instance: DBInstance) -> Database:
    current = runtime()
    name = instance.db_instance_identifier
    address = current.addresses.allocate(f"rds/{name}")
    issued = current.authority.issue(f"rds/{name}", ips=[address])
    server = PostgresServer(
        name=name,
        address=address,
        port=instance.port or 5432,
        folder=current.settings.state / "rds" / name,
        certificate=Certificate(current.authority.certificate, issued.certificate, issued.key),
        initdb=current.tools.find("initdb"),
        postgres=current.tools.find("postgres"),
        launch=lambda label, argv, env: current.processes.start(
            f"rds-{label}", argv, env=env, log=current.settings.logs / f"rds-{label}.log", cwd=None
        ),
    )
    server.force_ssl, server.parameters = rds_parameters.server_settings(instance)
    current.at_stop(server.stop)
    return Database(instance, server, rds_parameters.server_settings, set_zones)


# -- the master user's secret -----------------------------------------------------------------------


def _master_password(instance: DBInstance) -> str | None:
    """The password in the managed secret; None when the caller manages it."""
    if not instance.manage_master_user_password:
        return None
    secret = instance.master_user_secret.secret
    version = secret.versions[str(secret.default_version_id)]
    return str(json.loads(version["secret_string"])["password"])


def generate_secret_string(_original: Original, self: MasterUserSecret) -> str:
    return json.dumps({"username": self.resource.master_username, "password": secrets.token_urlsafe(24)})


def rotate_secret(_original: Original, self: MasterUserSecret) -> None:
    """RDS rotates its own secrets, without a Lambda function."""
    self._status = "rotating"
    self.secretsmanager.put_secret_value(
        self.secret.arn, self._generate_secret_string(), "", str(uuid.uuid4()), ["AWSCURRENT"]
    )


# -- reading ----------------------------------------------------------------------------------------


def describe_db_instances(original: Original, self: RDSBackend, *args: Any, **named: Any) -> list[DBInstance]:
    for instance in list(self.databases.values()):
        if database := database_of(instance):
            database.settle()
    found: list[DBInstance] = original(self, *args, **named)
    return found


def find(backend: RDSBackend, identifier: str) -> tuple[DBInstance, Database | None]:
    instance = backend.describe_db_instances(identifier.lower())[0]
    return instance, database_of(instance)


def _need_available(database: Database) -> None:
    if database.instance.status != "available":
        raise InvalidState(f"Database instance is not in available state: {database.instance.status}.")


def revive_all() -> None:
    """RDS starts a server again that has died."""
    for account in list(rds_backends.values()):
        for backend in list(account.values()):
            for instance in list(backend.databases.values()):
                database = database_of(instance)
                if database and instance.status == "available" and database.server.died:
                    LOG.error("PostgreSQL of %s died; starting it again", database.server.name)
                    database.begin("available", database.server.start, 0.0)


# -- changes ----------------------------------------------------------------------------------------


def modify_db_instance(
    original: Original, self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]
) -> DBInstance:
    instance, database = find(self, db_instance_identifier)
    if database is None:
        changed: DBInstance = original(self, db_instance_identifier, db_kwargs)
        return changed
    _need_available(database)
    wanted = dict(db_kwargs)
    _check_change(self, instance, wanted)
    chosen_insights = insights(self, instance.__dict__, wanted)
    now = bool(wanted.get("apply_immediately"))
    database.defer({name: wanted.pop(name) for name in PENDING_NAMES if name in wanted})
    password = wanted.get("master_user_password")
    group_before = instance.db_parameter_group_name
    original(self, db_instance_identifier, wanted)
    instance.__dict__.update(chosen_insights)
    if instance.manage_master_user_password and {"manage_master_user_password", "rotate_master_user_password"} & {
        name for name, value in wanted.items() if value
    }:
        password = _master_password(instance)
    database.parameter_group_changed = database.parameter_group_changed or (
        instance.db_parameter_group_name != group_before
    )
    _begin_change(instance, database, password, now)
    return instance


def _begin_change(instance: DBInstance, database: Database, password: str | None, now: bool) -> None:
    if password:
        instance.__dict__["pending_modified_values"] = {
            **instance.__dict__["pending_modified_values"],
            "MasterUserPassword": "****",
        }
    work = database.plan(password, instance.master_username or "", pending=now)
    if work is None:
        return
    slow = now and "db_instance_class" in database.pending
    status = "resetting-master-credentials" if password and not now else "modifying"
    database.begin(status, work, scaled(CLASS_CHANGE_SECONDS if slow else MODIFY_SECONDS), flush=now)


def _check_change(backend: RDSBackend, instance: DBInstance, wanted: dict[str, Any]) -> None:
    if wanted.get("db_instance_class"):
        check_class(wanted["db_instance_class"])
    check_security_groups(backend, wanted.get("vpc_security_group_ids") or [])
    if wanted.get("ca_certificate_identifier"):
        check_authority(wanted["ca_certificate_identifier"])
    if wanted.get("master_user_password"):
        if instance.manage_master_user_password and wanted.get("manage_master_user_password") is not False:
            raise exceptions.InvalidParameterCombination(
                "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword."
            )
        check_password(wanted["master_user_password"])
    size = wanted.get("allocated_storage")
    if size is not None and size < instance.allocated_storage:
        raise exceptions.InvalidParameterCombination("Requested storage cannot be reduced.")
    version = _checked_version(instance, wanted)
    group = wanted.get("db_parameter_group_name")
    if group:
        rds_parameters.check_family(backend, group, version.family)
    elif version.family != rds_parameters.family_of(instance) and instance.db_parameter_group_name:
        rds_parameters.check_family(backend, instance.db_parameter_group_name, version.family)


def _checked_version(instance: DBInstance, wanted: dict[str, Any]) -> rds_catalogue.Version:
    current = rds_catalogue.find_version(instance.engine_version)
    version = rds_catalogue.find_version(wanted.get("engine_version") or instance.engine_version)
    if version is None or current is None:
        raise exceptions.InvalidParameterCombination(f"Cannot find version {wanted['engine_version']} for postgres")
    if version < current:
        raise exceptions.InvalidParameterCombination(f"Cannot upgrade postgres from {current} to {version}")
    if version.major > current.major and not wanted.get("allow_major_version_upgrade"):
        raise exceptions.InvalidParameterCombination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )
    if "engine_version" in wanted:
        wanted["engine_version"] = str(version)
    return version


def reboot_db_instance(self: RDSResponse) -> ActionResult:
    instance, database = find(self.backend, self.params["DBInstanceIdentifier"])
    if database is not None:
        _need_available(database)
        if self.params.get("ForceFailover") and not instance.multi_az:
            raise exceptions.InvalidParameterCombination("A failover needs a Multi-AZ instance.")
        database.begin("rebooting", database.restart, scaled(RESTART_SECONDS))
    return ActionResult({"DBInstance": instance})


def stop_db_instance(original: Original, self: RDSBackend, db_instance_identifier: str, *args: Any) -> DBInstance:
    database = find(self, db_instance_identifier)[1]
    stopped: DBInstance = original(self, db_instance_identifier, *args)
    if database is not None:
        database.begin("stopping", database.server.stop, scaled(RESTART_SECONDS), then="stopped")
    return stopped


def start_db_instance(original: Original, self: RDSBackend, db_instance_identifier: str) -> DBInstance:
    database = find(self, db_instance_identifier)[1]
    started: DBInstance = original(self, db_instance_identifier)
    if database is not None:
        database.begin("starting", database.server.start, scaled(CREATE_SECONDS / 4))
    return started


# -- deletion ---------------------------------------------------------------------------------------


def delete_db_instance(original: Original, self: RDSBackend, db_instance_identifier: str, **options: Any) -> DBInstance:
    final_snapshot, skip = options.get("final_db_snapshot_identifier"), options.get("skip_final_snapshot")
    instance, database = find(self, db_instance_identifier)
    if database is None:
        gone: DBInstance = original(self, db_instance_identifier, **options)
        return gone
    _check_deletion(instance, final_snapshot, bool(skip))
    if final_snapshot:
        self.create_db_snapshot(instance.db_instance_identifier, final_snapshot)

    def forget() -> None:
        backups = options.get("delete_automated_backups", True)
        original(self, instance.db_instance_identifier, skip_final_snapshot=True, delete_automated_backups=backups)

    database.begin("deleting", lambda: _remove(database), scaled(DELETE_SECONDS), finally_=forget)
    return instance


def _check_deletion(instance: DBInstance, final_snapshot: str | None, skip: bool) -> None:
    if instance.status in {"deleting", "creating", "rebooting"}:
        raise InvalidState(f"Instance {instance.db_instance_identifier} in the state {instance.status}.")
    if instance.deletion_protection:
        raise exceptions.InvalidParameterCombination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again."
        )
    if not skip and not final_snapshot:
        raise exceptions.InvalidParameterCombination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    if final_snapshot and skip:
        raise exceptions.InvalidParameterCombination(
            "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot."
        )


def _remove(database: Database) -> None:
    database.server.remove()
    runtime().addresses.release(f"rds/{database.server.name}")
    runtime().endpoints.withdraw("databases", database.server.name)


# -- subnet groups ------------------------------------------------------------------------------------


def create_subnet_group(
    original: Original, self: RDSBackend, subnet_name: str, description: str, subnets: list[Any], *args: Any
) -> Any:
    check_zones(subnets)
    if subnet_name.lower() in self.subnet_groups:
        raise exceptions.RDSClientError(
            "DBSubnetGroupAlreadyExists", f"The DB subnet group {subnet_name} already exists."
        )
    return original(self, subnet_name, description, subnets, *args)


def modify_db_subnet_group(
    original: Original, self: RDSBackend, subnet_name: str, description: str, subnets: list[Any]
) -> Any:
    check_zones(subnets)
    return original(self, subnet_name, description, subnets)


def check_zones(subnets: list[Any]) -> None:
    zones = sorted({subnet.availability_zone for subnet in subnets})
    if len(zones) < 2:
        raise InvalidVPCNetworkState(
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least 2 AZs."
        )


def delete_subnet_group(original: Original, self: RDSBackend, subnet_name: str) -> Any:
    for instance in self.describe_db_instances():
        group = instance.__dict__.get("db_subnet_group")
        if group is not None and group.name == subnet_name.lower():
            raise InvalidSubnetGroupState(
                f"Cannot delete the subnet group '{subnet_name}' because at least one database instance: "
                f"{instance.db_instance_identifier} is still using it."
            )
    return original(self, subnet_name)


def _endpoint(instance: DBInstance) -> dict[str, Any] | None:
    database = database_of(instance)
    if database is None:
        return {"Address": instance.address, "Port": instance.port}
    if instance.status == "creating":
        return None
    return {
        "Address": database.server.address,
        "Port": database.server.port,
        "HostedZoneId": "Z2R2ITUGPM61AM",
    }


def _certificate_details(instance: DBInstance) -> dict[str, Any]:
    valid = datetime.timedelta(days=365)
    return {
        "CAIdentifier": instance.ca_certificate_identifier,
        "ValidTill": (instance.instance_create_time + valid).replace(microsecond=0),
    }


def _latest_restorable_time(instance: DBInstance) -> datetime.datetime | None:
    """Transaction logs are kept every five minutes, as long as the server runs and backups are on."""
    database, extra = database_of(instance), instance.__dict__
    if not instance.backup_retention_period:
        return None
    if database is None or (database.server.process is not None and not database.server.died):
        now, step = time.time(), scaled(LOG_SECONDS)
        logged = datetime.datetime.fromtimestamp(now - now % step if step else now, datetime.UTC).replace(tzinfo=None)
        extra["local_restorable_until"] = max(logged, instance.instance_create_time)
    until: datetime.datetime | None = extra.get("local_restorable_until")
    return until


def install(current: Runtime) -> None:
    DBInstance.default_engine_versions[rds_catalogue.ENGINE] = str(rds_catalogue.default_version())
    attribute(DBInstance, "endpoint", _endpoint)
    attribute(DBInstance, "certificate_details", _certificate_details)
    attribute(DBInstance, "latest_restorable_time", _latest_restorable_time)
    for function in (
        create_db_instance,
        describe_db_instances,
        modify_db_instance,
        stop_db_instance,
        start_db_instance,
        delete_db_instance,
        create_subnet_group,
        modify_db_subnet_group,
        delete_subnet_group,
    ):
        around(RDSBackend, function.__name__)(function)
    around(MasterUserSecret, "_generate_secret_string")(generate_secret_string)
    around(MasterUserSecret, "rotate_secret")(rotate_secret)
    operation(RDSResponse)(reboot_db_instance)
    current.background.every(REVIVE_SECONDS, revive_all, "rds")
