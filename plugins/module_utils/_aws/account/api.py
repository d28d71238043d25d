# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls about what holds for a whole account in a region, one function an operation."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..session import Aws

NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"


def get_ebs_encryption_by_default(aws: Aws) -> bool:
    """Whether new volumes and snapshots are encrypted (GetEbsEncryptionByDefault)."""
    return bool(aws.client("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"])


def set_ebs_encryption_by_default(aws: Aws, *, enabled: bool) -> None:
    """Turn it on or off (EnableEbsEncryptionByDefault, DisableEbsEncryptionByDefault)."""
    client = aws.client("ec2")
    (client.enable_ebs_encryption_by_default if enabled else client.disable_ebs_encryption_by_default)()


def get_snapshot_block_public_access(aws: Aws) -> str:
    """Whether snapshots may be shared with everybody (GetSnapshotBlockPublicAccessState)."""
    return str(aws.client("ec2").get_snapshot_block_public_access_state()["State"])


def set_snapshot_block_public_access(aws: Aws, state: str) -> None:
    """Set it (EnableSnapshotBlockPublicAccess, DisableSnapshotBlockPublicAccess)."""
    if state == "unblocked":
        aws.client("ec2").disable_snapshot_block_public_access()
    else:
        aws.client("ec2").enable_snapshot_block_public_access(State=state)


def get_image_block_public_access(aws: Aws) -> str:
    """Whether images may be shared with everybody (GetImageBlockPublicAccessState)."""
    return str(aws.client("ec2").get_image_block_public_access_state()["ImageBlockPublicAccessState"])


def set_image_block_public_access(aws: Aws, state: str) -> None:
    """Set it (EnableImageBlockPublicAccess, DisableImageBlockPublicAccess)."""
    if state == "unblocked":
        aws.client("ec2").disable_image_block_public_access()
    else:
        aws.client("ec2").enable_image_block_public_access(ImageBlockPublicAccessState=state)


def get_instance_metadata_defaults(aws: Aws) -> dict[str, Any]:
    """How new instances offer their metadata unless told otherwise (GetInstanceMetadataDefaults)."""
    return dict(aws.client("ec2").get_instance_metadata_defaults().get("AccountLevel") or {})


def modify_instance_metadata_defaults(aws: Aws, **arguments: Any) -> None:
    """Change some of it (ModifyInstanceMetadataDefaults)."""
    aws.client("ec2").modify_instance_metadata_defaults(**arguments)


def get_serial_console_access(aws: Aws) -> bool:
    """Whether instances have a serial console (GetSerialConsoleAccessStatus)."""
    return bool(aws.client("ec2").get_serial_console_access_status()["SerialConsoleAccessEnabled"])


def set_serial_console_access(aws: Aws, *, enabled: bool) -> None:
    """Turn it on or off (EnableSerialConsoleAccess, DisableSerialConsoleAccess)."""
    client = aws.client("ec2")
    (client.enable_serial_console_access if enabled else client.disable_serial_console_access)()


def get_public_access_block(aws: Aws, account_id: str) -> dict[str, bool]:
    """What of the public is kept out of all buckets (S3 Control GetPublicAccessBlock)."""
    answer = aws.found(lambda: _s3control(aws, account_id).get_public_access_block(AccountId=account_id), NO_BLOCK)
    return dict(answer["PublicAccessBlockConfiguration"]) if answer else {}


def put_public_access_block(aws: Aws, account_id: str, configuration: Mapping[str, bool]) -> None:
    """Keep the public out of all buckets (S3 Control PutPublicAccessBlock)."""
    _s3control(aws, account_id).put_public_access_block(
        AccountId=account_id, PublicAccessBlockConfiguration=dict(configuration)
    )


def _s3control(aws: Aws, account_id: str) -> Any:
    """A client that works on an endpoint given as an address, too, which has no host for each account."""
    client = aws.client("s3control")

    def without_account(params: dict[str, Any], **_event: Any) -> None:
        params["url"] = params["url"].replace(f"//{account_id}.", "//", 1)

    if _is_address(urlsplit(client.meta.endpoint_url).hostname or ""):
        client.meta.events.register("before-call.s3-control", without_account, unique_id="without-account")
    return client


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
