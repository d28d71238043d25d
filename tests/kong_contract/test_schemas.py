"""Schemas, validation without a write, and what a node tells about itself."""

from __future__ import annotations

from tests.kong_contract.cases import UNKNOWN, Case, Runner, case, get, post, put
from tests.kong_contract.matching import Exactly, Matching, containing

VALID = {"message": "schema validation successful"}
ONLY = "this endpoint is only available when Kong is configured to"
CONTROL_PLANE_ONLY = f"{ONLY} run as Control Plane for the cluster"
NO_DATABASE_ONLY = f"{ONLY} not use a database"
PERIODS = "'config.second', 'config.minute', 'config.hour', 'config.day', 'config.month', 'config.year'"
HTTP_PROTOCOLS = ["grpc", "grpcs", "http", "https"]


def schema(entity: str, *fields: dict[str, object]) -> object:
    """Give a case in which the schema of an entity holds these fields."""
    return case(f"the schema of {entity}", get(f"/schemas/{entity}").gives(200, {"fields": containing(*fields)}))


def plugin_schema(plugin: str, *fields: dict[str, object]) -> object:
    """Give a case in which a plugin's schema holds these fields of its configuration."""
    config = {"config": {"type": "record", "required": True, "fields": containing(*fields)}}
    return case(
        f"the schema of plugin {plugin}", get(f"/schemas/plugins/{plugin}").gives(200, {"fields": containing(config)})
    )


def text(default: object) -> dict[str, object]:
    return {"type": "string", "default": default}


def integer(default: object) -> dict[str, object]:
    return {"type": "integer", "default": default}


def number(default: object) -> dict[str, object]:
    return {"type": "number", "default": default}


def flag(default: object) -> dict[str, object]:
    return {"type": "boolean", "default": default}


def reference(kind: str, **more: object) -> dict[str, object]:
    return {"type": "foreign", "reference": kind, **more}


CASES = [
    schema(
        "services",
        {"port": integer(80)},
        {"protocol": text("http")},
        {"retries": integer(5)},
        {"connect_timeout": integer(60000)},
        {"enabled": flag(True)},
        {"host": {"type": "string", "required": True}},
    ),
    schema(
        "routes",
        {"strip_path": flag(True)},
        {"path_handling": text("v0")},
        {"regex_priority": integer(0)},
        {"protocols": {"type": "set", "default": ["http", "https"]}},
        {"service": reference("services")},
    ),
    schema(
        "consumers", {"username": {"type": "string", "unique": True}}, {"custom_id": {"type": "string", "unique": True}}
    ),
    schema("upstreams", {"algorithm": text("round-robin")}, {"slots": integer(10000)}, {"hash_on": text("none")}),
    schema("targets", {"weight": integer(100)}, {"upstream": reference("upstreams", on_delete="cascade")}),
    schema("jwt_secrets", {"consumer": reference("consumers", on_delete="cascade")}),
    schema("keyauth_credentials", {"consumer": reference("consumers", on_delete="cascade")}),
    schema("basicauth_credentials", {"consumer": reference("consumers", on_delete="cascade")}),
    schema("hmacauth_credentials", {"consumer": reference("consumers", on_delete="cascade")}),
    schema(
        "acls",
        {"consumer": reference("consumers", on_delete="cascade")},
        {"group": {"type": "string", "required": True}},
    ),
    schema("certificates", {"cert": {"type": "string", "required": True}}),
    schema("snis", {"certificate": reference("certificates")}),
    schema("ca_certificates", {"cert_digest": {"type": "string", "unique": True}}),
    schema("vaults", {"prefix": {"type": "string", "required": True, "unique": True}}),
    schema("keys", {"set": reference("key_sets", on_delete="cascade")}, {"jwk": {"type": "string"}}),
    schema("key_sets", {"name": {"type": "string", "unique": True}}),
    schema("plugins", {"instance_name": {"type": "string", "unique": True}}, {"enabled": flag(True)}),
    plugin_schema(
        "jwt", {"key_claim_name": text("iss")}, {"maximum_expiration": number(0)}, {"secret_is_base64": flag(False)}
    ),
    plugin_schema(
        "key-auth", {"key_names": {"type": "array", "default": ["apikey"]}}, {"hide_credentials": flag(False)}
    ),
    plugin_schema(
        "rate-limiting",
        {"policy": {**text("local"), "one_of": ["local", "cluster", "redis"]}},
        {"limit_by": {**text("consumer"), "one_of": ["consumer", "credential", "ip", "service", "header", "path"]}},
        {"fault_tolerant": flag(True)},
        {"sync_rate": number(-1)},
        {"error_code": number(429)},
    ),
    plugin_schema("cors", {"credentials": flag(False)}, {"preflight_continue": flag(False)}),
    plugin_schema("request-size-limiting", {"allowed_payload_size": integer(128)}, {"size_unit": text("megabytes")}),
    plugin_schema("correlation-id", {"generator": text("uuid#counter")}, {"header_name": text("Kong-Request-ID")}),
    plugin_schema("request-termination", {"status_code": integer(503)}),
    plugin_schema("prometheus", {"per_consumer": flag(False)}, {"latency_metrics": flag(False)}),
    plugin_schema(
        "bot-detection", {"allow": {"type": "array", "default": []}}, {"deny": {"type": "array", "default": []}}
    ),
    plugin_schema("acl", {"hide_groups_header": flag(False)}),
    plugin_schema("pre-function", {"access": {"type": "array"}}, {"rewrite": {"type": "array"}}),
    case(
        "a plugin's schema allows what protocols it has",
        get("/schemas/plugins/rate-limiting").gives(
            200, {"fields": containing({"protocols": {"type": "set", "default": HTTP_PROTOCOLS}})}
        ),
    ),
    case(
        "a plugin's configuration by the older path",
        get("/plugins/schema/rate-limiting").gives(200, {"fields": containing({"minute": {"type": "number"}})}),
    ),
    case("no schema of an unknown entity", get("/schemas/nope").gives(404, {"message": "No entity named 'nope'"})),
    case(
        "no schema of an unknown plugin", get("/schemas/plugins/nope").gives(404, {"message": "No plugin named 'nope'"})
    ),
    case(
        "no schema of what only the enterprise edition has",
        get("/schemas/consumer_groups").gives(404, {"message": "No entity named 'consumer_groups'"}),
    ),
    case("validate: a service", post("/schemas/services/validate", {"host": "h", "name": "{n}"}).gives(200, VALID)),
    case(
        "validate: whether a name is taken is not asked",
        put("/services/{n}", {"host": "h"}),
        post("/schemas/services/validate", {"host": "h", "name": "{n}"}).gives(200, VALID),
    ),
    case(
        "validate: writes nothing",
        post("/schemas/services/validate", {"host": "h", "name": "{n}"}).gives(200, VALID),
        get("/services/{n}").gives(404),
    ),
    case(
        "validate: errors are those of a write",
        post("/schemas/services/validate", {"host": 1, "zip": 2}).violates(
            {"zip": UNKNOWN, "host": "expected a string"},
            "2 schema violations (host: expected a string; zip: unknown field)",
        ),
    ),
    case(
        "validate: whether a reference leads anywhere is not asked",
        post("/schemas/routes/validate", {"paths": ["/x"], "service": {"id": "{nobody}"}}).gives(200, VALID),
    ),
    case(
        "validate: a plugin with its configuration",
        post("/schemas/plugins/validate", {"name": "rate-limiting", "config": {"minute": 5}}).gives(200, VALID),
    ),
    case(
        "validate: a plugin with a configuration that lacks something",
        post("/schemas/plugins/validate", {"name": "rate-limiting", "config": {}}).violates(
            {"@entity": [f"at least one of these fields must be non-empty: {PERIODS}"]}
        ),
    ),
    case(
        "node: version and edition",
        get("/").gives(
            200, {"version": "3.9.1", "edition": "community", "tagline": Matching("."), "hostname": Matching(".")}
        ),
    ),
    case(
        "node: the plugins that are there",
        get("/").gives(
            200,
            {"plugins": {"available_on_server": {"rate-limiting": {}, "jwt": {}, "key-auth": {}, "pre-function": {}}}},
        ),
    ),
    case(
        "node: the plugins that are enabled",
        get("/plugins/enabled").gives(
            200, {"enabled_plugins": containing("jwt", "acl", "cors", "rate-limiting", "prometheus")}
        ),
    ),
    case(
        "node: the paths there are",
        get("/endpoints").gives(200, {"data": containing("/", "/acls", "/ca_certificates", "/certificates")}),
    ),
    case("node: its database is reachable", get("/status").gives(200, {"database": {"reachable": True}, "server": {}})),
    case(
        "node: a configuration as a whole is for nodes without a database",
        get("/config").gives(400, Exactly({"message": NO_DATABASE_ONLY})),
        post("/config", {"_format_version": "3.0"}).gives(400, Exactly({"message": NO_DATABASE_ONLY})),
    ),
    case(
        "node: it is no control plane",
        get("/clustering/status").gives(
            400,
            Exactly({"message": CONTROL_PLANE_ONLY}),
        ),
    ),
    case("node: an unknown cache entry", get("/cache/{n}").gives(404, {"message": "Not found"})),
]


def test_schemas(case: Case, run: Runner) -> None:
    run(case)
