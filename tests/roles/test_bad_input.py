"""Roles refuse what cannot be: one line with variable, value and remedy, before the first write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.roles.playbooks import client, play


@dataclass(frozen=True)
class Refusal:
    role: str
    variables: dict[str, Any]
    message: str
    """The error, as it begins."""


OVERLAPPING = [
    {"name": "public", "public": True, "cidrs": ["10.20.0.0/20", "10.20.16.0/20"]},
    {"name": "private", "cidrs": ["10.20.16.0/21", "10.20.32.0/20"]},
]
GOLD = {"name": "reports", "kind": "premium", "paths": ["/reports"], "tiers": ["gold"]}
# What Prometheus would read in Parameter Store.
AROUND = {
    "encryption_result": {"arns": {}},
    "network_result": {"vpc_id": "vpc-0123456789abcdef0"},
    "container_platform_result": {
        "cluster_arn": "arn:aws:ecs:us-east-1:123456789012:cluster/bad",
        "namespace_name": "b",
    },
    "monitoring_result": {},
    "database_result": {"arn": ""},
    "cache_result": {"groups": {}},
}
LOUD = {"alert": "Odd", "expr": "up == 0", "labels": {"severity": "loud", "owner": "platform"}}
LONG = "trademaster-staging-and-a-half-too-long"

REFUSALS = {
    "a CIDR that is none": Refusal(
        "network", {"network_cidr": "10.20.0.0/33"}, "cidr_block: '10.20.0.0/33' is no IPv4 range: write it as"
    ),
    "a CIDR with host bits": Refusal(
        "network", {"network_cidr": "10.20.1.0/16"}, "cidr_block: '10.20.1.0/16' does not start its range: write"
    ),
    "subnets that overlap": Refusal(
        "network",
        {"network_tiers": OVERLAPPING, "network_endpoints": []},
        "tiers[1].cidrs[0]: '10.20.16.0/21' overlaps 10.20.16.0/20: choose ranges",
    ),
    "an unknown zone": Refusal(
        "network",
        {"network_zone_names": ["us-east-1a", "us-east-1x"]},
        "zone_names[1]: 'us-east-1x' is no zone of this region: choose from us-east-1a",
    ),
    "a domain outside the hosted zone": Refusal(
        "edge",
        {"edge_domain": "auth.example.org"},
        'edge_domain, edge_alternative_names: ["auth.example.org"] is outside the hosted zone local.example.com: name',
    ),
    "a hosted zone that is not there": Refusal(
        "edge",
        {"edge_domain": "auth.example.org", "edge_hosted_zone": "example.org"},
        "hosted_zone: 'example.org' is no public hosted zone of this account: create it first",
    ),
    "a name that is too long": Refusal(
        "edge", {"edge_name": LONG}, f'edge_name: "{LONG}" is no name of a load balancer: give up to 32'
    ),
    "a default target group that is not listed": Refusal(
        "edge",
        {"edge_default_target_group": "sight"},
        'edge_default_target_group: "sight" is not in edge_target_groups: choose from site',
    ),
    "a gateway of one task": Refusal(
        "kong_gateway",
        {"kong_gateway_scaling": {"minimum": 1}},
        "kong_gateway_scaling.minimum: 1 is a gateway that one lost task takes down: give 2 or more",
    ),
    "clients that name their own address": Refusal(
        "kong_gateway",
        {"kong_gateway_trusted_cidrs": ["10.20.0.0/20", "0.0.0.0/0"]},
        'kong_gateway_trusted_cidrs: ["10.20.0.0/20", "0.0.0.0/0"] lets every client name an address for itself: give',
    ),
    "an open Admin API": Refusal(
        "kong_gateway",
        {"kong_gateway_environment": {"KONG_ADMIN_LISTEN": "0.0.0.0:8001"}},
        'kong_gateway_environment: "0.0.0.0:8001" would open the Admin API without TLS and token: take',
    ),
    "counters in a Redis cluster": Refusal(
        "kong_config",
        {"kong_config_redis": {"host": "counters.example.com", "cluster_mode": True}},
        "kong_config_redis: counters.example.com is a cluster, and the gateway's limits cannot use one: name a cache",
    ),
    "a gateway without an address": Refusal(
        "kong_config",
        {"kong_config_admin_url": ""},
        "kong_config_admin_url: it is empty, and kong_config_access is url",
    ),
    "an alert of an unknown severity": Refusal(
        "prometheus",
        {**AROUND, "prometheus_rules": {"own": [{"name": "own", "rules": [LOUD]}]}},
        "own.yml: Odd: severity",
    ),
    "an unknown threshold": Refusal(
        "prometheus",
        {**AROUND, "prometheus_thresholds": {"errors": 5}},
        "prometheus_thresholds.errors: is unknown: choose from",
    ),
    "a retention that is none": Refusal(
        "prometheus",
        {**AROUND, "prometheus_retention": {"time": "15d", "size": "much"}},
        "prometheus_retention.size: 'much' is no size: write 512MB or 20GB",
    ),
    "a promtool that is not there": Refusal(
        "prometheus",
        {**AROUND, "prometheus_promtool": "/nowhere/promtool"},
        "prometheus_promtool: '/nowhere/promtool' cannot be run here (No such file or directory): install it, or give",
    ),
    "a route for a tier that is not there": Refusal(
        "kong_config",
        {"kong_config_services": [{"name": "auth", "host": "auth", "routes": [GOLD]}]},
        "kong_config_services[0].routes[0].tiers: 'gold' is no tier: choose from free, smart, premium",
    ),
    "a Grafana for everybody": Refusal(
        "grafana",
        {"grafana_environment": {"GF_AUTH_ANONYMOUS_ENABLED": True, "GF_USERS_ALLOW_SIGN_UP": "false"}},
        "grafana_environment: GF_AUTH_ANONYMOUS_ENABLED would open Grafana or show a secret: take it away",
    ),
    "a pager that calls nobody": Refusal(
        "pagerduty",
        {},
        'pagerduty_escalation_policy: "" and pagerduty_escalation_rules: [] do not say who is called; name a policy',
    ),
    "a pager without a token": Refusal(
        "pagerduty",
        {"pagerduty_escalation_policy": "Platform", "pagerduty_api_token": ""},
        "api_token: None is not given; set the option, or the variable PAGERDUTY_API_TOKEN",
    ),
    "credentials of another account": Refusal(
        "cicd",
        {"cicd_account_id": "210987654321"},
        'cicd_account_id: "210987654321" is not the account of the credentials, 123456789012; sign in to',
    ),
    "branches by a pattern": Refusal(
        "cicd",
        {"cicd_branches": ["main", "release/*"]},
        'cicd_branches: ["main", "release/*"] does not say which branches may be released from; name each of them',
    ),
    "all repositories of an owner": Refusal(
        "cicd",
        {"cicd_repository": "trademaster/*"},
        'cicd_repository: "trademaster/*" is no repository of GitHub; give <owner>/<name>',
    ),
    "environments at GitHub without a token": Refusal(
        "cicd",
        {"cicd_github": True, "cicd_github_api_token": ""},
        "cicd_github_api_token: it is empty, and cicd_github asks for the environments at GitHub; give a token",
    ),
    "a question that no role of the playbook answers": Refusal(
        "awx",
        {"awx_job_templates": [{"name": "deploy", "playbook": "deploy", "survey": [{"variable": "release_tga"}]}]},
        "awx_job_templates[0].survey[0].variable: 'release_tga' is no variable of the roles of playbooks/",
    ),
    "a schedule of nothing": Refusal(
        "awx",
        {"awx_schedules": [{"name": "nightly", "job_template": "drift", "rrule": "RRULE:FREQ=DAILY"}]},
        "awx_schedules[0].job_template: 'drift' is not in awx_job_templates: choose from site, plan, verify",
    ),
    "a controller without an account": Refusal(
        "awx",
        {"awx_token": "", "awx_username": "admin", "awx_password": ""},
        'awx_token: "" is not given; set it, or the variable CONTROLLER_OAUTH_TOKEN, or both awx_username',
    ),
    "a controller that is not there": Refusal(
        "awx", {}, 'awx_url: "http://127.0.0.1:1" does not answer as a controller (Status code was -1 and not [200]'
    ),
    "a password of Grafana in clear": Refusal(
        "grafana",
        {"grafana_environment": {"GF_SECURITY_ADMIN_PASSWORD": "secret"}},
        "grafana_environment: GF_SECURITY_ADMIN_PASSWORD would open Grafana or show a secret: take it away",
    ),
}


def owned(endpoint: str) -> list[str]:
    """What carries our tags."""
    found = client("resourcegroupstaggingapi", endpoint).get_resources(
        TagFilters=[{"Key": "Project", "Values": ["bad"]}]
    )["ResourceTagMappingList"]
    return [row["ResourceARN"] for row in found]


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_in_one_line_before_the_first_write(aws_endpoint: str, name: str) -> None:
    refusal = REFUSALS[name]

    ended = play("bad_input", aws_endpoint, {"role": refusal.role, **refusal.variables}, timeout=60)

    errors = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith("[ERROR]")]
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert len(errors) == 1
    assert refusal.message in errors[0]
    assert owned(aws_endpoint) == []
