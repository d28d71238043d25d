# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would make a release fail, from what was found. Pure: facts in, problems out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import permissions
from .preflight_facts import (
    CURRENT,
    Colour,
    Described,
    EcrImage,
    Facts,
    FoundImage,
    Problem,
    Wanted,
    images_of,
    log_groups_of,
    subnets_of,
    wanted_parameters,
    wanted_secrets,
)

Problems = Iterator[Problem]

TASKS = "ecs-tasks.amazonaws.com"
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
ARCHITECTURES = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
# States of a database in which it takes connections.
USABLE = frozenset(
    (
        "available",
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-iam-database-auth",
        "configuring-log-exports",
        "modifying",
        "storage-config-upgrade",
        "storage-initialization",
        "storage-optimization",
    )
)
VCPU_QUOTA = "L-3032A538"  # Fargate On-Demand vCPU resource count


def cluster(facts: Facts, name: str) -> Problems:
    status = (facts.cluster or {}).get("status", "missing")
    if status != "ACTIVE":
        yield Problem(f"cluster {name}", f"it is {status}", "run site.yml with the tag container_platform")


def definition(facts: Facts, reference: str) -> Problems:
    """What the new revision is made from is there."""
    if facts.definition is None:
        yield Problem(f"task definition {reference}", "it does not exist", "run site.yml, or name another")


def services(facts: Facts, colours: Mapping[str, Colour]) -> Problems:
    """Both colours are there."""
    for name, colour in colours.items():
        status = (facts.services.get(colour.service) or {}).get("status", "missing")
        if status != "ACTIVE":
            yield Problem(f"service {colour.service} ({name})", f"it is {status}", "run site.yml to bring it about")


def images(facts: Facts, given: Mapping[str, str], severity: str) -> Problems:
    """Images exist, run on the platform of the tasks, and have no findings that forbid them."""
    definition = facts.definition or {}
    containers = images_of(definition, given)
    for name in sorted(given.keys() - containers.keys()):
        yield Problem(f"images.{name}", "the revision has no such container", f"name one of {', '.join(containers)}")
    architecture = (definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
    for reference in sorted(set(containers.values())):
        image = EcrImage.parse(reference)
        if image and reference in facts.images:
            yield from _image(image, facts.images[reference], ARCHITECTURES.get(architecture, ""), severity)


def _image(image: EcrImage, found: FoundImage | None, platform: str, severity: str) -> Problems:
    name = f"image {image.reference}"
    if found is None:
        tag = image.identifier.get("imageTag", "it")
        yield Problem(name, f"{image.repository} of {image.account} has no such image", f"push {tag}, or name another")
        return
    if found.platforms and platform not in found.platforms:
        offered = ", ".join(found.platforms)
        yield Problem(name, f"it is for {offered} and not for {platform}", "build it for the platform of the tasks")
    if severity:
        yield from _findings(name, found, severity)


def _findings(name: str, found: FoundImage, severity: str) -> Problems:
    if found.findings is None:
        yield Problem(name, "it was never scanned", "start a scan with StartImageScan, or allow what is not scanned")
        return
    counted = {one: found.findings.get(one, 0) for one in SEVERITIES[SEVERITIES.index(severity) :]}
    if any(counted.values()):
        told = ", ".join(f"{count} {one}" for one, count in reversed(counted.items()) if count)
        yield Problem(
            name, f"its scan has findings: {told}", "mend the image, or raise the severity that stops releases"
        )


def ports(facts: Facts, container: str, colours: Mapping[str, Colour]) -> Problems:
    """The container listens where the gateway and the target groups send requests."""
    containers = (facts.definition or {}).get("containerDefinitions", [])
    listening = {
        one["name"]: {mapping["containerPort"] for mapping in one.get("portMappings", [])} for one in containers
    }
    if container not in listening:
        yield Problem(
            f"container {container}", "the revision has no such container", f"name one of {', '.join(listening)}"
        )
        return
    for name, colour in colours.items():
        port = colour.target.rpartition(":")[2]
        if not port.isdigit() or int(port) not in listening[container]:
            offered = ", ".join(map(str, sorted(listening[container]))) or "none"
            what = f"{container} listens on {offered}, and the gateway sends requests to {colour.target}"
            yield Problem(f"port of {name}", what, "correct the target at the gateway, or the port mappings")
        yield from _load_balancers(facts, name, facts.services.get(colour.service) or {}, listening)


def _load_balancers(facts: Facts, name: str, service: Described, listening: Mapping[str, set[int]]) -> Problems:
    for item in service.get("loadBalancers", []):
        container, port, arn = item.get("containerName"), item.get("containerPort"), item.get("targetGroupArn", "")
        if port not in listening.get(container, set()):
            what = f"the target group wants port {port} of {container}, which the revision does not offer"
            yield Problem(f"port of {name}", what, "correct the load balancers of the service, or the port mappings")
        found = facts.target_groups.get(arn, {})
        if found is None:
            yield Problem(f"target group {arn}", f"it is missing, and {name} is registered there", "run site.yml")
        elif found.get("TargetType", "ip") != "ip":
            what = f"it takes targets of type {found['TargetType']}, and tasks are of type ip"
            yield Problem(f"target group {arn}", what, "make it anew with target type ip")


def roles(facts: Facts, cluster_arn: str) -> Problems:
    """ECS may assume the roles of the tasks."""
    _arn, partition, _ecs, region, account = cluster_arn.split(":")[:5]
    context = {"aws:sourceaccount": account, "aws:sourcearn": f"arn:{partition}:ecs:{region}:{account}:*"}
    for option, what in (("executionRoleArn", "execution role"), ("taskRoleArn", "task role")):
        arn = (facts.definition or {}).get(option, "")
        if not arn or arn not in facts.roles:
            continue
        found = facts.roles[arn]
        if found is None:
            yield Problem(
                f"{what} {arn}", "it does not exist", "run site.yml, or register a revision with another role"
            )
        elif not permissions.trusts(found.trust, TASKS, context):
            why = f"it does not let {TASKS} of account {account} assume it"
            yield Problem(f"{what} {arn}", why, "correct its trust policy, conditions included")


def secrets(facts: Facts, others: Mapping[str, str]) -> Problems:
    """Secrets exist and have a value. `others` are those that releases use themselves, by what they are for."""
    needed = [*wanted_secrets(facts.definition or {}), *(Wanted(arn, (use,)) for use, arn in others.items())]
    for wanted in needed:
        name = f"secret {wanted.reference}"
        used = f"({', '.join(wanted.users)})"
        if wanted.reference not in facts.secrets:
            continue
        found = facts.secrets[wanted.reference]
        if found is None:
            yield Problem(f"{name} {used}", "it does not exist", "create it, or name another")
        elif found.get("DeletedDate"):
            yield Problem(f"{name} {used}", "it is being deleted", "restore it with RestoreSecret")
        elif not _has_version(found.get("VersionIdsToStages") or {}, wanted):
            which = wanted.version or wanted.stage or CURRENT
            yield Problem(f"{name} {used}", f"it has no value {which}", "write one with PutSecretValue")


def _has_version(versions: Mapping[str, Sequence[str]], wanted: Wanted) -> bool:
    if wanted.version:
        return wanted.version in versions
    return any((wanted.stage or CURRENT) in stages for stages in versions.values())


def parameters(facts: Facts) -> Problems:
    for wanted in wanted_parameters(facts.definition or {}):
        if wanted.reference in facts.parameters and facts.parameters[wanted.reference] is None:
            name = f"parameter {wanted.reference} ({', '.join(wanted.users)})"
            yield Problem(name, "it does not exist", "create it, or name another")


def keys(facts: Facts) -> Problems:
    """What is encrypted can be decrypted."""
    for arn, found in facts.keys.items():
        state = (found or {}).get("KeyState", "missing")
        if state != "Enabled":
            yield Problem(f"key {arn}", f"it is {state}", "enable it, or encrypt with another what it encrypts")


def log_groups(facts: Facts) -> Problems:
    for name, made in log_groups_of(facts.definition, facts.migration).items():
        if not made and name in facts.log_groups and facts.log_groups[name] is None:
            yield Problem(
                f"log group {name}", "it does not exist, and tasks that cannot log do not start", "run site.yml"
            )


def access(facts: Facts, given: Mapping[str, str], cluster_arn: str) -> Problems:
    """The execution role may do what ECS does with it before containers start."""
    arn = (facts.definition or {}).get("executionRoleArn", "")
    for need in not_granted(facts, given, cluster_arn):
        of_resource = facts.resource_policies.get(need.resource)
        if of_resource is None or not permissions.names(of_resource, arn, need.action):
            what = f"it may not {need.action} on {need.resource}, for {need.purpose}"
            yield Problem(f"execution role {arn}", what, "allow it in a policy of the role")


@dataclass(frozen=True)
class Need:
    """Something that the execution role has to be allowed. `known` is what is known of the request."""

    action: str
    resource: str
    purpose: str
    known: Mapping[str, str] = field(default_factory=dict)


def not_granted(facts: Facts, given: Mapping[str, str], cluster_arn: str) -> list[Need]:
    """What the role's own policies do not allow; policies of resources still may."""
    role = facts.roles.get((facts.definition or {}).get("executionRoleArn", ""))
    if role is None:
        return []
    needs = needed(facts, given, cluster_arn)
    return [one for one in needs if not permissions.allowed(role.documents, one.action, one.resource, one.known)]


def needed(facts: Facts, given: Mapping[str, str], cluster_arn: str) -> Iterator[Need]:
    """All that ECS does with the execution role."""
    _arn, partition, _ecs, region, account = cluster_arn.split(":")[:5]
    place = f"{region}:{account}"
    definition = facts.definition or {}
    for wanted in wanted_secrets(definition):
        users = ", ".join(wanted.users)
        yield Need("secretsmanager:GetSecretValue", wanted.reference, users)
        yield from _decrypting(facts, facts.secrets.get(wanted.reference), f"secretsmanager.{region}", users)
    for wanted in wanted_parameters(definition):
        users = ", ".join(wanted.users)
        path = "/" + wanted.reference.removeprefix("/")
        yield Need("ssm:GetParameters", f"arn:{partition}:ssm:{place}:parameter{path}", users)
        yield from _decrypting(facts, facts.parameters.get(wanted.reference), f"ssm.{region}", users)
    for group in log_groups_of(definition):
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            yield Need(action, f"arn:{partition}:logs:{place}:log-group:{group}:log-stream:task", "its logs")
    yield from _pulling(definition, given, partition)


def _decrypting(facts: Facts, found: Described | None, service: str, users: str) -> Iterator[Need]:
    """Where a key of the customer encrypts it. Secrets and parameters name their keys differently."""
    key_id = (found or {}).get("KmsKeyId") or (found or {}).get("KeyId") or ""
    key = facts.keys.get(key_id) or {}
    if key.get("KeyManager", "AWS") == "CUSTOMER":
        yield Need("kms:Decrypt", key["Arn"], users, {"kms:viaservice": f"{service}.amazonaws.com"})


def _pulling(definition: Described, given: Mapping[str, str], partition: str) -> Iterator[Need]:
    found = [EcrImage.parse(reference) for reference in images_of(definition, given).values()]
    repositories = {
        f"arn:{partition}:ecr:{image.region}:{image.account}:repository/{image.repository}" for image in found if image
    }
    if repositories:
        yield Need("ecr:GetAuthorizationToken", "*", "its images")
    for arn in sorted(repositories):
        for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
            yield Need(action, arn, "its images")


def subnets(facts: Facts, colours: Mapping[str, Colour], tasks: int) -> Problems:
    """There are addresses for the tasks to come."""
    for service in sorted({colour.service for colour in colours.values()}):
        named = [subnet for subnet in subnets_of(facts.services.get(service)) if subnet in facts.subnets]
        missing = [subnet for subnet in named if facts.subnets[subnet] is None]
        for subnet in missing:
            yield Problem(
                f"subnet {subnet} of {service}", "it does not exist", "run site.yml to give the service others"
            )
        free = sum((facts.subnets[subnet] or {}).get("AvailableIpAddressCount", 0) for subnet in named)
        if named and not missing and free < tasks:
            what = f"{', '.join(named)} have {free} free addresses, and {tasks} tasks are to be started"
            yield Problem(f"addresses for {service}", what, "add subnets, or free addresses")


def quotas(facts: Facts, tasks: int) -> Problems:
    """Fargate lets as many run at a time as both colours need."""
    if facts.vcpus is None:
        return
    allowed, used = facts.vcpus
    more = tasks * vcpus((facts.definition or {}).get("cpu"))
    if used + more > allowed:
        what = f"it is {allowed:g}, tasks of the cluster use {used:g}, and {more:g} more are needed"
        yield Problem("quota of Fargate vCPUs", what, f"ask Service Quotas for more of {VCPU_QUOTA}, or stop something")


def vcpus(units: Any) -> float:
    """CPU units of a task as vCPUs."""
    return int(units) / 1024 if str(units or "").isdigit() else 0.0


def migrations(facts: Facts, family: str, database: str) -> Problems:
    """Migrations can run."""
    if family and (facts.migration or {}).get("status") != "ACTIVE":
        yield Problem(f"task definition {family}", "it does not exist, and migrations are run by it", "run site.yml")
    if database:
        status = (facts.database or {}).get("DBInstanceStatus", "missing")
        if status not in USABLE:
            yield Problem(f"database {database}", f"it is {status}", "start it, or wait until it is available")


def traffic(facts: Facts, upstream: str, preview: str, colours: Mapping[str, Colour], *, unfinished: bool) -> Problems:
    """The gateway knows both colours, and one of them takes all customers. A rollout that has not ended is repaired."""
    targets = {name: colour.target for name, colour in colours.items()}
    for name in filter(None, (upstream, preview)):
        weights = facts.upstreams.get(name, {})
        if weights is None:
            yield Problem(f"upstream {name}", "the gateway does not have it", "run site.yml with the tag kong_config")
            continue
        for colour, target in targets.items():
            if name in facts.upstreams and target not in weights:
                yield Problem(f"target {target} ({colour}) of {name}", "the gateway does not have it", "run site.yml")
    yield from _weights(upstream, facts.upstreams.get(upstream) or {}, targets, unfinished=unfinished)


def _weights(upstream: str, weights: Mapping[str, int], targets: Mapping[str, str], *, unfinished: bool) -> Problems:
    if not weights:
        return
    strangers = sorted(target for target, weight in weights.items() if weight and target not in targets.values())
    for target in strangers:
        yield Problem(
            f"target {target} of {upstream}", "it takes customers and is no colour", "remove it, or set it to 0"
        )
    taking = {name: weights[target] for name, target in targets.items() if weights.get(target)}
    told = ", ".join(f"{name} {weights.get(target, 0)}" for name, target in targets.items())
    remedy = "set one colour to 100 and the other to 0"
    if not taking and not unfinished:
        yield Problem(f"weights of {upstream}", f"no colour takes customers ({told})", remedy)
    elif len(taking) > 1 and not unfinished:
        yield Problem(
            f"weights of {upstream}", f"both colours take customers ({told}), and no rollout is noted", remedy
        )


def live_colour(weights: Mapping[str, int], colours: Mapping[str, Colour]) -> str:
    """The colour that takes the most customers; empty where none does."""
    by_weight = {name: weights.get(colour.target, 0) for name, colour in colours.items()}
    most = max(by_weight, key=lambda name: by_weight[name])
    return most if by_weight[most] else ""
