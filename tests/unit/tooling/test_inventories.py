"""What the inventories say fits together, and fits AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

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
    """Each connection is allowed at both of its ends."""
    content = yaml.safe_load((INVENTORIES / inventory / "group_vars/all/network.yml").read_text())
    groups = {group["name"]: group for group in content["network_security_groups"]}

    sent = {(name, *other) for name, group in groups.items() for other in connections(group, "egress")}
    taken = {
        (source, name, *ports) for name, group in groups.items() for source, *ports in connections(group, "ingress")
    }

    assert sent == taken


def test_the_authority_of_the_database_is_that_of_its_region() -> None:
    """RDS has others of nearly the same name, which no instance of a customer has its certificate from."""
    content = yaml.safe_load((INVENTORIES / "staging" / "group_vars/all/platform.yml").read_text())
    authority = x509.load_pem_x509_certificate(content["platform_database_authority"].encode())
    [name] = authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    authority.verify_directly_issued_by(authority)
    assert name.value == f"Amazon RDS {content['aws_region']} Root CA RSA2048 G1"
