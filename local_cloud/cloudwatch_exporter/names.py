"""Names of metrics and labels, as YACE makes them of CloudWatch's."""

from __future__ import annotations

import re

_UNDERSCORES = str.maketrans(dict.fromkeys(" ,\t/\\.-:=@<>()“", "_") | {"%": "_percent"})
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def snake_case(text: str) -> str:
    """CPUUtilization: cpuutilization; HTTPCode_ELB_5XX_Count: httpcode_elb_5_xx_count."""
    words, before = [], ""
    for character in text:
        if character.isupper() and (before.islower() or before.isdigit()):
            words.append("_")
        words.append(character.lower().translate(_UNDERSCORES))
        before = character
    return "".join(words)


def metric_name(namespace: str, name: str, statistic: str = "") -> str:
    prefix = snake_case(namespace.lower()).removeprefix("_")
    own = snake_case(name)
    for part in prefix.split("_"):
        own = own.removeprefix(part)
    parts = [prefix if prefix.startswith("aws") else f"aws_{prefix}", own.removeprefix("_"), snake_case(statistic)]
    return "_".join(part for part in parts if part)


def label_name(prefix: str, text: str, *, as_snake_case: bool) -> str | None:
    """None when no label can be made of it."""
    name = snake_case(text) if as_snake_case else text.translate(_UNDERSCORES)
    return f"{prefix}{name}" if _LABEL.fullmatch(name) else None
