"""Plugins that ask who the client is."""

from __future__ import annotations

import secrets

from local_cloud.kong.schemas.fields import (
    HTTP,
    NO_CONSUMER,
    array,
    boolean,
    header_name,
    host,
    number,
    one_of,
    plugin,
    port,
    protocols,
    set_of,
    string,
    strings,
)
from local_cloud.kong.schemas.rules import at_least_one_of, only_one_of, when

PLUGINS = {
    "jwt": plugin(
        {
            "uri_param_names": set_of(string(), default=["jwt"]),
            "cookie_names": set_of(string(), default=[]),
            "key_claim_name": string(default="iss"),
            "secret_is_base64": boolean(False, required=True),
            "claims_to_verify": set_of(one_of(["exp", "nbf"])),
            "anonymous": string(),
            "run_on_preflight": boolean(True, required=True),
            "maximum_expiration": number(default=0, between=[0, 31536000]),
            "header_names": set_of(string(), default=["authorization"]),
            "realm": string(required=False),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
        checks=[when("config.maximum_expiration", {"gt": 0}, "config.claims_to_verify", {"contains": "exp"})],
    ),
    "key-auth": plugin(
        {
            "key_names": array(header_name(), required=True, default=["apikey"]),
            "hide_credentials": boolean(False, required=True),
            "anonymous": string(),
            "key_in_header": boolean(True, required=True),
            "key_in_query": boolean(True, required=True),
            "key_in_body": boolean(False, required=True),
            "run_on_preflight": boolean(True, required=True),
            "realm": string(required=False),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
    "basic-auth": plugin(
        {
            "anonymous": string(),
            "hide_credentials": boolean(False, required=True),
            "realm": string(required=True, default="service"),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
    "hmac-auth": plugin(
        {
            "hide_credentials": boolean(False, required=True),
            "clock_skew": number(default=300, gt=0),
            "anonymous": string(),
            "validate_request_body": boolean(False, required=True),
            "enforce_headers": strings(default=[]),
            "algorithms": array(
                one_of(["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"]),
                default=["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"],
            ),
            "realm": string(required=False),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
    "oauth2": plugin(
        {
            "scopes": strings(),
            "mandatory_scope": boolean(False, required=True),
            "provision_key": string(required=True, auto=True, unique=True, encrypted=True),
            "token_expiration": number(required=True, default=7200),
            "enable_authorization_code": boolean(False, required=True),
            "enable_implicit_grant": boolean(False, required=True),
            "enable_client_credentials": boolean(False, required=True),
            "enable_password_grant": boolean(False, required=True),
            "hide_credentials": boolean(False, required=True),
            "accept_http_if_already_terminated": boolean(False, required=True),
            "anonymous": string(),
            "global_credentials": boolean(False, required=True),
            "auth_header_name": string(default="authorization"),
            "refresh_token_ttl": number(required=True, default=1209600, between=[0, 100000000]),
            "reuse_refresh_token": boolean(False, required=True),
            "pkce": one_of(["none", "lax", "strict"], required=False, default="lax"),
            "realm": string(required=False),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
        config_checks=[when("mandatory_scope", {"eq": True}, "scopes", {"required": True})],
        check="one_grant",
    ),
    "ldap-auth": plugin(
        {
            "ldap_host": host(required=True),
            "ldap_port": port(required=True, default=389),
            "ldaps": boolean(False, required=True),
            "start_tls": boolean(False, required=True),
            "verify_ldap_host": boolean(False, required=True),
            "base_dn": string(required=True),
            "attribute": string(required=True),
            "cache_ttl": number(required=True, default=60),
            "hide_credentials": boolean(False, required=True),
            "timeout": number(default=10000),
            "keepalive": number(default=60000),
            "anonymous": string(),
            "header_type": string(default="ldap"),
            "realm": string(required=False),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
        config_checks=[
            when(
                "ldaps",
                {"eq": True},
                "start_tls",
                {"eq": False},
                err="'ldaps' and 'start_tls' cannot be enabled simultaneously",
            )
        ],
    ),
    "session": plugin(
        {
            "secret": string(
                required=False,
                default=secrets.token_urlsafe(32),
                encrypted=True,
                referenceable=True,
            ),
            "storage": one_of(["cookie", "kong"], default="cookie"),
            "audience": string(default="default"),
            "idling_timeout": number(default=900),
            "rolling_timeout": number(default=3600),
            "absolute_timeout": number(default=86400),
            "stale_ttl": number(default=10),
            "cookie_name": string(default="session"),
            "cookie_path": string(default="/"),
            "cookie_domain": string(),
            "cookie_same_site": one_of(["Strict", "Lax", "None", "Default"], default="Strict"),
            "cookie_http_only": boolean(True),
            "cookie_secure": boolean(True),
            "remember": boolean(False),
            "remember_cookie_name": string(default="remember"),
            "remember_rolling_timeout": number(default=604800),
            "remember_absolute_timeout": number(default=2592000),
            "response_headers": set_of(
                one_of(
                    ["id", "audience", "subject", "timeout", "idling-timeout", "rolling-timeout", "absolute-timeout"]
                )
            ),
            "request_headers": set_of(
                one_of(
                    ["id", "audience", "subject", "timeout", "idling-timeout", "rolling-timeout", "absolute-timeout"]
                )
            ),
            "read_body_for_logout": boolean(False),
            "logout_methods": set_of(one_of(["GET", "POST", "DELETE"]), default=["POST", "DELETE"]),
            "logout_query_arg": string(default="session_logout"),
            "logout_post_arg": string(default="session_logout"),
        },
        scope=NO_CONSUMER,
        protocols=protocols(),
        shorthands={
            "cookie_lifetime": number(becomes="rolling_timeout"),
            "cookie_idletime": number(becomes="idling_timeout"),
            "cookie_renew": number(),
            "cookie_discard": number(becomes="stale_ttl"),
            "cookie_samesite": string(becomes="cookie_same_site"),
            "cookie_httponly": boolean(becomes="cookie_http_only"),
            "cookie_persistent": boolean(becomes="remember"),
        },
    ),
    "acl": plugin(
        {
            "allow": strings(),
            "deny": strings(),
            "hide_groups_header": boolean(False, required=True),
            "always_use_authenticated_groups": boolean(False, required=True),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
        checks=[only_one_of("config.allow", "config.deny"), at_least_one_of("config.allow", "config.deny")],
    ),
}
