"""Every module runs in the process of its task: it has an action plugin of its name."""

from __future__ import annotations

import importlib
from pathlib import Path

import boto3
import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))

# Modules of these call nothing of AWS.
OTHER_APIS = ("alertmanager_", "github_", "kong_", "migrations_", "pagerduty_")


@pytest.mark.parametrize("name", MODULES)
def test_the_action_runs_the_module_of_its_name_with_services_of_aws(name: str) -> None:
    plugin = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.action.{name}")
    assert plugin.ActionModule.module.__name__.rpartition(".")[2] == name
    assert bool(plugin.ActionModule.services) is not name.startswith(OTHER_APIS)
    assert set(plugin.ActionModule.services) <= set(boto3.session.Session().get_available_services())


def test_no_action_is_without_its_module() -> None:
    assert sorted(path.stem for path in (PLUGINS / "action").glob("*.py")) == MODULES
