"""Comparing version numbers of which only the front may be written."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core import versions


@pytest.mark.parametrize(
    ("version", "expected"), [("17", (17,)), ("17.4", (17, 4)), ("7.1.0", (7, 1, 0)), ("6.x", (6,)), ("", ())]
)
def test_parts(version: str, expected: tuple[int, ...]) -> None:
    assert versions.parts(version) == expected


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("17.4", "17", True),
        ("17.4", "17.4", True),
        ("17.40", "17.4", False),
        ("7.1.0", "7.1", True),
        ("16.8", "17", False),
        ("17.4", "", False),
    ],
)
def test_matches(version: str, wanted: str, expected: bool) -> None:
    assert versions.matches(version, wanted) is expected


@pytest.mark.parametrize(
    ("current", "wanted", "expected"),
    [
        ("17.4", "17", True),
        ("17.6", "17.4", True),  # upgraded by the service
        ("17.2", "17.4", False),
        ("16.8", "17", False),
        ("17.4", "16", False),
        ("7.1.0", "7.0", True),
        ("7.0.7", "7.1", False),
    ],
)
def test_satisfies(current: str, wanted: str, expected: bool) -> None:
    assert versions.satisfies(current, wanted) is expected


@pytest.mark.parametrize(("version", "other", "expected"), [("16.9", "17", True), ("17", "17.4", False)])
def test_is_older(version: str, other: str, expected: bool) -> None:
    assert versions.is_older(version, other) is expected
