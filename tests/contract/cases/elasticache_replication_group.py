"""Contract cases of elasticache_replication_group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case, Options

TAGS = {"Project": "contract", "Environment": "test"}
TOKEN, NEXT_TOKEN = "correct-horse-battery-staple", "staple-battery-horse-correct"
PASSWORD, NEXT_PASSWORD = "reader-horse-battery-staple", "staple-battery-horse-reader"
PARAMETERS = {"maxmemory-policy": "volatile-lru", "timeout": 300}
SLOW_LOG = {"log_type": "slow-log", "destination": "/contract/slow"}
ENGINE_LOG = {"log_type": "engine-log", "destination": "/contract/engine", "log_format": "text"}
ABSENT = {"state": "absent"}

DEFAULT_USER = {
    "user_id": "contract-default",
    "user_name": "default",
    "access_string": "off -@all",
    "no_password_required": True,
}
READER = {
    "user_id": "contract-reader",
    "user_name": "reader",
    "access_string": "on ~* -@all +@read",
    "passwords": [PASSWORD],
}


def network(boto: Boto, name: str, second_octet: int) -> Options:
    """Subnets in two zones and a security group."""
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"10.{second_octet}.0.0/16")["Vpc"]["VpcId"]
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
    blocks = [f"10.{second_octet}.{index}.0/24" for index in range(2)]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for block, zone in zip(blocks, zones, strict=False)
    ]
    group = ec2.create_security_group(GroupName=name, Description="Cache", VpcId=vpc)["GroupId"]
    return {"cache_subnet_group": {"subnet_ids": subnets}, "security_group_ids": [group]}


def with_secrets(boto: Boto) -> Options:
    """The network, and two secrets of which the second holds the next token."""
    for name, token in (("contract/token", TOKEN), ("contract/next-token", NEXT_TOKEN)):
        secrets = boto("secretsmanager")
        if name not in {secret["Name"] for secret in secrets.list_secrets()["SecretList"]}:
            secrets.create_secret(Name=name, SecretString=token)
    return network(boto, "contract-kept", 74)


def single(boto: Boto) -> Options:
    return network(boto, "contract-sessions", 72)


def sharded(boto: Boto) -> Options:
    return network(boto, "contract-market", 73)


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A parameter group and a user whose names start like ours and that somebody else made."""
    cache = boto("elasticache")
    name = "contract-sessions-redis7-copy"
    cache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="Keep me"
    )
    return lambda: cache.describe_cache_parameter_groups(CacheParameterGroupName=name)["CacheParameterGroups"]


SESSIONS = {
    "replication_group_id": "contract-sessions",
    "description": "Sessions",
    "engine_version": "7.0",
    "cache_node_type": "cache.t4g.small",
    "num_cache_clusters": 1,
    "cache_parameter_group": {"parameters": PARAMETERS},
    "auth_token": TOKEN,
    "snapshot_retention_limit": 1,
    "snapshot_window": "02:00-03:00",
    "preferred_maintenance_window": "Sun:04:00-Sun:05:00",
    "auto_minor_version_upgrade": True,
    "automatic_failover_enabled": False,
    "log_delivery_configurations": [SLOW_LOG],
    "apply_immediately": True,
    "tags": TAGS,
}
MARKET = {
    "replication_group_id": "contract-market",
    "engine_version": "7.1",
    "cache_node_type": "cache.t4g.small",
    "cluster_mode": "enabled",
    "num_node_groups": 3,
    "replicas_per_node_group": 0,
    "cache_parameter_group": {"parameters": {}},
    "user_group": {"user_group_id": "contract-market", "users": [DEFAULT_USER, READER]},
    "apply_immediately": True,
    "tags": TAGS,
}


def users(*members: Options) -> Options:
    return {"user_group": {"user_group_id": "contract-market", "users": list(members)}}


CASES = [
    Case(
        name="elasticache_replication_group",
        module="elasticache_replication_group",
        present=SESSIONS,
        absent=ABSENT,
        edits={
            "description": {"description": "Sessions of users"},
            "node type": {"cache_node_type": "cache.t4g.medium"},
            "replica and failover": {"num_cache_clusters": 2, "automatic_failover_enabled": True},
            "snapshot retention": {"snapshot_retention_limit": 5},
            "snapshot window": {"snapshot_window": "06:00-07:00"},
            "maintenance window": {"preferred_maintenance_window": "mon:05:00-mon:06:00"},
            "minor upgrades": {"auto_minor_version_upgrade": False},
            "token": {"auth_token": NEXT_TOKEN},
            "token to rotate": {"auth_token": NEXT_TOKEN, "auth_token_update_strategy": "ROTATE"},
            "tls mode": {"transit_encryption_mode": "preferred"},
            "log format": {"log_delivery_configurations": [{**SLOW_LOG, "log_format": "text"}]},
            "one log more": {"log_delivery_configurations": [SLOW_LOG, ENGINE_LOG]},
            "logs cleared": {"log_delivery_configurations": []},
            "parameter": {"cache_parameter_group": {"parameters": {**PARAMETERS, "timeout": 600}}},
            "one parameter fewer": {"cache_parameter_group": {"parameters": {"timeout": 300}}},
            "parameters cleared": {"cache_parameter_group": {"parameters": {}}},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        prepare=single,
        foreign=lookalike,
        secrets=(TOKEN, NEXT_TOKEN),
    ),
    Case(
        name="elasticache_replication_group with a token from a secret",
        module="elasticache_replication_group",
        present={
            **{name: value for name, value in SESSIONS.items() if name != "auth_token"},
            "replication_group_id": "contract-kept",
            "auth_token_secret_id": "contract/token",
        },
        absent=ABSENT,
        edits={"another secret": {"auth_token_secret_id": "contract/next-token"}},
        prepare=with_secrets,
        secrets=(TOKEN, NEXT_TOKEN),
    ),
    Case(
        name="elasticache_replication_group in cluster mode with users",
        module="elasticache_replication_group",
        present=MARKET,
        absent=ABSENT,
        edits={
            "shards": {"num_node_groups": 4},
            "access string": users(DEFAULT_USER, {**READER, "access_string": "on ~app:* -@all +@read"}),
            "password": users(DEFAULT_USER, {**READER, "passwords": [NEXT_PASSWORD]}),
            "two passwords": users(DEFAULT_USER, {**READER, "passwords": [NEXT_PASSWORD, PASSWORD]}),
            "one user fewer": users(DEFAULT_USER),
        },
        prepare=sharded,
        secrets=(PASSWORD, NEXT_PASSWORD),
    ),
]
