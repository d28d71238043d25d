"""Builds the service, listens on its ports, and ends it in order on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from . import STAND_IN, sessions
from .actuator import Actuator
from .api import Api
from .config import Settings
from .database import Pool, check
from .health import Health
from .limits import Limiter
from .mail import Mailer
from .metrics import Metrics
from .misbehaviour import Misbehaviour
from .tokens import Tokens, algorithm_for
from .values import Failed
from .web import Guard, application

log = logging.getLogger("server")
CRASH_STATUS = 70
DRAIN_SECONDS = 25  # below the 30 s that ECS allows by default
KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's 60 s, which must be the one to close


class _Server(uvicorn.Server):
    """Leaves the signals to `_run`, which stops both ports together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Service:
    apps: dict[int, ASGIApp]
    health: Health
    misbehaviour: Misbehaviour
    pool: Pool
    mailer: Mailer


def serve(settings: Settings, host: str) -> int:
    """Serve until told to end. Raises Failed and ConfigurationError before the first request."""
    started = time.monotonic()
    log.info(
        "%s %s: a stand-in for the TradeMaster authentication service, profiles %s",
        STAND_IN,
        settings.version,
        ",".join(settings.profiles),
    )
    for name, value in settings.switches.on().items():
        log.warning("switched on: %s=%s", name, value)
    # Until the loop handles it; the exception also ends a migration under way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    algorithm_for(settings.jwt_secret)  # refuses a short secret
    time.sleep(settings.switches.start_delay_seconds or 0)
    if settings.switches.fail_start:
        raise Failed("SAMPLE_FAIL_START is on")
    _prepare_database(settings)
    service = build(settings, time.monotonic())
    sockets = {port: _listen(host, port) for port in service.apps}
    service.pool.open()
    try:
        asyncio.run(_run(settings, service, sockets, started))
    finally:
        service.mailer.close()
        service.pool.close()
    log.info("stopped")
    return 0


def build(settings: Settings, started: float) -> Service:
    """Wire the parts; opens no connection."""
    pool = Pool(settings.database)
    redis = sessions.connect(settings.redis)
    misbehaviour = Misbehaviour(settings.switches, started)
    health = Health(pool, redis, settings.consul_enabled, lambda: misbehaviour.unhealthy(time.monotonic()))
    metrics = Metrics(pool.statistics, histogram=settings.histogram)
    tokens = Tokens(settings.jwt_secret, settings.access_seconds, settings.refresh_seconds, time.time)
    mailer = Mailer(settings.mail, settings.frontend_url)
    limiter = Limiter(settings.limits, time.monotonic)
    api = Api(settings, pool, sessions.Sessions(redis, time.time), tokens, limiter, mailer).endpoints()
    management = Actuator(settings, health, metrics, misbehaviour).endpoints()
    guard = Guard(settings, tokens)
    endpoints = {settings.port: api}
    endpoints[settings.management_port] = [*endpoints.get(settings.management_port, []), *management]
    apps = {port: application(found, guard, metrics, misbehaviour) for port, found in endpoints.items()}
    return Service(apps, health, misbehaviour, pool, mailer)


def _prepare_database(settings: Settings) -> None:
    if settings.migrate_at_start:
        # In a process of its own: what migrations import would stay in memory for nothing.
        command = [sys.executable, "-m", __package__, "migrate"]
        if subprocess.run(command, check=False).returncode:
            raise Failed("the migrations failed")
    check(settings.database, validate_schema=settings.validate_schema)


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}") from error
    # Connections inherit it; asyncio sets it only on sockets made with an explicit protocol number.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _run(settings: Settings, service: Service, sockets: dict[int, socket.socket], started: float) -> None:
    identity = ("server", f"{STAND_IN}/{settings.version}")
    servers = {
        port: _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                headers=[identity],
                timeout_graceful_shutdown=DRAIN_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )
        for port, app in service.apps.items()
    }

    def end(number: int) -> None:
        if service.misbehaviour.switches.ignore_sigterm:
            log.warning("SAMPLE_IGNORE_SIGTERM is on")
            return
        log.info("%s: no new connections, finishing requests", signal.Signals(number).name)
        service.health.draining = True
        for server in servers.values():
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    crash = asyncio.create_task(_crash_when_due(service.misbehaviour))
    log.info("started on ports %s in %.1f s", sorted(sockets), time.monotonic() - started)
    await asyncio.gather(*(server.serve([sockets[port]]) for port, server in servers.items()))
    crash.cancel()


async def _crash_when_due(misbehaviour: Misbehaviour) -> None:
    while not misbehaviour.crash_due(time.monotonic()):
        await asyncio.sleep(0.1)
    log.critical("SAMPLE_CRASH_AFTER_SECONDS is on")
    logging.shutdown()
    os._exit(CRASH_STATUS)
