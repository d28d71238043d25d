"""The stand-in by itself, for tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud.pagerduty.account import FIRST_USER, Now, utc_now
from local_cloud.pagerduty.server import StandIn
from local_cloud.stand_in.standalone import running

_TOKEN = "u+stand-in-token-0"


@dataclass(frozen=True)
class Pager:
    """`ca_cert` is the path of its authority, `user` the e-mail address of the account's user."""

    url: str
    token: str
    ca_cert: str
    user: str
    stand_in: StandIn


@contextlib.contextmanager
def running_pager(directory: Path, now: Now = utc_now) -> Iterator[Pager]:
    stand_in = StandIn("", _TOKEN, now)
    with running(directory, "pagerduty", stand_in.application()) as (url, ca_cert):
        stand_in.account.url = url
        yield Pager(url, _TOKEN, ca_cert, FIRST_USER["email"], stand_in)
