"""request-transformer and response-transformer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from local_cloud.kong.proxy.encodings import decode_json
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.headers import Headers
from local_cloud.kong.proxy.lua.runtime import Lua
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

_TEMPLATE = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")

Fill = Callable[[str], str | None]


def pairs(items: list[str] | None) -> Iterator[tuple[str, str]]:
    """`name:value` items; a name alone has an empty value."""
    for item in items or []:
        name, _, value = item.partition(":")
        yield name, value


def transform_headers(config: Mapping[str, Any], headers: Headers, fill: Fill) -> None:
    """Remove, rename, replace, add, append: always in this order."""
    for name in config["remove"]["headers"] or []:
        headers.remove(name.partition(":")[0])
    for old, new in pairs(config["rename"]["headers"]):
        values = headers.all(old)
        if values:
            headers.remove(old)
            headers.set(new, *values)
    for name, template in pairs(config["replace"]["headers"]):
        if name in headers:
            _set(headers.set, name, fill(template))
    for name, template in pairs(config["add"]["headers"]):
        if name not in headers:
            _set(headers.set, name, fill(template))
    for name, template in pairs(config["append"]["headers"]):
        _set(headers.add, name, fill(template))


def _set(operation: Callable[[str, str], None], name: str, value: str | None) -> None:
    if value is not None:
        operation(name, value)


def transform_fields(config: Mapping[str, Any], kind: str, fields: dict[str, list[str]], fill: Fill) -> None:
    """The same for arguments and form fields; `kind` is the name of the list in the configuration."""
    for name in config["remove"][kind] or []:
        fields.pop(name.partition(":")[0], None)
    for old, new in pairs(config["rename"][kind]):
        if old in fields:
            fields[new] = fields.pop(old)
    for name, template in pairs(config["replace"][kind]):
        if name in fields:
            fields[name] = [fill(template) or ""]
    for name, template in pairs(config["add"][kind]):
        if name not in fields:
            fields[name] = [fill(template) or ""]
    for name, template in pairs(config["append"][kind]):
        fields.setdefault(name, []).append(fill(template) or "")


class RequestTransformer(Handler):
    name = "request-transformer"
    priority = 801

    def __init__(self, lua: Lua) -> None:
        self._lua = lua

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        fill = self._filler(exchange)
        if config.get("http_method"):
            exchange.rewritten_method = config["http_method"].upper()
        host = exchange.headers.get("Host")
        transform_headers(config, exchange.headers, fill)
        if exchange.headers.get("Host") != host:
            exchange.upstream_host = exchange.headers.get("Host")
        arguments = exchange.query_values()
        before = {name: list(values) for name, values in arguments.items()}
        transform_fields(config, "querystring", arguments, fill)
        if arguments != before:
            exchange.query = urlencode(arguments, doseq=True, encoding="latin-1") or None
        if any(config[operation]["body"] for operation in ("remove", "rename", "replace", "add", "append")):
            await self._transform_body(config, exchange, fill)
        if config["replace"].get("uri"):
            exchange.upstream_path = fill(config["replace"]["uri"])

    async def _transform_body(self, config: Mapping[str, Any], exchange: Exchange, fill: Fill) -> None:
        kind = (exchange.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        body = await exchange.body.read()
        if kind == "application/x-www-form-urlencoded":
            fields: dict[str, list[str]] = {}
            for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"):
                fields.setdefault(name, []).append(value)
            transform_fields(config, "body", fields, fill)
            exchange.body.replace(urlencode(fields, doseq=True, encoding="latin-1").encode("latin-1"))
        elif kind == "application/json" or kind.endswith("+json"):
            content = _object(body)
            if content is not None:
                transform_json(config, "body", content, fill)
                exchange.body.replace(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())

    def _filler(self, exchange: Exchange) -> Fill:
        """Fills `$(…)` in a value: Lua over headers, query_params, uri_captures, shared."""

        def fill(template: str) -> str | None:
            if "$(" not in template:
                return template
            captures = exchange.match.captures if exchange.match else {}
            values = {
                "headers": self._lua.table(
                    {name.replace("-", "_"): values for name, values in exchange.headers.grouped().items()}
                    | exchange.headers.grouped()
                ),
                "query_params": self._lua.table(exchange.query_values()),
                "uri_captures": self._lua.table({str(name): [value] for name, value in captures.items()}),
                "shared": (exchange.lua or {}).get("shared"),
            }
            parts = [self._lua.evaluate(match[1], values) for match in _TEMPLATE.finditer(template)]
            if template == _TEMPLATE.sub("", template, count=1) or parts == [None]:
                # A template that is nothing but a missing value adds nothing.
                return None
            iterator = iter(parts)
            return _TEMPLATE.sub(lambda _: next(iterator) or "", template)

        return fill


class ResponseTransformer(Handler):
    name = "response-transformer"
    priority = 800

    def header_filter(self, plugin: Plugin, exchange: Exchange) -> None:
        transform_headers(plugin.config, exchange.response_headers, lambda value: value)

    def changes_body(self, plugin: Plugin, exchange: Exchange) -> bool:
        kind = (exchange.response_headers.get("Content-Type") or "").lower()
        wanted = any(plugin.config[operation]["json"] for operation in _OPERATIONS)
        return wanted and "json" in kind.partition(";")[0]

    def body_filter(self, plugin: Plugin, exchange: Exchange, body: bytes) -> bytes:
        content = _object(body)
        if content is None:
            return body
        transform_json(plugin.config, "json", content, lambda value: value)
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


_OPERATIONS = ("remove", "rename", "replace", "add", "append")


def transform_json(config: Mapping[str, Any], kind: str, content: dict[str, Any], fill: Fill) -> None:
    """The same for the top level of a JSON object; `json_types` say what a value becomes."""
    for name in config["remove"][kind] or []:
        content.pop(name, None)
    for old, new in pairs(config["rename"][kind]):
        if old in content:
            content[new] = content.pop(old)
    for name, value in _typed(config["replace"], kind, fill):
        if name in content:
            content[name] = value
    for name, value in _typed(config["add"], kind, fill):
        content.setdefault(name, value)
    for name, value in _typed(config["append"], kind, fill):
        present = content.get(name, [])
        content[name] = [*(present if isinstance(present, list) else [present]), value]


def _typed(operation: Mapping[str, Any], kind: str, fill: Fill) -> Iterator[tuple[str, Any]]:
    types = operation.get("json_types") or []
    for index, (name, template) in enumerate(pairs(operation[kind])):
        value = fill(template) or ""
        wanted = types[index] if index < len(types) else "string"
        if wanted == "number":
            yield name, json.loads(value)
        elif wanted == "boolean":
            yield name, value.lower() == "true"
        else:
            yield name, value.strip('"')


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        content = decode_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
