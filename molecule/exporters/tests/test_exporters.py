"""The exporters say what is true of the database, the caches, AWS and the public address; no password shows."""

import json
import math
import os
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import redis

CA = Path(os.environ["LOCAL_CLOUD_STATE"]) / "ca.pem"
NAME = "molecule-exporters"
SERVICE = f"{NAME}-exporters"


def published(name: str) -> dict[str, Any]:
    parameter = boto3.client("ssm").get_parameter(Name=f"/molecule/exporters/outputs/{name}")["Parameter"]["Value"]
    return dict(json.loads(parameter))


EXPORTERS, DATABASE = published("exporters"), published("database")
ARNS = published("configuration")["secret_arns"]


def secret(name: str) -> str:
    return str(boto3.client("secretsmanager").get_secret_value(SecretId=ARNS[name])["SecretString"])


def task_address() -> str:
    ecs = boto3.client("ecs")
    [arn] = ecs.list_tasks(cluster=NAME, serviceName=SERVICE)["taskArns"]
    [task] = ecs.describe_tasks(cluster=NAME, tasks=[arn])["tasks"]
    details = {row["name"]: row["value"] for row in task["attachments"][0]["details"]}
    return str(details["privateIPv4Address"])


ADDRESS = task_address()


def metrics(port: int, path: str = "/metrics", **parameters: str) -> dict[tuple[str, str], float]:
    """Values by name and labels, labels as they are written."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with urllib.request.urlopen(f"http://{ADDRESS}:{port}{path}{query}", timeout=15) as answer:
        lines = answer.read().decode().splitlines()
    rows = [re.fullmatch(r"([^{ ]+)(?:\{(.*)\})? (\S+)", line) for line in lines if not line.startswith("#")]
    return {(row[1], row[2] or ""): float(row[3]) for row in rows if row}


def value(found: dict[tuple[str, str], float], name: str, *labels: str) -> float:
    values = [
        number for (metric, text), number in found.items() if metric == name and all(row in text for row in labels)
    ]
    assert values, f"no {name} with {labels}: {sorted({metric for metric, _ in found})}"
    return sum(values)


def eventually(look: Callable[[], bool], seconds: float = 100.0) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


def nodes(group: str) -> list[str]:
    clusters = boto3.client("elasticache").describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    mine = [row for row in clusters if row["ReplicationGroupId"] == f"{NAME}-{group}"]
    endpoints = [node["Endpoint"] for row in mine for node in row["CacheNodes"]]
    return [f"{endpoint['Address']}:{endpoint['Port']}" for endpoint in endpoints]


def cache(group: str, node: str) -> dict[tuple[str, str], float]:
    return metrics(EXPORTERS["ports"]["caches"][group], "/scrape", target=f"rediss://{node}")


def test_postgres() -> None:
    account = json.loads(secret("monitoring/database"))
    with psycopg.connect(
        host=DATABASE["address"],
        port=DATABASE["port"],
        dbname="orders",
        user=account["username"],
        password=account["password"],
        sslmode="verify-full",
        sslrootcert=str(Path(os.environ["LOCAL_CLOUD_STATE"], "ca.pem")),
    ) as connection:
        connection.execute("SELECT pg_sleep(0.5), 4711 AS a_statement_of_the_test")
        found = metrics(EXPORTERS["ports"]["postgres"])

    assert value(found, "pg_up") == 1
    assert value(found, "pg_stat_database_numbackends", 'datname="orders"') >= 1
    assert value(found, "pg_settings_max_connections") > 0
    assert value(found, "pg_replication_is_replica") == 0
    assert value(found, "pg_stat_statements_calls_total", 'datname="orders"', 'user="platform_admin"') >= 1
    assert value(found, "pg_exporter_last_scrape_error") == 0
    texts = [text for name, text in found if name == "pg_stat_statements_query_info"]
    assert texts
    assert not any("4711" in text for text in texts)


@pytest.mark.parametrize("group", ["sessions", "gateway"])
def test_every_node_of_the_caches(group: str) -> None:
    assert len(nodes(group)) == 2
    for node in nodes(group):
        found = cache(group, node)
        assert value(found, "redis_up") == 1
        assert value(found, "redis_memory_max_bytes") > 0


def test_active_sessions_are_counted_over_the_shards() -> None:
    host, port = nodes("sessions")[0].split(":")
    client = redis.RedisCluster(
        host=host, port=int(port), password=secret("cache/sessions"), ssl=True, ssl_ca_certs=str(CA)
    )
    for number in range(20):
        client.set(f"trademaster:session:{number}", "x", ex=300)
        client.set(f"something-else:{number}", "x", ex=300)

    counts = [
        value(cache("sessions", node), "redis_keys_count", 'key="trademaster:session:*"') for node in nodes("sessions")
    ]

    assert sum(counts) == 20
    assert all(counts)


def public_address() -> str:
    endpoints = json.loads(Path(os.environ["LOCAL_CLOUD_STATE"], "endpoints.json").read_text("utf-8"))
    return str(endpoints["load_balancers"][NAME]["listeners"]["443"])


@pytest.mark.parametrize(("module", "path"), [("http_2xx", "/health"), ("sign_in", "/api/v1/auth/login")])
def test_probes(module: str, path: str) -> None:
    found = metrics(EXPORTERS["ports"]["blackbox"], "/probe", module=module, target=f"{public_address()}{path}")

    assert value(found, "probe_success") == 1
    assert value(found, "probe_http_ssl") == 1
    assert value(found, "probe_ssl_earliest_cert_expiry") > time.time()


def test_a_page_in_place_of_a_refusal_is_no_sign_in() -> None:
    found = metrics(EXPORTERS["ports"]["blackbox"], "/probe", module="sign_in", target=f"{public_address()}/health")

    assert value(found, "probe_success") == 0


WATCHED = [
    ("aws_rds_cpuutilization_average", f'dimension_DBInstanceIdentifier="{NAME}"'),
    ("aws_rds_database_connections_average", f'dimension_DBInstanceIdentifier="{NAME}"'),
    ("aws_rds_free_storage_space_average", f'dimension_DBInstanceIdentifier="{NAME}"'),
    ("aws_elasticache_engine_cpuutilization_average", f'dimension_CacheClusterId="{NAME}-gateway-001"'),
    (
        "aws_elasticache_database_memory_usage_percentage_average",
        f'dimension_CacheClusterId="{NAME}-sessions-0001-001"',
    ),
    ("aws_elasticache_replication_lag_average", f'dimension_CacheClusterId="{NAME}-gateway-002"'),
    ("aws_elasticache_evictions_sum", 'dimension_CacheNodeId="0001"'),
    ("aws_natgateway_error_port_allocation_sum", "dimension_NatGatewayId="),
    ("aws_applicationelb_request_count_sum", "dimension_LoadBalancer="),
    ("aws_applicationelb_un_healthy_host_count_maximum", f'dimension_TargetGroup="targetgroup/{NAME}/'),
]


def test_cloudwatch() -> None:
    """Data is there when its minute is over."""

    def seen() -> bool:
        found = metrics(EXPORTERS["ports"]["cloudwatch"])
        numbers = [
            [number for (name, text), number in found.items() if name == metric and label in text]
            for metric, label in WATCHED
        ]
        return all(values and not any(math.isnan(number) for number in values) for values in numbers)

    eventually(seen)
    found = metrics(EXPORTERS["ports"]["cloudwatch"])
    assert value(found, "aws_rds_free_storage_space_average") < 20 * 2**30
    assert value(found, "aws_rds_info", 'tag_Environment="exporters"') == 0
    # Its own numbers come when their minute is over.
    assert value(found, "aws_ecs_info", SERVICE) == 0


def test_containers_are_what_their_images_allow() -> None:
    """The image for CloudWatch holds nothing but the program; no image writes outside its volumes."""
    definition = boto3.client("ecs").describe_task_definition(taskDefinition=SERVICE)["taskDefinition"]
    containers = {container["name"]: container for container in definition["containerDefinitions"]}

    assert {name for name, container in containers.items() if "healthCheck" not in container} == {
        "cloudwatch-exporter",
        "configuration",
    }
    assert all(container["readonlyRootFilesystem"] for container in containers.values())


def test_no_password_shows() -> None:
    ecs, logs = boto3.client("ecs"), boto3.client("logs")
    definition = json.dumps(ecs.describe_task_definition(taskDefinition=SERVICE)["taskDefinition"], default=str)
    events = json.dumps(logs.filter_log_events(logGroupName=EXPORTERS["log_group"])["events"])

    for name in ("cache/sessions", "cache/gateway"):
        assert secret(name) not in definition + events
    assert json.loads(secret("monitoring/database"))["password"] not in definition + events


def test_the_task_reads_metrics_and_its_files_alone() -> None:
    role = f"{SERVICE}-task"
    statements = boto3.client("iam").get_role_policy(RoleName=role, PolicyName="task")["PolicyDocument"]["Statement"]
    everywhere = [row["Action"] for row in statements if "*" in row["Resource"]]

    assert everywhere == [
        ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "iam:ListAccountAliases", "tag:GetResources"]
    ]
