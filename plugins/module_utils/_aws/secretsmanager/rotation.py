# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the rotation of a secret has come, and what its next step is. Pure.

The position is told by the staging labels of the secret's versions alone, so that whoever comes next goes on where a
run was killed:

=========  ==============================================  =================================================
position   labels                                          what is valid
=========  ==============================================  =================================================
settled    AWSCURRENT on one version, AWSPENDING nowhere   the current version
pending    AWSPENDING on a version that is not current     both: whoever checks the secret learns the new one
promoted   AWSPENDING on the current version               both: whoever uses the secret moves to the new one
retiring   likewise, and RETIRED on the version before     the current version: the old one is taken away
=========  ==============================================  =================================================
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..._core.changes import Change
from ..._core.errors import InvalidInput

CURRENT, PENDING, PREVIOUS, RETIRED = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "RETIRED"
RECORD_TAG = "trademaster.platform:rotation"

Position = Literal["settled", "pending", "promoted", "retiring"]
# The position that each step starts from, and the one that it leads to.
STEPS: dict[str, tuple[Position, Position]] = {
    "begin": ("settled", "pending"),
    "promote": ("pending", "promoted"),
    "retire": ("promoted", "retiring"),
    "finish": ("retiring", "settled"),
}


@dataclass(frozen=True)
class Versions:
    """Ids of the versions that carry the labels, empty for a label that none carries."""

    current: str = ""
    pending: str = ""
    previous: str = ""
    retired: str = ""

    @classmethod
    def of(cls, stages: Mapping[str, Sequence[str]]) -> Versions:
        """From VersionIdsToStages of DescribeSecret, or SecretVersionsToStages of ListSecrets."""
        by_label = {label: version for version, labels in stages.items() for label in labels}
        return cls(*(by_label.get(label, "") for label in (CURRENT, PENDING, PREVIOUS, RETIRED)))

    @property
    def position(self) -> Position:
        """How far the rotation has come."""
        if not self.pending or not self.current:
            return "settled"
        if self.pending != self.current:
            return "pending"
        return "retiring" if self.previous in ("", self.retired) else "promoted"

    @property
    def accepted(self) -> list[str]:
        """The versions that are valid: one, or two in an order that promoting does not change."""
        other = {"pending": self.pending, "promoted": self.previous}.get(self.position, "")
        return sorted(version for version in (self.current, other) if version)


@dataclass(frozen=True)
class Rotatable:
    """A secret, how far its rotation has come, and what is known of its age."""

    name: str
    arn: str
    versions: Versions
    created: datetime.datetime | None = None  # of the current version
    record: str = ""  # the tag that tells when and by whom

    @property
    def promoted_at(self) -> datetime.datetime | None:
        """When the current version became that, as the last rotation has noted it."""
        verb, _blank, rest = self.record.partition(" ")
        return moment(rest.partition(" ")[0]) if verb in ("promoted", "finished") else None


def moment(text: str) -> datetime.datetime | None:
    """A point in time from its ISO form; None for anything else."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def age_days(secret: Rotatable, now: datetime.datetime) -> int | None:
    """Whole days since the current version was written; None when that is not known."""
    return (now - secret.created).days if secret.created else None


def is_due(secret: Rotatable, policy: Mapping[str, Any], now: datetime.datetime) -> bool:
    """Whether the current version is older than the policy lets it become; 0 days lets it be for ever."""
    age = age_days(secret, now)
    return bool(policy["maximum_age_days"]) and age is not None and age >= policy["maximum_age_days"]


def begins_unasked(secret: Rotatable, policy: Mapping[str, Any], now: datetime.datetime) -> bool:
    """Whether a rotation begins although nobody has named the secret."""
    return is_due(secret, policy, now) and not policy.get("only_named")


def overlap_ends(secret: Rotatable, policy: Mapping[str, Any]) -> datetime.datetime | None:
    """Until when the version before stays valid once the new one is promoted; None when no moment is known."""
    promoted = secret.promoted_at
    return promoted and promoted + datetime.timedelta(seconds=policy["overlap_seconds"])


def select(
    secrets: Mapping[str, Rotatable],
    policies: Mapping[str, Mapping[str, Any]],
    names: Sequence[str],
    now: datetime.datetime,
) -> list[str]:
    """Secrets to be rotated: those named, else those due that need no name.

    Raises InvalidInput for a name that has no policy.
    """
    for index, name in enumerate(names):
        if name not in policies:
            known = ", ".join(sorted(policies))
            raise InvalidInput(f"names[{index}]", name, f"is no secret that is rotated: name one of {known}")
    return [
        name
        for name, secret in secrets.items()
        if (name in names if names else begins_unasked(secret, policies[name], now))
    ]


def plan(
    step: str,
    secrets: Mapping[str, Rotatable],
    policies: Mapping[str, Mapping[str, Any]],
    names: Sequence[str],
    now: datetime.datetime,
) -> list[Change]:
    """What the step changes. Only beginning is a matter of choice: whatever was begun is brought to its end."""
    start, end = STEPS[step]
    chosen = select(secrets, policies, names, now)
    found = {name: secret for name, secret in secrets.items() if secret.versions.position == start}
    if step == "begin":
        found = {name: secret for name, secret in found.items() if name in chosen}
    if step == "retire":
        found = {name: secret for name, secret in found.items() if _is_over(secret, policies[name], now)}
    return [
        Change("update", "rotation", name, before={"position": start}, after={"position": end})
        for name in sorted(found)
    ]


def _is_over(secret: Rotatable, policy: Mapping[str, Any], now: datetime.datetime) -> bool:
    ends = overlap_ends(secret, policy)
    return ends is None or now >= ends


def record(step: str, by: str, now: datetime.datetime, before: str) -> str:
    """The tag's text after a step. Retiring and finishing keep when the version was promoted."""
    verb = {"begin": "begun", "promote": "promoted", "finish": "finished"}.get(step, "promoted")
    kept = before.split(" ")[1:2] if step in ("retire", "finish") else []
    at = kept[0] if kept else now.isoformat(timespec="seconds")
    return f"{verb} {at} by {allowed(by)}"


def allowed(text: str) -> str:
    """`text` as far as the value of a tag may hold it."""
    return "".join(letter if letter.isalnum() or letter in "_.:/=+-@" else "-" for letter in text)[:128]


def successor(policy: Mapping[str, Any], current: str, generated: Mapping[str, str]) -> str:
    """The next version: `generated` values, by field or under an empty name, in place of the current ones."""
    if "" in generated:
        return generated[""]
    fields = {**json.loads(current), **generated}
    alternate = policy.get("alternate")
    if alternate:
        name, suffix = str(fields[alternate["field"]]), alternate["suffix"]
        fields[alternate["field"]] = name.removesuffix(suffix) if name.endswith(suffix) else f"{name}{suffix}"
    return json.dumps(fields)


def recipes(policy: Mapping[str, Any], current: str) -> dict[str, Mapping[str, Any]]:
    """What is to be generated, by field; the whole text under an empty name."""
    if policy.get("generate"):
        recipe = dict(policy["generate"])
        lengths = policy.get("alternate_lengths")
        if lengths:
            recipe["length"] = next((length for length in lengths if length != len(current)), recipe["length"])
        return {"": recipe}
    return {key["name"]: key for key in policy["keys"]}


def described(secret: Rotatable, policy: Mapping[str, Any], position: str, now: datetime.datetime) -> dict[str, Any]:
    """What is told of a secret."""
    ends = overlap_ends(secret, policy) if position == "promoted" else None
    return {
        "name": secret.name,
        "arn": secret.arn,
        "position": position,
        "age_days": age_days(secret, now),
        "maximum_age_days": policy["maximum_age_days"],
        "due": is_due(secret, policy, now),
        "old_valid_until": ends.isoformat(timespec="seconds") if ends else "",
        "record": secret.record,
    }


def current_created(versions: Iterable[Mapping[str, Any]]) -> datetime.datetime | None:
    """When the current version was written, from ListSecretVersionIds."""
    return next((each.get("CreatedDate") for each in versions if CURRENT in (each.get("VersionStages") or [])), None)
