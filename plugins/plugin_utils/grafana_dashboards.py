# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of dashboards, judged by what Grafana would refuse, skip, or show without data."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_VARIABLE = re.compile(r"\$\{(?P<braced>\w+)(:\w+)?\}|\$(?P<plain>\w+)")
# Grafana's own, which are always there.
_BUILT_IN = frozenset(("-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana"))


def findings(files: Mapping[str, str], data_sources: Collection[str]) -> Iterator[str]:
    """One line for each problem, `file: what: remedy`. `files` has texts by path, `data_sources` are uids."""
    names: dict[str, str] = {}
    uids: dict[str, str] = {}
    titles: dict[str, str] = {}
    for path, text in files.items():
        name = path.rpartition("/")[2]
        yield from _once(names, name, path, f"the file name {name}")
        try:
            model = json.loads(text)
        except ValueError as error:
            yield f"{path}: it is no JSON: {error}"
            continue
        if not isinstance(model, dict):
            yield f"{path}: it is no JSON object: export the dashboard's JSON model"
            continue
        yield from _own(path, model, data_sources)
        yield from _once(uids, str(model.get("uid")), path, f"the uid {model.get('uid')}")
        yield from _once(titles, str(model.get("title")), path, f"the title {model.get('title')}")


def _own(path: str, model: Mapping[str, Any], data_sources: Collection[str]) -> Iterator[str]:
    uid, title = model.get("uid"), model.get("title")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        yield f"{path}: uid: {uid!r} is no uid: give up to 40 letters, digits, - and _, by which links find it"
    if not isinstance(title, str) or not title.strip():
        yield f"{path}: title: {title!r} is no title, and Grafana skips a dashboard without one: give it one"
    variables = _data_source_variables(model)
    for where, source in _data_sources(model, str(title)):
        named = source.get("uid") if isinstance(source, dict) else source
        if named is None or named in data_sources or named in _BUILT_IN:
            continue
        match = _VARIABLE.fullmatch(str(named))
        if not match:
            known = ", ".join(sorted(data_sources))
            yield f"{path}: {where}: no data source has the uid {named!r}: choose from {known}"
        elif (match["braced"] or match["plain"]) not in variables:
            yield f"{path}: {where}: {named} is no variable of the dashboard that stands for a data source: define it"


def _once(seen: dict[str, str], value: str, path: str, what: str) -> Iterator[str]:
    first = seen.setdefault(value, path)
    if first != path:
        yield f"{path}: {first} has {what} already: give it another"


def _data_source_variables(model: Mapping[str, Any]) -> set[str]:
    variables = (model.get("templating") or {}).get("list") or []
    return {str(variable.get("name")) for variable in variables if variable.get("type") == "datasource"}


def _data_sources(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every `datasource` in the dashboard, with the nearest title or name around it."""
    if isinstance(value, dict):
        where = str(value.get("title") or value.get("name") or where)
        for name, part in value.items():
            if name == "datasource":
                yield where, part
            else:
                yield from _data_sources(part, where)
    elif isinstance(value, list):
        for part in value:
            yield from _data_sources(part, where)
