"""meta/runtime.yml names every module in the action group of its API, so that connection defaults reach all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


def documentation(module: Path) -> dict[str, object]:
    """Read the DOCUMENTATION of a module without importing it."""
    _, _, rest = module.read_text(encoding="utf-8").partition('DOCUMENTATION = r"""')
    loaded: dict[str, object] = yaml.safe_load(rest.partition('"""')[0])
    return loaded


def extends(module: Path, fragment: str) -> bool:
    fragments = documentation(module).get("extends_documentation_fragment", [])
    return fragment in fragments if isinstance(fragments, list) else False


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("aws", "amazon.aws.common.modules"),
        ("github", "trademaster.platform.github"),
        ("kong", "trademaster.platform.kong"),
        ("pagerduty", "trademaster.platform.pagerduty"),
    ],
)
def test_an_action_group_lists_the_modules_of_its_api(name: str, fragment: str) -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"][name]
    listed = [entry for entry in group if isinstance(entry, str)]
    modules = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if extends(path, fragment))

    assert listed == modules


def test_the_aws_action_group_passes_its_defaults_on_to_the_collections_it_builds_on() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["aws"]
    (metadata,) = [entry["metadata"] for entry in group if isinstance(entry, dict)]

    assert metadata == {"extend_group": ["amazon.aws.aws", "community.aws.aws"]}
