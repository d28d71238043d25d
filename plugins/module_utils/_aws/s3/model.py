# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 buckets as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from .. import policy
from ..tagging import of_interest, owns

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
ADDRESS = re.compile(r"\d+(\.\d+){3}")
RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
OWN_KEY = "AES256"
ACCESS_FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "ignore_public_acls": "IgnorePublicAcls",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
# Days of a lifecycle rule by option, and where the API wants them.
ACTIONS = {
    "expiration_days": ("Expiration", "Days"),
    "noncurrent_version_expiration_days": ("NoncurrentVersionExpiration", "NoncurrentDays"),
    "abort_incomplete_multipart_upload_days": ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}
# What S3 does where a bucket says nothing of ownership, as those from before 2023 do.
DEFAULT_OWNERSHIP = "ObjectWriter"


def desired_states(buckets: Sequence[Mapping[str, Any]], tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what S3 would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, bucket in enumerate(buckets):
        name, option = bucket["name"], f"buckets[{index}]"
        _validate_name(f"{option}.name", name)
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        states[name] = _desired_state(option, bucket, tags)
    return states


def _validate_name(option: str, name: str) -> None:
    if not NAME.fullmatch(name) or ADDRESS.fullmatch(name):
        remedy = "is no name of a bucket: 3 to 63 of a-z, 0-9 and, between those, - and single dots; no IP address"
        raise InvalidInput(option, name, remedy)
    if name.startswith(RESERVED_STARTS) or name.endswith(RESERVED_ENDS):
        reserved = f"begins with {', '.join(RESERVED_STARTS)} or ends with {', '.join(RESERVED_ENDS)}"
        raise InvalidInput(option, name, f"{reserved}, which S3 keeps for itself: choose another name")


def _desired_state(option: str, bucket: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    given: dict[str, Callable[[str, Any], Any]] = {
        "policy": _policy,
        "server_side_encryption": _encryption,
        "public_access_block": _access_block,
        "lifecycle_rules": _lifecycle_rules,
        "logging": _logging,
    }
    fields = {
        name: None if bucket.get(name) is None else canonical(f"{option}.{name}", bucket[name])
        for name, canonical in given.items()
    }
    as_given = {name: bucket.get(name) for name in ("object_ownership", "versioning")}
    return desired_fields({**fields, **as_given, "tags": tags})


def _policy(option: str, document: Any) -> Any:
    return document if document == KNOWN_AFTER_APPLY else policy.normalised(policy.parsed(option, document))


def policies(buckets: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The policies by name as they are written: in the words they were given in."""
    given = {bucket["name"]: bucket.get("policy") for bucket in buckets}
    return {name: policy.parsed("policy", document) for name, document in given.items() if document is not None}


def _encryption(option: str, given: Mapping[str, Any]) -> dict[str, Any]:
    algorithm = given.get("sse_algorithm") or OWN_KEY
    for name in ("kms_master_key_id", "bucket_key_enabled"):
        if given.get(name) and algorithm == OWN_KEY:
            raise InvalidInput(
                f"{option}.{name}", given[name], "goes with sse_algorithm aws:kms: set that, or leave it"
            )
    return {
        "sse_algorithm": algorithm,
        "kms_master_key_id": given.get("kms_master_key_id") or "",
        "bucket_key_enabled": bool(given.get("bucket_key_enabled")),
    }


def _access_block(_option: str, given: Mapping[str, Any]) -> dict[str, bool]:
    return {flag: bool(given.get(flag)) for flag in ACCESS_FLAGS}


def _logging(option: str, given: Mapping[str, Any]) -> dict[str, str]:
    prefix = given.get("target_prefix") or ""
    if given.get("target_bucket"):
        return {"target_bucket": given["target_bucket"], "target_prefix": prefix}
    if prefix:
        raise InvalidInput(f"{option}.target_prefix", prefix, "has no target_bucket: name the bucket of the logs")
    return {}


def _lifecycle_rules(option: str, rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ids = [rule["id"] for rule in rules]
    for index, rule_id in enumerate(ids):
        if not 1 <= len(rule_id) <= 255:
            raise InvalidInput(f"{option}[{index}].id", rule_id, "is no id of a rule: 1 to 255 characters")
        if rule_id in ids[:index]:
            raise InvalidInput(f"{option}[{index}].id", rule_id, "is given twice: every rule wants its own")
    return by_id([_rule(f"{option}[{index}]", rule) for index, rule in enumerate(rules)])


def _rule(option: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: rule[name] for name in ACTIONS if rule.get(name) is not None}
    if not given:
        raise InvalidInput(option, rule["id"], f"does nothing: give one of {', '.join(ACTIONS)}")
    for name, days in given.items():
        if days < 1:
            raise InvalidInput(f"{option}.{name}", days, "is too short: it starts at 1")
    actions = {ACTIONS[name][0]: {ACTIONS[name][1]: days} for name, days in given.items()}
    return {"ID": rule["id"], "Status": "Enabled", "Filter": {"Prefix": rule.get("prefix") or ""}, **actions}


def by_id(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as S3 answers them in one form: sorted, and with a filter where a prefix is written without."""
    canonical = []
    for rule in rules:
        rest = {name: value for name, value in rule.items() if name not in ("Filter", "Prefix")}
        canonical.append({**rest, "Filter": rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}})
    return sorted(canonical, key=lambda rule: str(rule.get("ID", "")))


def current_state(answers: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """The state of a bucket from what S3 answers, by field; `tags` are those that make it ours."""
    all_tags = answers["tags"]
    state = {name: READABLE[name](answer) for name, answer in answers.items() if name in READABLE}
    own = {"tags": of_interest(all_tags, tags), "all_tags": all_tags, "owned": owns(all_tags, tags)}
    return {**state, **own, "region": answers["region"]}


def _readable_encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    algorithm = default.get("SSEAlgorithm", OWN_KEY)
    return {
        "sse_algorithm": algorithm,
        "kms_master_key_id": default.get("KMSMasterKeyID", ""),
        # Without a KMS key it has no effect, whatever it is.
        "bucket_key_enabled": algorithm != OWN_KEY and bool(rule.get("BucketKeyEnabled")),
    }


def _readable_logging(answer: Mapping[str, Any]) -> dict[str, str]:
    names = {"target_bucket": "TargetBucket", "target_prefix": "TargetPrefix"}
    return {field: answer.get(name, "") for field, name in names.items()} if answer else {}


READABLE: Mapping[str, Callable[[Any], Any]] = {
    "policy": lambda text: policy.normalised(policy.parsed("policy", text)),
    "server_side_encryption": _readable_encryption,
    "public_access_block": lambda answer: {flag: bool(answer.get(name)) for flag, name in ACCESS_FLAGS.items()},
    "object_ownership": lambda answer: answer or DEFAULT_OWNERSHIP,
    "versioning": str,
    "lifecycle_rules": by_id,
    "logging": _readable_logging,
}


def encryption_rule(state: Mapping[str, Any]) -> dict[str, Any]:
    """`server_side_encryption` as the API takes it."""
    key = {"KMSMasterKeyID": state["kms_master_key_id"]} if state["kms_master_key_id"] else {}
    default = {"SSEAlgorithm": state["sse_algorithm"], **key}
    return {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": state["bucket_key_enabled"]}


def access_block(state: Mapping[str, bool]) -> dict[str, bool]:
    """`public_access_block` as the API takes it."""
    return {name: state[flag] for flag, name in ACCESS_FLAGS.items()}


def logging_status(state: Mapping[str, str]) -> dict[str, Any]:
    """`logging` as the API takes it."""
    if not state:
        return {}
    return {"LoggingEnabled": {"TargetBucket": state["target_bucket"], "TargetPrefix": state["target_prefix"]}}


def validate_removal(tags: Mapping[str, str] | None) -> None:
    """Raise InvalidInput where removing would not know what is ours."""
    if not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")


def validate_regions(current: Mapping[str, State], desired: Mapping[str, State], region: str) -> None:
    """Raise InvalidInput for a wanted bucket that exists elsewhere: names are unique in all regions."""
    for name, state in current.items():
        if name in desired and state["region"] not in ("", region):
            raise InvalidInput("buckets", name, f"exists in {state['region']}, not {region}: choose another name")


def refuse_objects(names: Iterable[str]) -> None:
    """Raise InvalidInput where buckets to be removed hold objects."""
    held = ", ".join(sorted(names))
    if held:
        raise InvalidInput("force", False, f"does not remove objects, which {held} holds: set it to true, or keep them")


def plan(current: Mapping[str, State], desired: Mapping[str, State]) -> list[Change]:
    """Changes to buckets, those that take logs before those that send them; owned ones not desired are deleted."""
    leaving = {name: state for name, state in current.items() if name not in desired and state["owned"]}
    return [
        change
        for name in (*desired, *leaving)
        for change in plan_one("bucket", name, current.get(name), desired.get(name), level=_level(name, desired))
    ]


def _level(name: str, desired: Mapping[str, State]) -> int:
    """How many buckets of the set the logs of a bucket go on through."""
    way = [name]
    while (target := (desired.get(way[-1], {}).get("logging") or {}).get("target_bucket")) in desired:
        if target in way:
            remedy = f"logs into {' into '.join([*way[1:], str(target)])}, whose log never ends: break the circle"
            raise InvalidInput("buckets", name, remedy)
        way.append(str(target))
    return len(way) - 1


def not_ours(current: Mapping[str, State], desired: Mapping[str, State]) -> list[str]:
    """Names of buckets that stay because they do not carry our tags."""
    return sorted(name for name, state in current.items() if name not in desired and not state["owned"])
