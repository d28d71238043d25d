"""Typed reading of environment variables, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Mapping


class Failed(Exception):
    """The command ends without having done its work; the message is one line."""


class ConfigurationError(Exception):
    """A variable holds a value that the service cannot start with."""

    def __init__(self, variable: str, value: str, allowed: str) -> None:
        super().__init__(f"{variable}={value!r} is not usable: set it to {allowed}")


def boolean(env: Mapping[str, str], name: str, default: bool) -> bool:
    value = env.get(name, "").strip().lower()
    if value not in ("", "true", "false"):
        raise ConfigurationError(name, value, "true or false")
    return value == "true" if value else default


def integer(env: Mapping[str, str], name: str, default: int, low: int, high: int = 2**53) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
        raise ConfigurationError(name, text, f"a whole number from {low} to {high}")
    return int(text)


def number(env: Mapping[str, str], name: str, high: float) -> float | None:
    """A number from 0 to `high`, or None when the variable is unset or empty."""
    text = env.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= high:
        raise ConfigurationError(name, text, f"a number from 0 to {high:g}")
    return value
