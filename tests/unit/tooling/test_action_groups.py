"""meta/runtime.yml names every AWS module in the action group, so that connection defaults reach all of them."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]


def documentation(module: Path) -> dict[str, object]:
    """Read the DOCUMENTATION of a module without importing it."""
    _, _, rest = module.read_text(encoding="utf-8").partition('DOCUMENTATION = r"""')
    loaded: dict[str, object] = yaml.safe_load(rest.partition('"""')[0])
    return loaded


def is_aws(module: Path) -> bool:
    fragments = documentation(module).get("extends_documentation_fragment", [])
    return "amazon.aws.common.modules" in fragments if isinstance(fragments, list) else False


def test_the_aws_action_group_lists_the_aws_modules() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["aws"]
    listed = [name for name in group if isinstance(name, str)]
    modules = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if is_aws(path))

    assert listed == modules


def test_the_aws_action_group_passes_its_defaults_on_to_the_collections_it_builds_on() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["aws"]
    (metadata,) = [entry["metadata"] for entry in group if isinstance(entry, dict)]

    assert metadata == {"extend_group": ["amazon.aws.aws", "community.aws.aws"]}
