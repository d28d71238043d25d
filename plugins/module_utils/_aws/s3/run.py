# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of S3 buckets to its desired state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput, PlatformError
from .. import policy
from ..keys import resolved
from ..session import WORKERS, Answer, Aws, Outcome
from . import api, model

MISSING = ("NoSuchBucket", "404")
BUSY_TIMEOUT = 120.0
REMOVAL_TIMEOUT = 600.0
READERS: Mapping[str, Callable[[Aws, str], Any]] = {
    "tags": api.get_bucket_tagging,
    "policy": api.get_bucket_policy,
    "server_side_encryption": api.get_bucket_encryption,
    "public_access_block": api.get_public_access_block,
    "object_ownership": api.get_bucket_ownership_controls,
    "versioning": api.get_bucket_versioning,
    "lifecycle_rules": api.get_bucket_lifecycle_configuration,
    "logging": api.get_bucket_logging,
}


def run(aws: Aws) -> Outcome:
    """Read what is managed of each bucket, all at once, plan, apply."""
    tags, remove = aws.params["tags"], aws.params["state"] == "absent"
    if remove:
        model.validate_removal(tags)
    listed = model.desired_states(aws.params["buckets"], tags)
    desired = {} if remove else listed
    current = _read(aws, {name: {"tags", *desired.get(name, ())} for name in listed})
    model.validate_regions(current, desired, aws.region)
    wanted = {name: _with_key(aws, state, current.get(name, {})) for name, state in desired.items()}
    changes = model.plan(current, wanted)
    _refuse_objects(aws, changes)
    aws.apply(changes, _handlers(aws, model.policies(aws.params["buckets"])))
    stays = [f"bucket {name} does not carry all of tags and stays" for name in model.not_ours(current, desired)]
    arn = f"arn:{api.partition(aws)}:s3:::"
    return Outcome(changes, {"buckets": {name: {"arn": arn + name} for name in desired}}, warnings=stays)


def _read(aws: Aws, fields: Mapping[str, Collection[str]]) -> dict[str, State]:
    """States by name of the buckets that exist, each with its `fields`."""
    jobs: list[tuple[str, str, Callable[[Aws, str], Any]]] = [
        job
        for name, wanted in fields.items()
        # First, since its failure says most.
        for job in ((name, "region", _region), *((name, field, READERS[field]) for field in READERS if field in wanted))
    ]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        answers = list(pool.map(lambda job: aws.found(lambda: job[2](aws, job[0]), *MISSING), jobs))
    found: dict[str, dict[str, Any]] = {name: {} for name in fields}
    for (name, field, _reader), answer in zip(jobs, answers, strict=True):
        found[name][field] = answer
    return {
        name: model.current_state(read, aws.params["tags"])
        for name, read in found.items()
        if all(answer is not None for answer in read.values())
    }


def _region(aws: Aws, name: str) -> str:
    region = aws.found(lambda: api.head_bucket(aws, name), "403")
    if region is None:
        remedy = "is of another account, or these credentials lack s3:ListBucket: choose another name, or allow it"
        raise InvalidInput("buckets", name, remedy)
    return region


def _with_key(aws: Aws, desired: State, current: State) -> State:
    """`desired` with its KMS key as S3 stores it."""
    field = "server_side_encryption"
    if field not in desired:
        return desired
    return {**desired, field: resolved(aws, desired[field], current.get(field, {}), ("kms_master_key_id",))}


def _refuse_objects(aws: Aws, changes: list[Change]) -> None:
    if not aws.params["force"]:
        leaving = [change.key for change in changes if change.op == "delete"]
        model.refuse_objects(name for name in leaving if api.holds_objects(aws, name))


def _handlers(aws: Aws, policies: Mapping[str, Mapping[str, Any]]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        _when_free(aws, lambda: aws.found(lambda: api.create_bucket(aws, change.key), "BucketAlreadyOwnedByYou"))
        fields = {field: value for field, value in change.desired.items() if value}
        _write(aws, change.key, fields, {}, policies)

    def update(change: Change) -> None:
        fields = {field: change.desired[field] for field in change.fields}
        _write(aws, change.key, fields, change.current["all_tags"], policies)

    handlers = {"create": create, "update": update, "delete": partial(_delete, aws)}
    return {("bucket", op): handler for op, handler in handlers.items()}


def _write(
    aws: Aws,
    name: str,
    fields: Mapping[str, Any],
    all_tags: Mapping[str, str],
    policies: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write fields one after the other, since S3 refuses two changes of a bucket at once.

    Tags come first, so that a bucket is known to be ours whatever happens next. Access is closed before a policy opens
    it.
    """
    writers: dict[str, Callable[[Any], None]] = {
        "tags": lambda tags: api.put_bucket_tagging(aws, name, {**all_tags, **tags}),
        "public_access_block": lambda state: api.put_public_access_block(aws, name, model.access_block(state)),
        "object_ownership": lambda ownership: api.put_bucket_ownership_controls(aws, name, ownership),
        "server_side_encryption": lambda state: api.put_bucket_encryption(aws, name, model.encryption_rule(state)),
        "versioning": lambda status: api.put_bucket_versioning(aws, name, status),
        "lifecycle_rules": partial(_put_lifecycle, aws, name),
        "logging": lambda state: api.put_bucket_logging(aws, name, model.logging_status(state)),
        "policy": lambda _canonical: _put_policy(aws, name, policies[name]),
    }
    for field, write in writers.items():
        if field in fields:
            _when_free(aws, partial(write, fields[field]))


def _when_free(aws: Aws, call: Callable[[], Answer]) -> Answer:
    """Repeat a call while S3 is at work on the bucket, or does not know it everywhere yet."""
    return aws.eventually(call, "OperationAborted", "NoSuchBucket", timeout=BUSY_TIMEOUT)


def _put_lifecycle(aws: Aws, name: str, rules: list[dict[str, Any]]) -> None:
    if rules:
        api.put_bucket_lifecycle_configuration(aws, name, rules)
    else:
        api.delete_bucket_lifecycle(aws, name)


def _put_policy(aws: Aws, name: str, document: Mapping[str, Any]) -> None:
    """Attach a policy once the principals it names, perhaps made a moment ago, are known everywhere."""
    if document:
        text = policy.text(document)
        aws.eventually(lambda: api.put_bucket_policy(aws, name, text), "MalformedPolicy", text="invalid principal")
    else:
        api.delete_bucket_policy(aws, name)


def _delete(aws: Aws, change: Change) -> None:
    """Delete a bucket, with `force` whatever is in it.

    Services deliver logs for some minutes after they were told to stop. Without its policy the bucket takes no more,
    and what came before that is removed as well.
    """
    name, force = change.key, aws.params["force"]

    def remove() -> None:
        if force:
            api.delete_bucket_policy(aws, name)
            _empty(aws, name)
        api.delete_bucket(aws, name)

    passing = ("OperationAborted", *(["BucketNotEmpty"] if force else []))
    aws.remove(f"bucket {name} is gone", lambda: aws.found(remove, *MISSING), list, *passing, timeout=REMOVAL_TIMEOUT)


def _empty(aws: Aws, name: str) -> None:
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        portions = pool.map(lambda objects: api.delete_objects(aws, name, objects), api.object_versions(aws, name))
        errors = [error for portion in portions for error in portion]
    if errors:
        first = errors[0]
        reason = f"{first.get('Key')}: {first.get('Code')}: {first.get('Message')}"
        raise PlatformError(f"{len(errors)} objects of {name} cannot be deleted, such as {reason}")
