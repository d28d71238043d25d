# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeing that a secret changed where the service does not give it back.

A fingerprint is stored beside the thing that the secret protects, such as in a tag, where many may read it. It is
therefore slow to compute, salted, and cut to 32 bits: somebody who guesses finds a great many secrets that fit and
cannot tell the right one, while a changed secret goes unseen once in four billion times.
"""

from __future__ import annotations

import hashlib
import os

SALT_BYTES = 8
DIGEST_BYTES = 4


def fingerprint(secret: str, salt: bytes | None = None) -> str:
    """`salt.digest` in hexadecimal, with a random salt unless one is given."""
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    digest = hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=DIGEST_BYTES)
    return f"{salt.hex()}.{digest.hex()}"


def fits(secret: str, stored: str) -> bool:
    """Whether `stored`, made by `fingerprint`, is that of `secret`. Anything else that is stored fits nothing."""
    try:
        salt = bytes.fromhex(stored.split(".", maxsplit=1)[0])
    except ValueError:
        return False
    return bool(salt) and fingerprint(secret, salt) == stored
