"""Fingerprints of secrets that cannot be read back."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.fingerprint import fingerprint, fits

SECRET = "correct-horse-battery"


def test_a_fingerprint_fits_its_secret_only() -> None:
    stored = fingerprint(SECRET)
    assert fits(SECRET, stored)
    assert not fits("staple-horse-battery", stored)


def test_it_is_salted_and_short() -> None:
    first, second = fingerprint(SECRET), fingerprint(SECRET)
    assert first != second
    assert len(first.split(".")[1]) == 8
    assert SECRET not in first


@pytest.mark.parametrize("stored", ["", "nonsense", "00", ".00", "0011223344556677."])
def test_anything_else_fits_nothing(stored: str) -> None:
    assert not fits(SECRET, stored)
