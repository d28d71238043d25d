"""Requests to a stand-in of a test."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEADLINE_SECONDS = 15.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


def call(url: str, method: str = "GET", body: Any = None, **options: Any) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS, **options) as answer:  # noqa: S310 (loopback)
            return Answer(answer.status, _parsed(answer.read()), dict(answer.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _parsed(error.read()), dict(error.headers))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode()


def wait_until(condition: Callable[[], Any]) -> Any:
    """The first true result. Raises AssertionError when there is none in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return result
