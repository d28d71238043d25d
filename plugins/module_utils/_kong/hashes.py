# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a secret is the one that Kong has stored hashed, so that it is not written again. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

PBKDF2 = re.compile(r"\$pbkdf2-sha512\$i=(\d+),l=(\d+)\$([^$]+)\$([^$]+)")


def fits(secret: str, stored: str, entity: Mapping[str, Any]) -> bool:
    """Whether `stored`, a field of a credential, is the hash of `secret`."""
    match = PBKDF2.fullmatch(stored)
    if match is not None:
        iterations, length, salt, digest = int(match[1]), int(match[2]), _decoded(match[3]), _decoded(match[4])
        return hmac.compare_digest(hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, iterations, length), digest)
    owner = (entity.get("consumer") or {}).get("id", "")
    # Kong's own choice for basic-auth.
    salted = hashlib.sha1(f"{secret}{owner}".encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(salted, stored) or hmac.compare_digest(secret.encode(), stored.encode())


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
