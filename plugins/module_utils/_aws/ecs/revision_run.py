# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a revision that runs other images than the one that runs now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import Aws, Outcome
from . import api
from . import revision as model
from .task_definition import short
from .task_definition_check import check_image

Described = Mapping[str, Any]


def run(aws: Aws) -> Outcome:
    """Take an equal revision that is there, or register one."""
    wanted, tags = aws.params["images"], aws.params["tags"] or {}
    for name, image in wanted.items():
        check_image(f"images.{name}", image, allow_latest=False)
    option, source = _source(aws)
    arguments = model.copied(source, wanted, tags)
    latest = api.describe_task_definition(aws, source["family"]) if option != "family" else None
    found = next((item for item in (source, latest) if item and model.is_same(item, arguments)), None)
    changes = [] if found else [model.plan(source, arguments, tags)]
    registered: dict[str, Any] = {}

    def register(_change: Change) -> None:
        registered.update(api.register_task_definition(aws, arguments))

    aws.apply(changes, {("task_definition", "update"): register})
    return Outcome(changes, {"task_definition": _result(found or registered, source, arguments)})


def _source(aws: Aws) -> tuple[str, Described]:
    """The option that names the revision to start from, and that revision: a service's running one, one by name, or
    the latest of a family."""
    params = aws.params
    if params["service"]:
        wanted = params["service"]
        service = api.describe_service(aws, wanted["cluster"], wanted["service"])
        if service is None or service["status"] != "ACTIVE":
            raise InvalidInput("service", wanted["service"], f"does not run in the cluster {wanted['cluster']}")
        return "service", _described(aws, "service", service["taskDefinition"])
    option = "source" if params["source"] else "family"
    return option, _described(aws, option, params[option])


def _described(aws: Aws, option: str, reference: str) -> Described:
    definition = api.describe_task_definition(aws, reference)
    if definition is None:
        raise InvalidInput(option, short(reference), "is no task definition: is the environment converged?")
    return definition


def _result(revision: Described, source: Described, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": revision.get("taskDefinitionArn", KNOWN_AFTER_APPLY),
        "family": source["family"],
        "revision": revision.get("revision", KNOWN_AFTER_APPLY),
        "images": model.images(arguments),
        "source": {
            "arn": source["taskDefinitionArn"],
            "images": model.images(source),
            "tags": api.tag_map(source["tags"]),
        },
    }
