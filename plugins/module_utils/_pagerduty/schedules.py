# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On-call schedules. A layer is known by its name; a later one takes precedence over those before it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.changes import Change, desired_fields
from .._core.errors import InvalidInput
from .._core.rest import Item
from .entity import Kind, bring, without_empty
from .references import References
from .session import Outcome, PagerDuty

KIND = Kind("schedules", "schedule", "schedule")
SETTINGS = ("name", "description", "time_zone")
MOMENTS = ("start", "end", "rotation_virtual_start")
NEEDED = ("users", "rotation_turn_length_seconds")
# PagerDuty has a name of its own for this zone.
ZONES = {"UTC": "Etc/UTC"}
DAY, WEEK = 86_400, 604_800
SHORTEST_TURN, LONGEST_TURN = 3600, 365 * DAY
# By how much the clocks of the two sides may differ.
TOLERANCE = datetime.timedelta(minutes=5)

Layer = dict[str, Any]


def run(session: PagerDuty) -> Outcome:
    options, references, now = session.params, References(session), datetime.datetime.now(datetime.UTC)
    name = options["name"]
    listed = session.client.named(KIND.path, name)
    # A list shows no layers.
    item = session.client.find(f"{KIND.path}/{listed['id']}") if listed else None
    given = _given(options, references) if options["state"] == "present" else None
    layers = _living(item, given or {}, now) if item else []
    current = _current(item, layers, references) if item else None
    desired = _desired(given, current, now) if given is not None else None
    changes, found = bring(
        session,
        KIND,
        name,
        current,
        desired,
        item=item,
        body=lambda change: _body(change, layers, references, now),
        look=lambda: session.client.named(KIND.path, name),
    )
    shown = {**(current or {}), **(desired or {})}
    schedule = {"id": found["id"], "html_url": found.get("html_url", ""), **shown} if found else {}
    return Outcome(changes, {"schedule": schedule}, warnings=references.warnings)


def _given(options: Mapping[str, Any], references: References) -> dict[str, Any]:
    state = desired_fields({name: options[name] for name in SETTINGS})
    if "time_zone" in state:
        state["time_zone"] = ZONES.get(state["time_zone"], state["time_zone"])
    layers = options["schedule_layers"]
    if layers is None:
        return state
    names = [layer["name"] for layer in layers]
    if not layers or len(set(names)) < len(names):
        raise InvalidInput("schedule_layers", names, "has to hold at least one layer, and each name once")
    return {**state, "schedule_layers": [_layer(number, layer, references) for number, layer in enumerate(layers)]}


def _layer(number: int, layer: Mapping[str, Any], references: References) -> Layer:
    option = f"schedule_layers[{number}]"
    state: Layer = without_empty(dict(layer))
    if "users" in state:
        if not state["users"]:
            raise InvalidInput(f"{option}.users", [], "is empty; name who is on call")
        state["users"] = [references.user(f"{option}.users", user) for user in state["users"]]
    turn = state.get("rotation_turn_length_seconds", SHORTEST_TURN)
    if not SHORTEST_TURN <= turn <= LONGEST_TURN:
        limits = f"has to be from {SHORTEST_TURN} to {LONGEST_TURN}"
        raise InvalidInput(f"{option}.rotation_turn_length_seconds", turn, limits)
    for name in MOMENTS:
        if state.get(name):
            state[name] = _moment(f"{option}.{name}", state[name])
    for place, restriction in enumerate(state.get("restrictions", [])):
        _check_restriction(f"{option}.restrictions[{place}]", restriction)
    return state


def _moment(option: str, text: str) -> str:
    """A point in time as the same text, however it was written."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(option, text, "has to be a point in time with its offset, such as 2030-01-07T09:00:00+01:00")
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")


def _check_restriction(option: str, restriction: Mapping[str, Any]) -> None:
    weekly = restriction["type"] == "weekly_restriction"
    day = restriction.get("start_day_of_week")
    if weekly != (day is not None):
        raise InvalidInput(f"{option}.start_day_of_week", day, "is needed for a weekly_restriction, and only for that")
    if weekly and day not in range(1, 8):
        raise InvalidInput(f"{option}.start_day_of_week", day, "has to be from 1 (Monday) to 7")
    seconds, longest = restriction["duration_seconds"], WEEK if weekly else DAY
    if not 0 < seconds < longest:
        raise InvalidInput(f"{option}.duration_seconds", seconds, f"has to be more than 0 and less than {longest}")
    try:
        datetime.time.fromisoformat(restriction["start_time_of_day"])
    except ValueError:
        text = "has to be of the form HH:MM:SS"
        raise InvalidInput(f"{option}.start_time_of_day", restriction["start_time_of_day"], text) from None


def _living(item: Item, given: Mapping[str, Any], now: datetime.datetime) -> list[Item]:
    """The layers that have not ended, the lowest first: PagerDuty shows the uppermost first, and removes none.

    One that has ended counts as long as it is given with an end.
    """
    ending = {layer["name"] for layer in given.get("schedule_layers", []) if layer.get("end")}
    found: dict[str, Item] = {}
    for layer in reversed(item["schedule_layers"]):
        ended = layer["end"] is not None and _at(layer["end"]) <= now + TOLERANCE
        if not ended or (layer["name"] in ending and layer["name"] not in found):
            found[layer["name"]] = layer
    return list(found.values())


def _at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _current(item: Item, layers: Sequence[Item], references: References) -> dict[str, Any]:
    settings = {name: item.get(name) for name in SETTINGS}
    shown = [_shown(layer, references) for layer in layers]
    return {**settings, "description": item.get("description") or "", "schedule_layers": shown}


def _shown(layer: Item, references: References) -> Layer:
    return {
        "name": layer["name"],
        **{name: _moment(name, layer[name]) if layer[name] else "" for name in MOMENTS},
        "rotation_turn_length_seconds": layer["rotation_turn_length_seconds"],
        "users": [references.shown(user["user"]) for user in layer["users"]],
        "restrictions": [without_empty(restriction) for restriction in layer["restrictions"]],
    }


def _desired(given: Mapping[str, Any], current: Mapping[str, Any] | None, now: datetime.datetime) -> dict[str, Any]:
    """What is given; of layers that are there, what is left out stays as it is."""
    if current is None:
        for name in ("time_zone", "schedule_layers"):
            if name not in given:
                raise InvalidInput(name, None, "is needed for a new schedule")
    if "schedule_layers" not in given:
        return dict(given)
    known = {layer["name"]: layer for layer in (current or {}).get("schedule_layers", [])}
    for number, layer in enumerate(given["schedule_layers"]):
        for name in NEEDED:
            if layer["name"] not in known and name not in layer:
                raise InvalidInput(f"schedule_layers[{number}].{name}", None, "is needed for a new layer")
    return {**given, "schedule_layers": [_whole(layer, known, now) for layer in given["schedule_layers"]]}


def _whole(layer: Layer, known: Mapping[str, Layer], now: datetime.datetime) -> Layer:
    there = known.get(layer["name"])
    if there is None:
        return layer
    if layer.get("start") and max(_at(layer["start"]), _at(there["start"])) <= now + TOLERANCE:
        # What has begun has begun: PagerDuty moves a start in the past to the moment of creation.
        layer = {**layer, "start": there["start"]}
    return {**there, **layer}


def _body(change: Change, known: Sequence[Item], references: References, now: datetime.datetime) -> dict[str, Any]:
    """PagerDuty wants zone and layers each time. A layer that is not desired any more ends now."""
    state = {**(change.before or {}), **change.desired}
    by_name = {layer["name"]: layer for layer in known}
    layers = [_layer_body(layer, by_name.get(layer["name"]), references, now) for layer in state["schedule_layers"]]
    wanted = {layer["name"] for layer in layers}
    ended = [{**layer, "end": _text(now)} for name, layer in by_name.items() if name not in wanted]
    return {
        "type": "schedule",
        **{name: state[name] for name in SETTINGS if name in state},
        "schedule_layers": ended + layers,
    }


def _layer_body(layer: Layer, known: Item | None, references: References, now: datetime.datetime) -> Layer:
    start = layer.get("start") or _text(now)
    by_address = {references.shown(user["user"]): user["user"]["id"] for user in (known or {}).get("users", [])}
    users = [by_address.get(user) or references.id("users", user) for user in layer["users"]]
    return {
        **({"id": known["id"]} if known else {}),
        "name": layer["name"],
        "start": start,
        "end": layer.get("end") or None,
        "rotation_virtual_start": layer.get("rotation_virtual_start") or start,
        "rotation_turn_length_seconds": layer["rotation_turn_length_seconds"],
        "users": [{"user": {"id": identifier, "type": "user_reference"}} for identifier in users],
        "restrictions": layer.get("restrictions", []),
    }


def _text(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="seconds")
