# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosted zone that a task names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..session import Aws
from . import api
from .model import ZONE_ID, validate_zone


@dataclass(frozen=True)
class Zone:
    """A hosted zone: as the task names it, and its id unless it does not exist yet."""

    given: str
    id: str | None


def find(aws: Aws, option: str, names: Sequence[str]) -> Zone | None:
    """The hosted zone of the task, None if it names none. `option` is where the `names` come from.
    Raises InvalidInput for a zone that cannot hold them.

    In check mode a zone may be missing: an earlier task would have made it.
    """
    given = aws.params["hosted_zone"]
    if not given or is_placeholder(given):
        return Zone(given, None) if given else None
    if ZONE_ID.match(given):
        found = api.get_hosted_zone(aws, given.removeprefix("/hostedzone/"))
        matches = [found] if found else []
    else:
        validate_zone(option, names, given)
        wanted = f"{given.rstrip('.').lower()}."
        listed = api.list_hosted_zones_by_name(aws, wanted)
        matches = [zone for zone in listed if zone["Name"] == wanted and not zone["Config"]["PrivateZone"]]
    if len(matches) > 1:
        ids = ", ".join(zone["Id"] for zone in matches)
        raise InvalidInput("hosted_zone", given, f"is the name of several zones: give the id of one, {ids}")
    if not matches and (aws.check_mode or aws.params["state"] == "absent"):
        return Zone(given, None)
    if not matches:
        raise InvalidInput("hosted_zone", given, "is no public hosted zone of this account: create it first")
    validate_zone(option, names, matches[0]["Name"])
    return Zone(given, matches[0]["Id"].removeprefix("/hostedzone/"))
