"""The server process of a stand-in: HTTPS only, as the real APIs."""

from __future__ import annotations

import logging
import os
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True)
class Settings:
    """Of the environment: nothing of it is to be seen in the list of processes. `more` is what only this one has."""

    address: str
    port: int
    certificate: Path
    key: Path
    more: Mapping[str, str]

    @classmethod
    def from_environment(cls, name: str, env: Mapping[str, str] | None = None) -> Settings:
        prefix = f"{name.upper()}_STAND_IN_"
        variables = os.environ if env is None else env
        given = {key.removeprefix(prefix): value for key, value in variables.items() if key.startswith(prefix)}
        return cls(
            address=given.pop("ADDRESS", "127.0.0.1"),
            port=int(given.pop("PORT")),
            certificate=Path(given.pop("CERTIFICATE")),
            key=Path(given.pop("KEY")),
            more=given,
        )

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def sign(application: web.Application, server: str) -> None:
    """Let every answer say what it comes from."""

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = server

    application.on_response_prepare.append(add)


def log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def serve(application: web.Application, settings: Settings) -> None:
    """Until it is told to stop."""
    web.run_app(
        application,
        host=settings.address,
        port=settings.port,
        ssl_context=tls(settings.certificate, settings.key),
        access_log=None,
        print=None,
    )
