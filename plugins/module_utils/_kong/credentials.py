# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that manages one credential, of whatever type."""

from __future__ import annotations

from collections.abc import Mapping

from .._core.errors import InvalidInput
from . import one
from .session import Kong, Outcome

COLLECTIONS: Mapping[str, str] = {
    "jwt": "jwt_secrets",
    "key-auth": "keyauth_credentials",
    "basic-auth": "basicauth_credentials",
    "hmac-auth": "hmacauth_credentials",
    "oauth2": "oauth2_credentials",
    "acl": "acls",
}
# What each type is made of, beside consumer, id and tags.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "jwt": ("secret", "algorithm", "rsa_public_key", "key"),
    "key-auth": ("key", "ttl"),
    "basic-auth": ("username", "password"),
    "hmac-auth": ("username", "secret"),
    "oauth2": ("name", "client_id", "client_secret", "client_type", "redirect_uris", "hash_secret"),
    "acl": ("group",),
}


def run(kong: Kong) -> Outcome:
    """Bring a credential to its state; options of another type are refused."""
    params = kong.params
    allowed = OPTIONS[params["type"]]
    for name in sorted({name for names in OPTIONS.values() for name in names}.difference(allowed)):
        if params[name] is not None:
            raise InvalidInput("type", params["type"], f"has no option {name}; its options are {', '.join(allowed)}")
    if params["type"] == "jwt" and params["key"]:
        # It is the issuer of tokens and no secret, unlike the key of key-auth.
        kong.module.no_log_values.discard(params["key"])
    return one.run(kong, COLLECTIONS[params["type"]], "credential")
