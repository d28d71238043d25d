"""The examples of the modules for GitHub, Kong and PagerDuty name options that there are, with values they take."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.trademaster.platform.plugins.module_utils._github import session as github
from ansible_collections.trademaster.platform.plugins.module_utils._kong import session as kong
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty import session as pagerduty

MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"
PREFIX = "trademaster.platform."
CONNECTIONS = {"github": github.CONNECTION, "kong": kong.CONNECTION, "pagerduty": pagerduty.CONNECTION}


@pytest.mark.parametrize("name", sorted(path.stem for api in CONNECTIONS for path in MODULES.glob(f"{api}_*.py")))
def test_examples_are_valid(name: str) -> None:
    module = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.modules.{name}")
    validator = ArgumentSpecValidator({**CONNECTIONS[name.partition("_")[0]], **module.ARGUMENT_SPEC})
    tasks = [task for task in yaml.safe_load(module.EXAMPLES) if PREFIX + name in task]
    assert tasks
    for task in tasks:
        assert task["name"]
        assert validator.validate(task[PREFIX + name] or {}).error_messages == []
