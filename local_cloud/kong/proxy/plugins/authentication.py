"""Plugins that find out who the consumer is: jwt, key-auth, basic-auth; and acl, which asks for groups."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from local_cloud.kong.proxy.answers import Exit, Failed, exit_json
from local_cloud.kong.proxy.encodings import decode_base64, decode_json
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.plugins import tokens
from local_cloud.kong.proxy.plugins.base import Handler, Plugin

Entity = Mapping[str, Any]

_BEARER = re.compile(r"\s*[Bb]earer\s+(.+)")
_DENIED = "You cannot consume this service"


class Authenticator(Handler):
    """What the plugins have in common: preflights, and a consumer for requests without valid credential."""

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        if not config.get("run_on_preflight", True) and exchange.method == "OPTIONS":
            return
        anonymous = config.get("anonymous")
        if anonymous and exchange.credential:
            # Another plugin has found a consumer: one of them is enough.
            return
        try:
            await self.check(plugin, exchange)
        except (Exit, Failed) as refused:
            if not anonymous or refused.status != 401:
                raise
            consumer = exchange.configuration.consumer(anonymous)
            if not consumer:
                raise LookupError(f"anonymous consumer {anonymous} not found") from None
            exchange.authenticate(consumer, None, "")

    async def check(self, plugin: Plugin, exchange: Exchange) -> None:
        """Set consumer and credential. Raises Exit or Failed with status 401."""
        raise NotImplementedError


class Jwt(Authenticator):
    name = "jwt"
    priority = 1450

    async def check(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        scheme = f'Bearer realm="{config["realm"]}"' if config.get("realm") else "Bearer"
        found = _tokens(config, exchange)
        if not found:
            raise _unauthorised({"message": "Unauthorized"}, scheme)
        invalid = scheme + ' error="invalid_token"'
        if len(found) > 1:
            raise _unauthorised({"message": "Multiple tokens provided"}, invalid)
        try:
            token = tokens.parse(found[0])
            credential = self._credential(token, config, exchange)
            errors = self._errors(token, config)
        except tokens.BadToken as bad:
            raise _unauthorised({"message": str(bad)}, invalid) from None
        if errors:
            raise _unauthorised(errors, invalid)
        consumer = exchange.configuration.consumers.get(credential["consumer"]["id"])
        exchange.authenticate(consumer, credential, "key")

    @staticmethod
    def _credential(token: tokens.Token, config: Mapping[str, Any], exchange: Exchange) -> Entity:
        """The credential that the token names, and is signed with. Raises BadToken, Broken."""
        name = config["key_claim_name"]
        key = token.claim(name)
        if key is None or key is False:
            raise tokens.BadToken(f"No mandatory '{name}' in claims")
        if key == "":
            raise tokens.BadToken(f"Invalid '{name}' in claims")
        if not isinstance(key, str):
            raise tokens.Broken(f"{name} is no text")
        credential = exchange.configuration.jwt_secrets.get(key)
        if not credential:
            raise tokens.BadToken(f"No credentials found for given '{name}'")
        algorithm = credential["algorithm"]
        if token.header["alg"] != algorithm:
            raise tokens.BadToken("Invalid algorithm")
        secret: str | bytes | None = credential["secret" if algorithm.startswith("HS") else "rsa_public_key"]
        if config.get("secret_is_base64") and isinstance(secret, str):
            secret = decode_base64(secret)
        if secret is None:
            raise tokens.BadToken("Invalid key/secret")
        if not tokens.verify(token, algorithm, secret):
            raise tokens.BadToken("Invalid signature")
        return credential

    @staticmethod
    def _errors(token: tokens.Token, config: Mapping[str, Any]) -> dict[str, str]:
        now = int(time.time())
        errors = tokens.claim_errors(token.claims, config.get("claims_to_verify") or [], now)
        longest = config.get("maximum_expiration") or 0
        if not errors and longest > 0:
            expires = token.claims.get("exp")
            if expires is None or expires - now > longest:
                errors = {"exp": "exceeds maximum allowed expiration"}
        return errors


def _tokens(config: Mapping[str, Any], exchange: Exchange) -> list[str]:
    """Distinct tokens of the request."""
    found: dict[str, None] = {}
    arguments = exchange.query_values() if config.get("uri_param_names") else {}
    for name in config.get("uri_param_names") or []:
        found |= dict.fromkeys(arguments.get(name, []))
    for name in config.get("cookie_names") or []:
        try:
            morsel = SimpleCookie(exchange.headers.joined("Cookie") or "").get(name)
        except CookieError:
            morsel = None
        if morsel:
            found[morsel.value] = None
    headers = exchange.visible_headers()
    for name in config.get("header_names") or []:
        match = _BEARER.search(headers.get(name) or "")
        if match:
            found[match[1]] = None
    return [token for token in found if token]


def _unauthorised(body: Mapping[str, Any], scheme: str) -> Exit:
    return exit_json(401, body, [("WWW-Authenticate", scheme)])


class KeyAuth(Authenticator):
    name = "key-auth"
    priority = 1250

    async def check(self, plugin: Plugin, exchange: Exchange) -> None:
        config = plugin.config
        key = await _key(config, exchange)
        realm = config.get("realm")
        scheme = [("WWW-Authenticate", f'Key realm="{realm}"' if realm else "Key")]
        if not key:
            raise Failed(401, "No API key found in request", scheme)
        credential = exchange.configuration.key(key)
        if not credential:
            raise Failed(401, "Unauthorized", scheme)
        consumer = exchange.configuration.consumers.get(credential["consumer"]["id"])
        exchange.authenticate(consumer, credential, "id")


async def _key(config: Mapping[str, Any], exchange: Exchange) -> str | None:
    headers = exchange.visible_headers()
    arguments = exchange.query_values()
    form = await _form(exchange) if config.get("key_in_body") else {}
    for name in config["key_names"]:
        values: list[str] = headers.all(name) if config.get("key_in_header", True) else []
        if not values and config.get("key_in_query", True):
            values = arguments.get(name, [])
        values = values or form.get(name, [])
        if len(values) > 1:
            raise Failed(401, "Duplicate API key found")
        if values:
            if config.get("hide_credentials"):
                _hide(name, exchange, arguments)
            return values[0]
    return None


def _hide(name: str, exchange: Exchange, arguments: dict[str, list[str]]) -> None:
    exchange.headers.remove(name)
    if name in arguments:
        kept = {key: values for key, values in arguments.items() if key != name}
        exchange.query = urlencode(kept, doseq=True, encoding="latin-1") or None


async def _form(exchange: Exchange) -> dict[str, list[str]]:
    """Fields of a form or of a JSON object."""
    kind = (exchange.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    body = await exchange.body.read()
    if kind == "application/x-www-form-urlencoded":
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"):
            found.setdefault(name, []).append(value)
        return found
    if kind == "application/json":
        try:
            content = decode_json(body)
        except ValueError:
            return {}
        items = content.items() if isinstance(content, dict) else ()
        return {name: [value] for name, value in items if isinstance(value, str)}
    return {}


class BasicAuth(Authenticator):
    name = "basic-auth"
    priority = 1100

    async def check(self, plugin: Plugin, exchange: Exchange) -> None:
        scheme = [("WWW-Authenticate", f'Basic realm="{plugin.config.get("realm") or "service"}"')]
        given = exchange.visible_headers().get("Proxy-Authorization"), exchange.visible_headers().get("Authorization")
        header = given[0] or given[1]
        if not header:
            raise Failed(401, "Unauthorized", scheme)
        name, password = _basic(header)
        credential = exchange.configuration.basic_credentials.get(name)
        if not credential or not _password_matches(credential, password):
            raise Failed(401, "Unauthorized", scheme)
        if plugin.config.get("hide_credentials"):
            exchange.headers.remove("Proxy-Authorization" if given[0] else "Authorization")
        consumer = exchange.configuration.consumers.get(credential["consumer"]["id"])
        exchange.authenticate(consumer, credential, "username")


def _basic(header: str) -> tuple[str, str]:
    match = re.match(r"\s*[Bb]asic\s*(.+)", header)
    content = decode_base64(match[1].strip()) if match else None
    name, _, password = (content or b"").decode("utf-8", "surrogateescape").partition(":")
    return name, password


def _password_matches(credential: Entity, password: str) -> bool:
    salted = (password + credential["consumer"]["id"]).encode("utf-8", "surrogateescape")
    return hmac.compare_digest(hashlib.sha1(salted, usedforsecurity=False).hexdigest(), credential["password"])


class Acl(Handler):
    name = "acl"
    priority = 950

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        if not exchange.consumer:
            raise Failed(403, _DENIED) if exchange.credential else Failed(401)
        groups = exchange.configuration.groups(exchange.consumer["id"])
        allowed, denied = plugin.config.get("allow"), plugin.config.get("deny")
        if (denied and set(denied).intersection(groups)) or (allowed and not set(allowed).intersection(groups)):
            raise Failed(403, _DENIED)
        if groups and not plugin.config.get("hide_groups_header"):
            exchange.headers.set("X-Consumer-Groups", ", ".join(groups))
