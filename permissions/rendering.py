"""Policies for one account: the placeholders of the committed documents filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from permissions import policies

# IAM's own variables, such as ${aws:username}, have a colon.
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Place:
    """Where policies are to hold; the names are those of the placeholders."""

    account: str
    region: str
    project: str
    environment: str
    partition: str = "aws"


def committed(role: str, folder: Path = policies.POLICIES) -> list[Path]:
    return sorted((folder / role).glob("*.json"))


def rendered(paths: Iterable[Path], place: Place) -> list[dict[str, Any]]:
    """The documents for a place. Raises ValueError for one that IAM would refuse for its size."""
    values = asdict(place)
    documents = []
    for path in paths:
        document = json.loads(_PLACEHOLDER.sub(lambda match: str(values[match[1]]), path.read_text()))
        if policies.size(document) > policies.LIMIT:
            raise ValueError(f"{path.name} has {policies.size(document)} characters; IAM takes {policies.LIMIT}")
        documents.append(document)
    return documents
