"""The management endpoints: health, info, prometheus, and the switches of misbehaviour when enabled."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from . import NAME, STAND_IN
from .config import Settings
from .health import GROUPS, Health
from .metrics import Metrics
from .misbehaviour import Misbehaviour
from .values import ConfigurationError
from .web import Access, Call, Endpoint, Reply, problem


@dataclass(frozen=True)
class Actuator:
    settings: Settings
    health: Health
    metrics: Metrics
    misbehaviour: Misbehaviour

    def endpoints(self) -> list[Endpoint]:
        groups = tuple(GROUPS) if self.settings.health_groups else ()
        exposed = {
            "health": [
                Endpoint("GET", "/actuator/health", self._health, Access.PUBLIC),
                *(
                    Endpoint("GET", f"/actuator/health/{g}", partial(self._health, group=g), Access.PUBLIC)
                    for g in groups
                ),
            ],
            "info": [Endpoint("GET", "/actuator/info", self._info, Access.PUBLIC)],
            "prometheus": [Endpoint("GET", "/actuator/prometheus", self._prometheus, Access.ADMIN)],
        }
        wanted = exposed.keys() if "*" in self.settings.exposed else exposed.keys() & self.settings.exposed
        found = [endpoint for name in exposed if name in wanted for endpoint in exposed[name]]
        if self.settings.switches.admin_enabled:
            path = "/sample/misbehaviour"
            found.append(Endpoint("GET", path, self._show_switches, Access.SERVICE))
            found.append(Endpoint("PUT", path, self._set_switches, Access.SERVICE))
        return found

    def _health(self, call: Call, group: str | None = None) -> Reply:
        shown = self.settings.health_details
        details = shown == "always" or (shown == "when_authorized" and call.authenticated)
        return Reply(*self.health.report(group=group, details=details))

    def _info(self, _: Call) -> Reply:
        app = {"name": NAME, "version": self.settings.version, "standIn": STAND_IN}
        return Reply(200, {"app": app, "build": {"version": self.settings.version}})

    def _prometheus(self, _: Call) -> Response:
        return Response(self.metrics.render(), 200, media_type=CONTENT_TYPE_LATEST)

    def _show_switches(self, _: Call) -> Reply:
        return Reply(200, asdict(self.misbehaviour.switches))

    def _set_switches(self, call: Call) -> Reply:
        try:
            self.misbehaviour.adjust(call.body, time.monotonic())
        except ConfigurationError as error:
            return problem(400, "Bad Request", str(error))
        return self._show_switches(call)
