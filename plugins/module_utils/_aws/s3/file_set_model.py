# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of files in S3, each below the digest of its content. Pure.

Objects are never overwritten with something else, so who knows a digest gets exactly these files or none. A set that
is wanted again after others came is written again: the newest one is always the one in use.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.changes import Change, State, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder

KIND = "file_set"
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]*(/[A-Za-z0-9_][A-Za-z0-9._@+-]*)*")
PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*")
DIGEST = r"[0-9a-f]{64}"
# The set in use, and the one before it, which runs until its successor has proven itself.
FEWEST = 2


@dataclass(frozen=True)
class StoredSet:
    """A set of files as S3 lists it: size in bytes by path, and when the last of them was written."""

    digest: str
    sizes: Mapping[str, int]
    written: datetime.datetime


def validate(prefix: str, files: Mapping[str, Any] | None, keep: int, keep_days: int) -> None:
    """Raise InvalidInput for what cannot become a set of files."""
    if not PREFIX.fullmatch(prefix):
        remedy = "is no prefix: letters, digits and ! _ . * ' ( ) -, with slashes only between them"
        raise InvalidInput("prefix", prefix, remedy)
    if files == {}:
        raise InvalidInput("files", files, "is empty: give at least one file")
    if keep < FEWEST:
        raise InvalidInput("keep", keep, f"is too few: {FEWEST} at least, the set in use and the one before it")
    if keep_days < 0:
        raise InvalidInput("keep_days", keep_days, "is negative: 0 at least")
    for path, text in (files or {}).items():
        if not PATH.fullmatch(path):
            remedy = "is no path of a file: relative, of letters, digits and . _ @ + -, no part beginning with a dot"
            raise InvalidInput("files", path, remedy)
        if not isinstance(text, str):
            raise InvalidInput(
                f"files[{path}]", type(text).__name__, "is no text: render it, such as with to_nice_yaml"
            )
    _refuse_files_as_folders(files or {})


def _refuse_files_as_folders(paths: Iterable[str]) -> None:
    named = set(paths)
    for path in sorted(named):
        parts = path.split("/")
        for folder in ("/".join(parts[:depth]) for depth in range(1, len(parts))):
            if folder in named:
                raise InvalidInput("files", path, f"is below {folder}, which is a file: rename one of them")


def digest_of(files: Mapping[str, str]) -> str:
    """What tells a set from any other: SHA-256 of the lines that sha256sum prints for its files, sorted by path."""
    if is_placeholder(files):
        return KNOWN_AFTER_APPLY
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def stored_sets(prefix: str, objects: Iterable[Mapping[str, Any]]) -> list[StoredSet]:
    """The sets below a prefix, the newest first. What is not below a digest is not ours."""
    of_ours = re.compile(rf"{re.escape(prefix)}/({DIGEST})/(.+)")
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for item in objects:
        match = of_ours.fullmatch(item["Key"])
        if match:
            found.setdefault(match[1], {})[match[2]] = item
    sets = [
        StoredSet(
            digest,
            {path: int(item["Size"]) for path, item in items.items()},
            max(item["LastModified"] for item in items.values()),
        )
        for digest, items in found.items()
    ]
    return sorted(sets, key=lambda stored: (stored.written, stored.digest), reverse=True)


def in_use(sets: Sequence[StoredSet], digest: str) -> StoredSet | None:
    """The newest set; `digest` among those of the same second, which S3 does not tell apart."""
    newest = [stored for stored in sets if stored.written == sets[0].written]
    return next((stored for stored in newest if stored.digest == digest), sets[0] if sets else None)


def is_complete(stored: StoredSet, files: Mapping[str, str]) -> bool:
    """Whether a set holds all files, which an upload that was interrupted does not."""
    return dict(stored.sizes) == {path: len(text.encode()) for path, text in files.items()}


def state(digest: str, files: Mapping[str, str]) -> dict[str, Any]:
    """A set as a comparable state. Texts are lines, so that a diff shows the ones that differ."""
    return {"digest": digest, "files": {path: text.splitlines() for path, text in sorted(files.items())}}


def beyond(sets: Sequence[StoredSet], digest: str, keep: int, older_than: datetime.datetime) -> list[StoredSet]:
    """Sets besides `digest` and the newest, `keep` in all, whose next newer one was written before a time."""
    others = [stored for stored in sets if stored.digest != digest]
    return [
        stored
        for stored, successor in zip(others[keep - 1 :], others[keep - 2 :], strict=False)
        if successor.written <= older_than
    ]


def plan(prefix: str, current: State | None, desired: State, leaving: Iterable[StoredSet]) -> list[Change]:
    """Write the desired set unless it is the current one; only then remove others."""
    return [*plan_one(KIND, prefix, current, desired), *plan_removal(prefix, leaving, level=1)]


def plan_removal(prefix: str, sets: Iterable[StoredSet], *, level: int = 0) -> list[Change]:
    """Remove sets with all their files."""
    return [
        Change("delete", KIND, f"{prefix}/{stored.digest}", before={"files": sorted(stored.sizes)}, level=level)
        for stored in sets
    ]
