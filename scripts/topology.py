"""Draws the network of an inventory: `make topology` keeps docs/images/topology.svg.

What is drawn is what the network role proves before it changes anything: the same variables, the same configuration.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.analyse import Analyser
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.model import Configuration
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.picture import draw
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.planned import planned
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.run import checked
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.workloads import with_workloads

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "topology.svg"
REGION = "us-east-1"
# Names of the options of `vpc` by those of the role's variables.
OPTIONS = {
    "cidr_block": "network_cidr",
    "zones": "network_zones",
    "tiers": "network_tiers",
    "nat": "network_nat",
    "endpoints": "network_endpoints",
    "security_groups": "network_security_groups",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inventory", default="inventories/local")
    parser.add_argument("--output", type=Path, default=PICTURE)
    given = parser.parse_args()
    configuration = network(variables(given.inventory))
    given.output.write_text(draw(Analyser(configuration)), encoding="utf-8")
    return 0


def variables(inventory: str) -> dict[str, Any]:
    """What the network role is given in an inventory, its defaults included."""
    loader = DataLoader()
    hosts = InventoryManager(loader=loader, sources=[str(ROOT / inventory)])
    given = VariableManager(loader=loader, inventory=hosts).get_vars(host=hosts.get_host("localhost"))
    defaults = loader.load_from_file(str(ROOT / "roles/network/defaults/main.yml"), trusted_as_template=True)
    templar = Templar(loader=loader, variables={**defaults, **given})
    names = [*OPTIONS.values(), "network_name", "network_reachability_workloads", "network_reachability_assertions"]
    return {name: templar.template({**defaults, **given}[name]) for name in names}


def network(given: Mapping[str, Any], **changed: Any) -> Configuration:
    """The network that the variables make, with some of the options of `vpc` changed."""
    name = given["network_name"]
    options = {option: given[variable] for option, variable in OPTIONS.items()} | changed
    plan = checked(options, name)
    zones = [f"{REGION}{letter}" for letter in "abcdef"]
    found = planned(plan, plan["security_groups"], zones=zones, region=REGION)
    return with_workloads(found, name, given["network_reachability_workloads"], planned=True)


if __name__ == "__main__":
    sys.exit(main())
