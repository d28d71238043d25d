# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that manages a key or a key set."""

from __future__ import annotations

from . import one
from .session import Kong, Outcome

OF_A_KEY = ("name", "id", "kid", "jwk", "pem")


def run(kong: Kong) -> Outcome:
    """Bring a key to its state, or the set where nothing but the set is named."""
    params = kong.params
    if params["set"] and all(params[name] is None for name in OF_A_KEY):
        given = {"name": params["set"], "tags": params["tags"]}
        return one.run(kong, "key_sets", "key_set", given)
    return one.run(kong, "keys", "key")
