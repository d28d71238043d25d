"""`secrets` of a container: values from Secrets Manager and Parameter Store."""

from __future__ import annotations

import json
import re

from moto.core.exceptions import JsonRESTError
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from local_cloud.ecs import roles
from local_cloud.ecs.errors import ResourceInitializationError

_SECRET = re.compile(
    r"(?P<arn>arn:[\w-]+:secretsmanager:(?P<region>[\w-]+):(?P<account>\d+):secret:[^:]+)"
    r"(?::(?P<key>[^:]*):(?P<stage>[^:]*):(?P<version>[^:]*))?"
)
_PARAMETER = re.compile(r"arn:[\w-]+:ssm:(?P<region>[\w-]+):(?P<account>\d+):parameter(?P<name>/?.+)")
_DOING_SECRET = "unable to pull secrets or registry auth: unable to retrieve secret from asm"
_DOING_PARAMETER = "unable to pull secrets or registry auth: unable to retrieve secrets from ssm"


def read(value_from: str, account: str, region: str, execution_role: str) -> str:
    """The value behind a `valueFrom`. Raises ResourceInitializationError."""
    secret = _SECRET.fullmatch(value_from)
    if secret:
        return _read_secret(secret, execution_role)
    parameter = _PARAMETER.fullmatch(value_from)
    if parameter:
        return _read_parameter(parameter["name"], value_from, parameter["account"], parameter["region"], execution_role)
    # A bare name means a parameter of the task's own region.
    path = value_from if value_from.startswith("/") else f"/{value_from}"
    arn = f"arn:aws:ssm:{region}:{account}:parameter{path}"
    return _read_parameter(value_from, arn, account, region, execution_role)


def _read_secret(match: re.Match[str], execution_role: str) -> str:
    arn = match["arn"]
    roles.check_allowed(execution_role, "secretsmanager:GetSecretValue", arn, _DOING_SECRET)
    backend = secretsmanager_backends[match["account"]][match["region"]]
    try:
        found = backend.get_secret_value(arn, match["version"] or None, match["stage"] or None)
    except JsonRESTError as error:
        raise ResourceInitializationError(f"{_DOING_SECRET}: {arn}: {error}") from None
    text = str(found.get("SecretString", ""))
    return _json_key(text, match["key"], arn) if match["key"] else text


def _json_key(text: str, key: str, arn: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        raise ResourceInitializationError(f"{_DOING_SECRET}: {arn} is not JSON, but key {key} is asked") from None
    if not isinstance(content, dict) or key not in content:
        raise ResourceInitializationError(f"{_DOING_SECRET}: retrieved secret {arn} did not contain json key {key}")
    value = content[key]
    return value if isinstance(value, str) else json.dumps(value)


def _read_parameter(name: str, arn: str, account: str, region: str, execution_role: str) -> str:
    roles.check_allowed(execution_role, "ssm:GetParameters", arn, _DOING_PARAMETER)
    backend = ssm_backends[account][region]
    # Parameters without a hierarchy have no slash in their name, but one in their ARN.
    found = backend.get_parameter(name) or backend.get_parameter(name.removeprefix("/"))
    if found is None:
        raise ResourceInitializationError(f"{_DOING_PARAMETER}: invalid parameters: {name}")
    return str(found.response_object(decrypt=True)["Value"])
