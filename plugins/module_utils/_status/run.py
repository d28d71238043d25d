# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `environment_status_info`: ask everybody at once; who does not answer is named, and fails nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from .._aws.cloudwatch import api as cloudwatch
from .._aws.ecs import api as ecs
from .._aws.secret_reader import current_value
from .._aws.session import AWS_ERRORS, WORKERS, Aws, Outcome, explain
from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import is_placeholder
from .._release import gateway, state
from .._release.lock import Lock, ended, standing_of
from .._verify.grafana import prometheus
from .._verify.http import Unreachable, Untrusted
from . import model

FIRING = 'ALERTS{alertstate="firing"}'
PATIENCE = 5.0  # seconds for an answer of the gateway

Answer = TypeVar("Answer")


def run(aws: Aws, report: Callable[[str], None]) -> Outcome:
    """Show the status as text, or as JSON and nothing else. Nothing is ever written."""
    params = aws.params
    if aws.found(lambda: ecs.describe_cluster(aws, params["cluster"]), "ClusterNotFoundException") is None:
        missing = f"there is no cluster {params['cluster']} in {aws.region}: bring the environment about with site.yml"
        raise PlatformError(f"{params['name']}: {missing}")
    status = Asking(aws).status()
    table = model.table(status)
    if params["format"] == "json":
        report(json.dumps(status, indent=2, ensure_ascii=False, default=str))
    else:
        for line in table:
            report(line)
    return Outcome([], {"status": status, "table": table})


@dataclass
class Asking:
    """`unknown` is why something could not be asked, by what it is."""

    aws: Aws
    unknown: dict[str, str] = field(default_factory=dict)

    def status(self) -> dict[str, Any]:
        params = self.aws.params
        jobs: dict[str, Callable[[], Any]] = {"services": self._services, "alarms": self._alarms}
        jobs |= {"gateway": self._weights} if params["gateway"] else {}
        jobs |= {"alerts": self._alerts} if params["grafana"] else {}
        jobs |= {"releases": self._releases}
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            futures = {name: pool.submit(job) for name, job in jobs.items()}
            found = {name: self._told(name, future.result) for name, future in futures.items()}
        services, definitions = found["services"] or ({}, {})
        return {
            "name": params["name"],
            "at": f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M:%S} UTC",
            "services": list(self._rows(services, definitions, found.get("gateway") or {})),
            "alarms": found["alarms"],
            "alerts": found.get("alerts"),
            "releases": found["releases"],
            "unknown": self.unknown,
        }

    def _told(self, name: str, answer: Callable[[], Answer]) -> Answer | None:
        try:
            return answer()
        except AWS_ERRORS as error:
            self.unknown[name] = explain(error)
        except (PlatformError, Unreachable, Untrusted) as error:
            self.unknown[name] = str(error)
        return None

    def _services(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Services by name, and the revisions that they are on."""
        aws, cluster = self.aws, self.aws.params["cluster"]
        described = ecs.describe_services(aws, cluster, ecs.list_services(aws, cluster))
        references = sorted({service["taskDefinition"] for service in described})
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            definitions = list(pool.map(lambda reference: ecs.describe_task_definition(aws, reference), references))
        by_name = {service["serviceName"]: service for service in described}
        return by_name, dict(zip(references, definitions, strict=True))

    def _rows(
        self, services: Mapping[str, Any], definitions: Mapping[str, Any], weights: Mapping[str, dict[str, int] | None]
    ) -> Iterator[model.Row]:
        """Services with colours first, then the others, each by its name."""
        coloured = set()
        for name, one in sorted((self.aws.params["services"] or {}).items()):
            known = weights.get(one["upstream"]) or {}
            for colour, place in one["colours"].items():
                coloured.add(place["service"])
                named = {"name": name, "colour": colour, "weight": known.get(place["target"])}
                yield self._row(services, definitions, place["service"], named)
        prefix = self.aws.params["prefix"] or ""
        for service in sorted(services.keys() - coloured):
            named = {"name": service.removeprefix(prefix), "colour": "", "weight": None}
            yield self._row(services, definitions, service, named)

    def _row(
        self, services: Mapping[str, Any], definitions: Mapping[str, Any], service: str, named: dict[str, Any]
    ) -> model.Row:
        found = services.get(service)
        if found is None:
            return model.missing_row(service, **named)
        return model.service_row(found, definitions.get(found["taskDefinition"]), **named)

    def _weights(self) -> dict[str, dict[str, int] | None]:
        """Weights by target of the upstreams of services with colours."""
        given = self.aws.params["gateway"]
        if not given["admin_url"] or is_placeholder(given["admin_url"]):
            raise PlatformError("no task of the gateway can be reached")
        token = current_value(self.aws, "gateway.token_secret", given["token_secret"]) if given["token_secret"] else ""
        options = {
            "admin_url": given["admin_url"],
            "admin_token": token,
            "ca_cert": self._certificate(given["certificate_secret"]),
            "server_name": given["server_name"],
        }
        client = gateway.client(options, self.aws.clock, timeout=PATIENCE)
        upstreams = [one["upstream"] for one in (self.aws.params["services"] or {}).values()]
        return {upstream: gateway.weights(client, upstream) for upstream in upstreams}

    def _certificate(self, secret_id: str | None) -> str:
        if not secret_id:
            return ""
        try:
            return str(json.loads(current_value(self.aws, "gateway.certificate_secret", secret_id))["certificate"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput("gateway.certificate_secret", secret_id, "is no JSON with certificate") from error

    def _alarms(self) -> list[model.Row]:
        listed = cloudwatch.describe_alarms_below(self.aws, self.aws.params["prefix"] or "")
        return [model.alarm(one) for one in listed if one["StateValue"] == "ALARM"]

    def _alerts(self) -> list[model.Row]:
        return model.alerts(prometheus(self.aws, "grafana", self.aws.params["grafana"]).instant(FIRING))

    def _releases(self) -> dict[str, Any]:
        """State and lock of each service that is released."""
        return {
            name: self._release(one["state_path"], name)
            for name, one in (self.aws.params["services"] or {}).items()
            if one["state_path"]
        }

    def _release(self, path: str, name: str) -> dict[str, Any]:
        found = state.read(self.aws, path).to_json()
        return {
            "live": found["live"],
            "last": found["last"],
            "rollout": found["rollout"],
            "lock": self._told(f"lock of {name}", lambda: self._lock(name)),
        }

    def _lock(self, name: str) -> dict[str, Any] | None:
        table = self.aws.params["locks_table"]
        if not table:
            return None
        seen, now = Lock(self.aws, table, name).look()
        return {"standing": standing_of(seen, "", now, ended), "holder": str(seen) if seen else ""}
