# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing settings of an account to their desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..session import WORKERS, Aws, Outcome
from . import api, model

READERS: Mapping[str, Callable[[Aws, str], dict[str, Any]]] = {
    "ebs_encryption_by_default": lambda aws, _account: {"value": api.get_ebs_encryption_by_default(aws)},
    "snapshot_block_public_access": lambda aws, _account: {"value": api.get_snapshot_block_public_access(aws)},
    "image_block_public_access": lambda aws, _account: {"value": api.get_image_block_public_access(aws)},
    "serial_console_access": lambda aws, _account: {"value": api.get_serial_console_access(aws)},
    "instance_metadata_defaults": lambda aws, _account: model.readable_metadata(
        api.get_instance_metadata_defaults(aws)
    ),
    "s3_public_access_block": lambda aws, account: model.readable_flags(api.get_public_access_block(aws, account)),
}


def run(aws: Aws) -> Outcome:
    """Read the settings that are managed, all at once, plan, apply."""
    identity = aws.identity()
    desired = model.desired_states(aws.params)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        answers = pool.map(lambda name: READERS[name](aws, identity["account_id"]), desired)
        current = dict(zip(desired, answers, strict=True))
    changes = model.plan(current, desired)
    aws.apply(changes, {(model.KIND, "update"): lambda change: _write(aws, identity["account_id"], change)})
    return Outcome(changes, identity)


def _write(aws: Aws, account_id: str, change: Change) -> None:
    state = change.desired
    writers: Mapping[str, Callable[[], None]] = {
        "ebs_encryption_by_default": lambda: api.set_ebs_encryption_by_default(aws, enabled=state["value"]),
        "snapshot_block_public_access": lambda: api.set_snapshot_block_public_access(aws, state["value"]),
        "image_block_public_access": lambda: api.set_image_block_public_access(aws, state["value"]),
        "serial_console_access": lambda: api.set_serial_console_access(aws, enabled=state["value"]),
        "instance_metadata_defaults": lambda: api.modify_instance_metadata_defaults(
            aws, **{model.METADATA[name]: state[name] for name in change.fields}
        ),
        "s3_public_access_block": lambda: api.put_public_access_block(
            aws, account_id, model.written_flags(change.current, state)
        ),
    }
    writers[change.key]()
