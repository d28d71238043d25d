"""Cloud Map namespaces and services: planning and bad input."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudmap import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "x"}


def wanted(name: str = "auth", **fields: Any) -> dict[str, Any]:
    base = {"name": name, "dns_records": [{"type": "A", "ttl": 10}], "routing_policy": "MULTIVALUE"}
    return {**base, "custom_health_check": True, "description": None, **fields}


def listed(name: str = "auth", **fields: Any) -> dict[str, Any]:
    base = {
        "Name": name,
        "Id": f"srv-{name}",
        "Arn": f"arn:{name}",
        "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
    }
    return {**base, **fields}


def planned(
    services: list[dict[str, Any]], current: list[dict[str, Any]], *, owned: tuple[str, ...] = (), purge: bool = False
) -> list[str]:
    desired = model.desired_services({"services": services, "tags": TAGS})
    states = {item["Name"]: model.current_service(item, TAGS) for item in current}
    namespace = {"id": "ns", "description": "", "tags": TAGS}
    return [
        f"{change} {','.join(change.fields)} @{change.level}"
        for change in model.plan("n.internal", (namespace, {}), (states, desired), owned=owned, purge=purge)
    ]


def test_the_same_needs_nothing() -> None:
    assert planned([wanted()], [listed()]) == []


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (wanted(dns_records=[{"type": "A", "ttl": 60}]), "update cloud_map_service auth ttls @2"),
        (wanted(description="x"), "update cloud_map_service auth description @2"),
        (wanted(routing_policy="WEIGHTED"), "replace cloud_map_service auth routing_policy @2"),
        (wanted(dns_records=[{"type": "SRV", "ttl": 10}]), "replace cloud_map_service auth record_types,ttls @2"),
        (wanted(custom_health_check=False), "replace cloud_map_service auth custom_health_check @2"),
    ],
)
def test_what_cannot_change_in_place_is_replaced(service: dict[str, Any], expected: str) -> None:
    assert planned([service], [listed()]) == [expected]


def test_a_service_with_instances_is_not_replaced() -> None:
    with pytest.raises(InvalidInput, match="2 instances are registered"):
        planned([wanted(routing_policy="WEIGHTED")], [listed(InstanceCount=2)])


def test_only_owned_services_are_purged() -> None:
    current = [listed(), listed("ours"), listed("theirs")]
    assert planned([wanted()], current, owned=("auth", "ours")) == []
    assert planned([wanted()], current, owned=("auth", "ours"), purge=True) == ["delete cloud_map_service ours  @0"]


def test_services_go_before_their_namespace() -> None:
    changes = model.plan_removal("n", {"id": "ns"}, {"auth": {"id": "srv"}})
    assert [(change.kind, change.level) for change in changes] == [("cloud_map_service", 0), ("namespace", 3)]
    assert model.plan_removal("n", None, {}) == []


def test_the_namespace_of_the_vpc_is_chosen() -> None:
    def namespace(number: int) -> dict[str, Any]:
        return {"Id": f"ns-{number}", "Properties": {"DnsProperties": {"HostedZoneId": f"Z{number}"}}}

    both, vpcs = [namespace(1), namespace(2)], {"Z1": {"vpc-a"}, "Z2": {"vpc-b"}}
    assert model.chosen(both, vpcs, "vpc-b")["Id"] == "ns-2"
    assert model.chosen(both, vpcs, "vpc-c") is None
    assert model.chosen(both[:1], {}, None)["Id"] == "ns-1"
    with pytest.raises(InvalidInput, match="2 namespaces"):
        model.chosen(both, {}, None)
    assert model.chosen([], {}, None) is None


@pytest.mark.parametrize(
    ("services", "variable"),
    [
        ([wanted(), wanted()], "services[1].name"),
        ([wanted(dns_records=[])], "services[0].dns_records"),
        ([wanted(dns_records=[{"type": "A", "ttl": 1}, {"type": "A", "ttl": 2}])], "services[0].dns_records"),
        ([wanted(dns_records=[{"type": "CNAME", "ttl": 1}])], "services[0].dns_records"),
        ([wanted(dns_records=[{"type": "A", "ttl": -1}])], "services[0].dns_records.ttl"),
    ],
)
def test_bad_services_are_refused_by_name(services: list[dict[str, Any]], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.desired_services({"services": services, "tags": None})
    assert refusal.value.variable == variable


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"name": "", "state": "present", "vpc_id": "vpc-1"}, "name"),
        ({"name": "n.internal", "state": "present", "vpc_id": None}, "vpc_id"),
    ],
)
def test_bad_namespaces_are_refused_by_name(options: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.check(options)
    assert refusal.value.variable == variable


@pytest.mark.parametrize(("status", "verdict"), [("SUBMITTED", "pending"), ("SUCCESS", "done"), ("FAIL", "failed")])
def test_operations_are_judged(status: str, verdict: str) -> None:
    assert model.judge({"Status": status}).status == verdict
