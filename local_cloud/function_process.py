"""The process of one call of a function: archive, handler, file of the event, file for the answer."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(archive: str, handler: str, event: str, answer: str) -> None:
    # Instead of the folder of this file, whose modules are no business of the function.
    sys.path[0] = archive
    module, _, name = handler.rpartition(".")
    result = getattr(importlib.import_module(module), name)(json.loads(Path(event).read_text()), None)
    Path(answer).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
