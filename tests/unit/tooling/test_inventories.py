"""Security groups of the inventories let through what they send: each connection is allowed at both of its ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

INVENTORIES = Path(__file__).parents[3] / "inventories"
NAMES = sorted(path.name for path in INVENTORIES.iterdir() if (path / "group_vars/all/network.yml").exists())


def connections(group: dict[str, Any], direction: str) -> set[tuple[str, int, int]]:
    """The other group, and the ports."""
    return {
        (rule["group"], rule["from_port"], rule.get("to_port", rule["from_port"]))
        for rule in group.get(direction, [])
        if "group" in rule
    }


@pytest.mark.parametrize("inventory", NAMES)
def test_what_one_group_sends_the_other_takes(inventory: str) -> None:
    content = yaml.safe_load((INVENTORIES / inventory / "group_vars/all/network.yml").read_text())
    groups = {group["name"]: group for group in content["network_security_groups"]}

    sent = {(name, *other) for name, group in groups.items() for other in connections(group, "egress")}
    taken = {
        (source, name, *ports) for name, group in groups.items() for source, *ports in connections(group, "ingress")
    }

    assert sent == taken
