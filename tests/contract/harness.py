"""Runs a module in this process, as Ansible would, and counts the calls that it makes to AWS and to other APIs."""

from __future__ import annotations

import importlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import pagerduty
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.trademaster.platform.plugins.module_utils._github.client import Client as GitHub
from ansible_collections.trademaster.platform.plugins.module_utils._grafana.client import Grafana
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client

# Names of AWS operations that read, and Kong's calls that do: judging an entity is no write.
READS = re.compile(
    r"(Describe|List|Get|Head|Lookup|Discover|BatchGet|Filter|CheckCapacity)|GET /|POST /schemas/.*/validate$"
)


@dataclass
class Calls:
    """The API calls that were made, in order: names of AWS operations, methods and paths of other APIs."""

    operations: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [name for name in self.operations if not READS.match(name)]


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
    """Count every call that a client of boto3, GitHub, Grafana, Kong or PagerDuty makes while the block runs."""
    calls = Calls()
    call_github, call_grafana = GitHub.request, Grafana.request
    call_aws, call_kong = botocore.client.BaseClient._make_api_call, Client.request
    call_pagerduty = pagerduty.RestApiV2Client.request

    def counted(client: Any, operation: str, arguments: Any) -> Any:
        calls.operations.append(operation)
        return call_aws(client, operation, arguments)

    def counted_of_kong(client: Client, method: str, path: str, body: Any = None) -> Any:
        calls.operations.append(f"{method} {path}")
        return call_kong(client, method, path, body)

    def counted_of_github(client: GitHub, method: str, path: str, body: Any = None) -> Any:
        calls.operations.append(f"{method} {path}")
        return call_github(client, method, path, body)

    def counted_of_grafana(client: Grafana, method: str, path: str, body: Any = None) -> Any:
        calls.operations.append(f"{method} {path}")
        return call_grafana(client, method, path, body)

    def counted_of_pagerduty(client: Any, method: str, path: str, **arguments: Any) -> Any:
        calls.operations.append(f"{method} /{path}")
        return call_pagerduty(client, method, path, **arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
        patch.setattr(Client, "request", counted_of_kong)
        patch.setattr(GitHub, "request", counted_of_github)
        patch.setattr(Grafana, "request", counted_of_grafana)
        patch.setattr(pagerduty.RestApiV2Client, "request", counted_of_pagerduty)
        yield calls


def run_module(name: str, options: Mapping[str, Any], *, check: bool = False, diff: bool = True) -> Run:
    """Run `trademaster.platform.<name>`; a failed module answers with `failed: true`, as on the wire."""
    module = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.modules.{name}")
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
    printed = io.StringIO()
    with recorded_calls() as calls, patch_module_args(arguments), redirect_stdout(printed), suppress(SystemExit):
        module.main()
    output = printed.getvalue()
    return Run(json.loads(output), calls, output)
