"""Runs a module in this process, as Ansible would, and counts the AWS calls it makes."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any

import botocore.client
from ansible.module_utils.testing import patch_module_args

READS = ("Describe", "List", "Get", "Head", "Lookup", "Discover", "BatchGet")


@dataclass
class Calls:
    """Operation names of the API calls that were made, in order."""

    operations: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [name for name in self.operations if not name.startswith(READS)]


@dataclass(frozen=True)
class Run:
    """One run of a module: what it printed, and what it called."""

    answer: Mapping[str, Any]
    calls: Calls
    output: str

    @property
    def changed(self) -> bool:
        return bool(self.answer.get("changed"))

    @property
    def changes(self) -> list[Any]:
        return list(self.answer.get("changes", []))


@contextmanager
def recorded_calls() -> Iterator[Calls]:
    """Count every call of every boto3 client made while the block runs."""
    calls = Calls()
    original = botocore.client.BaseClient._make_api_call

    def counted(client: Any, operation: str, arguments: Any) -> Any:
        calls.operations.append(operation)
        return original(client, operation, arguments)

    botocore.client.BaseClient._make_api_call = counted
    try:
        yield calls
    finally:
        botocore.client.BaseClient._make_api_call = original


def run_module(name: str, options: Mapping[str, Any], *, check: bool = False, diff: bool = True) -> Run:
    """Run `trademaster.platform.<name>`; a failed module answers with `failed: true`, as on the wire."""
    module = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.modules.{name}")
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
    printed = io.StringIO()
    with recorded_calls() as calls, patch_module_args(arguments), redirect_stdout(printed), suppress(SystemExit):
        module.main()
    output = printed.getvalue()
    return Run(json.loads(output), calls, output)
