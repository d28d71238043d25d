"""Argon2id hashes. The parameters give about 20 ms a hash: real work, yet bearable on a shared machine."""

from __future__ import annotations

import os
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher(time_cost=3, memory_cost=9216, parallelism=1)
# More hashes at once than cores would only multiply the 9 MiB that each one holds.
_turn = threading.BoundedSemaphore(os.cpu_count() or 1)
_nobody = _hasher.hash("")


def hash_password(password: str) -> str:
    with _turn:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Takes as long for an unknown account (None) as for a wrong password."""
    with _turn:
        try:
            _hasher.verify(stored or _nobody, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return stored is not None
