"""`python -m local_cloud.awx`: serves until it is told to stop.

Settings are variables AWX_STAND_IN_*: ADDRESS, PORT, CERTIFICATE, KEY, USERNAME, PASSWORD.
"""

from __future__ import annotations

import logging

from aiohttp import web

from local_cloud.awx import SERVER
from local_cloud.stand_in.server import Settings, log_to_stderr, serve, sign


async def _ping(_request: web.Request) -> web.Response:
    return web.json_response({"version": "24.6.1", "active_node": SERVER, "ha": False, "instances": []})


def main() -> None:
    settings = Settings.from_environment("awx")
    log_to_stderr()
    logging.getLogger("local_cloud.awx").info("%s: a stand-in for AWX on %s", SERVER, settings.url)
    application = web.Application()
    sign(application, SERVER)
    application.router.add_get("/api/v2/ping/", _ping)
    serve(application, settings)


main()
