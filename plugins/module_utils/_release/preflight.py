# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `release_preflight`: look at all that a release will use, and tell all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._aws.session import Aws, Outcome
from .._core.errors import PlatformError
from . import preflight_checks as checks
from .preflight_facts import Problem, images_of
from .preflight_look import Look


def run(aws: Aws) -> Outcome:
    """Look and judge. Nothing is written, with or without check mode."""
    look = Look(aws)
    look.go()
    found = {name: [str(problem) for problem in problems] for name, problems in judged(look)}
    problems = [line for lines in found.values() for line in lines]
    answer = {**result(look), "checks": found, "problems": problems, "not_checked": look.unknown}
    if problems:
        counted = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        told = "\n".join(f"  {line}" for line in problems)
        raise PlatformError(f"preflight: {counted}, and nothing was changed:\n{told}", answer)
    return Outcome([], answer)


def judged(look: Look) -> Iterator[tuple[str, list[Problem]]]:
    """Problems by the check that found them."""
    facts, params, colours = look.facts, look.params, look.colours
    yield "answers", look.unanswered
    yield "cluster", list(checks.cluster(facts, params["cluster"]))
    if facts.cluster is None:
        return
    yield "services", list(checks.services(facts, colours))
    yield "migrations", list(checks.migrations(facts, look.migration["task_definition"], look.migration["database"]))
    yield (
        "traffic",
        list(checks.traffic(facts, params["upstream"], look.preview, colours, unfinished=look.unfinished)),
    )
    yield "task definition", list(checks.definition(facts, params["task_definition"]))
    yield "secrets", list(checks.secrets(facts, look.own_secrets))
    if facts.definition is None:
        return
    yield "images", list(checks.images(facts, look.images, params["image_findings"] or ""))
    yield "ports", list(checks.ports(facts, params["container"], colours))
    yield "roles", list(checks.roles(facts, look.cluster))
    yield "parameters", list(checks.parameters(facts))
    yield "keys", list(checks.keys(facts))
    yield "log groups", list(checks.log_groups(facts))
    yield "access", list(checks.access(facts, look.images, look.cluster))
    yield "subnets", list(checks.subnets(facts, colours, look.tasks))
    yield "quotas", list(checks.quotas(facts, look.tasks))


def result(look: Look) -> dict[str, Any]:
    """What later tasks of a release build on: images by digest, and who takes the customers."""
    digests = {reference: image.digest for reference, image in look.facts.images.items() if image}
    images = images_of(look.facts.definition or {}, look.images)
    return {
        "images": {name: pinned(reference, digests.get(reference, "")) for name, reference in images.items()},
        "digests": {name: digests[reference] for name, reference in images.items() if reference in digests},
        "live": look.live,
        "tasks": look.tasks,
        "task_definition": (look.facts.definition or {}).get("taskDefinitionArn", ""),
    }


def pinned(reference: str, digest: str) -> str:
    """A reference by digest, where that is known; else as it is. Pure."""
    if not digest:
        return reference
    path, slash, name = reference.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}@{digest}"
