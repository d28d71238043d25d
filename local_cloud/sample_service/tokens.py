"""HMAC tokens with the original's claims, bound to the headers of the request that asked for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from .values import ConfigurationError

ISSUER = "trademaster-auth-service"
BOUND_HEADERS = ("user-agent", "accept", "accept-language", "accept-encoding")


class InvalidToken(Exception):
    """Not ours, expired, of the other type, or sent with other headers; the message says which."""


def algorithm_for(secret: str) -> str:
    """HS256, HS384 or HS512 by the secret's length in bytes."""
    length = len(secret.encode())
    if length < 32:
        raise ConfigurationError("JWT_SECRET", f"({length} bytes)", "at least 32 bytes")
    return "HS256" if length < 48 else "HS384" if length < 64 else "HS512"


def fingerprint(headers: Mapping[str, str]) -> str:
    """A hash over what identifies a client: User-Agent, Accept*, the first X-Forwarded-For."""
    parts = [headers.get(name, "") for name in BOUND_HEADERS]
    parts.append(headers.get("x-forwarded-for", "").partition(",")[0].strip())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Tokens:
    """`clock` gives seconds since the epoch."""

    secret: str
    access_seconds: float
    refresh_seconds: float
    clock: Callable[[], float]

    def issue(self, kind: str, user: Mapping[str, Any], device: str) -> str:
        """`kind` is access or refresh; `user` is a row of users with its `authorities`."""
        now = self.clock()
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": str(user["id"]),
            "iat": int(now),
            "exp": int(now + (self.access_seconds if kind == "access" else self.refresh_seconds)),
            "email": user["email"],
            "device_fingerprint": device,
            "token_type": kind,
        }
        if kind == "access":
            claims |= {
                "authorities": user["authorities"],
                "subscription_tier": user["subscription_tier"],
                "kyc_status": user["kyc_status"],
            }
        return jwt.encode(claims, self.secret, algorithm_for(self.secret))

    def read(self, token: str, kind: str, device: str) -> dict[str, Any]:
        """The claims of a token that is valid here and now. Raises InvalidToken."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.secret,
                [algorithm_for(self.secret)],
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken("Invalid token") from error
        if claims["exp"] <= self.clock():
            raise InvalidToken("Token has expired")
        if claims.get("token_type") != kind:
            raise InvalidToken(f"Not a token of type {kind}")
        if claims.get("device_fingerprint") != device:
            raise InvalidToken("Token belongs to another device")
        return claims
