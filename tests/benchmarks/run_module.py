"""Runs one module of the collection as a process of its own: `run_module.py NAME <options.json`."""

from __future__ import annotations

import importlib
import json
import sys

from ansible.module_utils.testing import patch_module_args

if __name__ == "__main__":
    module = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.modules.{sys.argv[1]}")
    with patch_module_args(json.load(sys.stdin)):
        module.main()
