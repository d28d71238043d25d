# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that look at one plugin at a time. Everything in this file is pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .files import Listed
from .lint_model import FUNCTIONS, Finding, World, error, functions, items, plain, redis_of, settings, warning

Rule = Callable[[str, Mapping[str, Any]], Iterator[Finding]]

# Bundled with Kong's Enterprise edition only.
ENTERPRISE = frozenset(
    """
    ai-aws-guardrails ai-azure-content-safety ai-gcp-model-armor ai-llm-as-judge ai-mcp-oauth2 ai-mcp-proxy
    ai-prompt-compressor ai-proxy-advanced ai-rag-injector ai-rate-limiting-advanced ai-sanitizer ai-semantic-cache
    ai-semantic-prompt-guard ai-semantic-response-guard app-dynamics application-registration canary confluent
    confluent-consume datakit degraphql exit-transformer forward-proxy graphql-proxy-cache-advanced
    graphql-rate-limiting-advanced header-cert-auth injection-protection jq json-threat-protection jwe-decrypt
    jwt-signer kafka-consume kafka-log kafka-upstream key-auth-enc konnect-application-auth ldap-auth-advanced metering
    mocking mtls-auth oas-validation oauth2-introspection opa openid-connect proxy-cache-advanced rate-limiting-advanced
    request-callout request-transformer-advanced request-validator response-transformer-advanced route-by-header
    route-transformer-advanced saml service-protection solace-upstream statsd-advanced tls-handshake-modifier
    tls-metadata-headers upstream-oauth upstream-timeout vault-auth websocket-size-limit websocket-validator
    xml-threat-protection
    """.split()
)
# What open-source Kong has instead.
INSTEAD = {
    "rate-limiting-advanced": "use rate-limiting",
    "proxy-cache-advanced": "use proxy-cache",
    "request-transformer-advanced": "use request-transformer",
    "response-transformer-advanced": "use response-transformer",
    "ldap-auth-advanced": "use ldap-auth",
    "key-auth-enc": "use key-auth",
    "openid-connect": "use jwt",
    "statsd-advanced": "use statsd",
}
WITHOUT_CONSUMER = frozenset(
    """
    acl acme ai-request-transformer basic-auth bot-detection cors hmac-auth jwt key-auth ldap-auth oauth2 post-function
    pre-function session standard-webhooks
    """.split()
)
HUGE_MEGABYTES = 1024
REQUIRE = re.compile(r"""\brequire\s*\(?\s*["']([^"']+)["']""")


def jwt(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    claims = config.get("claims_to_verify")
    for index, claim in enumerate(items(claims)):
        if claim not in {"exp", "nbf"}:
            where = f"{path}.config.claims_to_verify[{index}]"
            yield error(where, f"{claim!r} cannot be verified by jwt", "only exp and nbf can")
    if "exp" not in items(claims):
        where = f"{path}.config.claims_to_verify"
        yield warning(where, "tokens are accepted after they have expired", "set it to [exp]")
    if config.get("uri_param_names", ["jwt"]):
        where = f"{path}.config.uri_param_names"
        yield warning(where, "tokens are also read from the URL, which ends up in logs", "set it to []")


def key_auth(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    if config.get("key_in_query", True):
        where = f"{path}.config.key_in_query"
        yield warning(where, "keys are also read from the URL, which ends up in logs", "set it to false")
    yield from hidden_credentials(path, config)


def hidden_credentials(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("hide_credentials", False):
        where = f"{path}.config.hide_credentials"
        yield warning(where, "the service behind is sent the credentials", "set it to true")


def size_limit(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    size = config.get("allowed_payload_size")
    if isinstance(size, int) and size >= HUGE_MEGABYTES and "size_unit" not in config:
        text = f"{size} is counted in megabytes"
        yield warning(f"{path}.config.allowed_payload_size", text, "set size_unit to bytes, kilobytes or megabytes")


def cors(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    origins = items(config.get("origins")) or ["*"]
    if config.get("credentials") and "*" in origins:
        text = "any site may use the credentials of whoever visits it (origins * with credentials)"
        yield error(f"{path}.config.origins", text, "list the origins, or set credentials to false")


def allow_and_deny(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    for old, new in (("whitelist", "allow"), ("blacklist", "deny")):
        if old in config:
            yield error(f"{path}.config.{old}", "this Kong does not know it", f"call it {new}")


def proxy_cache(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("strategy"):
        yield error(f"{path}.config.strategy", "it is missing, and Kong requires it", "set it to memory")


def limits(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    policy = config.get("policy")
    if policy is None:
        text = "each node counts for itself, so that more nodes allow more"
        yield warning(f"{path}.config.policy", text, "set it to redis, or to local where that is meant")
    if config.get("limit_by") == "header" and not config.get("header_name"):
        yield error(f"{path}.config.header_name", "it is missing, and limit_by: header requires it", "name the header")
    if policy == "redis":
        yield from exact_counters(path, config)
        yield from redis(path, config)


def exact_counters(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    if config.get("sync_rate", -1) != -1:
        text = "nodes exchange their counters only now and then, so that more requests pass than the limit says"
        yield warning(f"{path}.config.sync_rate", text, "set it to -1")


def redis(path: str, config: Mapping[str, Any]) -> Iterator[Finding]:
    given = redis_of(config)
    where = f"{path}.config.redis"
    host = plain(given.get("host"))
    if "clustercfg." in host:
        text = f"{host} is the endpoint of a Redis cluster, which the plugin cannot use"
        yield error(f"{where}.host", text, "name the primary endpoint of a group with cluster mode off")
    if plain(given.get("password")):
        text = "whoever reads the plugin from the Admin API reads the password"
        yield warning(f"{where}.password", text, "refer to a vault, such as {vault://env/redis-password}")
    if not given.get("ssl"):
        if host and not _is_local(host):
            yield warning(f"{where}.ssl", f"the connection to {host} is in clear", "set ssl and ssl_verify to true")
    elif not given.get("ssl_verify"):
        yield warning(f"{where}.ssl_verify", "any certificate is accepted", "set it to true, with server_name")
    elif not given.get("server_name"):
        text = "the name in the certificate is not told to the server"
        yield warning(f"{where}.server_name", text, "set it to the name of the endpoint")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


RULES: Mapping[str, tuple[Rule, ...]] = {
    "jwt": (jwt,),
    "key-auth": (key_auth,),
    "basic-auth": (hidden_credentials,),
    "request-size-limiting": (size_limit,),
    "cors": (cors,),
    "bot-detection": (allow_and_deny,),
    "ip-restriction": (allow_and_deny,),
    "acl": (allow_and_deny,),
    "proxy-cache": (proxy_cache,),
    "rate-limiting": (limits,),
    "response-ratelimiting": (limits,),
}


def check_plugin(plugin: Listed, world: World) -> Iterator[Finding]:
    """All rules for one plugin."""
    name = str(plugin.fields.get("name"))
    yield from available(plugin, name, world)
    for rule in RULES.get(name, ()):
        yield from rule(plugin.path, settings(plugin))
    if name in WITHOUT_CONSUMER and plugin.fields.get("consumer"):
        text = f"{name} works before the consumer is known"
        yield error(f"{plugin.path}.consumer", text, "put it on a service or a route, or make it global")
    if settings(plugin).get("anonymous"):
        text = "requests with forged or expired credentials pass as the anonymous consumer"
        yield warning(f"{plugin.path}.config.anonymous", text, "leave it out, or end such requests on that consumer")
    if name in FUNCTIONS:
        yield from requires(plugin, world)


def available(plugin: Listed, name: str, world: World) -> Iterator[Finding]:
    offered = world.target.plugins
    where = f"{plugin.path}.name"
    if name in ENTERPRISE and world.target.edition == "community" and name not in (offered or ()):
        remedy = INSTEAD.get(name, "leave it out")
        yield error(where, f"{name} comes with Kong's Enterprise edition only", remedy)
    elif offered is not None and name not in offered:
        yield error(where, f"{name} is not enabled on this gateway", "add it to KONG_PLUGINS, or correct the name")


def requires(plugin: Listed, world: World) -> Iterator[Finding]:
    allowed = world.target.lua_modules
    if allowed is None:
        return
    for where, text in functions(plugin):
        for module in REQUIRE.findall(text):
            if module not in allowed:
                reason = f"requires {module}, which the sandbox forbids: every request would fail with 500"
                remedy = f"add {module} to KONG_UNTRUSTED_LUA_SANDBOX_REQUIRES"
                yield error(f"{plugin.path}.{where}", reason, remedy)
