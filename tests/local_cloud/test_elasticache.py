"""ElastiCache over boto3, with real connections to the Redis processes."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.exceptions
import pytest
import redis
from local_cloud_support import LocalCloud, eventually

TOKEN = "a-token-of-16-characters"
OTHER_TOKEN = "another-token-of-the-group"
_numbers = itertools.count(1)


@pytest.fixture
def elasticache(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("elasticache")


@pytest.fixture
def create(elasticache: Any) -> Iterator[Callable[..., dict[str, Any]]]:
    """Creates replication groups, waits until they are available, and deletes them after the test."""
    names = []

    def make(**options: Any) -> dict[str, Any]:
        name = f"group-{next(_numbers)}"
        wanted = {
            "ReplicationGroupId": name,
            "ReplicationGroupDescription": "test",
            "CacheNodeType": "cache.t4g.small",
            "TransitEncryptionEnabled": True,
            "AuthToken": TOKEN,
            **options,
        }
        assert elasticache.create_replication_group(**wanted)["ReplicationGroup"]["Status"] == "creating"
        names.append(name)
        return available(elasticache, name)

    yield make
    for name in names:
        available(elasticache, name)
        elasticache.delete_replication_group(ReplicationGroupId=name)
        elasticache.get_waiter("replication_group_deleted").wait(ReplicationGroupId=name, WaiterConfig={"Delay": 1})


def available(elasticache: Any, name: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        group = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
        return group if group["Status"] == "available" else None

    found = eventually(look, timeout=60, what=f"{name} to be available")
    assert found is not None
    return found


def connect(cloud: LocalCloud, endpoint: dict[str, Any], password: str | None = TOKEN, **more: Any) -> redis.Redis:
    return redis.Redis(
        host=endpoint["Address"],
        port=endpoint["Port"],
        password=password,
        ssl=True,
        ssl_ca_certs=str(cloud.settings.state / "ca.pem"),
        decode_responses=True,
        **more,
    )


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def test_group_answers_over_tls_with_its_token_only(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    group = create(NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True)
    node_group = group["NodeGroups"][0]
    primary = connect(local_cloud, node_group["PrimaryEndpoint"])
    primary.set("key", "value")
    eventually(lambda: connect(local_cloud, node_group["ReaderEndpoint"]).get("key") == "value")
    with pytest.raises(redis.AuthenticationError):
        connect(local_cloud, node_group["PrimaryEndpoint"], None).ping()
    plain = redis.Redis(node_group["PrimaryEndpoint"]["Address"], 6379, password=TOKEN)
    with pytest.raises(redis.ConnectionError):
        plain.ping()
    with pytest.raises(redis.exceptions.NoPermissionError):
        primary.config_get("requirepass")
    members = elasticache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    own = [member for member in members if member.get("ReplicationGroupId") == group["ReplicationGroupId"]]
    assert [member["CacheClusterId"] for member in own] == group["MemberClusters"]
    assert own[0]["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"


def test_token_rotates_before_it_is_set(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    group = create()
    name, endpoint = group["ReplicationGroupId"], group["NodeGroups"][0]["PrimaryEndpoint"]

    def change(strategy: str) -> None:
        elasticache.modify_replication_group(
            ReplicationGroupId=name,
            AuthToken=OTHER_TOKEN,
            AuthTokenUpdateStrategy=strategy,
            ApplyImmediately=True,
        )
        available(elasticache, name)

    change("ROTATE")
    assert connect(local_cloud, endpoint, TOKEN).ping()
    assert connect(local_cloud, endpoint, OTHER_TOKEN).ping()
    change("SET")
    assert connect(local_cloud, endpoint, OTHER_TOKEN).ping()
    with pytest.raises(redis.AuthenticationError):
        connect(local_cloud, endpoint, TOKEN).ping()


def test_failover_moves_the_primary_endpoint(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    group = create(NumCacheClusters=2, AutomaticFailoverEnabled=True)
    name, before = group["ReplicationGroupId"], group["NodeGroups"][0]
    connect(local_cloud, before["PrimaryEndpoint"]).set("kept", "yes")
    eventually(lambda: connect(local_cloud, before["ReaderEndpoint"]).get("kept"))
    elasticache.test_failover(ReplicationGroupId=name, NodeGroupId="0001")
    after = available(elasticache, name)["NodeGroups"][0]
    roles = {member["CacheClusterId"]: member["CurrentRole"] for member in after["NodeGroupMembers"]}
    assert roles == {f"{name}-001": "replica", f"{name}-002": "primary"}
    assert after["PrimaryEndpoint"] == before["PrimaryEndpoint"]
    primary = connect(local_cloud, after["PrimaryEndpoint"])
    assert primary.get("kept") == "yes"
    assert primary.set("written", "after")


def test_cluster_mode_grows_and_keeps_its_data(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    group = create(NumNodeGroups=2, ReplicasPerNodeGroup=0, AutomaticFailoverEnabled=True)
    name, endpoint = group["ReplicationGroupId"], group["ConfigurationEndpoint"]
    assert [shard["Slots"] for shard in group["NodeGroups"]] == ["0-8191", "8192-16383"]

    def cluster() -> redis.RedisCluster:
        ca = str(local_cloud.settings.state / "ca.pem")
        return redis.RedisCluster(host=endpoint["Address"], port=6379, password=TOKEN, ssl=True, ssl_ca_certs=ca)

    client = cluster()
    for number in range(50):
        client.set(f"key-{number}", number)
    elasticache.modify_replication_group_shard_configuration(
        ReplicationGroupId=name, NodeGroupCount=3, ApplyImmediately=True
    )
    shards = available(elasticache, name)["NodeGroups"]
    assert [shard["NodeGroupId"] for shard in shards] == ["0001", "0002", "0003"]
    assert all(shard["Slots"] for shard in shards)
    assert [int(client.get(f"key-{number}")) for number in range(50)] == list(range(50))


def test_replicas_come_and_go(create: Callable[..., dict[str, Any]], elasticache: Any) -> None:
    name = create()["ReplicationGroupId"]
    for call, count in ((elasticache.increase_replica_count, 2), (elasticache.decrease_replica_count, 1)):
        call(ReplicationGroupId=name, NewReplicaCount=count, ApplyImmediately=True)
        assert len(available(elasticache, name)["MemberClusters"]) == count + 1


def log_delivery(log_type: str) -> dict[str, Any]:
    return {
        "LogType": log_type,
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": f"/cache/{log_type}"}},
        "LogFormat": "json",
    }


def test_logs_are_switched_one_by_one(create: Callable[..., dict[str, Any]], elasticache: Any) -> None:
    name = create(LogDeliveryConfigurations=[log_delivery("slow-log")])["ReplicationGroupId"]
    changes = ([log_delivery("engine-log")], [{"LogType": "slow-log", "Enabled": False}])
    for change, delivered in zip(changes, (["slow-log", "engine-log"], ["engine-log"]), strict=True):
        elasticache.modify_replication_group(
            ReplicationGroupId=name, LogDeliveryConfigurations=change, ApplyImmediately=True
        )
        shown = available(elasticache, name)["LogDeliveryConfigurations"]
        assert [row["LogType"] for row in shown] == delivered


def test_parameters_reach_the_process(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="tuned", CacheParameterGroupFamily="redis7", Description="test"
    )
    values = [{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}]
    elasticache.modify_cache_parameter_group(CacheParameterGroupName="tuned", ParameterNameValues=values)
    user = elasticache.describe_cache_parameters(CacheParameterGroupName="tuned", Source="user")["Parameters"]
    assert [(row["ParameterName"], row["ParameterValue"]) for row in user] == [("maxmemory-policy", "allkeys-lru")]
    group = create(CacheParameterGroupName="tuned")
    client = connect(local_cloud, group["NodeGroups"][0]["PrimaryEndpoint"])
    assert client.info("memory")["maxmemory_policy"] == "allkeys-lru"
    assert refused(lambda: elasticache.delete_cache_parameter_group(CacheParameterGroupName="tuned")) == (
        "InvalidCacheParameterGroupState"
    )
    bad = [{"ParameterName": "maxmemory-policy", "ParameterValue": "newest"}]
    assert refused(
        lambda: elasticache.modify_cache_parameter_group(CacheParameterGroupName="tuned", ParameterNameValues=bad)
    ) == ("InvalidParameterValue")


def test_users_of_a_group_sign_in_with_their_rights(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    password = "password-of-a-user"
    for user, name, access in (("nobody", "default", "off -@all"), ("app", "app", "on ~app:* +@all")):
        elasticache.create_user(UserId=user, UserName=name, Engine="redis", AccessString=access, Passwords=[password])
    elasticache.create_user_group(UserGroupId="team", Engine="redis", UserIds=["nobody", "app"])
    group = create(AuthToken="", UserGroupIds=["team"])
    client = connect(local_cloud, group["NodeGroups"][0]["PrimaryEndpoint"], password, username="app")
    assert client.set("app:key", "1")
    with pytest.raises(redis.exceptions.NoPermissionError):
        client.set("other", "1")
    assert elasticache.describe_user_groups(UserGroupId="team")["UserGroups"][0]["ReplicationGroups"] == [
        group["ReplicationGroupId"]
    ]
    assert refused(lambda: elasticache.delete_user_group(UserGroupId="team")) == "InvalidUserGroupState"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"EngineVersion": "9.9"}, "InvalidParameterCombination"),
        ({"CacheNodeType": "cache.huge"}, "InvalidParameterValue"),
        ({"AuthToken": "short"}, "InvalidParameterValue"),
        ({"TransitEncryptionEnabled": False}, "InvalidParameterValue"),
        ({"AutomaticFailoverEnabled": True}, "InvalidParameterCombination"),
        ({"NumNodeGroups": 2}, "InvalidParameterCombination"),
        ({"CacheParameterGroupName": "default.redis6.x"}, "InvalidParameterCombination"),
        ({"CacheSubnetGroupName": "absent"}, "CacheSubnetGroupNotFoundFault"),
        ({"SecurityGroupIds": ["sg-absent"]}, "InvalidParameterValue"),
        ({"ReplicationGroupId": "two--hyphens"}, "InvalidParameterValue"),
    ],
)
def test_bad_creations_are_refused(elasticache: Any, options: dict[str, Any], code: str) -> None:
    wanted = {
        "ReplicationGroupId": "refused",
        "ReplicationGroupDescription": "test",
        "CacheNodeType": "cache.t4g.small",
        "TransitEncryptionEnabled": True,
        "AuthToken": TOKEN,
        **options,
    }
    assert refused(lambda: elasticache.create_replication_group(**wanted)) == code


@contextmanager
def held_up(cloud: LocalCloud, part: str) -> Iterator[None]:
    """A server does nothing until the end of the block, and so is not done with a change."""
    pid = cloud.process(part).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_one_change_at_a_time_and_tls_in_steps(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], elasticache: Any
) -> None:
    group = create(AuthToken="", TransitEncryptionEnabled=False)
    name = group["ReplicationGroupId"]

    def change(**options: Any) -> None:
        elasticache.modify_replication_group(ReplicationGroupId=name, ApplyImmediately=True, **options)

    assert refused(lambda: change(TransitEncryptionEnabled=True, TransitEncryptionMode="required")) == (
        "InvalidParameterCombination"
    )
    with held_up(local_cloud, f"elasticache-{group['MemberClusters'][0]}"):
        change(TransitEncryptionEnabled=True, TransitEncryptionMode="preferred", EngineVersion="7.1")
        assert refused(lambda: change(CacheNodeType="cache.t4g.medium")) == "InvalidReplicationGroupState"
    assert available(elasticache, name)["TransitEncryptionMode"] == "preferred"
    change(TransitEncryptionMode="required")
    assert available(elasticache, name)["TransitEncryptionMode"] == "required"


def kill(cloud: LocalCloud, part: str) -> None:
    os.kill(cloud.process(part).pid, signal.SIGKILL)


@pytest.mark.parametrize("options", [{"NumCacheClusters": 2}, {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1}])
def test_dead_primary_is_replaced(
    local_cloud: LocalCloud, create: Callable[..., dict[str, Any]], options: dict[str, Any]
) -> None:
    group = create(AutomaticFailoverEnabled=True, **options)
    endpoint = group.get("ConfigurationEndpoint") or group["NodeGroups"][0]["PrimaryEndpoint"]
    kill(local_cloud, f"elasticache-{group['MemberClusters'][0]}")

    def writes() -> bool:
        try:
            if "ConfigurationEndpoint" not in group:
                return bool(connect(local_cloud, endpoint).set("after", "yes"))
            ca = str(local_cloud.settings.state / "ca.pem")
            client = redis.RedisCluster(endpoint["Address"], 6379, password=TOKEN, ssl=True, ssl_ca_certs=ca)
            return all(client.set(f"key-{number}", "yes") for number in range(20))
        except (redis.RedisError, redis.exceptions.RedisClusterException):
            return False

    eventually(writes, 40, "the group to take writes again")
