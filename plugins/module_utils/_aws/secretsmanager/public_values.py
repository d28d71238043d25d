# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be a secret because everybody can read or guess it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

# None of it comes about in a value that was generated, or hardly ever.
_PLACEHOLDER = re.compile(
    r"change[-_ ]?me|replace[-_ ]?(me|this)|placeholder|your[-_ ].*(secret|key|token|password)|[-_ ]in[-_ ]production"
    r"|^changeit$|^(test|dev|my)?[-_ ]?(password|passwort|passwd|secret|admin|root|postgres|redis|kong|token)[0-9!]*$"
    r"|^(test|dummy|example|default|todo|none|null|undefined)[0-9!]*$|^<.*>$|^\$\{.*\}$|^\{\{.*\}\}$",
    re.IGNORECASE | re.DOTALL,
)


def fault(value: str, refused: Collection[str], shortest: int) -> str:
    """Why a value is no secret, empty where nothing speaks against it. `refused` are SHA-256 digests, as hex."""
    text = value.strip()
    if hashlib.sha256(text.encode()).hexdigest() in {digest.lower() for digest in refused}:
        return "holds a default that everybody can read"
    if _PLACEHOLDER.search(text) or len(set(text)) == 1:
        return "holds a placeholder"
    if len(text.encode()) < shortest:
        return f"holds {len(text.encode())} bytes, fewer than {shortest}"
    return ""
