# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking the rotations of secrets one step further."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..session import Aws, Outcome, boto3_tag_list_to_ansible_dict
from . import api, model, rotation
from .rotation import Rotatable, Versions
from .run import generated


def run(aws: Aws) -> Outcome:
    """Look the secrets up, plan the step from the labels of their versions, apply, and tell where each is then."""
    prefix, step, by = aws.params["prefix"], aws.params["step"], aws.params["by"]
    policies = {secret["name"]: secret for secret in aws.params["secrets"]}
    now = datetime.datetime.now(datetime.UTC)
    secrets = _read(aws, prefix, policies, ages=step == "begin")
    changes = rotation.plan(step, secrets, policies, aws.params["names"], now)
    take = {"begin": _begin, "promote": _promote, "retire": _retire, "finish": _finish}[step]

    def update(change: Change) -> None:
        _note(aws, secrets[change.key], rotation.record(step, by, now, secrets[change.key].record))
        take(aws, secrets[change.key], policies[change.key])

    aws.apply(changes, {("rotation", "update"): update})
    if changes and not aws.check_mode:
        secrets = _read(aws, prefix, policies, ages=False)
    return Outcome(changes, _told(secrets, policies, changes, now))


def _read(aws: Aws, prefix: str, policies: Mapping[str, Any], *, ages: bool) -> dict[str, Rotatable]:
    """The secrets that have a policy and a value, by name below the prefix."""
    found = {}
    for name in policies:
        # Not from a list, which may be minutes behind.
        item = _described(aws, model.full_name(prefix, name))
        versions = Versions.of((item or {}).get("VersionIdsToStages") or {})
        if not item or item.get("DeletedDate") or not versions.current:
            continue
        created = rotation.current_created(api.list_secret_version_ids(aws, item["ARN"])) if ages else None
        tags = boto3_tag_list_to_ansible_dict(item.get("Tags") or [])
        found[name] = Rotatable(name, item["ARN"], versions, created, tags.get(rotation.RECORD_TAG, ""))
    return found


def _told(
    secrets: Mapping[str, Rotatable], policies: Mapping[str, Any], changes: list[Change], now: datetime.datetime
) -> dict[str, Any]:
    """In check mode the positions are those that the step would lead to."""
    planned = {change.key: str(change.desired["position"]) for change in changes}
    told = [
        rotation.described(secret, policies[name], planned.get(name, secret.versions.position), now)
        for name, secret in sorted(secrets.items())
    ]
    return {"rotations": told, "underway": [each["name"] for each in told if each["position"] != "settled"]}


def _note(aws: Aws, secret: Rotatable, text: str) -> None:
    """Before the step itself: a promoted version always says since when it is."""
    api.tag_resource(aws, secret.arn, {rotation.RECORD_TAG: text})


def _begin(aws: Aws, secret: Rotatable, policy: Mapping[str, Any]) -> None:
    current = api.get_secret_value(aws, secret.arn, VersionId=secret.versions.current)
    aws.hide([current])
    values = {name: generated(aws, recipe) for name, recipe in rotation.recipes(policy, current).items()}
    text = rotation.successor(policy, current, values)
    aws.hide([text])
    api.put_pending_value(aws, secret.arn, text)


def _promote(aws: Aws, secret: Rotatable, _policy: Mapping[str, Any]) -> None:
    versions = secret.versions
    api.move_label(aws, secret.arn, rotation.CURRENT, to=versions.pending, away_from=versions.current)


def _retire(aws: Aws, secret: Rotatable, _policy: Mapping[str, Any]) -> None:
    versions = secret.versions
    api.move_label(aws, secret.arn, rotation.RETIRED, to=versions.previous, away_from=versions.retired)


def _finish(aws: Aws, secret: Rotatable, _policy: Mapping[str, Any]) -> None:
    """The label by which the rotation counts as underway goes last."""
    versions = secret.versions
    if versions.retired:
        api.move_label(aws, secret.arn, rotation.RETIRED, away_from=versions.retired)
    api.move_label(aws, secret.arn, rotation.PENDING, away_from=versions.current)


def _described(aws: Aws, name: str) -> dict[str, Any] | None:
    return aws.found(lambda: api.describe_secret(aws, name), *model.NO_VALUE)
