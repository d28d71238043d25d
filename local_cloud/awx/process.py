"""The stand-in as a part of the local cloud."""

from __future__ import annotations

from local_cloud.runtime import Runtime
from local_cloud.stand_in.process import Part, new_secret, write_private

_USERNAME = "admin"


def start(runtime: Runtime) -> Part:
    """Start it and publish where it is."""
    settings = runtime.settings
    password = new_secret()
    own = {"USERNAME": _USERNAME, "PASSWORD": password, "STATE": str(settings.state)}
    part = Part.start(runtime, "awx", settings.awx_port, **own)
    password_file = write_private(settings.state / "awx.password", password)
    runtime.endpoints.publish(part.name, "url", part.url)
    runtime.endpoints.publish(part.name, "username", _USERNAME)
    runtime.endpoints.publish(part.name, "password_file", password_file)
    return part
