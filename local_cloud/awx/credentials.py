"""Credential types, their schemas, and the inputs of credentials that have to fit them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_cloud.awx.errors import ApiError, invalid

Object = dict[str, Any]

ENCRYPTED = "$encrypted$"
_NAME = "^[a-zA-Z_]+[a-zA-Z0-9_]*$"
_FIELD: Object = {
    "type": "object",
    "properties": {
        "type": {"enum": ["string", "boolean"]},
        "format": {"enum": ["ssh_private_key", "url"]},
        "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
        "id": {"type": "string", "pattern": _NAME, "error": "{instance} is an invalid variable name"},
        "label": {"type": "string"},
        "help_text": {"type": "string"},
        "multiline": {"type": "boolean"},
        "secret": {"type": "boolean"},
        "ask_at_runtime": {"type": "boolean"},
        "default": {},
    },
    "additionalProperties": False,
    "required": ["id", "label"],
}
_INPUTS: Object = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {"type": "array", "items": _FIELD},
    },
}
_INJECTORS: Object = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "object",
            "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}},
            "additionalProperties": False,
        },
        "env": {
            "type": "object",
            "patternProperties": {_NAME: {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
            "additionalProperties": False,
        },
        "extra_vars": {
            "type": "object",
            "patternProperties": {_NAME: {"type": "string"}},
            "additionalProperties": False,
        },
    },
}
# Variables that would change the program that runs the job instead of what the playbook reads.
_FORBIDDEN_ENVIRONMENT = (
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION"),
)


def _text(name: str, label: str, **more: Any) -> Object:
    return {"id": name, "label": label, "type": "string", **more}


def _secret(name: str, label: str, **more: Any) -> Object:
    return _text(name, label, secret=True, **more)


_KEY = _secret("ssh_key_data", "SSH Private Key", format="ssh_private_key", multiline=True)
_PASSPHRASE = _secret("ssh_key_unlock", "Private Key Passphrase")
_USER = _text("username", "Username")
# Those of a fresh AWX that a project like this one uses: name, kind, namespace, inputs, injectors.
MANAGED: tuple[tuple[str, str, str, Object, Object], ...] = (
    (
        "Machine",
        "ssh",
        "ssh",
        {
            "fields": [
                _USER,
                _secret("password", "Password", ask_at_runtime=True),
                _KEY,
                _secret("ssh_public_key_data", "Signed SSH Certificate", multiline=True),
                {**_PASSPHRASE, "ask_at_runtime": True},
                _text("become_method", "Privilege Escalation Method"),
                _text("become_username", "Privilege Escalation Username"),
                _secret("become_password", "Privilege Escalation Password", ask_at_runtime=True),
            ]
        },
        {},
    ),
    (
        "Source Control",
        "scm",
        "scm",
        {"fields": [_USER, _secret("password", "Password"), {**_KEY, "label": "SCM Private Key"}, _PASSPHRASE]},
        {},
    ),
    (
        "Vault",
        "vault",
        "vault",
        {
            "fields": [
                _secret("vault_password", "Vault Password", ask_at_runtime=True),
                _text("vault_id", "Vault Identifier", format="vault_id"),
            ],
            "required": ["vault_password"],
        },
        {},
    ),
    (
        "Amazon Web Services",
        "cloud",
        "aws",
        {
            "fields": [
                _text("username", "Access Key"),
                _secret("password", "Secret Key"),
                _secret("security_token", "STS Token"),
            ],
            "required": ["username", "password"],
        },
        {
            "env": {
                "AWS_ACCESS_KEY_ID": "{{ username }}",
                "AWS_SECRET_ACCESS_KEY": "{{ password }}",
                "AWS_SESSION_TOKEN": "{{ security_token }}",
                "AWS_SECURITY_TOKEN": "{{ security_token }}",
            }
        },
    ),
    (
        "Container Registry",
        "registry",
        "registry",
        {
            "fields": [
                _text("host", "Authentication URL", default="quay.io"),
                _USER,
                _secret("password", "Password or Token"),
                {"id": "verify_ssl", "label": "Verify SSL", "type": "boolean", "default": True},
            ],
            "required": ["host"],
        },
        {},
    ),
    (
        "Ansible Galaxy/Automation Hub API Token",
        "galaxy",
        "galaxy_api_token",
        {
            "fields": [
                _text("url", "Galaxy Server URL"),
                _text("auth_url", "Auth Server URL"),
                _secret("token", "API Token"),
            ],
            "required": ["url"],
        },
        {},
    ),
    (
        "GitHub Personal Access Token",
        "token",
        "github_token",
        {"fields": [_secret("token", "Token")], "required": ["token"]},
        {},
    ),
)


def check_type(inputs: Any, injectors: Any) -> None:
    """The schemas of a custom type. Raises ApiError."""
    if isinstance(inputs, dict) and "dependencies" in inputs:
        raise invalid(inputs="'dependencies' is not supported for custom credentials.")
    _check_schema("inputs", inputs, _INPUTS)
    seen: set[str] = set()
    for field in inputs.get("fields", []):
        _check_field(field, seen)
        seen.add(field["id"])
    _check_schema("injectors", injectors, _INJECTORS)
    for name in injectors.get("env", {}):
        _check_environment(name)
    _check_templates(inputs, injectors)


def check_inputs(kind: Object, inputs: Object, *, new: bool) -> None:
    """What a credential of a type is given. Required inputs are asked for at a launch only. Raises ApiError."""
    secrets = secrets_of(kind)
    for name in secrets:
        if new and inputs.get(name) == ENCRYPTED:
            raise invalid(inputs=f"$encrypted$ is a reserved keyword, and cannot be used for {name}.")
    properties = {field["id"]: _property(field) for field in kind["inputs"].get("fields", [])}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    errors: dict[str, list[str]] = {}
    given = {name: value for name, value in inputs.items() if value is not None}
    for error in _schema_errors(given, schema):
        if "id" not in error.schema:
            raise invalid(inputs=error.message)
        errors[error.schema["id"]] = [error.message]
    for name, field in properties.items():
        if field.get("format") == "ssh_private_key" and given.get(name) not in (None, "", ENCRYPTED):
            errors |= _key_errors(name, given[name])
    if errors:
        raise ApiError(400, {"inputs": errors})


def secrets_of(kind: Object) -> list[str]:
    return [field["id"] for field in kind["inputs"].get("fields", []) if field.get("secret")]


def shown_inputs(kind: Object, inputs: Object) -> Object:
    secrets = secrets_of(kind)
    return {name: ENCRYPTED if name in secrets and value else value for name, value in inputs.items()}


def missing_inputs(kind: Object, inputs: Object) -> list[str]:
    return sorted(name for name in kind["inputs"].get("required", []) if inputs.get(name) in (None, ""))


def unique_kind(kind: Object, inputs: Object) -> tuple[int, str]:
    """Of each of these a job takes one credential; of vaults one for each identifier."""
    return kind["id"], str(inputs.get("vault_id", "")) if kind["kind"] == "vault" else ""


def injected(kind: Object, inputs: Object, folder: Path) -> Object:
    """`env` and `extra_vars` as a job gets them; files are written to `folder`, and named by `tower.filename`."""
    values = {field["id"]: "" for field in kind["inputs"].get("fields", [])} | inputs
    files: dict[str, str] = {}
    for name, template in kind["injectors"].get("file", {}).items():
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(_rendered(template, values))
        files[name] = str(path)
    tower = {"filename": files.get("template") or {name.partition(".")[2]: path for name, path in files.items()}}
    return {
        part: {
            name: _rendered(template, {**values, "tower": tower})
            for name, template in kind["injectors"].get(part, {}).items()
        }
        for part in ("env", "extra_vars")
    }


def _schema_errors(value: Any, schema: Object) -> Iterator[Any]:
    # Imported when it is needed: every local cloud starts this stand-in, few ask it anything.
    import jsonschema

    return iter(jsonschema.Draft4Validator(schema).iter_errors(value))


def _rendered(template: str, values: Object) -> str:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(**values)


def _check_schema(name: str, value: Any, schema: Object) -> None:
    errors = [_sentence(error) for error in _schema_errors(value, schema)]
    if errors:
        raise ApiError(400, {name: errors})


def _sentence(error: Any) -> str:
    place = f" in relative path {list(error.path)}" if error.path else ""
    if error.validator == "pattern" and "error" in error.schema:
        return str(error.schema["error"].format(instance=error.instance))
    if error.validator == "type":
        wanted = {"object": "dict"}.get(error.validator_value, error.validator_value)
        return f"{type(error.instance).__name__} provided{place}, expected {wanted}"
    if error.validator == "additionalProperties":
        return f"Schema validation error in relative path {list(error.path)} ({error.message})"
    return str(error.message)


def _check_field(field: Object, seen: set[str]) -> None:
    name = field["id"]
    if name == "tower":
        raise invalid(inputs='"tower" is a reserved field name')
    if name in seen:
        raise invalid(inputs=f"field IDs must be unique ({name})")
    kind = field.setdefault("type", "string")
    if "default" in field and not isinstance(field["default"], bool if kind == "boolean" else str):
        raise invalid(inputs=f"{field['default']} is not a {kind}")
    for key in ("choices", "multiline", "format", "secret"):
        if key in field and kind != "string":
            raise invalid(inputs=f"{key} not allowed for {kind} type ({name})")
    if field.get("ask_at_runtime"):
        raise invalid(inputs="'ask_at_runtime' is not supported for custom credentials.")


def _check_environment(name: str) -> None:
    if name.startswith("ANSIBLE_"):
        raise invalid(
            injectors=f"Environment variable {name} may affect Ansible configuration so its "
            "use is not allowed in credentials."
        )
    if name in _FORBIDDEN_ENVIRONMENT:
        raise invalid(injectors=f"Environment variable {name} is not allowed to be used in credentials.")


def _check_templates(inputs: Object, injectors: Object) -> None:
    """Injectors use inputs that there are."""
    files = list(injectors.get("file", {}))
    if "template" in files and len(files) > 1:
        raise invalid(injectors="Must use multi-file syntax when injecting multiple files")
    tower = {"filename": "FILE" if "template" in files else {name.split(".")[1]: "FILE" for name in files}}
    values: Object = {field["id"]: "EXAMPLE" for field in inputs.get("fields", [])} | (
        {"tower": tower} if files else {}
    )
    import jinja2

    for part, entries in injectors.items():
        for name, template in entries.items():
            try:
                _rendered(template, values)
            except jinja2.UndefinedError as error:
                raise invalid(injectors=f"{name} uses an undefined field ({error})") from None
            except jinja2.TemplateSyntaxError as error:
                sentence = f"Syntax error rendering template for {name} inside of {part} ({error})"
                raise invalid(injectors=sentence) from None


def _property(field: Object) -> Object:
    return {**field, "enum": field["choices"]} if field.get("choices") else field


def _key_errors(name: str, value: str) -> dict[str, list[str]]:
    if re.search(r"-----BEGIN [A-Z ]*(PRIVATE KEY|CERTIFICATE)-----", value):
        return {}
    return {name: [f"Invalid certificate or key: {value[:100]}..."]}
