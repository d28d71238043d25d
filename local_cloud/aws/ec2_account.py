"""EC2: what holds for a whole account in a region."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from local_cloud.extensions import operation
from local_cloud.runtime import Runtime

_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")
_NO_PREFERENCE = {"no-preference", "-1"}


def _settings(self: EC2Response) -> dict[str, Any]:
    found: dict[str, Any] = self.ec2_backend.__dict__.setdefault("local_account_settings", {})
    return found


def get_snapshot_block_public_access_state(self: EC2Response) -> ActionResult:
    return ActionResult({"State": _settings(self).get("snapshots", "unblocked"), "ManagedBy": "account"})


def enable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    _settings(self)["snapshots"] = self._get_param("State")
    return ActionResult({"State": self._get_param("State")})


def disable_snapshot_block_public_access(self: EC2Response) -> ActionResult:
    _settings(self)["snapshots"] = "unblocked"
    return ActionResult({"State": "unblocked"})


def get_image_block_public_access_state(self: EC2Response) -> ActionResult:
    """Accounts from after 2023 block it from the start; older ones do not."""
    state = _settings(self).get("images", "unblocked")
    return ActionResult({"ImageBlockPublicAccessState": state, "ManagedBy": "account"})


def enable_image_block_public_access(self: EC2Response) -> ActionResult:
    _settings(self)["images"] = self._get_param("ImageBlockPublicAccessState")
    return ActionResult({"ImageBlockPublicAccessState": _settings(self)["images"]})


def disable_image_block_public_access(self: EC2Response) -> ActionResult:
    _settings(self)["images"] = "unblocked"
    return ActionResult({"ImageBlockPublicAccessState": "unblocked"})


def get_instance_metadata_defaults(self: EC2Response) -> ActionResult:
    return ActionResult({"AccountLevel": {**_settings(self).get("metadata", {}), "ManagedBy": "account"}})


def modify_instance_metadata_defaults(self: EC2Response) -> ActionResult:
    kept = _settings(self).setdefault("metadata", {})
    for name in _METADATA:
        value = self._get_param(name)
        if str(value) in _NO_PREFERENCE:
            kept.pop(name, None)
        elif value is not None:
            kept[name] = int(value) if name.endswith("Limit") else value
    return ActionResult({"Return": True})


def get_serial_console_access_status(self: EC2Response) -> ActionResult:
    enabled = _settings(self).get("serial_console", False)
    return ActionResult({"SerialConsoleAccessEnabled": enabled, "ManagedBy": "account"})


def enable_serial_console_access(self: EC2Response) -> ActionResult:
    _settings(self)["serial_console"] = True
    return ActionResult({"SerialConsoleAccessEnabled": True})


def disable_serial_console_access(self: EC2Response) -> ActionResult:
    _settings(self)["serial_console"] = False
    return ActionResult({"SerialConsoleAccessEnabled": False})


def install(_runtime: Runtime) -> None:
    for function in (
        get_snapshot_block_public_access_state,
        enable_snapshot_block_public_access,
        disable_snapshot_block_public_access,
        get_image_block_public_access_state,
        enable_image_block_public_access,
        disable_image_block_public_access,
        get_instance_metadata_defaults,
        modify_instance_metadata_defaults,
        get_serial_console_access_status,
        enable_serial_console_access,
        disable_serial_console_access,
    ):
        operation(EC2Response)(function)
