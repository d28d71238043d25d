"""What the contract test needs to know about a module: one `Case` per variant, in cases/<module>.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Boto = Callable[[str], Any]  # boto3 client by service name
Options = Mapping[str, Any]


def nothing(_api: Any) -> Options:
    return {}


@dataclass(frozen=True)
class Case:
    """A module's life: absent → present → edited → absent.

    `api` is the fixture that speaks to the module's API: `boto`, `github` for a repository of GitHub, `kong` for its
    Admin API, `pager` for PagerDuty's REST API, or `grafana` for Grafana's. `prepare` makes what the module needs
    through it (a VPC for security groups, a service for routes) and answers options to merge into all runs. `edits` are
    named option changes, each applied alone on top of `present`. `foreign` makes resources that look alike but are not
    ours and answers a function that describes them: the description must never change.
    `secrets` may appear in no output. `absent` is merged into `present` to remove everything. `repeatable` marks a
    module that does its work anew in each run, as running a task does: it leaves nothing to compare or remove.
    """

    name: str
    module: str
    present: Options
    absent: Options
    api: Literal["boto", "github", "grafana", "kong", "pager"] = "boto"
    edits: Mapping[str, Options] = field(default_factory=dict)
    prepare: Callable[[Any], Options] = nothing
    foreign: Callable[[Any], Callable[[], Any]] | None = None
    secrets: tuple[str, ...] = ()
    repeatable: bool = False
