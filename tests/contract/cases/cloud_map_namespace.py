"""Contract cases of cloud_map_namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
NAME = "contract.internal"
AUTH = {"name": "auth", "description": "Sign-in", "dns_records": [{"type": "A", "ttl": 10}]}
KONG = {"name": "kong", "dns_records": [{"type": "A", "ttl": 10}, {"type": "SRV", "ttl": 10}]}


def prepared(boto: Boto) -> Mapping[str, Any]:
    return {"vpc_id": boto("ec2").create_vpc(CidrBlock="10.79.0.0/16")["Vpc"]["VpcId"]}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A namespace of the same name in another VPC, with a service of the same name."""
    vpc = boto("ec2").create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
    cloud_map = boto("servicediscovery")
    operation = cloud_map.create_private_dns_namespace(Name=NAME, Vpc=vpc)["OperationId"]
    namespace = cloud_map.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    records = [{"Type": "A", "TTL": 99}]
    service = cloud_map.create_service(Name="auth", NamespaceId=namespace, DnsConfig={"DnsRecords": records})
    identifier = service["Service"]["Id"]
    return lambda: cloud_map.get_service(Id=identifier)["Service"]["DnsConfig"]["DnsRecords"]


CASES = [
    Case(
        name="cloud_map_namespace",
        module="cloud_map_namespace",
        present={
            "name": NAME,
            "description": "Services under contract",
            "services": [AUTH, KONG],
            "purge": True,
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "description": {"description": "Other services"},
            "service description": {"services": [{**AUTH, "description": "Login"}, KONG]},
            "ttl": {"services": [{**AUTH, "dns_records": [{"type": "A", "ttl": 60}]}, KONG]},
            "record type": {"services": [{**AUTH, "dns_records": [{"type": "SRV", "ttl": 10}]}, KONG]},
            "routing policy": {"services": [{**AUTH, "routing_policy": "WEIGHTED"}, KONG]},
            "health check": {"services": [{**AUTH, "custom_health_check": False}, KONG]},
            "one service fewer": {"services": [AUTH]},
            "one service more": {"services": [AUTH, KONG, {"name": "grafana"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        prepare=prepared,
        foreign=lookalike,
    )
]
