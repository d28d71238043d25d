# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeing whether secrets in AWX are to be written, which it takes and never gives back.

The description of what holds them ends with a fingerprint. Everything here is pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._core.fingerprint import fingerprint, fits

ENCRYPTED = "$encrypted$"


def with_fingerprints(
    rows: Iterable[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]], *, prefix: str, values: str, kept: str
) -> list[dict[str, Any]]:
    """The rows without their secrets, with `full_name`, `told`, the description that is to be, and `current`.

    `values` is the key of a row that holds secrets, `kept` is what the API calls the same. What is `current` is not
    to be written.
    """
    known = {item["name"]: item for item in existing}
    return [_with_fingerprint(row, known.get(f"{prefix} {row['name']}"), prefix, values, kept) for row in rows]


def _with_fingerprint(
    row: Mapping[str, Any], there: Mapping[str, Any] | None, prefix: str, values: str, kept: str
) -> dict[str, Any]:
    given = {name: value for name, value in (row.get(values) or {}).items() if value not in (None, "")}
    secret = json.dumps([row.get("type"), given], sort_keys=True)
    described = row.get("description") or "Managed by trademaster.platform"
    old = str(there.get("description") or "") if there else ""
    is_known = bool(there) and fits(secret, old.rpartition(" ")[2])
    told = f"{described}, fingerprint {old.rpartition(' ')[2] if is_known else fingerprint(secret)}"
    current = is_known and told == old and _is_shown(given, (there or {}).get(kept) or {})
    told_of = {name: value for name, value in row.items() if name != values}
    return {**told_of, "full_name": f"{prefix} {row['name']}", "told": told, "current": current}


def _is_shown(given: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether nobody has changed what is shown."""
    return all(there.get(name) in (value, ENCRYPTED) for name, value in given.items())
