"""Cloud Map: instances of tasks, and the name server."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from dnslib import DNSRecord
from ecs_support import World, address_of
from local_cloud_support import eventually


def ask(world: World, name: str, kind: str, tcp: bool = False) -> list[str]:
    settings = world.cloud.settings
    packet = DNSRecord.question(name, kind).send(settings.dns_address, settings.dns_port, tcp=tcp, timeout=5)
    return [str(record.rdata) for record in DNSRecord.parse(packet).rr]


def namespace(world: World) -> str:
    client = world.cloud.client("servicediscovery")
    client.create_private_dns_namespace(Name=f"{world.name}.internal", Vpc=world.vpc)
    found = client.list_namespaces(Filters=[{"Name": "NAME", "Values": [f"{world.name}.internal"]}])["Namespaces"]
    return str(found[0]["Id"])


def test_tasks_are_found_by_name(world: World) -> None:
    client = world.cloud.client("servicediscovery")
    records = [{"Type": "A", "TTL": 10}, {"Type": "SRV", "TTL": 10}]
    service = client.create_service(Name="app", NamespaceId=namespace(world), DnsConfig={"DnsRecords": records})
    service = service["Service"]
    registries = [{"registryArn": service["Arn"], "containerName": "app", "containerPort": 8080}]
    world.serve(world.define(world.container()), count=2, serviceRegistries=registries)
    assert world.steady()["serviceRegistries"] == registries
    addresses = sorted(address_of(task) for task in world.tasks())
    name = f"app.{world.name}.internal"
    assert sorted(ask(world, name, "A")) == addresses
    assert sorted(ask(world, name, "A", tcp=True)) == addresses
    place = ask(world, name, "SRV")[0].split()
    assert place[2] == "8080"
    assert ask(world, place[3], "A")[0] in addresses
    assert ask(world, "other.example", "A") == []
    with pytest.raises(ClientError, match="ResourceInUse"):
        client.delete_service(Id=service["Id"])
    world.ecs.update_service(cluster=world.name, service="app", desiredCount=0)
    eventually(lambda: not client.list_instances(ServiceId=service["Id"])["Instances"], what="no instances")
    client.delete_service(Id=service["Id"])


def test_only_the_types_of_a_service_are_answered(world: World) -> None:
    client = world.cloud.client("servicediscovery")
    records = [{"Type": "A", "TTL": 10}]
    service = client.create_service(Name="app", NamespaceId=namespace(world), DnsConfig={"DnsRecords": records})
    attributes = {"AWS_INSTANCE_IPV4": "127.0.0.9", "AWS_INSTANCE_PORT": "8080"}
    client.register_instance(ServiceId=service["Service"]["Id"], InstanceId="one", Attributes=attributes)
    assert ask(world, f"app.{world.name}.internal", "A") == ["127.0.0.9"]
    assert ask(world, f"app.{world.name}.internal", "SRV") == []
    client.deregister_instance(ServiceId=service["Service"]["Id"], InstanceId="one")


def test_namespaces_and_services_by_name(world: World) -> None:
    client = world.cloud.client("servicediscovery")
    first = namespace(world)
    with pytest.raises(ClientError, match="NamespaceAlreadyExists"):
        client.create_private_dns_namespace(Name=f"{world.name}.internal", Vpc=world.vpc)
    client.create_private_dns_namespace(Name=f"{world.name}.other", Vpc=world.vpc)
    zones = {zone["Name"] for zone in world.cloud.client("route53").list_hosted_zones()["HostedZones"]}
    assert f"{world.name}.internal." in zones
    client.create_service(Name="one", NamespaceId=first)
    with pytest.raises(ClientError, match="ServiceAlreadyExists"):
        client.create_service(Name="one", NamespaceId=first)
    listed = client.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": [first]}])["Services"]
    assert [item["Name"] for item in listed] == ["one"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        client.delete_namespace(Id=first)
