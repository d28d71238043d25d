"""`endpoints.json`: where everything of the local cloud can be reached."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any


class Endpoints:
    """Sections of named entries, written atomically at each change once the file is opened."""

    def __init__(self, path: Path, fixed: dict[str, Any]):
        self._path = path
        self._content = fixed
        self._open = False
        self._lock = threading.Lock()

    def publish(self, section: str, name: str, value: Any) -> None:
        """Set `content[section][name]`."""
        with self._lock:
            self._content.setdefault(section, {})[name] = value
            self._write()

    def withdraw(self, section: str, name: str) -> None:
        with self._lock:
            self._content.get(section, {}).pop(name, None)
            self._write()

    def open(self) -> None:
        """Write the file; its existence says that the local cloud is ready."""
        with self._lock:
            self._open = True
            self._write()

    def _write(self) -> None:
        if not self._open:
            return
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self._content, indent=2, sort_keys=True) + "\n")
        temporary.replace(self._path)
