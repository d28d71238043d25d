# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Elastic Load Balancing, one function an operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

TAGS_BATCH = 20  # resources a DescribeTags may name


def describe_load_balancer(aws: Aws, name: str) -> dict[str, Any] | None:
    """The load balancer of that name, None without one (DescribeLoadBalancers)."""
    found = aws.found(lambda: aws.client("elbv2").describe_load_balancers(Names=[name]), "LoadBalancerNotFound")
    balancers = (found or {}).get("LoadBalancers", [])
    return dict(balancers[0]) if balancers else None


def load_balancer_attributes(aws: Aws, arn: str) -> dict[str, str]:
    """Attributes by key (DescribeLoadBalancerAttributes)."""
    return _attributes(aws.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn))


def describe_listeners(aws: Aws, arn: str) -> list[dict[str, Any]]:
    """Listeners of a load balancer (DescribeListeners)."""
    return aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)


def listener_attributes(aws: Aws, arn: str) -> dict[str, str]:
    """Attributes by key (DescribeListenerAttributes)."""
    return _attributes(aws.client("elbv2").describe_listener_attributes(ListenerArn=arn))


def listener_certificates(aws: Aws, arn: str) -> list[str]:
    """ARNs of all certificates of a listener, the default one included (DescribeListenerCertificates)."""
    found = aws.pages("elbv2", "describe_listener_certificates", "Certificates", ListenerArn=arn)
    return [certificate["CertificateArn"] for certificate in found]


def describe_rules(aws: Aws, arn: str) -> list[dict[str, Any]]:
    """Rules of a listener, the default one included (DescribeRules)."""
    return aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=arn)


def describe_target_groups(aws: Aws) -> list[dict[str, Any]]:
    """All target groups of the region (DescribeTargetGroups)."""
    return aws.pages("elbv2", "describe_target_groups", "TargetGroups")


def target_group_attributes(aws: Aws, arn: str) -> dict[str, str]:
    """Attributes by key (DescribeTargetGroupAttributes)."""
    return _attributes(aws.client("elbv2").describe_target_group_attributes(TargetGroupArn=arn))


def describe_tags(aws: Aws, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Tags by ARN (DescribeTags)."""
    described: list[dict[str, Any]] = []
    for start in range(0, len(arns), TAGS_BATCH):
        batch = list(arns[start : start + TAGS_BATCH])
        described += aws.client("elbv2").describe_tags(ResourceArns=batch)["TagDescriptions"]
    return {item["ResourceArn"]: boto3_tag_list_to_ansible_dict(item["Tags"]) for item in described}


def describe_subnets(aws: Aws, subnets: Sequence[str]) -> list[dict[str, Any]]:
    """Those of the subnets that exist (EC2 DescribeSubnets)."""
    wanted = [{"Name": "subnet-id", "Values": list(subnets)}]
    return aws.pages("ec2", "describe_subnets", "Subnets", Filters=wanted)


def create_load_balancer(aws: Aws, **arguments: Any) -> dict[str, Any]:
    """Create an application load balancer (CreateLoadBalancer)."""
    return dict(aws.client("elbv2").create_load_balancer(Type="application", **arguments)["LoadBalancers"][0])


def modify_load_balancer_attributes(aws: Aws, arn: str, attributes: Mapping[str, str]) -> None:
    """Set attributes (ModifyLoadBalancerAttributes)."""
    aws.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=_pairs(attributes))


def set_subnets(aws: Aws, arn: str, subnets: Sequence[str]) -> None:
    """Change the subnets (SetSubnets)."""
    aws.client("elbv2").set_subnets(LoadBalancerArn=arn, Subnets=list(subnets))


def set_security_groups(aws: Aws, arn: str, groups: Sequence[str]) -> None:
    """Change the security groups (SetSecurityGroups)."""
    aws.client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=list(groups))


def set_ip_address_type(aws: Aws, arn: str, kind: str) -> None:
    """Change between ipv4 and dualstack (SetIpAddressType)."""
    aws.client("elbv2").set_ip_address_type(LoadBalancerArn=arn, IpAddressType=kind)


def delete_load_balancer(aws: Aws, arn: str) -> None:
    """Begin to delete a load balancer (DeleteLoadBalancer)."""
    aws.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)


def create_target_group(aws: Aws, name: str, **arguments: Any) -> str:
    """Create a target group and answer its ARN (CreateTargetGroup)."""
    answer = aws.client("elbv2").create_target_group(Name=name, **arguments)
    return str(answer["TargetGroups"][0]["TargetGroupArn"])


def modify_target_group(aws: Aws, arn: str, **arguments: Any) -> None:
    """Change the health check (ModifyTargetGroup)."""
    aws.client("elbv2").modify_target_group(TargetGroupArn=arn, **arguments)


def modify_target_group_attributes(aws: Aws, arn: str, attributes: Mapping[str, str]) -> None:
    """Set attributes (ModifyTargetGroupAttributes)."""
    aws.client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=_pairs(attributes))


def delete_target_group(aws: Aws, arn: str) -> None:
    """Delete a target group that no listener uses (DeleteTargetGroup)."""
    aws.client("elbv2").delete_target_group(TargetGroupArn=arn)


def create_listener(aws: Aws, arn: str, **arguments: Any) -> str:
    """Create a listener and answer its ARN (CreateListener)."""
    answer = aws.client("elbv2").create_listener(LoadBalancerArn=arn, **arguments)
    return str(answer["Listeners"][0]["ListenerArn"])


def modify_listener(aws: Aws, arn: str, **arguments: Any) -> None:
    """Change a listener (ModifyListener)."""
    aws.client("elbv2").modify_listener(ListenerArn=arn, **arguments)


def modify_listener_attributes(aws: Aws, arn: str, attributes: Mapping[str, str]) -> None:
    """Set attributes (ModifyListenerAttributes)."""
    aws.client("elbv2").modify_listener_attributes(ListenerArn=arn, Attributes=_pairs(attributes))


def add_listener_certificates(aws: Aws, arn: str, certificates: Iterable[str]) -> None:
    """Serve further certificates (AddListenerCertificates)."""
    listed = [{"CertificateArn": certificate} for certificate in certificates]
    aws.client("elbv2").add_listener_certificates(ListenerArn=arn, Certificates=listed)


def remove_listener_certificates(aws: Aws, arn: str, certificates: Iterable[str]) -> None:
    """Stop serving certificates (RemoveListenerCertificates)."""
    listed = [{"CertificateArn": certificate} for certificate in certificates]
    aws.client("elbv2").remove_listener_certificates(ListenerArn=arn, Certificates=listed)


def delete_listener(aws: Aws, arn: str) -> None:
    """Delete a listener with its rules (DeleteListener)."""
    aws.client("elbv2").delete_listener(ListenerArn=arn)


def create_rule(aws: Aws, listener: str, **arguments: Any) -> None:
    """Create a rule (CreateRule)."""
    aws.client("elbv2").create_rule(ListenerArn=listener, **arguments)


def modify_rule(aws: Aws, arn: str, **arguments: Any) -> None:
    """Change conditions or actions of a rule (ModifyRule)."""
    aws.client("elbv2").modify_rule(RuleArn=arn, **arguments)


def delete_rule(aws: Aws, arn: str) -> None:
    """Delete a rule (DeleteRule)."""
    aws.client("elbv2").delete_rule(RuleArn=arn)


def add_tags(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (AddTags)."""
    aws.client("elbv2").add_tags(ResourceArns=[arn], Tags=ansible_dict_to_boto3_tag_list(tags))


def _attributes(answer: Mapping[str, Any]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in answer["Attributes"]}


def _pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in attributes.items()]
