"""Values as Grafana shows them, for the units that the dashboards use."""

from __future__ import annotations

import math

_PER = {"reqps": " req/s", "reqpm": " req/m", "ops": " ops/s", "rowsps": " rows/s"}
_IEC = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SHORT = ("", " K", " Mil", " Bil", " Tri")
_TIMES = (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("mins", 60.0), ("hours", 3600.0), ("days", 86400.0))


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """`0.25` of unit `percentunit` is `25 %`."""
    if not math.isfinite(value):
        return {"inf": "∞", "-inf": "-∞"}.get(str(value), "no data")
    if unit == "percentunit":
        return f"{_number(value * 100, decimals)}%"
    if unit == "percent":
        return f"{_number(value, decimals)}%"
    if unit in ("s", "ms"):
        return _time(value if unit == "s" else value / 1000, decimals)
    if unit in ("bytes", "binBps"):
        return _scaled(value, 1024, [f" {each}" for each in _IEC], decimals) + ("/s" if unit == "binBps" else "")
    return _scaled(value, 1000, _SHORT, decimals) + _PER.get(unit, "")


def _number(value: float, decimals: int | None) -> str:
    """With as many decimals as asked for, or as are worth showing."""
    if decimals is not None:
        return f"{value:.{decimals}f}"
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value: float, base: int, names: tuple[str, ...] | list[str], decimals: int | None) -> str:
    step = 0
    while abs(value) >= base and step + 1 < len(names):
        value, step = value / base, step + 1
    return f"{_number(value, decimals)}{names[step]}"


def _time(seconds: float, decimals: int | None) -> str:
    if seconds == 0:
        return "0 s"
    name, size = next((each for each in reversed(_TIMES) if abs(seconds) >= each[1]), _TIMES[0])
    return f"{_number(seconds / size, 1 if decimals is None and size >= 60 else decimals)} {name}"
