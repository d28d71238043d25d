# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of what keeps data: RDS and ElastiCache."""

from __future__ import annotations

from .model import Check, Control, Resource, World, flag, some

INSTANCE, GROUP = "db_instance", "replication_group"
BACKUP_DAYS = 7
DEFAULT_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "sqlserver": 1433}
DEFAULT_NAMES = ("admin", "postgres")
POSTGRES_LOGS = {"postgresql", "upgrade"}


def backed_up(instance: Resource, _world: World) -> str:
    days = int(instance.get("backup_retention_period", 1))
    return "" if days >= BACKUP_DAYS else f"backups are kept for {days} days, which is less than {BACKUP_DAYS}"


def monitored(instance: Resource, _world: World) -> str:
    return "" if instance.get("monitoring_interval", 0) else "the operating system of the instance is not watched"


def logs_exported(instance: Resource, _world: World) -> str:
    missing = _wanted_logs(instance) - set(instance.get("enable_cloudwatch_logs_exports", []))
    return f"does not send to CloudWatch Logs: {', '.join(sorted(missing))}" if missing else ""


def _wanted_logs(instance: Resource) -> set[str]:
    return POSTGRES_LOGS if _is_postgres(instance) else {"error"}


def _is_postgres(instance: Resource, _world: World | None = None) -> bool:
    return str(instance.get("engine", "")).startswith("postgres")


def forces_tls(instance: Resource, world: World) -> str:
    name = str(instance.get("db_parameter_group_name", ""))
    group = world.named("db_parameter_group", name)
    if group is None:
        return f"uses the parameter group {name or 'of the engine'}, which is not ours to force TLS with"
    return "" if str(group.get("parameters", {}).get("rds.force_ssl")) == "1" else f"{name} does not set rds.force_ssl"


def in_vpc(instance: Resource, _world: World) -> str:
    return "" if instance.get("db_subnet_group_name") else "is in no subnet group"


def other_port(instance: Resource, _world: World) -> str:
    usual = DEFAULT_PORTS.get(str(instance.get("engine", "")).split("-", maxsplit=1)[0])
    port = instance.get("port", usual)
    return f"listens where everybody tries first, on {port}" if port == usual else ""


def other_name(instance: Resource, _world: World) -> str:
    name = str(instance.get("master_username", ""))
    return f"the administrator is called {name}, which everybody tries first" if name in DEFAULT_NAMES else ""


def subscribed(source: str, *categories: str) -> Check:
    """A check that somebody is told of events of a kind of source."""

    def check(_account: Resource, world: World) -> str:
        told: set[str] = set()
        for subscription in world.of("event_subscription"):
            if subscription.get("enabled") and subscription.get("source_type", source) == source:
                told |= set(subscription.get("event_categories") or categories)
        missing = set(categories) - told
        return f"nobody is told of events of {source}: {', '.join(sorted(missing))}" if missing else ""

    return check


def there_is(kind: str) -> object:
    return lambda _resource, world: bool(world.of(kind))


def kept(group: Resource, _world: World) -> str:
    days = int(group.get("snapshot_retention_limit", 0))
    return "" if days >= 1 else "no backups are made"


def fails_over(group: Resource, _world: World) -> str:
    return "" if group.get("automatic_failover_enabled") else "no replica takes over by itself"


def own_subnets(group: Resource, _world: World) -> str:
    name = group.get("cache_subnet_group_name", "default")
    return "is in the default subnet group" if name == "default" else ""


def encrypted_snapshot(snapshot: Resource, _world: World) -> str:
    return some([] if snapshot.get("encrypted") else ["is not encrypted"])


def _subscription(number: str, source: str, kind: str, *categories: str) -> Control:
    return Control(
        f"RDS.{number}",
        f"Somebody is told of events of {source.replace('-', ' ')}s of the database",
        "account",
        subscribed(source, *categories),
        "an event subscription of RDS to a topic that somebody reads",
        applies=lambda _account, world: bool(world.of(kind)),
        reads=("event_subscription",),
    )


CONTROLS = (
    Control(
        "RDS.2",
        "The database cannot be reached from the internet",
        INSTANCE,
        flag("publicly_accessible", "is publicly accessible", wanted=False),
        "publicly_accessible: false of the instance; the role database opens none",
    ),
    Control(
        "RDS.3",
        "The database is encrypted",
        INSTANCE,
        flag("storage_encrypted", "its storage is not encrypted"),
        "database_kms_key_arn, and a restore into an encrypted instance",
    ),
    Control(
        "RDS.4",
        "Snapshots of the database are encrypted",
        "db_snapshot",
        encrypted_snapshot,
        "copy the snapshot with a key and remove the plain one",
    ),
    Control(
        "RDS.5",
        "The database survives the loss of a zone",
        INSTANCE,
        flag("multi_az", "has no standby in another zone"),
        "database_multi_az: true",
    ),
    Control(
        "RDS.6",
        "The database's machine is watched",
        INSTANCE,
        monitored,
        "the role database sets it: run site.yml --tags database",
    ),
    Control(
        "RDS.8",
        "The database cannot be deleted by mistake",
        INSTANCE,
        flag("deletion_protection", "has no deletion protection"),
        "database_deletion_protection: true",
    ),
    Control(
        "RDS.9",
        "The database's logs go to CloudWatch Logs",
        INSTANCE,
        logs_exported,
        "the role database sets it: run site.yml --tags database",
    ),
    Control(
        "RDS.10",
        "Accounts of the database can be those of IAM",
        INSTANCE,
        flag("enable_iam_database_authentication", "takes no accounts of IAM"),
        "the role database sets it: run site.yml --tags database",
    ),
    Control("RDS.11", "The database is backed up", INSTANCE, backed_up, "database_backup_retention_days: 7 or more"),
    Control(
        "RDS.13",
        "The database takes minor upgrades by itself",
        INSTANCE,
        flag("auto_minor_version_upgrade", "takes no minor upgrades by itself"),
        "the role database sets it: run site.yml --tags database",
    ),
    Control(
        "RDS.17",
        "Snapshots carry the tags of the database",
        INSTANCE,
        flag("copy_tags_to_snapshot", "its snapshots have no tags"),
        "the role database sets it: run site.yml --tags database",
    ),
    Control("RDS.18", "The database is in a VPC", INSTANCE, in_vpc, "database_subnet_ids"),
    _subscription("19", "db-cluster", "db_cluster", "maintenance", "failure"),
    _subscription("20", "db-instance", INSTANCE, "maintenance", "configuration change", "failure"),
    _subscription("21", "db-parameter-group", INSTANCE, "configuration change"),
    _subscription("22", "db-security-group", INSTANCE, "configuration change", "failure"),
    Control(
        "RDS.23",
        "The database listens on a port of its own",
        INSTANCE,
        other_port,
        "the port of the instance, before it is made",
    ),
    Control(
        "RDS.25",
        "The database's administrator has a name of its own",
        INSTANCE,
        other_name,
        "the name in the instance, before it is made",
    ),
    Control(
        "RDS.36",
        "PostgreSQL's logs go to CloudWatch Logs",
        INSTANCE,
        logs_exported,
        "the role database sets it: run site.yml --tags database",
        applies=_is_postgres,
    ),
    Control(
        "RDS.38",
        "PostgreSQL takes connections with TLS only",
        INSTANCE,
        forces_tls,
        "the role database sets it: run site.yml --tags database",
        applies=_is_postgres,
        reads=("db_parameter_group",),
    ),
    Control("ElastiCache.1", "Caches are backed up", GROUP, kept, "cache_groups: snapshot_retention_days of the group"),
    Control(
        "ElastiCache.2",
        "Caches take minor upgrades by themselves",
        GROUP,
        flag("auto_minor_version_upgrade", "takes no minor upgrades by itself"),
        "the role cache sets it: run site.yml --tags cache",
    ),
    Control("ElastiCache.3", "Replicas of caches take over", GROUP, fails_over, "cache_groups: replicas of the group"),
    Control(
        "ElastiCache.4",
        "Caches are encrypted",
        GROUP,
        flag("at_rest_encryption_enabled", "is not encrypted"),
        "the role cache sets it for groups that it makes",
    ),
    Control(
        "ElastiCache.5",
        "Caches are reached with TLS only",
        GROUP,
        flag("transit_encryption_enabled", "is reached in plain text"),
        "the role cache sets it: run site.yml --tags cache",
    ),
    Control("ElastiCache.7", "Caches are in subnets chosen for them", GROUP, own_subnets, "cache_subnet_ids"),
)
