# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of files into S3, and checking it before."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput, PlatformError
from ..._core.placeholders import is_placeholder
from ..session import WORKERS, Aws, Outcome
from . import api
from . import file_set_model as model
from .file_set_check import check

MISSING = ("NoSuchBucket", "404")
VISIBLE_TIMEOUT = 60.0


def run(aws: Aws) -> Outcome:
    """Check the files, list what is below the prefix, plan, apply."""
    prefix, files, params = aws.params["prefix"], aws.params["files"], aws.params
    model.validate(prefix, files, params["keep"], params["keep_days"])
    if params["state"] == "absent":
        changes = model.plan_removal(prefix, _stored(aws) or [])
        aws.apply(changes, _handlers(aws))
        return Outcome(changes, {})
    if not is_placeholder(files):
        check(files, params["validate"], params["program_variable"])
    digest = model.digest_of(files)
    changes = _plan(aws, digest)
    aws.apply(changes, _handlers(aws))
    return Outcome(changes, {"digest": digest, "prefix": f"{prefix}/{digest}"})


def _plan(aws: Aws, digest: str) -> list[Change]:
    prefix, files = aws.params["prefix"], aws.params["files"]
    sets = _stored(aws)
    if sets is None and not aws.check_mode:
        raise InvalidInput("bucket", aws.params["bucket"], "does not exist: create it first, such as with s3_buckets")
    older_than = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=aws.params["keep_days"])
    leaving = model.beyond(sets or [], digest, aws.params["keep"], older_than)
    return model.plan(prefix, _current(aws, sets or [], digest), model.state(digest, files), leaving)


def _stored(aws: Aws) -> list[model.StoredSet] | None:
    """The sets below the prefix, the newest first; None without a bucket."""
    bucket, prefix = aws.params["bucket"], aws.params["prefix"]
    if is_placeholder(bucket):
        return None
    objects = aws.found(lambda: api.list_objects(aws, bucket, f"{prefix}/"), *MISSING)
    return None if objects is None else model.stored_sets(prefix, objects)


def _current(aws: Aws, sets: Sequence[model.StoredSet], digest: str) -> dict[str, Any] | None:
    """State of the set in use; read only where it is another one, to show what differs."""
    stored = model.in_use(sets, digest)
    if stored is None:
        return None
    files = aws.params["files"]
    if stored.digest == digest and model.is_complete(stored, files):
        return model.state(digest, files)
    texts = _read(aws, stored)
    # One that is incomplete counts as another.
    return model.state(stored.digest if stored.digest != digest else "", texts)


def _read(aws: Aws, stored: model.StoredSet) -> dict[str, str]:
    bucket, start = aws.params["bucket"], f"{aws.params['prefix']}/{stored.digest}"
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        texts = pool.map(lambda path: api.get_object(aws, bucket, f"{start}/{path}"), stored.sizes)
        return dict(zip(stored.sizes, (text.decode(errors="replace") for text in texts), strict=True))


def _handlers(aws: Aws) -> dict[Any, Any]:
    def write(change: Change) -> None:
        _upload(aws, str(change.desired["digest"]))

    def delete(change: Change) -> None:
        keys = [{"Key": f"{change.key}/{path}"} for path in change.current["files"]]
        _delete(aws, keys)

    return {(model.KIND, "create"): write, (model.KIND, "update"): write, (model.KIND, "delete"): delete}


def _upload(aws: Aws, digest: str) -> None:
    """Write all files, waiting out the moment in which a bucket that was just made is not known everywhere."""
    bucket, start, files = aws.params["bucket"], f"{aws.params['prefix']}/{digest}", aws.params["files"]

    def put(path: str) -> None:
        body = files[path].encode()
        aws.eventually(
            lambda: api.put_object(aws, bucket, f"{start}/{path}", body), "NoSuchBucket", timeout=VISIBLE_TIMEOUT
        )

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        list(pool.map(put, files))


def _delete(aws: Aws, keys: Sequence[Mapping[str, str]]) -> None:
    for start in range(0, len(keys), api.DELETED_AT_ONCE):
        errors = api.delete_objects(aws, aws.params["bucket"], keys[start : start + api.DELETED_AT_ONCE])
        if errors:
            first = errors[0]
            raise PlatformError(f"DeleteObjects: {first.get('Key')}: {first.get('Code')}: {first.get('Message')}")
