"""The account comes with the hosted zone of a registered domain."""

from __future__ import annotations

from local_cloud_support import LocalCloud


def test_the_zone_of_the_registered_domain_is_there(local_cloud: LocalCloud) -> None:
    zones = local_cloud.client("route53").list_hosted_zones_by_name(DNSName="local.example.com")["HostedZones"]

    assert [(zone["Name"], zone["Config"]["PrivateZone"]) for zone in zones[:1]] == [("local.example.com.", False)]
