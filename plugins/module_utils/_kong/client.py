# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Admin API of Kong over HTTP: one pool of connections, timeouts always, typed errors, pages.

A call whose answer is lost is repeated where that is safe: reading, and writing to an id that the caller chose. The
number of attempts is bounded and they are spread by jitter.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urlsplit

from .._core.clock import Clock
from .._core.errors import InvalidInput, PlatformError
from . import tls

try:
    import urllib3
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError
except ImportError:
    HAS_URLLIB3 = False
else:
    HAS_URLLIB3 = True

CONNECTIONS = 16
PAGE_SIZE = 1000
ATTEMPTS = 3
FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 2.0
DUPLICATE_ID = 3  # Kong's error code
NOT_KONG = "this is no answer of Kong's Admin API; check admin_url"
TOKEN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
HEADER = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
WITHOUT_JSON = {
    **dict.fromkeys((401, 403), "not authorised: check admin_token and admin_token_header"),
    413: "the body is too large",
    415: "the content type is not supported",
    **dict.fromkeys((502, 503, 504), "what stands before Kong does not reach it"),
}

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Connection:
    """Where the Admin API is and how to speak to it. Certificates and keys are paths of files, or PEM text."""

    url: str
    token: str = ""
    token_header: str = "Kong-Admin-Token"  # noqa: S105 - the name of a header
    ca_cert: str = ""
    client_cert: str = ""
    client_key: str = ""
    server_name: str = ""
    validate_certs: bool = True
    timeout_seconds: float = 30.0
    neighbours: tuple[str, ...] = ()
    """Admin APIs of other nodes of the same gateway, asked in turn where one cannot be reached."""


@dataclass(frozen=True)
class Node:
    """What a node says of itself."""

    version: str
    edition: str
    database: str
    plugins: frozenset[str]
    lua_modules: frozenset[str] | None = None
    """What functions may require; None where it is not told, or nothing is forbidden."""

    @property
    def has_database(self) -> bool:
        return self.database != "off"


class KongError(PlatformError):
    """Kong refused a call, or could not be asked.

    `status` is 0 where no answer came. `code` is Kong's own, 0 where it gave none. `fields` is what it says of single
    fields, nested as it answers them. `sent` tells whether the call may have reached Kong.
    """

    def __init__(
        self,
        call: str,
        status: int,
        message: str,
        *,
        code: int = 0,
        name: str = "",
        fields: Mapping[str, Any] | None = None,
        sent: bool = True,
    ) -> None:
        self.call = call
        self.status = status
        self.code = code
        self.name = name
        self.message = message
        self.fields = dict(fields or {})
        self.sent = sent
        super().__init__(f"{call}: {status or 'no answer'}: {message}" if sent else message)

    @property
    def missing(self) -> bool:
        """Whether Kong says that there is no such entity; a 404 of anything else says nothing of that."""
        return self.status == 404 and self.message != NOT_KONG

    @property
    def uncertain(self) -> bool:
        """Whether the call may have had its effect although it failed: no answer, or an error inside Kong."""
        return self.sent and (self.status == 0 or self.status >= 500)

    def reasons(self) -> list[tuple[str, str]]:
        """What is wrong, as (path of the field, reason); the path is empty for what concerns the whole entity."""
        return list(_reasons("", self.fields)) or [("", self.message)]


def _reasons(path: str, found: Any) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for name, item in sorted(found.items()):
            whole = name.startswith("@")
            yield from _reasons(path if whole else f"{path}.{name}".lstrip("."), _flat(item) if whole else item)
    elif isinstance(found, list):
        for index, item in enumerate(found):
            yield from _reasons(f"{path}[{index}]", item)
    elif found is not None:
        yield path, str(found)


def _flat(found: Any) -> Any:
    """What Kong says of an entity as a whole: a list without positions."""
    return "; ".join(str(item) for item in found) if isinstance(found, list) else found


@dataclass
class Client:
    """Calls to one Admin API, or to those of several nodes with one database. Safe to use from several threads."""

    connection: Connection
    clock: Clock = field(default_factory=Clock)
    _calls: Iterator[int] = field(default_factory=itertools.count)
    _reached: bool = False

    def __post_init__(self) -> None:
        self._nodes = [
            (_pool(replace(self.connection, url=url)), urlsplit(url).path.rstrip("/"))
            for url in (self.connection.url, *self.connection.neighbours)
        ]
        self._asked = 0
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.connection.token:
            self._headers[self.connection.token_header] = self.connection.token

    def get(self, path: str) -> Any:
        return self._repeat("GET", path)

    def find(self, path: str) -> dict[str, Any] | None:
        """One entity, None where there is none."""
        try:
            found: dict[str, Any] = self.get(path)
        except KongError as error:
            if error.missing:
                return None
            raise
        if "id" not in found:
            raise KongError(f"GET {path}", 200, NOT_KONG)
        return found

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create or replace. Repeated where the answer is lost: the second time is as the first."""
        return dict(self._repeat("PUT", path, body))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._repeat("PATCH", path, body))

    def delete(self, path: str) -> None:
        """Delete; what is not there is as good as deleted."""
        try:
            self._repeat("DELETE", path)
        except KongError as error:
            if not error.missing:
                raise

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an entity with the id that the body gives.

        Where the answer is lost, a look by that id tells whether the entity was created. An id that is taken at the
        first attempt is an error: somebody else has created it.
        """
        for attempt in range(ATTEMPTS):
            try:
                return dict(self.request("POST", path, body))
            except KongError as error:
                taken = attempt > 0 and error.code == DUPLICATE_ID
                if not (self._passes(error) or taken) or (attempt + 1 == ATTEMPTS and not taken):
                    raise
                found = self.find(f"{path}/{quote(str(body['id']), safe='')}") if error.sent else None
                if found is not None:
                    return found
                self._pause(attempt)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def validate(self, schema: str, body: Mapping[str, Any]) -> None:
        """Let Kong judge an entity without writing it. Raises `KongError` with what is wrong."""
        self._repeat("POST", f"/schemas/{schema}/validate", body)

    def pages(self, path: str, tags: Sequence[str] = ()) -> list[dict[str, Any]]:
        """All entities of a collection; with `tags`, those that carry all of them."""
        wanted = "&tags=" + ",".join(quote(tag, safe="") for tag in tags) if tags else ""
        following: str | None = f"{path}?size={PAGE_SIZE}{wanted}"
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while following:
            seen.add(following)
            page = self.get(following)
            if not isinstance(page.get("data"), (list, dict)):
                raise KongError(f"GET {path}", 200, NOT_KONG)
            found += page["data"]
            following = _sized(page.get("next"))
            if following in seen:
                raise KongError(f"GET {following}", 200, "the list does not end: a page names itself as the next one")
        return found

    def each(self, call: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """Call for every item, as many at a time as there are connections; answers in the order of the items."""
        listed = list(items)
        if len(listed) < 2:
            return [call(item) for item in listed]
        with ThreadPoolExecutor(max_workers=min(CONNECTIONS, len(listed))) as pool:
            return list(pool.map(call, listed))

    @cached_property
    def node(self) -> Node:
        """Version, edition, plugins and what their functions may use, asked once."""
        answer = self.get("/")
        plugins = answer.get("plugins", {})
        if not isinstance(plugins, dict) or not isinstance(answer.get("configuration"), dict):
            raise KongError("GET /", 200, NOT_KONG)
        known = plugins.get("available_on_server", {})
        version = str(answer.get("version", ""))
        edition = str(answer.get("edition") or ("enterprise" if "enterprise" in version else "community"))
        settings = answer["configuration"]
        database = str(settings.get("database", "postgres"))
        return Node(version, edition, database, frozenset(known), _lua_modules(settings))

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call, once. Raises `KongError` for anything but success."""
        call = f"{method} {path.partition('?')[0]}"
        data = None if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        next(self._calls)
        response = self._ask(call, method, path, data)
        self._reached = True
        if response.status >= 300:
            raise _refusal(call, response.status, response.data)
        if not response.data:
            return {}
        answer = _parsed(response.data)
        if answer is None:
            raise KongError(call, response.status, NOT_KONG)
        return answer

    def _ask(self, call: str, method: str, path: str, data: bytes | None) -> Any:
        """The answer of the node whose turn it is. One that cannot be asked leaves the turn to the next one."""
        asked = self._asked
        pool, prefix = self._nodes[asked]
        try:
            return pool.request(method, f"{prefix}{path}", body=data, headers=self._headers)
        except HTTPError as error:
            self._asked = (asked + 1) % len(self._nodes)
            if isinstance(error, (NewConnectionError, ConnectTimeoutError, SSLError)):
                raise KongError(call, 0, self._unreachable(error), sent=False) from error
            text = f"{type(error).__name__}: {error}"
            if isinstance(error, ReadTimeoutError):
                text = f"none within {self.connection.timeout_seconds:g} s; raise timeout_seconds if it is only slow"
            raise KongError(call, 0, text) from error

    def _repeat(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                return self.request(method, path, body)
            except KongError as error:
                if not self._passes(error) or attempt + 1 == ATTEMPTS:
                    raise
                self._pause(attempt)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def _passes(self, error: KongError) -> bool:
        """Whether to try again: not where the very first call finds nobody, which is a matter of the options."""
        return error.uncertain or (not error.sent and (self._reached or len(self._nodes) > 1))

    def _pause(self, attempt: int) -> None:
        self.clock.sleep(self.clock.pause(attempt, first=FIRST_PAUSE, longest=LONGEST_PAUSE))

    def _unreachable(self, error: Exception) -> str:
        reason = str(getattr(error, "reason", None) or error).rpartition(": ")[2]
        hint = (
            "check ca_cert, server_name and client_cert" if isinstance(error, SSLError) else "is it up and reachable?"
        )
        reason = re.sub(r"^\w+\] ", "", reason)
        return f"admin_url: {self.connection.url} cannot be reached: {reason}; {hint}"


def _lua_modules(settings: Mapping[str, Any]) -> frozenset[str] | None:
    given = settings.get("untrusted_lua_sandbox_requires")
    # Lua knows no empty list: it is shown as an object.
    return frozenset(given) if given is not None and settings.get("untrusted_lua") == "sandbox" else None


def _pool(given: Connection) -> Any:
    if not HAS_URLLIB3:
        raise PlatformError("urllib3: this Python library is missing; install it where the module runs")
    where = _checked(given)
    host = where.hostname or ""
    timeout = urllib3.Timeout(connect=min(given.timeout_seconds, 10.0), read=given.timeout_seconds)
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "block": True, "timeout": timeout, "retries": False}
    if where.scheme == "http":
        return urllib3.HTTPConnectionPool(host, where.port, **options)
    if given.server_name:
        options["server_hostname"] = given.server_name
    context = tls.context(given.ca_cert, given.client_cert, given.client_key, verify=given.validate_certs)
    return urllib3.HTTPSConnectionPool(host, where.port, ssl_context=context, **options)


def _checked(given: Connection) -> SplitResult:
    """The URL in its parts, once everything that goes into a call is known to fit there."""
    try:
        where = urlsplit(given.url)
        where.port  # noqa: B018 - raises for what is no port
    except ValueError as error:
        raise InvalidInput("admin_url", given.url, f"is no URL: {error}") from error
    if where.scheme not in {"http", "https"} or not where.hostname:
        raise InvalidInput("admin_url", given.url, "has to be an http:// or https:// URL")
    if "@" in where.netloc:
        raise InvalidInput("admin_url", "********", "cannot hold a user and password; use admin_token")
    if given.token and not TOKEN.fullmatch(given.token):
        raise InvalidInput("admin_token", "********", "holds a line break or what no header can; trim it")
    if not HEADER.fullmatch(given.token_header):
        raise InvalidInput("admin_token_header", given.token_header, "has to be the name of a header")
    if not given.timeout_seconds > 0:
        raise InvalidInput("timeout_seconds", given.timeout_seconds, "has to be more than 0")
    return where


def _parsed(data: bytes) -> dict[str, Any] | None:
    """An answer of Kong, which is an object always; None for anything else."""
    try:
        answer = json.loads(data)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _sized(following: str | None) -> str | None:
    """A `next` with the size put back that Kong drops from it in some lists."""
    if not following:
        return None
    query = following.partition("?")[2]
    if any(argument.startswith("size=") for argument in query.split("&")):
        return following
    return f"{following}{'&' if query else '?'}size={PAGE_SIZE}"


def _refusal(call: str, status: int, data: bytes) -> KongError:
    """What Kong answered as an error. A few of its answers are HTML."""
    answer = _parsed(data)
    if answer is None:
        return KongError(call, status, WITHOUT_JSON.get(status, NOT_KONG))
    message = str(answer.get("message", ""))
    if "request_id" in answer and "code" not in answer:
        message = NOT_KONG  # but of its proxy
    if status in {401, 403}:
        message = f"{message or 'not authorised'}: check admin_token and admin_token_header"
    fields = answer.get("fields") or answer.get("options")
    return KongError(
        call,
        status,
        message,
        code=int(answer.get("code") or 0),
        name=str(answer.get("name", "")),
        fields=fields if isinstance(fields, dict) else None,
    )
