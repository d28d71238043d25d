# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of where customers arrive: ELB, ACM and WAF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._aws.wafv2.model import RULE
from .._core.placeholders import is_placeholder
from .model import LATER, Check, Control, Resource, World

BALANCER, LISTENER, CERTIFICATE, ACL = "load_balancer", "listener", "certificate", "web_acl"
RENEWAL_DAYS = 30
# Policies that take no version of TLS below 1.2.
POLICIES = ("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-", "ELBSecurityPolicy-FS-1-2-Res-")
WEAK = ("-Ext1-", "-Ext2-", "-Ext-", "-1-0-", "-1-1-")


def attribute(name: str, wanted: Iterable[str], reason: str) -> Check:
    """A check of one attribute of a load balancer."""
    accepted = tuple(wanted)
    return lambda balancer, _world: "" if str(balancer.get("attributes", {}).get(name)) in accepted else reason


def redirects(listener: Resource, _world: World) -> str:
    action = listener.get("default_action", {})
    to_tls = action.get("type") == "redirect" and str(action.get("protocol", "")).upper() == "HTTPS"
    return "" if to_tls else "takes requests in plain text and does not send them to HTTPS"


def is_plain(listener: Resource, _world: World) -> bool:
    return str(listener.get("protocol")) == "HTTP"


def is_encrypted(listener: Resource, _world: World) -> bool:
    return str(listener.get("protocol")) in ("HTTPS", "TLS")


def secure(listener: Resource, world: World) -> str:
    """A listener that only redirects carries nothing."""
    return "" if is_encrypted(listener, world) else redirects(listener, world)


def good_policy(listener: Resource, _world: World) -> str:
    name = str(listener.get("ssl_policy", ""))
    good = name.startswith(POLICIES) and not any(part in f"{name}-" for part in WEAK)
    return "" if good else f"its policy {name or 'is that of AWS and'} takes old versions or ciphers of TLS"


def two_zones(balancer: Resource, _world: World) -> str:
    return "" if len(balancer.get("subnets", [])) >= 2 else "is in one zone only"


def guarded(balancer: Resource, world: World) -> str:
    # The address of a load balancer that is not there yet is not known to what is planned for it.
    stands_before = any(
        one.name.endswith(f" {balancer.name}") or (balancer.planned and is_placeholder(one.name))
        for one in world.of("association")
    )
    return "" if stands_before else "no web ACL stands before it"


def renewed(certificate: Resource, _world: World) -> str:
    if certificate.planned:
        return LATER
    if certificate.get("status") != "ISSUED":
        return f"is not issued but {certificate.get('status')}"
    days = certificate.facts.get("days_left")
    return f"expires in {days} days" if days is not None and days < RENEWAL_DAYS else ""


def long_key(certificate: Resource, _world: World) -> str:
    algorithm = str(certificate.get("key_algorithm", "RSA_2048")).replace("-", "_")
    return f"has a key of {algorithm}" if algorithm == "RSA_1024" else ""


def rules_of(acl: Resource) -> dict[str, Any]:
    """Rules by name; one that a run takes away is left out."""
    return {name: rule for name, rule in acl.facts.items() if name.startswith(RULE) and rule is not None}


def has_rules(acl: Resource, _world: World) -> str:
    return "" if rules_of(acl) else "has no rules"


def logs(acl: Resource, world: World) -> str:
    return "" if world.named("logging_configuration", acl.name) else "does not log"


def counted(acl: Resource, _world: World) -> str:
    silent = sorted(
        rule["name"]
        for rule in rules_of(acl).values()
        if not (rule.get("visibility_config") or {}).get("cloud_watch_metrics_enabled")
    )
    return f"no metrics of: {', '.join(silent)}" if silent else ""


CONTROLS = (
    Control("ELB.1", "Plain HTTP leads to HTTPS", LISTENER, redirects, "the role edge sets it", applies=is_plain),
    Control(
        "ELB.4",
        "The load balancer drops malformed headers",
        BALANCER,
        attribute("routing.http.drop_invalid_header_fields.enabled", ("true",), "passes malformed headers on"),
        "the role edge sets it: run site.yml --tags edge",
    ),
    Control(
        "ELB.5",
        "The load balancer records requests",
        BALANCER,
        attribute("access_logs.s3.enabled", ("true",), "keeps no access log"),
        "edge_access_logs_retention_days",
    ),
    Control(
        "ELB.6",
        "The load balancer cannot be deleted by mistake",
        BALANCER,
        attribute("deletion_protection.enabled", ("true",), "has no deletion protection"),
        "edge_deletion_protection: true",
    ),
    Control(
        "ELB.12",
        "The load balancer refuses smuggled requests",
        BALANCER,
        attribute("routing.http.desync_mitigation_mode", ("defensive", "strictest"), "passes ambiguous requests on"),
        "the role edge sets it: run site.yml --tags edge",
    ),
    Control("ELB.13", "The load balancer is in several zones", BALANCER, two_zones, "network_zones: 2 or more"),
    Control(
        "ELB.16",
        "A web ACL stands before the load balancer",
        BALANCER,
        guarded,
        "edge_waf_enabled: true",
        reads=("association",),
    ),
    Control("ELB.17", "TLS is 1.2 and newer", LISTENER, good_policy, "edge_ssl_policy", applies=is_encrypted),
    Control("ELB.18", "Requests travel over TLS only", LISTENER, secure, "the role edge sets it"),
    Control(
        "ACM.1",
        "Certificates are renewed in time",
        CERTIFICATE,
        renewed,
        "edge_hosted_zone: keep the records that prove it",
    ),
    Control(
        "ACM.2",
        "Certificates have keys of 2048 bits and more",
        CERTIFICATE,
        long_key,
        "key_algorithm of the certificate",
    ),
    Control("WAF.10", "Web ACLs have rules", ACL, has_rules, "edge_waf: managed_rule_groups"),
    Control("WAF.11", "Web ACLs log", ACL, logs, "the role edge sets it: run site.yml --tags edge"),
    Control(
        "WAF.12",
        "Rules of web ACLs are counted",
        ACL,
        counted,
        "the role edge sets it",
        applies=lambda acl, _world: bool(rules_of(acl)),
    ),
)
