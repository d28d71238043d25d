"""JSON web tokens as Kong 3.9 parses and verifies them. Pure."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jwt.algorithms import get_default_algorithms
from jwt.exceptions import InvalidKeyError

from local_cloud.kong.proxy.encodings import decode_base64, decode_json

ALGORITHMS = frozenset("HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512 EdDSA".split())

_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_ASYMMETRIC = get_default_algorithms()


class BadToken(Exception):
    """The token cannot be used; the message is the gateway's reason."""


class Broken(Exception):
    """The token is of a kind on which the real gateway fails with status 500."""


@dataclass(frozen=True)
class Token:
    signed: str
    header: Any
    claims: Any
    signature: bytes

    def claim(self, name: str) -> Any:
        """From the claims, else from the header. Raises Broken where the payload has no fields at all."""
        if isinstance(self.claims, bool | int | float) or self.claims is None:
            raise Broken("the payload is no object")
        found = self.claims.get(name) if isinstance(self.claims, dict) else None
        if name in (self.claims if isinstance(self.claims, dict) else {}) and found is None:
            raise Broken(f"{name} is null")
        if found is None or found is False:
            found = self.header.get(name)
        return found


def parse(text: str) -> Token:
    """Raises BadToken, Broken."""
    parts = text.split(".", 2)
    try:
        header = _json(parts[0])
        claims = _json(parts[1])
        signature = decode_base64(parts[2])
    except (IndexError, ValueError):
        raise BadToken("Bad token; invalid JSON") from None
    if not isinstance(header, dict):
        raise Broken("the token's header is no object")
    kind = header.get("typ")
    if isinstance(kind, dict | list | bool) or ("typ" in header and kind is None):
        raise Broken("typ is no text")
    if kind is not None and str(kind).upper() != "JWT":
        raise BadToken("Bad token; invalid typ")
    if not isinstance(header.get("alg"), str) or header["alg"] not in ALGORITHMS:
        raise BadToken("Bad token; invalid alg")
    if signature is None:
        raise BadToken("Bad token; invalid signature")
    return Token(f"{parts[0]}.{parts[1]}", header, claims, signature)


def _json(part: str) -> Any:
    content = decode_base64(part)
    if content is None:
        raise ValueError("no base64")
    return decode_json(content)


def verify(token: Token, algorithm: str, key: str | bytes) -> bool:
    """Whether the signature is right; `key`: a secret, or a public key in PEM."""
    secret = key.encode("latin-1", "replace") if isinstance(key, str) else key
    if algorithm in _HASHES:
        expected = hmac.new(secret, token.signed.encode("latin-1"), _HASHES[algorithm]).digest()
        return hmac.compare_digest(expected, token.signature)
    verifier = _ASYMMETRIC[algorithm]
    try:
        prepared = verifier.prepare_key(secret)
        return bool(verifier.verify(token.signed.encode("latin-1"), prepared, token.signature))
    except (InvalidKeyError, ValueError, binascii.Error):
        return False


def claim_errors(claims: Any, names: Iterable[str], now: int) -> dict[str, str]:
    """Registered claims that do not hold; `names` are of exp and nbf."""
    found: dict[str, str] = {}
    for name in names:
        value = claims.get(name) if isinstance(claims, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            found[name] = "must be a number"
        elif name == "exp" and value <= now:
            found[name] = "token expired"
        elif name == "nbf" and value > now:
            found[name] = "token not valid yet"
    return found
