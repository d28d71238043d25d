# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one entity says of another: names, addresses and ids.

A state names others as people do, by name or e-mail address; the API wants ids. What is named in check mode may be what
an earlier task would create.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import InvalidInput
from .._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from .session import PagerDuty

ID = re.compile(r"[A-Z0-9]{7,20}")
NOUNS = {
    "services": "service",
    "escalation_policies": "escalation policy",
    "schedules": "schedule",
    "vendors": "vendor",
}
NO_USER = "is no user of the PagerDuty account; correct the address, or invite the user there first"


@dataclass
class References:
    """Finds what options refer to, once each, and knows afterwards which id a name stands for."""

    session: PagerDuty
    warnings: list[str] = field(default_factory=list)
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def find(self, collection: str, given: str) -> str | None:
        """The name of what is given by name or id; None where it does not exist, or not yet."""
        if (collection, given) in self._ids:
            return given
        if is_placeholder(given):
            return None
        client = self.session.client
        found = client.named(collection, given)
        if found is None and ID.fullmatch(given):
            found = client.find(f"{collection}/{given}")
        return self._known(collection, found["name"], found["id"]) if found else None

    def name(self, option: str, collection: str, given: str) -> str:
        """The same, but what does not exist raises InvalidInput. In check mode it may be missing, with a warning."""
        found = self.find(collection, given)
        if found is not None or is_placeholder(given):
            return found or given
        noun = NOUNS[collection]
        if not self.session.check_mode:
            raise InvalidInput(option, given, f"is no {noun} that exists; create it first")
        self.warnings.append(f"{option}: {noun} {given} does not exist; it is taken to be made before")
        return given

    def user(self, option: str, given: str) -> str:
        """The e-mail address of a user given by address or id. Raises InvalidInput where there is none."""
        address = given.lower()
        if ("users", address) in self._ids:
            return address
        client = self.session.client
        if "@" in given:
            listed = client.list("users", query=given)
            found = next((user for user in listed if user["email"].lower() == address), None)
        else:
            found = client.find(f"users/{given}") if ID.fullmatch(given) else None
        if found is None:
            raise InvalidInput(option, given, NO_USER)
        return self._known("users", found["email"].lower(), found["id"])

    def id(self, collection: str, name: str) -> str:
        """The id that a name, as answered before, stands for."""
        return self._ids[collection, name]

    def id_or_later(self, collection: str, name: str) -> str:
        """The same, where what is named may still have to be made."""
        return self._ids.get((collection, name), KNOWN_AFTER_APPLY)

    def shown(self, reference: Mapping[str, Any]) -> str:
        """What a reference of the API is called here: as options call it, else by its summary.

        Names of people are not theirs alone, so an id stands beside.
        """
        known = self._names.get(reference["id"])
        if known is not None:
            return known
        summary = str(reference.get("summary") or reference["id"])
        return f"{summary} ({reference['id']})" if str(reference["type"]).startswith("user") else summary

    def _known(self, collection: str, name: str, identifier: str) -> str:
        self._ids[collection, name] = identifier
        self._names[identifier] = name
        return name
