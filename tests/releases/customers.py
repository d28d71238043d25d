"""Customers of an environment who sign in and use their tokens all the time, and remember every answer."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from local_cloud_support import eventually

from tests.environment import Environment
from tests.https_client import Answer, Client

PROTECTED = "/api/v1/auth/mfa/status"
LOGIN = "/api/v1/auth/login"
# Below the 100 requests a minute of the free tier, and the five sign-ins a minute that the service allows an address.
SECONDS_BETWEEN_REQUESTS = 0.7
REQUESTS_BETWEEN_SIGN_INS = 30


@dataclass(frozen=True)
class Response:
    """What one request came to: status 0 when there was no answer, then `problem` tells why."""

    at: float
    what: str
    status: int
    seconds: float
    version: str = ""
    problem: str = ""


@dataclass
class Seen:
    """The responses of a stretch of time."""

    responses: list[Response] = field(default_factory=list)

    @property
    def failed(self) -> list[Response]:
        return [each for each in self.responses if each.status != 200]

    @property
    def versions(self) -> Counter[str]:
        """How many requests each release has answered."""
        return Counter(each.version for each in self.responses if each.version)

    def answered_by(self, version: str) -> list[Response]:
        return [each for each in self.responses if each.version == version]


@dataclass
class Customer:
    """An account, used from a loopback address of its own: limits by address are for each customer."""

    environment: Environment
    address: str
    email: str = field(default_factory=lambda: f"customer-{uuid.uuid4().hex[:12]}@example.com")
    password: str = field(default_factory=lambda: f"correct-{uuid.uuid4().hex}")
    responses: list[Response] = field(default_factory=list)
    _token: str = ""

    def __post_init__(self) -> None:
        self._client = Client(self.environment, self.address)

    def register(self) -> None:
        account = {"email": self.email, "password": self.password, "firstName": "Ada", "lastName": "Lovelace"}
        answer = self._client.ask("/api/v1/auth/register", method="POST", body=account)
        assert answer.status == 201, answer
        with self.environment.database() as connection:
            row = connection.execute(
                "SELECT t.token FROM verification_tokens t JOIN users u ON u.id = t.user_id WHERE u.email = %s",
                [self.email],
            ).fetchone()
        assert row, "the account is not in PostgreSQL"
        answer = self._client.ask("/api/v1/auth/verify-email", method="POST", body={"token": row[0]})
        assert answer.status == 200, answer

    def live(self, done: threading.Event) -> None:
        """Sign in and use the token, again and again."""
        while not done.is_set():
            if len(self.responses) % REQUESTS_BETWEEN_SIGN_INS == 0 or not self._token:
                self._sign_in()
            else:
                self._ask("use a token", PROTECTED, token=self._token)
            done.wait(SECONDS_BETWEEN_REQUESTS)
        self._client.close()

    def _sign_in(self) -> None:
        body = {"email": self.email, "password": self.password}
        answer = self._ask("sign in", LOGIN, method="POST", body=body)
        if answer and answer.status == 200:
            self._token = str(answer.json()["accessToken"])

    def _ask(self, what: str, path: str, method: str = "GET", token: str = "", body: object = None) -> Answer | None:
        began = time.monotonic()
        answer, problem = None, ""
        try:
            answer = self._client.ask(path, method=method, token=token, body=body)
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
            self._client.close()
        took = time.monotonic() - began
        if answer is None:
            self.responses.append(Response(began, what, 0, took, problem=problem))
        else:
            said = "" if answer.status == 200 else answer.body.decode(errors="replace")[:300]
            self.responses.append(Response(began, what, answer.status, took, version_of(answer), said))
        return answer


def version_of(answer: Answer) -> str:
    """Which release has answered: the service says so in its Server header."""
    return answer.headers.get("server", "").partition("/")[2]


class Customers:
    """Several customers at once, each in a thread of its own."""

    def __init__(self, environment: Environment, count: int) -> None:
        network = f"127.255.{secrets.randbelow(256)}"
        self.all = [Customer(environment, f"{network}.{number}") for number in range(1, count + 1)]
        self._done = threading.Event()
        self._threads = [threading.Thread(target=each.live, args=[self._done], daemon=True) for each in self.all]

    @contextmanager
    def at_work(self) -> Iterator[Customers]:
        """Have everybody register, and then be there until the end."""
        with ThreadPoolExecutor(len(self.all)) as pool:
            list(pool.map(Customer.register, self.all))
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._done.set()
            for thread in self._threads:
                thread.join(timeout=30)

    def served_by(self, version: str) -> bool:
        """Everybody had the last answer from this release."""
        return all(each.responses[-1].version == version for each in self.all)

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """All that customers see from here to the end of the block, the requests under way included."""
        seen = Seen()
        before = [len(each.responses) for each in self.all]
        yield seen
        # Whoever has had an answer since has none left that was under way at the end of the block.
        after = [len(each.responses) for each in self.all]
        eventually(
            lambda: all(len(each.responses) > count for each, count in zip(self.all, after, strict=True)),
            timeout=30,
            what="every customer has had another answer",
        )
        found = [r for each, count in zip(self.all, before, strict=True) for r in each.responses[count:]]
        seen.responses += sorted(found, key=lambda response: response.at)
