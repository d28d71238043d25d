# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR repositories as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from .. import policy
from ..tagging import of_interest, owns, within_reach
from . import lifecycle

PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
NAME = re.compile(f"(?=.{{2,256}}$){PART}(?:/{PART})*")
OWN_KEY = "AES256"
FIXED = ("encryption_type", "kms_key")


def desired_states(
    repositories: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what ECR would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, repository in enumerate(repositories):
        name, option = repository["name"], f"repositories[{index}]"
        if not NAME.fullmatch(name):
            remedy = "is no name of a repository: 2 to 256 of a-z, 0-9 and, between those, . _ - and /"
            raise InvalidInput(f"{option}.name", name, remedy)
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        states[name] = _desired_state(option, repository, tags)
    return states


def _desired_state(option: str, repository: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    kind, key = repository.get("encryption_type"), repository.get("kms_key")
    if key and kind == OWN_KEY:
        raise InvalidInput(f"{option}.kms_key", key, f"goes with encryption_type KMS, not {OWN_KEY}: leave one out")
    rules, readers = repository.get("lifecycle_policy"), repository.get("repository_policy")
    return desired_fields(
        {
            "image_tag_mutability": repository.get("image_tag_mutability"),
            "scan_on_push": repository.get("scan_on_push"),
            "encryption_type": kind or ("KMS" if key else None),
            "kms_key": key or None,
            "lifecycle_policy": None if rules is None else lifecycle.parsed(f"{option}.lifecycle_policy", rules),
            "repository_policy": None if readers is None else readable(f"{option}.repository_policy", readers),
            "tags": tags,
        }
    )


def readable(option: str, document: Any) -> dict[str, Any]:
    """A repository policy in canonical form."""
    return policy.normalised(policy.parsed(option, document))


def validate_scope(prefix: str | None, tags: Mapping[str, str] | None, *, purge: bool) -> None:
    """Raise InvalidInput where purging would not know what is ours."""
    if purge and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    if purge and not prefix:
        remedy = "is empty: say what the names of all repositories that purge may remove begin with"
        raise InvalidInput("prefix", prefix, remedy)


def in_scope(
    listed: Iterable[Mapping[str, Any]], names: Collection[str], prefix: str | None, *, purge: bool
) -> list[Mapping[str, Any]]:
    """The listed repositories that are named, or that purge may look at."""
    return [
        item
        for item in listed
        if item["repositoryName"] in names or (purge and item["repositoryName"].startswith(prefix or ""))
    ]


def current_state(item: Mapping[str, Any], all_tags: Mapping[str, str], tags: Mapping[str, str] | None) -> State:
    """The state of a listed repository but for its policies, which have to be read for themselves."""
    encryption = item.get("encryptionConfiguration") or {}
    return {
        "arn": item["repositoryArn"],
        "uri": item["repositoryUri"],
        "image_tag_mutability": item.get("imageTagMutability", "MUTABLE"),
        "scan_on_push": bool((item.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        "encryption_type": encryption.get("encryptionType", OWN_KEY),
        "kms_key": encryption.get("kmsKey", ""),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
    }


def plan(
    current: Mapping[str, State], desired: Mapping[str, State], removable: Collection[str], *, purge: bool
) -> list[Change]:
    """Changes to repositories; of what is not desired the `removable` and, with `purge`, the owned are deleted."""
    scope = within_reach(current, desired, removable, purge=purge)
    changes = plan_set("repository", scope, desired, purge=True)
    for change in changes:
        _refuse_other_encryption(change)
    return changes


def _refuse_other_encryption(change: Change) -> None:
    """A repository cannot be encrypted anew, and making it anew would lose its images."""
    for field in FIXED if change.op == "update" else ():
        if field in change.fields:
            remedy = (
                f"is not what the repository has ({change.current[field] or 'none'}) and cannot be changed: "
                "take that, or copy the images elsewhere and remove the repository first"
            )
            raise InvalidInput(f"{field} of {change.key}", change.desired[field], remedy)


def refuse_images(names: Collection[str]) -> None:
    """Raise InvalidInput where repositories to be removed hold images."""
    if names:
        remedy = (
            f"does not remove images, which {', '.join(sorted(names))} holds: set it to true, or keep the repository"
        )
        raise InvalidInput("force_delete", False, remedy)
