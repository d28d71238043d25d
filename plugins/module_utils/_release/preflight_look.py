# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How preflight looks at all that a release will use: in a few rounds, each of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.rds import api as rds
from .._aws.session import AWS_ERRORS, WORKERS, Aws, error_code, explain
from .._core.errors import PlatformError
from .._verify.grafana import prometheus
from .._verify.http import Unreachable, Untrusted
from . import gateway, state
from . import preflight_checks as checks
from . import preflight_read as read
from .preflight_facts import (
    Colour,
    EcrImage,
    Facts,
    Problem,
    images_of,
    log_groups_of,
    subnets_of,
    wanted_parameters,
    wanted_secrets,
)

Jobs = dict[tuple[str, str], Callable[[], Any]]  # by kind and name
ALONE = ""  # the kind of what has none

DENIED = frozenset(
    ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedAccess")
)
OF_EVERY_PROMETHEUS = "vector(1)"
ON_DEMAND = "FARGATE"


@dataclass
class Look:
    """What was found, what gave no answer (`unanswered`), and what the caller may not ask (`unknown`)."""

    aws: Aws
    facts: Facts = field(default_factory=Facts)
    unanswered: list[Problem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unfinished: bool = False
    """Whether a rollout was begun and has not ended."""
    returning: str = ""
    """The colour that the customers of such a rollout go back to."""

    @cached_property
    def params(self) -> dict[str, Any]:
        return self.aws.params

    @cached_property
    def colours(self) -> dict[str, Colour]:
        return {name: Colour(one["service"], one["target"]) for name, one in self.params["colours"].items()}

    @property
    def cluster(self) -> str:
        """The ARN of a cluster that is there."""
        return str((self.facts.cluster or {})["clusterArn"])

    @property
    def images(self) -> dict[str, str]:
        return dict(self.params["images"] or {})

    @property
    def migration(self) -> dict[str, str]:
        given = self.params["migration"] or {}
        return {name: given.get(name) or "" for name in ("task_definition", "database")}

    @property
    def preview(self) -> str:
        """The upstream that only releases use."""
        return str((self.params["preview"] or {}).get("upstream") or "")

    @property
    def own_secrets(self) -> dict[str, str]:
        """Secrets that a release reads itself, and what for."""
        given = {
            (self.params["preview"] or {}).get("token_secret"): "opens the preview",
            self.params["probe_secret"]: "signs in as the probe",
        }
        return {str(secret): use for secret, use in given.items() if secret}

    @property
    def live(self) -> str:
        """The colour that takes the most customers, or to which an unfinished rollout takes them back."""
        weights = self.facts.upstreams.get(self.params["upstream"]) or {}
        return self.returning or checks.live_colour(weights, self.colours)

    @property
    def tasks(self) -> int:
        """Tasks that the release will start: as many as the live colour has."""
        live = self.facts.services.get(self.colours[self.live].service) if self.live else None
        return int(self.params["tasks"] or max(1, (live or {}).get("desiredCount", 1)))

    def go(self) -> None:
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            self._what_is_named(pool)
            self._what_that_uses(pool)
            self._what_that_is_encrypted_with(pool)
            self._who_else_allows(pool)

    def _what_is_named(self, pool: ThreadPoolExecutor) -> None:
        aws, params, facts = self.aws, self.params, self.facts
        cluster, names = params["cluster"], [colour.service for colour in self.colours.values()]
        jobs: dict[str, Callable[[], Any]] = {
            "cluster": lambda: ecs.describe_cluster(aws, cluster),
            "task definition": lambda: ecs.describe_task_definition(aws, params["task_definition"]),
            "services": lambda: aws.found(
                lambda: ecs.describe_services(aws, cluster, names), "ClusterNotFoundException"
            ),
            "gateway": self._upstreams,
            "metrics": self._metrics,
            "state": lambda: state.read(aws, params["state_path"]).rollout if params["state_path"] else None,
            "migrations": self._migration,
            "database": self._database,
        }
        found = self._all(pool, alone(jobs))[ALONE]
        facts.cluster, facts.definition = found.get("cluster"), found.get("task definition")
        described = {one["serviceName"]: one for one in found.get("services") or []}
        facts.services = {name: described.get(name) for name in names}
        facts.upstreams = found.get("gateway") or {}
        facts.migration, facts.database = found.get("migrations"), found.get("database")
        rollout = found.get("state")
        self.unfinished, self.returning = rollout is not None, rollout.from_colour if rollout else ""

    def _what_that_uses(self, pool: ThreadPoolExecutor) -> None:
        aws, facts, definition = self.aws, self.facts, self.facts.definition or {}
        services = [service or {} for service in facts.services.values()]
        groups = {item.get("targetGroupArn", "") for service in services for item in service.get("loadBalancers", [])}
        secrets = {one.reference for one in wanted_secrets(definition)} | set(self.own_secrets)
        subnets = sorted({subnet for service in services for subnet in subnets_of(service)})
        parameters = [one.reference for one in wanted_parameters(definition)]
        images = filter(None, map(EcrImage.parse, images_of(definition, self.images).values()))
        listed: dict[str, Callable[[], Any]] = {
            "parameters": lambda: read.parameters(aws, parameters),
            "subnets": lambda: read.subnets(aws, subnets),
            "quota": self._vcpus,
        }
        found = self._all(
            pool,
            alone(listed)
            | {("image", one.reference): partial(self._image, one) for one in images}
            | self._each("role", [definition.get(name) for name in ("executionRoleArn", "taskRoleArn")], read.role)
            | self._each("secret", secrets, read.secret)
            | self._each("log group", log_groups_of(definition, facts.migration), read.log_group)
            | self._each("target group", groups, read.target_group),
        )
        facts.images, facts.roles, facts.secrets = found["image"], found["role"], found["secret"]
        facts.log_groups, facts.target_groups = found["log group"], found["target group"]
        facts.parameters = found[ALONE].get("parameters") or {}
        facts.subnets = found[ALONE].get("subnets") or {}
        facts.vcpus = found[ALONE].get("quota")

    def _what_that_is_encrypted_with(self, pool: ThreadPoolExecutor) -> None:
        facts = self.facts
        ids = {(found or {}).get("KmsKeyId", "") for found in facts.secrets.values()}
        ids |= {(found or {}).get("kmsKeyId", "") for found in facts.log_groups.values()}
        ids |= {(found or {}).get("KeyId", "") for found in facts.parameters.values()}
        jobs = self._each("key", {one for one in ids if "alias/aws/" not in one}, read.key)
        facts.keys = self._all(pool, jobs)["key"]

    def _who_else_allows(self, pool: ThreadPoolExecutor) -> None:
        """Resources may allow what a role's own policies do not: only for those is it asked."""
        if self.facts.cluster is None:
            return
        missing = {need.resource for need in checks.not_granted(self.facts, self.images, self.cluster)}
        secrets = self._each("policy of", {one for one in missing if ":secretsmanager:" in one}, read.secret_policy)
        keys = self._each("policy of", {one for one in missing if ":kms:" in one}, read.key_policy)
        self.facts.resource_policies = self._all(pool, secrets | keys)["policy of"]

    def _upstreams(self) -> dict[str, Mapping[str, int] | None]:
        client = gateway.client(self.params["gateway"], self.aws.clock)
        return {name: gateway.weights(client, name) for name in (self.params["upstream"], self.preview) if name}

    def _metrics(self) -> None:
        """Raises unless Prometheus answers."""
        if self.params["grafana"]:
            prometheus(self.aws, "grafana", self.params["grafana"]).instant(OF_EVERY_PROMETHEUS)

    def _migration(self) -> dict[str, Any] | None:
        family = self.migration["task_definition"]
        return ecs.describe_task_definition(self.aws, family) if family else None

    def _database(self) -> dict[str, Any] | None:
        name = self.migration["database"]
        return rds.describe_db_instance(self.aws, name) if name else None

    def _image(self, image: EcrImage) -> Any:
        return read.image(self.aws, image, with_findings=bool(self.params["image_findings"]))

    def _vcpus(self) -> tuple[float, float] | None:
        """vCPUs that Fargate lets the account use, and those that tasks of the cluster use. None where none tells."""
        services = [service or {} for service in self.facts.services.values()]
        if not any(service.get("launchType") == ON_DEMAND for service in services):
            return None
        try:
            allowed = read.quota(self.aws, "fargate", checks.VCPU_QUOTA)
        except AWS_ERRORS as error:
            self.unknown.append(f"quota of Fargate vCPUs: {explain(error)}")
            return None
        running = read.running_tasks(self.aws, self.params["cluster"])
        return allowed, sum(checks.vcpus(task.get("cpu")) for task in running)

    def _each(self, kind: str, names: Iterable[str | None], look: Callable[[Aws, str], Any]) -> Jobs:
        return {(kind, name): partial(look, self.aws, name) for name in sorted(set(filter(None, names)))}

    def _all(self, pool: ThreadPoolExecutor, jobs: Jobs) -> defaultdict[str, dict[str, Any]]:
        """Answers by kind and name; what could not be asked has none."""
        futures = {key: pool.submit(job) for key, job in jobs.items()}
        answers: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for (kind, name), future in futures.items():
            what = f"{kind} {name}".strip()
            try:
                answers[kind][name] = future.result()
            except AWS_ERRORS as error:
                if error_code(error) in DENIED:
                    self.unknown.append(f"{what}: {explain(error)}")
                else:
                    self.unanswered.append(Problem(what, explain(error), "a release would ask as well: mend that"))
            except (PlatformError, Unreachable, Untrusted) as error:
                self.unanswered.append(Problem(what, str(error), "a release would ask as well: mend that"))
        return answers


def alone(jobs: Mapping[str, Callable[[], Any]]) -> Jobs:
    """Jobs of which there is one of a kind, by name."""
    return {(ALONE, name): job for name, job in jobs.items()}
