"""Data sources and providers of dashboards from YAML files. What Grafana does not start with is refused."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local_cloud.grafana.errors import StartError

LOG = logging.getLogger("provisioning")

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))")
_SPECIAL = re.compile(r"\$__(?P<provider>file|env)\{(?P<argument>[^}]*)\}")
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MAIN_ORGANISATION = 1


@dataclass(frozen=True)
class DataSource:
    id: int
    uid: str
    name: str
    type: str
    url: str
    access: str
    is_default: bool
    read_only: bool
    json_data: dict[str, Any] = field(default_factory=dict)
    basic_auth_user: str = ""
    basic_auth_password: str = field(default="", repr=False)

    def describe(self) -> dict[str, Any]:
        """As `/api/datasources` shows it."""
        return {
            "id": self.id,
            "uid": self.uid,
            "orgId": _MAIN_ORGANISATION,
            "name": self.name,
            "type": self.type,
            "typeName": self.type.capitalize(),
            "typeLogoUrl": f"public/app/plugins/datasource/{self.type}/img/{self.type}_logo.svg",
            "access": self.access,
            "url": self.url,
            "user": "",
            "database": "",
            "basicAuth": bool(self.basic_auth_user),
            "isDefault": self.is_default,
            "jsonData": self.json_data,
            "readOnly": self.read_only,
        }


@dataclass(frozen=True)
class Provider:
    """Where dashboards come from, and in which folder they are shown."""

    name: str
    path: Path
    folder: str
    folder_uid: str
    folders_from_structure: bool
    allow_ui_updates: bool


def data_sources(folder: Path, environment: Mapping[str, str]) -> list[DataSource]:
    """Raises StartError."""
    found: list[DataSource] = []
    for file, content in _files(folder / "datasources", environment):
        for entry in _list(file, content, "datasources"):
            found.append(_data_source(file, entry, len(found) + 1))
    if sum(source.is_default for source in found) > 1:
        raise StartError(
            "Datasource provisioning error: datasource.yaml config is invalid. "
            "Only one datasource per organization can be marked as default"
        )
    for what in ("uid", "name"):
        _unique(f"datasource {what}", [getattr(source, what) for source in found])
    return found


def providers(folder: Path, environment: Mapping[str, str]) -> list[Provider]:
    """Raises StartError."""
    found = [
        _provider(file, entry)
        for file, content in _files(folder / "dashboards", environment)
        for entry in _list(file, content, "providers")
    ]
    _unique("name of dashboard providers", [provider.name for provider in found])
    return found


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}`, `$__env{NAME}`, `$__file{PATH}`; `$$` is a dollar sign. What is not set is empty."""

    def special(match: re.Match[str]) -> str:
        if match["provider"] == "env":
            return environment.get(match["argument"], "")
        try:
            return Path(match["argument"]).read_text().strip()
        except OSError as error:
            raise StartError(f"$__file{{{match['argument']}}}: {error.strerror}") from error

    def variable(match: re.Match[str]) -> str:
        return environment.get(match["braced"] or match["plain"], "")

    return "$".join(_VARIABLE.sub(variable, _SPECIAL.sub(special, part)) for part in text.split("$$"))


def _files(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[Path, dict[str, Any]]]:
    if not folder.is_dir():
        LOG.error("can't read provisioning files from directory", extra={"fields": {"path": folder}})
        return
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".yaml", ".yml"):
            continue
        try:
            content = yaml.safe_load(file.read_text())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise StartError(f"could not parse provisioning config file: {file} error: {reason}") from error
        if content is None:
            continue
        if not isinstance(content, dict) or content.get("apiVersion") != 1:
            raise StartError(f"could not parse provisioning config file: {file} error: apiVersion: 1 is missing")
        yield file, _expanded(content, environment)


def _expanded(value: Any, environment: Mapping[str, str]) -> Any:
    """Values, not keys."""
    if isinstance(value, str):
        return expand(value, environment)
    if isinstance(value, list):
        return [_expanded(part, environment) for part in value]
    if isinstance(value, dict):
        return {name: _expanded(part, environment) for name, part in value.items()}
    return value


def _list(file: Path, content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = content.get(name) or []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise StartError(f"could not parse provisioning config file: {file} error: {name} is no list of mappings")
    return found


def _data_source(file: Path, entry: Mapping[str, Any], number: int) -> DataSource:
    for name in ("name", "type"):
        if not _text(file, entry, name):
            raise StartError(f"Datasource provisioning error: {file}: a data source has no {name}")
    given = _text(file, entry, "uid")
    if given and not _UID.fullmatch(given):
        raise StartError(f"Datasource provisioning error: {file}: {given!r} is no uid")
    secure = entry.get("secureJsonData") or {}
    access = _text(file, entry, "access")
    _organisation(file, entry)
    return DataSource(
        id=number,
        uid=given or f"P{hashlib.sha256(str(entry['name']).encode()).hexdigest()[:16].upper()}",
        name=str(entry["name"]),
        type=str(entry["type"]),
        url=_text(file, entry, "url"),
        access=access if access in ("direct", "proxy") else "proxy",
        is_default=_flag(file, entry, "isDefault"),
        read_only=not _flag(file, entry, "editable"),
        json_data=dict(entry.get("jsonData") or {}),
        basic_auth_user=_text(file, entry, "basicAuthUser") if _flag(file, entry, "basicAuth") else "",
        basic_auth_password=str(secure.get("basicAuthPassword", "")),
    )


def _provider(file: Path, entry: Mapping[str, Any]) -> Provider:
    name = _text(file, entry, "name")
    if not name:
        raise StartError(f"Dashboard provisioning error: {file}: name is missing")
    kind = _text(file, entry, "type") or "file"
    if kind != "file":
        raise StartError(f"Dashboard provisioning error: {file}: type {kind} is not supported")
    path = (entry.get("options") or {}).get("path")
    if not isinstance(path, str) or not path:
        raise StartError("Dashboard provisioning error: failed to load dashboards, path param is not a string")
    _organisation(file, entry)
    from_structure = _flag(file, entry["options"], "foldersFromFilesStructure")
    if from_structure and (_text(file, entry, "folder") or _text(file, entry, "folderUid")):
        raise StartError("Dashboard provisioning error: 'folder' and 'folderUID' should be empty using this option")
    return Provider(
        name=name,
        path=Path(path),
        folder=_text(file, entry, "folder"),
        folder_uid=_text(file, entry, "folderUid"),
        folders_from_structure=from_structure,
        allow_ui_updates=_flag(file, entry, "allowUiUpdates"),
    )


def _text(file: Path, entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if isinstance(value, dict | list):
        raise StartError(f"could not parse provisioning config file: {file} error: {name} is no string")
    return "" if value is None else str(value)


def _flag(file: Path, entry: Mapping[str, Any], name: str) -> bool:
    value = str(entry.get(name, False)).lower()
    if value not in ("true", "false", "1", "0", "t", "f"):
        raise StartError(f"could not parse provisioning config file: {file} error: {name}: {value!r} is no bool")
    return value in ("true", "1", "t")


def _organisation(file: Path, entry: Mapping[str, Any]) -> None:
    number = _text(file, entry, "orgId") or "1"
    if number not in ("0", "1"):
        raise StartError(f"{file}: failed to provision {entry.get('name')!r}: organization {number} not found")


def _unique(what: str, values: list[str]) -> None:
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise StartError(f"Provisioning error: {what} is not unique: {', '.join(repeated)}")
