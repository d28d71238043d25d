# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the secrets below a prefix to their desired state."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..._core.redact import Secret
from .. import policy
from ..keys import resolved
from ..session import Aws, Outcome, ansible_dict_to_boto3_tag_list
from . import api, certificate, model


def run(aws: Aws) -> Outcome:
    """List the secrets below the prefix, read only values that have to be compared, plan, apply."""
    prefix, secrets, tags = aws.params["prefix"], aws.params["secrets"], aws.params["tags"]
    model.validate_window(aws.params["recovery_window_in_days"])
    if aws.params["purge"] and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    aws.secrets |= {secret["value"] for secret in secrets if secret["value"]}
    desired = model.desired_states(prefix, secrets, tags)
    listed = api.list_secrets(aws, model.full_name(prefix, ""))
    recipes = {model.full_name(prefix, secret["name"]): secret for secret in secrets}
    current = _current(aws, listed, desired, recipes)
    desired = {name: resolved(aws, state, current.get(name, {}), ("kms_key_id",)) for name, state in desired.items()}
    changes = model.plan(current, desired, purge=aws.params["purge"])
    arns = {name: state["arn"] for name, state in current.items()}
    aws.apply(changes, _handlers(aws, recipes, arns))
    result = {
        secret["name"]: {"name": name, "arn": arns.get(name, KNOWN_AFTER_APPLY)} for name, secret in recipes.items()
    }
    return Outcome(changes, {"secrets": result})


def _current(
    aws: Aws, listed: list[dict[str, Any]], desired: Mapping[str, Any], recipes: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    values = model.values_by_name(*api.batch_get_secret_value(aws, model.readable(listed, desired, "value")))
    aws.secrets |= {value.reveal() for value in values.values()}
    policies = {name: api.get_resource_policy(aws, name) for name in model.readable(listed, desired, "resource_policy")}
    now = datetime.datetime.now(datetime.UTC)
    known = {name: model.judged(value, recipes[name], now) for name, value in values.items()}
    return model.current_states(listed, known, policies, desired, aws.params["tags"])


def _handlers(aws: Aws, recipes: Mapping[str, Any], arns: dict[str, str]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        arns[change.key] = _create(aws, change, _value(aws, change.desired["value"], recipes[change.key]))
        _put_policy(aws, change.key, change.desired.get("resource_policy"))

    def update(change: Change) -> None:
        _update(aws, change, recipes[change.key])

    def delete(change: Change) -> None:
        api.delete_secret(aws, change.key, aws.params["recovery_window_in_days"])

    return {("secret", "create"): create, ("secret", "update"): update, ("secret", "delete"): delete}


def _create(aws: Aws, change: Change, value: str) -> str:
    """Create, waiting out the moment in which a name is still held by a secret just deleted."""
    arguments = {
        "Description": change.desired.get("description"),
        "KmsKeyId": change.desired.get("kms_key_id"),
        "Tags": ansible_dict_to_boto3_tag_list(change.desired.get("tags") or {}),
    }
    given = {key: item for key, item in arguments.items() if item}

    def create() -> str | None:
        return aws.found(lambda: api.create_secret(aws, change.key, value, **given), "ResourceExistsException")

    arn = aws.eventually(create, "InvalidRequestException", text="scheduled for deletion")
    return arn or str(api.describe_secret(aws, change.key)["ARN"])


def _update(aws: Aws, change: Change, recipe: Mapping[str, Any]) -> None:
    name, fields, desired = change.key, change.fields, change.desired
    if "scheduled_for_deletion" in fields:
        api.restore_secret(aws, name)
    if "tags" in fields:
        api.tag_resource(aws, name, desired["tags"])
    settings = {"description": "Description", "kms_key_id": "KmsKeyId"}
    changed = {argument: desired[field] for field, argument in settings.items() if field in fields}
    if changed:
        api.update_secret(aws, name, **changed)
    if "value" in fields:
        api.put_secret_value(aws, name, _value(aws, desired["value"], recipe))
    if "resource_policy" in fields:
        _put_policy(aws, name, desired["resource_policy"], clear=True)


def _put_policy(aws: Aws, name: str, document: Mapping[str, Any] | None, *, clear: bool = False) -> None:
    """Attach a policy once the principals it names, perhaps made a moment ago, are known everywhere."""
    if document:
        text = policy.text(document)
        aws.eventually(lambda: api.put_resource_policy(aws, name, text), "MalformedPolicyDocumentException")
    elif clear:
        api.delete_resource_policy(aws, name)


def _value(aws: Aws, value: Any, recipe: Mapping[str, Any]) -> str:
    """The text to store. What is generated here is masked wherever it might show."""
    if isinstance(value, Secret):
        return value.reveal()
    if recipe["certificate"]:
        fields = certificate.generate(recipe["certificate"], datetime.datetime.now(datetime.UTC))
        aws.secrets.add(fields[certificate.PRIVATE_KEY])
        return _document(aws, fields)
    if recipe["generate"]:
        return generated(aws, recipe["generate"])
    fields = {key["name"]: generated(aws, key) for key in recipe["keys"]}
    return _document(aws, {**(recipe["template"] or {}), **fields})


def _document(aws: Aws, fields: Mapping[str, Any]) -> str:
    text = json.dumps(fields)
    aws.secrets.add(text)
    return text


def generated(aws: Aws, recipe: Mapping[str, Any]) -> str:
    text = api.get_random_password(
        aws,
        PasswordLength=recipe["length"],
        ExcludePunctuation=recipe["exclude_punctuation"],
        ExcludeCharacters=recipe["exclude_characters"],
    )
    aws.secrets.add(text)
    return text
