"""Projects: what a sync of one finds. One folder stands for every repository."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from local_cloud.awx.store import Object

# As AWX looks for playbooks: what has plays, outside of the folders of roles and their like.
_PLAY = re.compile(r"^\s*?-?\s*?(?:ansible\.builtin\.)?(?:hosts|(?:import_)?playbook|include):\s*?.*?$", re.MULTILINE)
_NOT_PLAYBOOKS = ("roles", "tasks", "group_vars", "host_vars")


class Projects:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sync(self, project: Object) -> None:
        """What AWX keeps of a checkout."""
        project["scm_revision"] = self._revision()
        project["_playbooks"] = self._found_playbooks()

    def playbooks(self, project: Object) -> list[str]:
        """None before the first sync."""
        return list(project.get("_playbooks", []))

    def _found_playbooks(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self._candidates() if _has_plays(path))

    def inventories(self, project: Object) -> list[str]:
        """Folders and files below `inventories`."""
        if not project["scm_revision"]:
            return []
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / "inventories").glob("*"))

    def _revision(self) -> str:
        """Of the folder: it changes with any of its playbooks."""
        total = hashlib.sha256()
        for path in sorted((self.folder / "playbooks").rglob("*.yml")) or sorted(self.folder.glob("*.yml")):
            total.update(path.read_bytes())
        return total.hexdigest()[:40]

    def _candidates(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_PLAYBOOKS]
            yield from (Path(folder, name) for name in files if name.endswith((".yml", ".yaml")))


def _has_plays(path: Path) -> bool:
    return _PLAY.search(path.read_text(encoding="utf-8", errors="replace")) is not None
