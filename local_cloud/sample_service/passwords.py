"""Argon2id hashes. The parameters give about 20 ms a hash: real work, yet bearable on a shared machine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher(time_cost=4, memory_cost=7168, parallelism=1)
# Threads of their own: more hashes at once than cores are not faster, and each thread that ever
# hashed keeps its 7 MiB.
_workers = ThreadPoolExecutor(os.cpu_count() or 1, "argon2")
_nobody = _hasher.hash("")


def hash_password(password: str) -> str:
    return _workers.submit(_hasher.hash, password).result()


def matches(stored: str | None, password: str) -> bool:
    """Takes as long for an unknown account (None) as for a wrong password."""
    try:
        _workers.submit(_hasher.verify, stored or _nobody, password).result()
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None
