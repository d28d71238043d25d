"""Planning of replication groups and their users, the order of modifications, and the judging of waits."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.elasticache import (
    access,
    groups,
    model,
    steps,
    teardown,
    validation,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret

TOKEN = Secret("correct-horse-battery-staple")
NEXT_TOKEN = Secret("staple-battery-horse-correct")
SLOW_LOG = {"destination_type": "cloudwatch-logs", "destination": "/cache/slow", "log_format": "json"}


def options(**given: Any) -> dict[str, Any]:
    return {
        "replication_group_id": "sessions",
        "engine": "redis",
        "cluster_mode": "disabled",
        "transit_encryption_enabled": True,
        "at_rest_encryption_enabled": True,
        "auth_token_update_strategy": "SET",
        **given,
    }


def shard(name: str, members: int) -> dict[str, Any]:
    endpoint = {"Address": "127.0.0.1", "Port": 6379}
    return {"NodeGroupId": name, "NodeGroupMembers": [{}] * members, "PrimaryEndpoint": endpoint}


def group(**fields: Any) -> dict[str, Any]:
    return {
        "ReplicationGroupId": "sessions",
        "Status": "available",
        "MemberClusters": ["sessions-001", "sessions-002"],
        "NodeGroups": [shard("0001", 2)],
        "AutomaticFailover": "enabled",
        "MultiAZ": "disabled",
        "CacheNodeType": "cache.t4g.small",
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
        "AtRestEncryptionEnabled": True,
        "PendingModifiedValues": {},
        **fields,
    }


def member(**fields: Any) -> dict[str, Any]:
    return {
        "Engine": "redis",
        "EngineVersion": "7.1.0",
        "CacheParameterGroup": {"CacheParameterGroupName": "default.redis7"},
        "SecurityGroups": [{"SecurityGroupId": "sg-1"}],
        "PendingModifiedValues": {},
        **fields,
    }


def states(given: dict[str, Any], seen: dict[str, Any], one: dict[str, Any], tags: Any = ()) -> tuple[Any, Any]:
    desired = model.desired_state(given, None, None)
    current = model.current_state(seen, one, tags, desired)
    return current, model.reconciled(desired, current)


@pytest.mark.parametrize(
    ("given", "seen", "one", "expected"),
    [
        ({}, {}, {}, ()),
        ({"engine_version": "7.1"}, {}, {}, ()),
        ({"engine_version": "7.0"}, {}, {}, ()),
        ({"engine_version": "7.1"}, {}, {"EngineVersion": "7.0.7"}, ("engine_version",)),
        ({"engine": "valkey", "engine_version": "7.2"}, {}, {}, ("engine", "engine_version")),
        ({"num_cache_clusters": 2}, {}, {}, ()),
        ({"num_cache_clusters": 3}, {}, {}, ("num_cache_clusters",)),
        ({"automatic_failover_enabled": True}, {"AutomaticFailover": "enabling"}, {}, ()),
        (
            {"cache_node_type": "cache.t4g.medium"},
            {},
            {"PendingModifiedValues": {"CacheNodeType": "cache.t4g.medium"}},
            (),
        ),
        ({"security_group_ids": ["sg-1"]}, {}, {}, ()),
        ({"security_group_ids": ["sg-2"]}, {}, {}, ("security_group_ids",)),
        ({"transit_encryption_mode": "preferred"}, {}, {}, ("transit_encryption_mode",)),
        ({"log_delivery_configurations": []}, {}, {}, ()),
        (
            {"log_delivery_configurations": [{"log_type": "slow-log", **SLOW_LOG}]},
            {},
            {},
            ("log_delivery_configurations",),
        ),
        ({"user_group": {"user_group_id": "Sessions"}}, {"UserGroupIds": ["sessions"]}, {}, ()),
        ({"user_group": {"user_group_id": "sessions"}}, {}, {}, ("user_group_ids",)),
        ({"auth_token": TOKEN.reveal()}, {}, {}, ("auth_token",)),
        ({"auth_token": TOKEN.reveal()}, {"AuthTokenEnabled": True}, {}, ("auth_token",)),
    ],
)
def test_what_differs(given: Any, seen: Any, one: Any, expected: tuple[str, ...]) -> None:
    current, desired = states(options(**given), group(**seen), member(**one))
    changes = model.plan("sessions", current, desired)
    assert (changes[0].fields if changes else ()) == expected


@pytest.mark.parametrize(
    ("stored", "done", "token", "strategy", "expected"),
    [
        (TOKEN, "SET", TOKEN, "SET", ()),
        (TOKEN, "SET", NEXT_TOKEN, "SET", ("auth_token",)),
        (TOKEN, "ROTATE", TOKEN, "SET", ("auth_token_update_strategy",)),
        (TOKEN, "ROTATE", TOKEN, "ROTATE", ()),
        (TOKEN, "SET", TOKEN, "ROTATE", ()),
        (TOKEN, "SET", NEXT_TOKEN, "ROTATE", ("auth_token", "auth_token_update_strategy")),
    ],
)
def test_a_changed_token_is_seen(stored: Secret, done: str, token: Secret, strategy: str, expected: Any) -> None:
    tags = [{"Key": key, "Value": value} for key, value in access.secret_tag([stored], strategy=done).items()]
    given = options(auth_token=token.reveal(), auth_token_update_strategy=strategy)
    current, desired = states(given, group(AuthTokenEnabled=True), member(), tags)
    changes = model.plan("sessions", current, desired)
    assert (changes[0].fields if changes else ()) == expected


@pytest.mark.parametrize(
    ("given", "seen", "one", "variable"),
    [
        ({"cluster_mode": "enabled"}, {}, {}, "cluster_mode"),
        ({"at_rest_encryption_enabled": False}, {}, {}, "at_rest_encryption_enabled"),
        ({"port": 6380}, {}, {}, "port"),
        ({"engine_version": "6.2"}, {}, {}, "engine_version"),
        ({"engine": "redis"}, {}, {"Engine": "valkey"}, "engine"),
        ({"engine": "valkey"}, {}, {}, "engine_version"),
        ({"transit_encryption_enabled": False}, {}, {}, "transit_encryption_enabled"),
        ({}, {"TransitEncryptionEnabled": False, "TransitEncryptionMode": None}, {}, "transit_encryption_mode"),
        (
            {"transit_encryption_mode": "preferred"},
            {"TransitEncryptionEnabled": False, "TransitEncryptionMode": None},
            {"EngineVersion": "6.2.6"},
            "transit_encryption_enabled",
        ),
        (
            {"transit_encryption_enabled": False},
            {"TransitEncryptionMode": "preferred", "AuthTokenEnabled": True},
            {},
            "transit_encryption_enabled",
        ),
    ],
)
def test_impossible_updates_are_refused(given: Any, seen: Any, one: Any, variable: str) -> None:
    current, desired = states(options(**given), group(**seen), member(**one))
    with pytest.raises(InvalidInput) as error:
        model.check_update(current, desired)
    assert error.value.variable == variable


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"transit_encryption_mode": "preferred"}, {"TransitEncryptionEnabled": False, "TransitEncryptionMode": None}),
        ({"transit_encryption_mode": "required"}, {"TransitEncryptionMode": "preferred"}),
        ({"transit_encryption_enabled": False}, {"TransitEncryptionMode": "preferred"}),
    ],
)
def test_encryption_changes_step_by_step(given: Any, seen: Any) -> None:
    model.check_update(*states(options(**given), group(**seen), member()))


def steps_of(before: dict[str, Any], after: dict[str, Any], seen: dict[str, Any]) -> list[steps.Step]:
    change = Change("update", model.KIND, "sessions", before, after)
    return steps.steps(change, seen, immediately=True)


def test_replicas_come_before_failover_and_go_after_it() -> None:
    fewer = {"num_cache_clusters": 1, "automatic_failover_enabled": False}
    more = {"num_cache_clusters": 2, "automatic_failover_enabled": True}
    assert [step.operation for step in steps_of(fewer, more, group())] == ["increase_replicas", "modify"]
    assert [step.operation for step in steps_of(more, fewer, group())] == ["modify", "decrease_replicas"]


def test_uneven_shards_are_evened_out() -> None:
    seen = group(NodeGroups=[shard("0001", 1), shard("0002", 4), shard("0003", 3)])
    found = steps_of({"replicas_per_node_group": None}, {"replicas_per_node_group": 2}, seen)
    named = [
        (step.operation, [row["NodeGroupId"] for row in step.arguments["ReplicaConfiguration"]], dict(step.shape))
        for step in found
    ]
    assert named == [
        ("increase_replicas", ["0001"], {}),
        ("decrease_replicas", ["0002"], {"replicas_per_node_group": 2}),
    ]


def test_surplus_shards_are_named() -> None:
    seen = group(NodeGroups=[shard("0002", 1), shard("0001", 1), shard("0004", 1)])
    (step,) = steps_of({"num_node_groups": 3}, {"num_node_groups": 2}, seen)
    assert step.arguments == {"NodeGroupCount": 2, "NodeGroupsToRemove": ["0004"]}


@pytest.mark.parametrize(
    ("fields", "strategy", "expected"),
    [
        ({"auth_token": NEXT_TOKEN}, "SET", ["ROTATE", "SET"]),
        ({"auth_token": NEXT_TOKEN}, "ROTATE", ["ROTATE"]),
        ({"auth_token": TOKEN}, "SET", ["SET"]),
    ],
)
def test_a_token_is_added_before_the_old_one_goes(fields: dict[str, Any], strategy: str, expected: list[str]) -> None:
    done = "ROTATE" if strategy == "SET" else "SET"
    before = {"auth_token": TOKEN, "auth_token_update_strategy": done}
    found = steps_of(before, {**fields, "auth_token_update_strategy": strategy}, group())
    assert [step.arguments["AuthTokenUpdateStrategy"] for step in found] == expected
    assert [step.rotation for step in found] == expected


def test_users_take_the_place_of_a_token() -> None:
    before = {"user_group_ids": ["old"], "auth_token_enabled": True}
    (step,) = steps_of(before, {"user_group_ids": ["new"]}, group())
    assert step.arguments["AuthTokenUpdateStrategy"] == "DELETE"
    assert (step.arguments["UserGroupIdsToAdd"], step.arguments["UserGroupIdsToRemove"]) == (["new"], ["old"])


def test_logs_are_switched_one_by_one() -> None:
    changed = model.log_arguments({"slow-log": SLOW_LOG, "engine-log": SLOW_LOG}, {"slow-log": SLOW_LOG})
    assert changed == [{"LogType": "engine-log", "Enabled": False}]


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (None, "pending"),
        (group(Status="creating"), "pending"),
        (group(Status="create-failed"), "failed"),
        (group(PendingModifiedValues={"AuthTokenStatus": "ROTATING"}), "pending"),
        (group(AutomaticFailover="enabling"), "pending"),
        (group(NodeGroups=[]), "pending"),
        (group(), "done"),
    ],
)
def test_ready(seen: dict[str, Any] | None, status: str) -> None:
    assert model.ready(seen).status == status


@pytest.mark.parametrize(
    ("wanted", "status"), [({}, "done"), ({"num_cache_clusters": 2}, "done"), ({"num_cache_clusters": 3}, "pending")]
)
def test_has_shape(wanted: dict[str, int], status: str) -> None:
    assert model.has_shape(group(), wanted).status == status


def user(**fields: Any) -> dict[str, Any]:
    passwords = {} if fields.get("no_password_required") else {"passwords": [TOKEN.reveal()]}
    return {"user_id": "reader", "user_name": "reader", "access_string": "on ~* +@read", **passwords, **fields}


DEFAULT = user(user_id="nobody", user_name="default", no_password_required=True)


def users(*members: dict[str, Any]) -> dict[str, Any]:
    return {"user_group": {"user_group_id": "sessions", "users": list(members)}}


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"replication_group_id": "Sessions"}, "replication_group_id"),
        ({"num_node_groups": 2}, "num_node_groups"),
        ({"cluster_mode": "enabled", "num_cache_clusters": 2}, "num_cache_clusters"),
        ({"num_cache_clusters": 7}, "num_cache_clusters"),
        ({"cluster_mode": "enabled", "replicas_per_node_group": 6}, "replicas_per_node_group"),
        ({"cluster_mode": "enabled", "automatic_failover_enabled": False}, "automatic_failover_enabled"),
        ({"num_cache_clusters": 1, "automatic_failover_enabled": True}, "num_cache_clusters"),
        ({"multi_az_enabled": True}, "multi_az_enabled"),
        ({"snapshot_retention_limit": 36}, "snapshot_retention_limit"),
        ({"snapshot_window": "always"}, "snapshot_window"),
        ({"cache_parameter_group": {}}, "cache_parameter_group"),
        ({"security_group_ids": []}, "security_group_ids"),
        ({"at_rest_encryption_enabled": False, "kms_key_id": "alias/x"}, "kms_key_id"),
        ({"transit_encryption_enabled": False, "auth_token": TOKEN.reveal()}, "auth_token"),
        ({"auth_token": "too short"}, "auth_token"),
        ({"auth_token": TOKEN.reveal(), **users(DEFAULT)}, "auth_token"),
        (users(user()), "user_group.users"),
        (users(DEFAULT, user(), user()), "user_group.users[].user_id"),
        (users(DEFAULT, user(passwords=[])), "user_group.users[1]"),
        (users(DEFAULT, user(passwords=["short"])), "user_group.users[1].passwords"),
        (users(DEFAULT, user(passwords=[TOKEN.reveal()] * 3)), "user_group.users[1].passwords"),
    ],
)
def test_bad_options_are_refused(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        validation.check_options(options(**given))
    assert error.value.variable == variable
    assert TOKEN.reveal() not in str(error.value)


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    offered = [{"EngineVersion": "7.0"}, {"EngineVersion": "7.1"}]
    validation.check_version("redis", "7.1", offered)
    with pytest.raises(InvalidInput, match=r"8\.4.*offers 7\.0, 7\.1"):
        validation.check_version("redis", "8.4", offered)


def test_a_changed_password_is_seen() -> None:
    found = {"UserId": "reader", "UserName": "reader", "Engine": "redis", "AccessString": "on ~* +@read"}
    desired = access.desired_users([user()], "redis", None)
    tags = [{"Key": key, "Value": value} for key, value in access.secret_tag([TOKEN]).items()]
    (same,) = access.current_users([found], {"reader": tags}, desired, None).values()
    assert same["passwords"] == desired["reader"]["passwords"]
    changed = access.desired_users([user(passwords=[NEXT_TOKEN.reveal()])], "redis", None)
    (other,) = access.current_users([found], {"reader": tags}, changed, None).values()
    assert other["passwords"] != changed["reader"]["passwords"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a"], ["a", "b"], {"UserIdsToAdd": ["b"]}),
        (["a", "b"], ["b"], {"UserIdsToRemove": ["a"]}),
        (["a"], ["b"], {"UserIdsToAdd": ["b"], "UserIdsToRemove": ["a"]}),
    ],
)
def test_member_changes(before: list[str], after: list[str], expected: dict[str, list[str]]) -> None:
    assert access.member_changes(before, after) == expected


@pytest.mark.parametrize(
    ("engine", "version", "expected"),
    [
        ("redis", "5.0.6", "redis5.0"),
        ("redis", "6.2", "redis6.x"),
        ("redis", "7.1", "redis7"),
        ("valkey", "8", "valkey8"),
    ],
)
def test_family(engine: str, version: str, expected: str) -> None:
    assert groups.family(engine, version) == expected


def test_the_switch_of_cluster_mode_is_ours() -> None:
    given = {"parameters": {"timeout": 300, "activedefrag": True}}
    desired = groups.desired_parameter_group(given, "redis7", None, cluster=True)
    assert desired["parameters"] == {"timeout": "300", "activedefrag": "yes", "cluster-enabled": "yes"}
    with pytest.raises(InvalidInput, match="contradicts cluster_mode"):
        groups.desired_parameter_group({"parameters": {"cluster-enabled": False}}, "redis7", None, cluster=True)


def test_removal_takes_only_groups_of_our_making() -> None:
    found = ["sessions-redis6-x", "sessions-redis7", "sessions-redis7-copy", "my-sessions-redis7", "sessions"]
    assert teardown.own_parameter_groups(found, "sessions", None) == ["sessions-redis6-x", "sessions-redis7"]
    assert teardown.own_parameter_groups(found, "sessions", "sessions") == ["sessions"]
