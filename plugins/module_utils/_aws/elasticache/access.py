# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may enter: users, the user group and the AUTH token, as comparable states. Pure.

ElastiCache gives back neither passwords nor tokens. Their fingerprints are kept in a tag of what they protect, which
is how a changed one is seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import State, desired_fields
from ..._core.errors import InvalidInput
from ..._core.fingerprint import fingerprint, fits
from ..._core.placeholders import is_placeholder
from ..._core.redact import Secret
from ..._core.wait import DONE, Verdict, pending
from ..store_groups import tag_dict
from ..tagging import of_interest

FINGERPRINT_TAG = "trademaster.platform:fingerprint"
SHAPE = re.compile(r"[!-~]{16,128}")
UNKNOWN = Secret("")  # equals no token and no password that anybody can give


def secret_tag(secrets: Sequence[Secret], *, strategy: str = "SET") -> dict[str, str]:
    """The tag that tells whether secrets have changed, and how far a rotation has come."""
    prints = "/".join(fingerprint(secret.reveal()) for secret in secrets)
    return {FINGERPRINT_TAG: f"{strategy}:{prints}"}


def known_secrets(tags: Mapping[str, str], candidates: Sequence[Secret]) -> tuple[Secret, ...]:
    """The candidates if their fingerprints are the stored ones, in the same order; else one that equals none."""
    stored = tags.get(FINGERPRINT_TAG, "").partition(":")[2].split("/")
    same = len(stored) == len(candidates) and all(
        fits(secret.reveal(), print_) for secret, print_ in zip(candidates, stored, strict=True)
    )
    return tuple(candidates) if same else (UNKNOWN,)


def rotation(tags: Mapping[str, str]) -> str:
    """How far a rotation has come: ROTATE while the token before is valid as well, else SET."""
    return tags.get(FINGERPRINT_TAG, "").partition(":")[0] or "SET"


def check_token(token: str | None, *, encrypted: bool) -> None:
    """Refuse a token that ElastiCache would not take."""
    if not token or is_placeholder(token):
        return
    if not encrypted:
        remedy = "is set, AUTH wants encryption in transit: set transit_encryption_enabled: true"
        raise InvalidInput("auth_token", "********", remedy)
    if not SHAPE.fullmatch(token) or set(token) & set('/"@'):
        remedy = 'cannot be used: give 16 to 128 printable characters without blank / " @'
        raise InvalidInput("auth_token", "********", remedy)


def check_user_group(group: Mapping[str, Any] | None, engine: str, *, encrypted: bool, token: str | None) -> None:
    """Refuse a set of users that ElastiCache would not take."""
    if group is None:
        return
    if not encrypted:
        remedy = "is set, users want encryption in transit: set transit_encryption_enabled: true"
        raise InvalidInput("user_group", group["user_group_id"], remedy)
    if token:
        raise InvalidInput("auth_token", "********", "does not go with user_group: leave one of them out")
    users = group["users"]
    if users is None:
        return
    for field in ("user_id", "user_name"):
        values = [user[field] for user in users]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise InvalidInput(f"user_group.users[].{field}", twice[0], "is given twice: keep one of them")
    if engine == "redis" and "default" not in {user["user_name"] for user in users}:
        remedy = "has no user named default: add one, with access_string 'off -@all' to shut it out"
        raise InvalidInput("user_group.users", [user["user_name"] for user in users], remedy)
    for index, user in enumerate(users):
        _check_user(f"user_group.users[{index}]", user)


def _check_user(option: str, user: Mapping[str, Any]) -> None:
    passwords, without = user.get("passwords") or [], user.get("no_password_required")
    if bool(passwords) == bool(without):
        remedy = "wants either passwords or no_password_required: true"
        raise InvalidInput(option, user["user_id"], remedy)
    if len(passwords) > 2:
        raise InvalidInput(f"{option}.passwords", "********", "are more than two: give the new and the old one")
    if any(not SHAPE.fullmatch(password) and not is_placeholder(password) for password in passwords):
        raise InvalidInput(f"{option}.passwords", "********", "cannot be used: give 16 to 128 printable characters")


def desired_users(
    users: Iterable[Mapping[str, Any]], engine: str, tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states of users by id."""
    return {
        user["user_id"].lower(): desired_fields(
            {
                "user_name": user["user_name"],
                "engine": engine,
                "access_string": " ".join(user["access_string"].split()),
                "no_password_required": bool(user.get("no_password_required")),
                "passwords": tuple(Secret(password) for password in user.get("passwords") or []) or None,
                "tags": tags,
            }
        )
        for user in users
    }


def current_users(
    found: Iterable[Mapping[str, Any]],
    tags_by_id: Mapping[str, Iterable[Mapping[str, str]]],
    desired: Mapping[str, State],
    wanted: Mapping[str, str] | None,
) -> dict[str, dict[str, Any]]:
    """States of the users whose tags were read, by id."""
    states = {}
    for user in found:
        if user["UserId"] not in tags_by_id:
            continue
        tags = tag_dict(tags_by_id[user["UserId"]])
        candidates = desired.get(user["UserId"], {}).get("passwords", ())
        states[user["UserId"]] = {
            "user_name": user["UserName"],
            "engine": user["Engine"].lower(),
            "access_string": " ".join(user.get("AccessString", "").split()),
            "no_password_required": user.get("Authentication", {}).get("Type") == "no-password",
            "passwords": known_secrets(tags, candidates),
            "tags": of_interest(tags, wanted),
        }
    return states


def check_user_kept(user_id: str, current: State | None, desired: State) -> None:
    """Refuse to rename a user, or to take one over that belongs to another engine."""
    if current and current["user_name"] != desired["user_name"]:
        remedy = f"cannot be changed, user {user_id} is named {current['user_name']!r}: give it another user_id"
        raise InvalidInput("user_group.users[].user_name", desired["user_name"], remedy)


def member_changes(before: Collection[str], after: Collection[str]) -> dict[str, list[str]]:
    """Arguments of ModifyUserGroup that lead from one set of members to the other."""
    added, removed = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    arguments = {"UserIdsToAdd": added, "UserIdsToRemove": removed}
    return {name: users for name, users in arguments.items() if users}


def active(thing: Mapping[str, Any] | None) -> Verdict:
    """Whether a user or user group takes changes."""
    if thing is None:
        return pending("not visible yet")
    return DONE if thing["Status"] == "active" else pending(str(thing["Status"]))


def gone(thing: Mapping[str, Any] | None) -> Verdict:
    """Whether a user or user group is no longer listed."""
    return DONE if thing is None else pending(str(thing["Status"]))
