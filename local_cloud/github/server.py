"""The server process of the stand-in."""

from __future__ import annotations

import logging

from aiohttp import web

from local_cloud.github import SERVER
from local_cloud.stand_in.server import Settings, log_to_stderr, serve, sign

LOG = logging.getLogger("local_cloud.github")


def main() -> None:
    settings = Settings.from_environment("github")
    log_to_stderr()
    LOG.info("%s: a stand-in for GitHub on %s", SERVER, settings.url)
    application = web.Application()
    sign(application, SERVER)
    serve(application, settings)
