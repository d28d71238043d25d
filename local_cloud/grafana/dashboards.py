"""Dashboards of the provisioned files. A file that is broken is logged and not served."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_cloud.grafana.provisioning import Provider

LOG = logging.getLogger("provisioning.dashboard")

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Folder:
    id: int
    uid: str
    title: str


@dataclass(frozen=True)
class Dashboard:
    id: int
    uid: str
    title: str
    tags: tuple[str, ...]
    folder: Folder | None
    provider: Provider
    file: Path
    model: dict[str, Any]

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def url(self) -> str:
        return f"/d/{self.uid}/{self.slug}"

    @property
    def changed(self) -> str:
        return datetime.fromtimestamp(self.file.stat().st_mtime, UTC).isoformat(timespec="seconds")


class Catalogue:
    """All dashboards by uid, and their folders."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self.dashboards: dict[str, Dashboard] = {}
        self.folders: dict[str, Folder] = {}
        self._last_id = 0
        for provider in providers:
            self._load(provider)

    def _load(self, provider: Provider) -> None:
        if not provider.path.is_dir():
            LOG.error("Cannot read directory", extra={"fields": {"path": provider.path, "provider": provider.name}})
            return
        models = _read(sorted(file for file in provider.path.rglob("*.json") if not _hidden(file, provider.path)))
        repeated = _repeated(models)
        if repeated:
            LOG.error(
                "dashboards provisioning provider has no database write permissions because of duplicates",
                extra={"fields": {"provider": provider.name, "duplicates": ", ".join(repeated)}},
            )
            return
        for file, model in models.items():
            self._add(provider, file, model)

    def _add(self, provider: Provider, file: Path, model: dict[str, Any]) -> None:
        uid = model.get("uid") or hashlib.sha256(str(file).encode()).hexdigest()[:14]
        if uid in self.dashboards:
            _log_broken(file, f"A dashboard with the uid {uid} exists already")
            return
        folder = self._folder(provider, file)
        number = self._next_id()
        model = {**model, "id": number, "uid": uid, "version": 1}
        tags = tuple(model.get("tags") or [])
        self.dashboards[uid] = Dashboard(number, uid, model["title"], tags, folder, provider, file, model)

    def _folder(self, provider: Provider, file: Path) -> Folder | None:
        inside = file.parent != provider.path
        title = (file.parent.name if inside else "") if provider.folders_from_structure else provider.folder
        if not title:
            return None
        known = next((folder for folder in self.folders.values() if folder.title == title), None)
        if known is None:
            uid = provider.folder_uid or hashlib.sha256(title.encode()).hexdigest()[:14]
            known = self.folders[uid] = Folder(self._next_id(), uid, title)
        return known

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parent.parts)


def _read(files: Iterable[Path]) -> dict[Path, dict[str, Any]]:
    """Models of the files that hold one."""
    found = {}
    for file in files:
        try:
            found[file] = _checked(json.loads(file.read_bytes()))
        except (ValueError, OSError) as error:
            _log_broken(file, str(error))
    return found


def _checked(model: Any) -> dict[str, Any]:
    """Raises ValueError."""
    if not isinstance(model, dict):
        raise ValueError("no JSON object")  # noqa: TRY004
    title, uid = model.get("title"), model.get("uid")
    if not isinstance(title, str) or not title.strip():
        raise ValueError("Dashboard title cannot be empty")
    if uid and not (isinstance(uid, str) and _UID.fullmatch(uid)):
        raise ValueError("uid contains illegal characters or is longer than 40")
    tags = model.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("tags is no list of strings")
    return model


def _log_broken(file: Path, reason: str) -> None:
    LOG.error("failed to load dashboard from ", extra={"fields": {"file": file, "error": reason}})


def _repeated(models: dict[Path, dict[str, Any]]) -> list[str]:
    """uids, and titles in one folder, that several files of a provider use."""
    uids = Counter(model["uid"] for model in models.values() if model.get("uid"))
    titles = Counter((file.parent, model["title"]) for file, model in models.items())
    return [uid for uid, times in uids.items() if times > 1] + [title for (_, title), n in titles.items() if n > 1]
