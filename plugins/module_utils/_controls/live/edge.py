# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where customers arrive, as it is: load balancers, certificates and web ACLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ..._aws.elbv2 import api
from ..._aws.elbv2.routing import current_action
from ..._aws.wafv2.model import RULE
from ..model import Resource
from .reading import Reading

NO_LOGGING = "WAFNonexistentItemException"


def balancers(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    listed = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    if not listed:
        return
    tags = api.describe_tags(aws, [one["LoadBalancerArn"] for one in listed])
    for one in listed:
        arn = one["LoadBalancerArn"]
        if reading.ours(tags.get(arn)):
            facts = {
                "attributes": api.load_balancer_attributes(aws, arn),
                "subnets": [zone["SubnetId"] for zone in one["AvailabilityZones"]],
                "security_groups": one.get("SecurityGroups", []),
            }
            yield Resource("load_balancer", one["LoadBalancerName"], facts)
            for listener in api.describe_listeners(aws, arn):
                yield Resource("listener", str(listener["Port"]), _listener(listener))


def _listener(listener: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "protocol": listener["Protocol"],
        "ssl_policy": listener.get("SslPolicy"),
        "default_action": current_action(listener["DefaultActions"], str),
    }


def certificates(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("acm")

    def look(arn: str) -> Resource | None:
        if not reading.ours(client.list_tags_for_certificate(CertificateArn=arn)["Tags"]):
            return None
        one = client.describe_certificate(CertificateArn=arn)["Certificate"]
        left = one.get("NotAfter")
        days = None if left is None else (left - reading.now).days
        facts = {"status": one["Status"], "key_algorithm": one.get("KeyAlgorithm"), "days_left": days}
        return Resource("certificate", one["DomainName"], facts)

    listed = reading.aws.pages("acm", "list_certificates", "CertificateSummaryList")
    yield from (one for one in reading.many(look, [item["CertificateArn"] for item in listed]) if one)


def web_acls(reading: Reading) -> Iterator[Resource]:
    """Web ACLs, what they log, and the load balancers that they stand before."""
    client = reading.aws.client("wafv2")
    for item in client.list_web_acls(Scope="REGIONAL").get("WebACLs", []):
        arn = item["ARN"]
        tags = client.list_tags_for_resource(ResourceARN=arn)["TagInfoForResource"]["TagList"]
        if not reading.ours(tags):
            continue
        acl = client.get_web_acl(Name=item["Name"], Scope="REGIONAL", Id=item["Id"])["WebACL"]
        yield Resource("web_acl", item["Name"], {RULE + rule["Name"]: _rule(rule) for rule in acl.get("Rules", [])})
        if reading.aws.found(partial(client.get_logging_configuration, ResourceArn=arn), NO_LOGGING):
            yield Resource("logging_configuration", item["Name"])
        guarded = client.list_resources_for_web_acl(WebACLArn=arn, ResourceType="APPLICATION_LOAD_BALANCER")
        for balancer in guarded.get("ResourceArns", []):
            yield Resource("association", f"{item['Name']} {balancer.split('/')[-2]}")


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    counted = rule.get("VisibilityConfig", {}).get("CloudWatchMetricsEnabled")
    return {"name": rule["Name"], "visibility_config": {"cloud_watch_metrics_enabled": bool(counted)}}
