"""What Lua functions can do with the current request: each method is a function of the shim's `bridge`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from local_cloud.kong.proxy.access_log import variable
from local_cloud.kong.proxy.answers import JSON, Exit, Failed
from local_cloud.kong.proxy.encodings import decode_base64, decode_json
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.lua.convert import Converter, values_of

LOG = logging.getLogger("local_cloud.kong.proxy.lua")

_LEVELS = {"debug": 10, "info": 20, "notice": 20, "warn": 30, "err": 40, "crit": 50, "alert": 50}


@dataclass
class _Visit:
    """One run of a function."""

    exchange: Exchange
    phase: str
    convert: Converter
    ending: Exit | Failed | None = None


class Bridge:
    """Knows the Lua state only while it runs.

    Lua refers to the methods; were they to refer to Lua all the time, the garbage collector would find a circle, and
    Lua states do not survive being taken apart by it.
    """

    def __init__(self, node_id: str) -> None:
        self._node_id = node_id
        self._visit: _Visit | None = None

    @contextmanager
    def visiting(self, exchange: Exchange, phase: str, convert: Converter) -> Iterator[_Visit]:
        if exchange.lua is None:
            exchange.lua = {}
        self._visit = _Visit(exchange, phase, convert)
        try:
            yield self._visit
        finally:
            self._visit = None

    @property
    def _here(self) -> _Visit:
        assert self._visit is not None
        return self._visit

    @property
    def _now(self) -> Exchange:
        return self._here.exchange

    @property
    def _convert(self) -> Converter:
        return self._here.convert

    @property
    def _phase(self) -> str:
        return self._here.phase

    def functions(self) -> dict[str, Callable[..., tuple[Any, ...]]]:
        """Each returns True and its results, or False and what is wrong: an error must not cross Lua."""
        found = [name for name in dir(type(self)) if not name.startswith("_") and name not in ("functions", "visiting")]
        return {name: _guarded(getattr(self, name)) for name in found}

    # answers

    def exit(self, status: Any, body: Any = None, headers: Any = None) -> None:
        self._may_answer("exit")
        given = _pairs(headers)
        if body is None:
            content = b""
        elif isinstance(body, str):
            content = body.encode("latin-1")
        else:
            content = json.dumps(self._convert.to_python(body), ensure_ascii=False, separators=(",", ":")).encode(
                "utf-8", "surrogateescape"
            )
            if not any(name.lower() == "content-type" for name, _ in given):
                given.append(("Content-Type", JSON))
        self._here.ending = Exit(int(status), content, given)

    def fail(self, status: Any, message: Any = None, headers: Any = None) -> None:
        self._may_answer("error")
        self._here.ending = Failed(int(status), message if isinstance(message, str) else None, _pairs(headers))

    def _may_answer(self, name: str) -> None:
        if self._phase not in ("rewrite", "access"):
            raise RuntimeError(f"function {name} cannot be called in {self._phase} phase")

    # the request

    def scheme(self) -> str:
        return self._now.scheme

    def host(self) -> str:
        return self._now.host

    def port(self) -> int:
        return self._now.port

    def forwarded(self, name: str) -> str | None:
        return self._now.forwarded.get(name)

    def http_version(self) -> str:
        return self._now.http_version

    def method(self) -> str:
        return self._now.method

    def path(self) -> str:
        return self._now.path

    def raw_path(self) -> str:
        return self._now.target.partition("?")[0]

    def target(self) -> str:
        return self._now.target

    def query(self) -> str:
        return self._now.query or ""

    def arguments(self, *_: Any) -> Any:
        return self._convert.strings(self._now.query_values())

    def request_headers(self, limit: Any = None) -> Any:
        headers = self._now.headers
        if limit != 0:
            headers = headers.first(int(limit) if limit else self._now.header_limit)
        return self._convert.strings(headers.grouped())

    def body(self) -> str | None:
        whole = self._now.body.whole
        return whole.decode("latin-1") if whole else None

    def parsed_body(self, *_: Any) -> Any:
        """JSON only."""
        return self.json_decode(self.body() or "")

    def captures(self) -> Any:
        captures = self._now.match.captures if self._now.match else {}
        named = self._convert.to_lua({name: value for name, value in captures.items() if isinstance(name, str)})
        unnamed = self._convert.table({name: value for name, value in captures.items() if isinstance(name, int)})
        return self._convert.table({"named": named, "unnamed": unnamed})

    def start_time(self) -> float:
        return time.time() - (time.monotonic() - self._now.timing.started)

    def variable(self, name: str) -> str | None:
        return variable(name, self._now)

    def set_request_header(self, name: str, value: Any) -> None:
        if name.lower() == "host":
            self._now.upstream_host = values_of(value)[0]
        self._now.headers.set(name, *values_of(value))

    def add_request_header(self, name: str, value: Any) -> None:
        for one in values_of(value):
            self._now.headers.add(name, one)

    def clear_request_header(self, name: str) -> None:
        self._now.headers.remove(name)

    def set_method(self, method: str) -> None:
        self._now.rewritten_method = method

    def set_path(self, path: str) -> None:
        self._now.upstream_path = path

    def set_query(self, query: str) -> None:
        self._now.query = query

    def set_arguments(self, arguments: Any) -> None:
        pairs = [(str(name), one) for name, value in arguments.items() for one in values_of(value)]
        self._now.query = urlencode(sorted(pairs), encoding="latin-1") or None

    def set_body(self, content: str) -> None:
        self._now.body.replace(content.encode("latin-1"))

    def set_json_body(self, value: Any, *_: Any) -> None:
        self._now.body.replace(json.dumps(self._convert.to_python(value)).encode())
        self._now.headers.set("Content-Type", "application/json")

    def set_target(self, host: str, port: int) -> None:
        self._now.upstream_service = (host, int(port))

    # the client and what it asked for

    def peer_address(self) -> str:
        return self._now.peer_address

    def client_address(self) -> str:
        return self._now.client_address

    def consumer(self) -> Any:
        return self._convert.entity(self._now.consumer)

    def credential(self) -> Any:
        return self._convert.entity(self._now.credential)

    def load_consumer(self, reference: str, *_: Any) -> Any:
        return self._convert.entity(self._now.configuration.consumer(reference))

    def authenticate(self, consumer: Any, credential: Any) -> None:
        found = self._convert.to_python(consumer) if consumer else None
        given = self._convert.to_python(credential) if credential else None
        self._now.authenticate(found, given, "id")

    def route(self) -> Any:
        return self._convert.entity(self._now.route)

    def service(self) -> Any:
        return self._convert.entity(self._now.service)

    # the response

    def status(self) -> int:
        return self._now.status

    def source(self) -> str:
        return "exit" if self._now.source == "kong" else self._now.source

    def set_status(self, status: Any) -> None:
        self._now.status = int(status)

    def response_headers(self) -> Any:
        return self._convert.strings(self._now.response_headers.grouped())

    def set_response_header(self, name: str, value: Any) -> None:
        self._now.response_headers.set(name, *values_of(value))

    def add_response_header(self, name: str, value: Any) -> None:
        for one in values_of(value):
            self._now.response_headers.add(name, one)

    def clear_response_header(self, name: str) -> None:
        self._now.response_headers.remove(name)

    def upstream_status(self) -> int | None:
        return self._now.status if self._now.source == "service" else None

    def upstream_headers(self) -> Any:
        headers = self._now.upstream_headers
        return self._convert.strings(headers.grouped() if headers else {})

    # the node, and tools

    def context(self, name: str) -> Any:
        tables = self._now.lua
        if name not in tables:
            tables[name] = self._convert.table({})
        return tables[name]

    def phase(self) -> str:
        return self._phase

    def node_id(self) -> str:
        return self._node_id

    def hostname(self) -> str:
        return socket.gethostname()

    def log(self, level: Any, message: str) -> None:
        LOG.log(_LEVELS.get(str(level), 20), "%s", message)

    def now(self) -> float:
        return round(time.time(), 3)

    def json_encode(self, value: Any) -> Any:
        try:
            text = json.dumps(self._convert.to_python(value), ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            return None, str(error)
        return text.replace("/", "\\/").encode("utf-8", "surrogateescape").decode("latin-1")

    def json_decode(self, text: Any) -> Any:
        try:
            return self._convert.to_lua(decode_json(str(text).encode("latin-1")))
        except (ValueError, OverflowError) as error:
            return None, f"Expected value but found invalid token: {error}"

    def encode_base64(self, text: Any, no_padding: Any = None) -> str:
        encoded = base64.b64encode(str(text).encode("latin-1")).decode()
        return encoded.rstrip("=") if no_padding else encoded

    def decode_base64(self, text: Any) -> str | None:
        content = None if re.search(r"[-_]", str(text)) else decode_base64(str(text))
        return None if content is None else content.decode("latin-1")

    def md5(self, text: str) -> str:
        return hashlib.md5(text.encode("latin-1"), usedforsecurity=False).hexdigest()

    def sha1(self, text: str) -> str:
        return hashlib.sha1(text.encode("latin-1"), usedforsecurity=False).digest().decode("latin-1")

    def hmac_sha1(self, key: str, text: str) -> str:
        return hmac.new(key.encode("latin-1"), text.encode("latin-1"), hashlib.sha1).digest().decode("latin-1")

    def escape_uri(self, text: str) -> str:
        return quote(text, safe="", encoding="latin-1")

    def unescape_uri(self, text: str) -> str:
        return unquote_to_bytes(text).decode("latin-1")

    def re_match(self, text: str, pattern: str, options: Any = None) -> Any:
        found = _search(text, pattern, options)
        if not found:
            return None
        groups: dict[Any, Any] = {0: found[0]} | dict(enumerate(found.groups(), 1)) | found.groupdict()
        return self._convert.table({name: value for name, value in groups.items() if value is not None})

    def re_find(self, text: str, pattern: str, options: Any = None) -> Any:
        found = _search(text, pattern, options)
        return (found.start() + 1, found.end()) if found else None

    def re_gsub(self, text: str, pattern: str, replacement: Any, options: Any = None) -> Any:
        return _substitute(text, pattern, replacement, options, 0)

    def re_sub(self, text: str, pattern: str, replacement: Any, options: Any = None) -> Any:
        return _substitute(text, pattern, replacement, options, 1)


def _guarded(method: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    def call(*arguments: Any) -> tuple[Any, ...]:
        try:
            found = method(*arguments)
        except (
            ArithmeticError,
            AssertionError,
            AttributeError,
            LookupError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            return False, str(error)
        except re.error as error:
            return False, f"bad pattern: {error}"
        return (True, *found) if isinstance(found, tuple) else (True, found)

    return call


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [(str(name), one) for name, value in headers.items() for one in values_of(value)] if headers else []


def _compiled(pattern: str, options: Any) -> re.Pattern[str]:
    flags = re.IGNORECASE if options and "i" in options else 0
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern), flags)


def _search(text: str, pattern: str, options: Any) -> re.Match[str] | None:
    compiled = _compiled(pattern, options)
    return compiled.match(text) if options and "a" in options else compiled.search(text)


def _substitute(text: str, pattern: str, replacement: Any, options: Any, count: int) -> tuple[str, int]:
    if isinstance(replacement, str):
        template = re.sub(r"\$\{?(\d+)\}?", r"\\g<\1>", replacement.replace("\\", "\\\\"))
        return _compiled(pattern, options).subn(template, text, count=count)
    raise TypeError("the stand-in replaces with text only")
