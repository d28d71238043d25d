"""The stand-in as a part of the local cloud."""

from __future__ import annotations

from local_cloud.pagerduty.account import FIRST_USER
from local_cloud.runtime import Runtime
from local_cloud.stand_in.process import Part, new_secret, write_private


def start(runtime: Runtime) -> Part:
    """Start it and publish where it is."""
    settings = runtime.settings
    token = settings.pager_token or new_secret()
    part = Part.start(runtime, "pagerduty", settings.pager_port, TOKEN=token)
    token_file = write_private(settings.state / "pagerduty.token", token)
    runtime.endpoints.publish(part.name, "api", {"url": part.url, "token_file": token_file})
    runtime.endpoints.publish(part.name, "events", {"url": part.url, "log": f"{part.url}/stand-in/events"})
    runtime.endpoints.publish(part.name, "user", FIRST_USER["email"])
    return part
