# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thin reader of Prometheus's HTTP API, reached directly or through a data source of Grafana."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from .._core.errors import InvalidInput, PlatformError
from . import metrics
from .http import Unreachable, Untrusted

try:
    import urllib3
    from urllib3.exceptions import HTTPError, SSLError
except ImportError:
    HAS_URLLIB3 = False
else:
    HAS_URLLIB3 = True

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STARTING = (502, 503, 504)


class Refused(PlatformError):
    """The server answered, but not with what was asked for: `status` says how."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


@dataclass(frozen=True, repr=False)
class Server:
    """Where Prometheus answers: `prefix` stands before `/api/v1`, `server_name` in the place of the URL's host."""

    url: str
    prefix: str = ""
    server_name: str = ""
    ca_file: str | None = None
    user: str = ""
    password: str = ""
    timeout: float = 10.0

    def headers(self) -> dict[str, str]:
        made: dict[str, str] = {"Accept": "application/json"}
        if self.server_name:
            made["Host"] = self.server_name
        if self.user:
            made.update(urllib3.make_headers(basic_auth=f"{self.user}:{self.password}"))
        return made


@dataclass
class Prometheus:
    """Reads targets and instant values. Raises Unreachable, Untrusted, Refused, InvalidInput."""

    server: Server
    _pool: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pool = pool(self.server)

    def targets(self) -> tuple[metrics.Target, ...]:
        return metrics.targets(self._call("GET", "targets?state=active"))

    def instant(self, query: str) -> list[dict[str, Any]]:
        """The series of an instant vector, each with `metric` (its labels) and `value`."""
        answer = self._call("POST", "query", {"query": query})
        return list(answer["result"])

    def kinds(self) -> dict[str, str]:
        """Kinds of metrics by name, as targets tell them."""
        return {name: told[0]["type"] for name, told in self._call("GET", "metadata").items() if told}

    def look(self, contract: metrics.Contract) -> metrics.Seen:
        """What there is of a contract."""
        found = self.instant(metrics.presence_query(contract.expected)) if contract.expected else []
        present = frozenset((one["metric"]["__name__"], one["metric"].get("job", "")) for one in found)
        labelled: set[metrics.Expected] = set()
        for part, query in metrics.label_queries(metrics.with_labels(contract.expected)):
            labelled |= {part[int(one["metric"]["expectation"])] for one in self.instant(query)}
        return metrics.Seen(self.targets(), present, frozenset(labelled))

    def _call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Any:
        server = self.server
        body = None if form is None else urlencode(form)
        headers = {**server.headers(), **(FORM if form is not None else {})}
        base = f"{urlsplit(server.url).path.rstrip('/')}{server.prefix}/api/v1/"
        try:
            answer = self._pool.request(method, base + path, body=body, headers=headers)
        except SSLError as error:
            raise Untrusted(str(error.args[0] if error.args else error)) from error
        except HTTPError as error:
            raise Unreachable(f"{server.url}: {getattr(error, 'reason', None) or error}") from error
        if answer.status in STARTING:
            raise Unreachable(f"{server.url} answers {answer.status}")
        return _data(f"{method} {base}{path.partition('?')[0]}", answer.status, answer.data)


def _data(call: str, status: int, content: bytes) -> Any:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    told = answer if isinstance(answer, dict) else {}
    if status == 200 and told.get("status") == "success":
        return told["data"]
    said = told.get("error") or told.get("message") or "no answer of Prometheus"
    raise Refused(status, f"{call}: {status}: {said}")


def pool(server: Server) -> Any:
    """Connections to the server."""
    if not HAS_URLLIB3:
        raise PlatformError("urllib3: this Python library is missing; install it where the module runs")
    parts = urlsplit(server.url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        raise InvalidInput("url", server.url, "is no address: give https://host")
    options: dict[str, Any] = {"timeout": urllib3.Timeout(server.timeout), "retries": False}
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(host, parts.port, **options)
    if server.server_name:
        options |= {"server_hostname": server.server_name, "assert_hostname": server.server_name}
    context = ssl.create_default_context(cafile=server.ca_file)
    return urllib3.HTTPSConnectionPool(host, parts.port, ssl_context=context, **options)
