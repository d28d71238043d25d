"""Lines of keys and values on standard output, as Grafana writes them."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime


class LogfmtFormatter(logging.Formatter):
    """Fields beyond the standard ones come from `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        level = {"WARNING": "warn", "CRITICAL": "error"}.get(record.levelname, record.levelname.lower())
        fields = {"logger": record.name, "t": time, "level": level, "msg": record.getMessage()}
        fields |= getattr(record, "fields", {})
        line = " ".join(f"{name}={_quoted(str(value))}" for name, value in fields.items())
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LogfmtFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _quoted(text: str) -> str:
    """On one line, and between quotes where it holds more than one word."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"' if not text or any(sign in text for sign in ' ="') else text
