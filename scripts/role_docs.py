"""Writes the variables table of each role's README from its argument_specs; --check only compares."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
START, END = "<!-- variables: generated from meta/argument_specs.yml -->", "<!-- end of variables -->"
MARKUP = re.compile(r"\b[OVRIBCPE]V?\(([^)]*)\)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a README is not up to date, write nothing")
    check = parser.parse_args().check
    stale = [readme for readme in readmes() if not update(readme, write=not check)]
    for readme in stale if check else []:
        print(f"{readme.relative_to(ROLES.parent)}: the variables table is not up to date: run scripts/role_docs.py")
    return 1 if check and stale else 0


def readmes() -> Iterator[Path]:
    """The README of every role."""
    return (specs.parent.parent / "README.md" for specs in sorted(ROLES.glob("*/meta/argument_specs.yml")))


def update(readme: Path, *, write: bool) -> bool:
    """Bring the table up to date; answer whether it was."""
    text = readme.read_text(encoding="utf-8")
    head, rest = text.split(START, 1)
    tail = rest.split(END, 1)[1]
    wanted = f"{head}{START}\n{table(readme.parent)}{END}{tail}"
    if write and text != wanted:
        readme.write_text(wanted, encoding="utf-8")
    return text == wanted


def table(role: Path) -> str:
    """The options of the entry point `main` as a Markdown table."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    defaults = role / "defaults" / "main.yml"
    values = yaml.safe_load(defaults.read_text(encoding="utf-8")) if defaults.exists() else {}
    options = specs["argument_specs"]["main"].get("options", {})
    rows = [
        f"| `{name}` | {kind(option)} | {default(name, values)} | {text(option)} |" for name, option in options.items()
    ]
    return "\n".join(["| Variable | Type | Default | Meaning |", "| --- | --- | --- | --- |", *rows, ""])


def kind(option: dict[str, Any]) -> str:
    if option["type"] == "list":
        return f"list of {option.get('elements', 'any')}"
    return str(option["type"])


def default(name: str, values: dict[str, Any]) -> str:
    if name not in values:
        return "required"
    value = values[name]
    if isinstance(value, (list, dict)) and value:
        return "see defaults/main.yml"
    return f"`{value}`" if value not in ("", None) else "empty"


def text(option: dict[str, Any]) -> str:
    description = option.get("description", "")
    joined = " ".join(description) if isinstance(description, list) else str(description)
    if option.get("options"):
        joined += " Keys: " + ", ".join(f"`{key}`" for key in option["options"]) + "."
    return MARKUP.sub(r"`\1`", joined).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
