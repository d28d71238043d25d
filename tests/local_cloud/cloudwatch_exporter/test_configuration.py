"""What YACE makes of a configuration and of names, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.cloudwatch_exporter.association import Associator, Resource
from local_cloud.cloudwatch_exporter.configuration import ConfigurationError, parse
from local_cloud.cloudwatch_exporter.names import label_name, metric_name
from local_cloud.cloudwatch_exporter.services import BY_NAMESPACE

METRIC = {"name": "CPUUtilization", "statistics": ["Average"], "period": 60, "length": 300}
JOB = {"type": "AWS/RDS", "regions": ["us-east-1"], "metrics": [METRIC]}
STATIC = {"name": "one", "namespace": "AWS/SNS", "regions": ["us-east-1"], "metrics": [METRIC]}


def file(*jobs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1alpha1", "discovery": {"jobs": list(jobs)}, **more}


@pytest.mark.parametrize(
    ("namespace", "name", "statistic", "expected"),
    [
        ("AWS/RDS", "CPUUtilization", "Average", "aws_rds_cpuutilization_average"),
        ("AWS/RDS", "ReadIOPS", "Average", "aws_rds_read_iops_average"),
        ("AWS/ElastiCache", "EngineCPUUtilization", "Average", "aws_elasticache_engine_cpuutilization_average"),
        ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", "aws_applicationelb_httpcode_elb_5_xx_count_sum"),
        ("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", "aws_applicationelb_un_healthy_host_count_maximum"),
        ("AWS/ApplicationELB", "TargetResponseTime", "p95", "aws_applicationelb_target_response_time_p95"),
        ("AWS/NATGateway", "ErrorPortAllocation", "Sum", "aws_natgateway_error_port_allocation_sum"),
        ("AWS/ECS", "info", "", "aws_ecs_info"),
        ("Orders", "Paid%", "Sum", "aws_orders_paid_percent_sum"),
    ],
)
def test_names_of_metrics(namespace: str, name: str, statistic: str, expected: str) -> None:
    assert metric_name(namespace, name, statistic) == expected


def test_names_of_labels() -> None:
    assert label_name("dimension_", "DBInstanceIdentifier", as_snake_case=False) == "dimension_DBInstanceIdentifier"
    assert label_name("dimension_", "DBInstanceIdentifier", as_snake_case=True) == "dimension_dbinstance_identifier"
    assert label_name("tag_", "aws:cloudformation/stack", as_snake_case=False) == "tag_aws_cloudformation_stack"
    assert label_name("tag_", "größe", as_snake_case=False) is None


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "at least 1 Discovery job"),
        ([], "cannot unmarshal"),
        (file(JOB, apiVersion="v2"), "unknown apiVersion value 'v2'"),
        (file({**JOB, "type": ""}), "Type should not be empty"),
        (file({**JOB, "type": "rds"}), 'use namespace "AWS/RDS" rather than alias "rds"'),
        (file({**JOB, "type": "AWS/Toaster"}), "Service is not in known list!: AWS/Toaster"),
        (file({**JOB, "regions": []}), "Regions should not be empty"),
        (file({**JOB, "regions": "us-east-1"}), "cannot unmarshal 'us-east-1' into list"),
        (file({**JOB, "metrics": []}), "Metrics should not be empty"),
        (file({**JOB, "metrics": [{**METRIC, "name": ""}]}), "Name should not be empty"),
        (file({**JOB, "metrics": [{**METRIC, "statistics": []}]}), "Statistics should not be empty"),
        (file({**JOB, "metrics": [{**METRIC, "period": "60"}]}), "cannot unmarshal '60' into int"),
        (file({**JOB, "metrics": [{**METRIC, "period": -1}]}), "Period value should be a positive integer"),
        (file({**JOB, "metrics": [{**METRIC, "length": 30}]}), r"length\(30\) is smaller than period\(60\)"),
        (file({**JOB, "searchTags": [{"key": "a", "value": "("}]}), "invalid regex value"),
        (file({**JOB, "roles": [{"externalId": "x"}]}), "RoleArn should not be empty"),
        (file(static=[{**STATIC, "name": ""}]), "Name should not be empty"),
        (file(static=[{**STATIC, "namespace": ""}]), "Namespace should not be empty"),
        (
            {"discovery": {"jobs": [JOB], "exportedTagsOnMetrics": {"AWS/SNS": ["Name"]}}},
            "does not match with any discovery job type",
        ),
    ],
)
def test_what_yace_refuses_is_refused(content: Any, error: str) -> None:
    with pytest.raises(ConfigurationError, match=error):
        parse(content)


def test_a_field_that_is_not_known_is_warned_of() -> None:
    assert parse(file({**JOB, "serchTags": []})).warnings == ("Discovery job [0]: field serchTags not found",)


def test_metrics_take_what_they_do_not_say_from_their_job() -> None:
    job = {**JOB, "statistics": ["Sum"], "period": 60, "nilToZero": True, "metrics": [{"name": "A"}, METRIC]}
    first, second = parse(file(job)).discovery[0].metrics

    assert (first.statistics, first.period, first.length, first.nil_to_zero) == (("Sum",), 60, 300, True)
    assert (second.statistics, second.period) == (("Average",), 60)


ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
GROUP = Resource(f"{ARN}:targetgroup/site/1", {})
BALANCER = Resource(f"{ARN}:loadbalancer/app/edge/2", {})


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        ({"LoadBalancer": "app/edge/2"}, (BALANCER, False)),
        ({"LoadBalancer": "app/edge/2", "TargetGroup": "targetgroup/site/1"}, (GROUP, False)),
        ({"LoadBalancer": "app/edge/2", "TargetGroup": "targetgroup/other/1"}, (BALANCER, False)),
        ({"LoadBalancer": "app/other/9"}, (None, True)),
        ({"AvailabilityZone": "us-east-1a"}, (None, False)),
        ({}, (None, False)),
    ],
)
def test_metrics_find_their_resource(dimensions: dict[str, str], expected: tuple[Resource | None, bool]) -> None:
    assert Associator(BY_NAMESPACE["AWS/ApplicationELB"], [GROUP, BALANCER]).find(dimensions) == expected
