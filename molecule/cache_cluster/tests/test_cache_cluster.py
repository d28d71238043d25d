"""A cache with cluster mode: two shards with a replica each, seen as one by a cluster-aware client."""

import json
import os
from pathlib import Path

import boto3
import pytest
import redis

CA = Path(os.environ["LOCAL_CLOUD_STATE"]) / "ca.pem"
PUBLISHED = boto3.client("ssm").get_parameter(Name="/molecule/cache_cluster/outputs/cache")["Parameter"]["Value"]
SESSIONS = json.loads(PUBLISHED)["groups"]["sessions"]
TOKEN = boto3.client("secretsmanager").get_secret_value(SecretId="molecule/cache_cluster/token")["SecretString"]
GROUP = boto3.client("elasticache").describe_replication_groups(ReplicationGroupId="molecule-cache-cluster-sessions")[
    "ReplicationGroups"
][0]


def cluster() -> redis.RedisCluster:
    return redis.RedisCluster(
        host=SESSIONS["address"],
        port=SESSIONS["port"],
        password=TOKEN,
        ssl=True,
        ssl_ca_certs=str(CA),
    )


def test_keys_of_all_shards_are_written_and_read() -> None:
    client = cluster()
    keys = [f"molecule:{number}" for number in range(20)]
    for key in keys:
        client.set(key, key, ex=60)

    assert [client.get(key) for key in keys] == [key.encode() for key in keys]
    assert len({client.get_node_from_key(key).name for key in keys}) == 2


def test_it_refuses_who_has_no_token() -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(host=SESSIONS["address"], port=SESSIONS["port"], ssl=True, ssl_ca_certs=str(CA)).ping()


def test_each_shard_has_a_replica() -> None:
    assert GROUP["ClusterEnabled"]
    assert [len(shard["NodeGroupMembers"]) for shard in GROUP["NodeGroups"]] == [2, 2]
    assert GROUP["MultiAZ"] == "enabled"


def test_the_published_result_tells_where_clients_start() -> None:
    assert SESSIONS["cluster_mode"]
    assert SESSIONS["address"] == GROUP["ConfigurationEndpoint"]["Address"]
    assert TOKEN not in PUBLISHED
