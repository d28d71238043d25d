"""Metric data over boto3: what was put comes back, and what the local cloud measures is there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.exceptions
import pytest
from ecs_support import World
from local_cloud_support import LocalCloud, eventually

NAMESPACE = "Test"


@pytest.fixture
def cloudwatch(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("cloudwatch")


def query(metric: str, dimensions: dict[str, str], statistic: str, namespace: str = NAMESPACE) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    wanted = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": "wanted", "MetricStat": {"Metric": wanted, "Period": 60, "Stat": statistic}}


def values(cloudwatch: Any, wanted: dict[str, Any], **options: Any) -> list[float]:
    end = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    window = {"StartTime": end - timedelta(minutes=10), "EndTime": end, **options}
    [result] = cloudwatch.get_metric_data(MetricDataQueries=[wanted], **window)["MetricDataResults"]
    return list(result["Values"])


def put(cloudwatch: Any, name: str, **datum: Any) -> None:
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": name, **datum}])


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("Sum", 5050), ("Average", 50.5), ("Minimum", 1), ("Maximum", 100), ("SampleCount", 100), ("p90", 90.1)],
)
def test_statistics(cloudwatch: Any, statistic: str, expected: float) -> None:
    name = f"Values-{uuid.uuid4()}"
    put(cloudwatch, name, Values=[float(number) for number in range(1, 101)])

    assert values(cloudwatch, query(name, {}, statistic)) == [pytest.approx(expected, abs=0.2)]


def test_an_unknown_statistic_is_refused(cloudwatch: Any) -> None:
    name = f"Refused-{uuid.uuid4()}"
    put(cloudwatch, name, Value=1.0)

    with pytest.raises(botocore.exceptions.ClientError, match="not valid"):
        values(cloudwatch, query(name, {}, "Median"))


def test_dimensions_tell_metrics_apart(cloudwatch: Any) -> None:
    name = f"Apart-{uuid.uuid4()}"
    put(cloudwatch, name, Value=1.0, Dimensions=[{"Name": "A", "Value": "x"}])
    put(cloudwatch, name, Value=2.0, Dimensions=[{"Name": "A", "Value": "x"}, {"Name": "B", "Value": "y"}])

    assert values(cloudwatch, query(name, {"A": "x"}, "Sum")) == [1.0]
    assert values(cloudwatch, query(name, {"B": "y", "A": "x"}, "Sum")) == [2.0]
    listed = cloudwatch.list_metrics(Namespace=NAMESPACE, MetricName=name)["Metrics"]
    assert sorted(len(metric["Dimensions"]) for metric in listed) == [1, 2]
    [one] = cloudwatch.list_metrics(Namespace=NAMESPACE, MetricName=name, Dimensions=[{"Name": "B"}])["Metrics"]
    assert len(one["Dimensions"]) == 2


def test_the_newest_comes_first_when_asked_for(cloudwatch: Any) -> None:
    name, now = f"Order-{uuid.uuid4()}", datetime.now(UTC)
    for minutes in (3, 2, 1):
        put(cloudwatch, name, Value=float(minutes), Timestamp=now - timedelta(minutes=minutes))

    assert values(cloudwatch, query(name, {}, "Sum"), ScanBy="TimestampDescending") == [1.0, 2.0, 3.0]
    assert values(cloudwatch, query(name, {}, "Sum"), ScanBy="TimestampAscending") == [3.0, 2.0, 1.0]


def test_old_statistics_and_expressions_see_the_same(cloudwatch: Any) -> None:
    name, now = f"Both-{uuid.uuid4()}", datetime.now(UTC)
    put(cloudwatch, name, StatisticValues={"SampleCount": 4, "Sum": 20, "Minimum": 1, "Maximum": 9})

    [point] = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=name,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=600,
        Statistics=["Sum", "Average"],
    )["Datapoints"]

    assert (point["Sum"], point["Average"]) == (20.0, 5.0)


def test_a_cache_is_measured_node_by_node(local_cloud: LocalCloud, cloudwatch: Any) -> None:
    elasticache, name = local_cloud.client("elasticache"), f"measured-{uuid.uuid4().hex[:8]}"
    elasticache.create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="measured",
        CacheNodeType="cache.t4g.micro",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        Tags=[{"Key": "Measured", "Value": name}],
    )
    try:
        # What is measured has a deadline of its own: starting two servers takes a busy machine longer.
        available = elasticache.get_waiter("replication_group_available")
        available.wait(ReplicationGroupId=name, WaiterConfig={"Delay": 1})
        replica = {"CacheClusterId": f"{name}-002", "CacheNodeId": "0001"}
        lag = query("ReplicationLag", replica, "Maximum", "AWS/ElastiCache")
        used = query("DatabaseMemoryUsagePercentage", replica, "Average", "AWS/ElastiCache")
        found = eventually(lambda: values(cloudwatch, lag), timeout=30, what="the lag of the replica")
        assert 0 <= found[0] < 10
        assert 0 < values(cloudwatch, used)[0] < 5
        resources = local_cloud.client("resourcegroupstaggingapi").get_resources(
            ResourceTypeFilters=["elasticache:cluster"], TagFilters=[{"Key": "Measured", "Values": [name]}]
        )["ResourceTagMappingList"]
        assert [row["ResourceARN"].rpartition(":")[2] for row in resources] == [f"{name}-001", f"{name}-002"]
    finally:
        elasticache.delete_replication_group(ReplicationGroupId=name)


def test_a_busy_service_is_seen_to_be_busy(world: World, cloudwatch: Any) -> None:
    """256 units are a quarter of a core, which a loop takes several times over."""
    world.serve(world.define(world.shell("busy", "while :; do :; done"), cpu="256", memory="512"))
    world.steady()
    service = {"ClusterName": world.name, "ServiceName": "app"}

    cpu = query("CPUUtilization", service, "Maximum", "AWS/ECS")
    found = eventually(lambda: values(cloudwatch, cpu), timeout=45, what="the CPU of the service")

    assert found[-1] > 25
    assert 0 < values(cloudwatch, query("MemoryUtilization", service, "Maximum", "AWS/ECS"))[-1] < 50


def test_a_database_is_measured(local_cloud: LocalCloud, cloudwatch: Any) -> None:
    rds, name = local_cloud.client("rds"), f"measured-{uuid.uuid4().hex[:8]}"
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="measured",
        MasterUserPassword="a-password-for-tests",
    )
    try:
        instance = {"DBInstanceIdentifier": name}

        def newest(metric: str) -> list[float]:
            return values(cloudwatch, query(metric, instance, "Average", "AWS/RDS"))

        assert 0 <= eventually(lambda: newest("CPUUtilization"), timeout=60, what="the CPU of the database")[0] <= 100
        assert newest("DatabaseConnections") == [0.0] * len(newest("DatabaseConnections"))
        assert 19 * 2**30 < newest("FreeStorageSpace")[0] < 20 * 2**30
        assert 0 < newest("FreeableMemory")[0] < 2**30
        assert newest("WriteLatency")[0] < 1
    finally:
        rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=name, WaiterConfig={"Delay": 1})
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_load_balancers_are_found_by_their_kind(local_cloud: LocalCloud) -> None:
    own = [{"Name": "default-for-az", "Values": ["true"]}]
    subnets = local_cloud.client("ec2").describe_subnets(Filters=own)["Subnets"][:2]
    elbv2, name = local_cloud.client("elbv2"), f"kind-{uuid.uuid4().hex[:8]}"
    [made] = elbv2.create_load_balancer(
        Name=name, Subnets=[row["SubnetId"] for row in subnets], Tags=[{"Key": "Kind", "Value": name}]
    )["LoadBalancers"]
    tagging = local_cloud.client("resourcegroupstaggingapi")

    def found(kind: str) -> list[str]:
        answer = tagging.get_resources(ResourceTypeFilters=[kind], TagFilters=[{"Key": "Kind", "Values": [name]}])
        return [row["ResourceARN"] for row in answer["ResourceTagMappingList"]]

    try:
        kinds = ("loadbalancer", "loadbalancer/app", "loadbalancer/net", "targetgroup")
        assert [len(found(f"elasticloadbalancing:{kind}")) for kind in kinds] == [1, 1, 0, 0]
    finally:
        elbv2.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
