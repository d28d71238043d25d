"""The stand-in by itself, for tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud.awx.server import StandIn
from local_cloud.awx.store import Now, utc_now
from local_cloud.settings import REPOSITORY
from local_cloud.stand_in.standalone import running

_USERNAME = "admin"
_PASSWORD = "stand-in-password"


@dataclass(frozen=True)
class Controller:
    """`ca_cert` is the path of its authority."""

    url: str
    username: str
    password: str
    ca_cert: str
    stand_in: StandIn


@contextlib.contextmanager
def running_controller(directory: Path, project: Path = REPOSITORY, now: Now = utc_now) -> Iterator[Controller]:
    stand_in = StandIn(_USERNAME, _PASSWORD, project, now)
    with running(directory, "awx", stand_in.application()) as (url, ca_cert):
        yield Controller(url, _USERNAME, _PASSWORD, ca_cert, stand_in)
