"""The stand-in by itself, for tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud.github.server import StandIn
from local_cloud.github.site import FIRST_REPOSITORY, Now, utc_now
from local_cloud.stand_in.standalone import running

TOKEN = "github_pat_stand_in_token_0"
WORKFLOW_TOKEN = "ghs_stand_in_token_1"


@dataclass(frozen=True)
class GitHub:
    """`ca_cert` is the path of its authority, `repository` the one that the tokens are for."""

    url: str
    token: str
    workflow_token: str
    ca_cert: str
    repository: str
    stand_in: StandIn


@contextlib.contextmanager
def running_github(directory: Path, now: Now = utc_now) -> Iterator[GitHub]:
    stand_in = StandIn("", TOKEN, WORKFLOW_TOKEN, now)
    with running(directory, "github", stand_in.application()) as (url, ca_cert):
        stand_in.site.url = url
        yield GitHub(url, TOKEN, WORKFLOW_TOKEN, ca_cert, FIRST_REPOSITORY, stand_in)
