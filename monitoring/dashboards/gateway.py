"""Gateway: what Kong takes, refuses, limits and passes on."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    BY_STATUS,
    PLAIN,
    Look,
    Query,
    Row,
    above,
    below,
    board,
    metric,
    percentiles,
    quantile,
    rate,
    ratio,
    series,
    stat,
    table,
    timeline,
)
from monitoring.dashboards.limits import LIMITS, share

KONG = {"job": "kong"}
# What releases send to a colour before customers get it is not theirs.
ROUTES = {"route": "~$service-.+", "service": "!~$service-preview.*"}
REQUESTS = "kong_http_requests_total"
ALL = rate(REQUESTS, **ROUTES)
ERRORS = above(warning=share("error") / 5, critical=share("error"))
REACHABLE = metric("kong_datastore_reachable", **KONG)
# A colour without tasks has no address.
HEALTHY = metric("kong_upstream_target_health", upstream="$service", state="healthy", address="!")
OVERHEAD = LIMITS["gateway_overhead_milliseconds"]


def dashboard() -> Dashboard:
    return board(
        "gateway",
        "Gateway",
        "Kong: requests by route and status, latencies, limits, health of upstream targets and of its database.",
        [
            Row("Now", _now()),
            Row("Requests", _requests()),
            Row("Latency", _latency()),
            Row("Limits and refusals", _limits()),
            Row("Upstreams and nodes", _nodes()),
        ],
    )


def _now() -> list[Panel]:
    return [
        stat(
            "Nodes up",
            "Nodes of the gateway whose metrics can be read.",
            Query(f"sum({metric('up', **KONG)})"),
            look=Look(units.Short, 4, below(critical=1, warning=2), decimals=0, link="infrastructure"),
        ),
        stat(
            "Database reachable",
            "Whether every node reaches its database. Without it, nodes go on with what they know.",
            Query(f"min({REACHABLE})"),
            look=Look(units.NoUnit, 4, below(critical=1), names={0: ("NO", "red"), 1: ("YES", "green")}),
        ),
        stat(
            "Healthy targets",
            "Share of the service's targets that get requests, as the node sees it that sees fewest.",
            Query(f"min(avg by (instance) ({HEALTHY}))"),
            look=Look(units.PercentUnit, 4, below(critical=0.5, warning=1), decimals=0),
        ),
        stat(
            "Requests taken",
            "Requests a second for the service.",
            Query(ALL),
            look=Look(units.RequestsPerSecond, 4, PLAIN),
        ),
        stat(
            "Limited",
            "Share of requests that were turned away by a limit (429).",
            Query(ratio(rate(REQUESTS, **ROUTES, code="429"), ALL)),
            look=Look(units.PercentUnit, 4, above(warning=share("gateway_limited")), decimals=1),
        ),
        stat(
            "Overhead p95",
            "Time that the gateway itself added to 95 of 100 requests at most.",
            Query(quantile(0.95, "kong_kong_latency_ms", **ROUTES)),
            look=Look(units.Milliseconds, 4, above(warning=OVERHEAD), decimals=1),
        ),
    ]


def _requests() -> list[Panel]:
    return [
        series(
            "Requests by route",
            "Requests a second by route.",
            Query(rate(REQUESTS, "route", **ROUTES), "{{route}}"),
            look=Look(units.RequestsPerSecond, 8, least=0),
        ),
        series(
            "Requests by status code",
            "Answers a second by status code.",
            Query(rate(REQUESTS, "code", **ROUTES), "{{code}}"),
            look=Look(units.RequestsPerSecond, 8, least=0),
            stacked=True,
            colours=BY_STATUS,
        ),
        series(
            "Server errors by route",
            "Share of each route's requests that ended with a server error (5xx).",
            Query(
                ratio(rate(REQUESTS, "route", **ROUTES, code="~5.."), rate(REQUESTS, "route", **ROUTES)), "{{route}}"
            ),
            look=Look(units.PercentUnit, 8, ERRORS, least=0),
        ),
    ]


def _latency() -> list[Panel]:
    return [
        series(
            "Time of a request",
            "Whole time of requests, gateway and service.",
            *percentiles("kong_request_latency_ms", **ROUTES),
            look=Look(units.Milliseconds, 8, least=0),
        ),
        series(
            "Time in the service",
            "Time until the service began to answer.",
            *percentiles("kong_upstream_latency_ms", **ROUTES),
            look=Look(units.Milliseconds, 8, least=0),
        ),
        series(
            "Time in the gateway",
            "Time that plugins and the gateway itself added.",
            *percentiles("kong_kong_latency_ms", **ROUTES),
            look=Look(units.Milliseconds, 8, above(warning=OVERHEAD), least=0),
        ),
    ]


def _limits() -> list[Panel]:
    return [
        series(
            "Limited requests by route",
            "Requests a second that were turned away by a limit (429).",
            Query(f"{rate(REQUESTS, 'route', **ROUTES, code='429')} > 0", "{{route}}"),
            look=Look(units.RequestsPerSecond, 8, least=0),
        ),
        series(
            "Refused requests by status",
            "Requests a second refused: not signed in (401), not allowed (403), too large (413), limited (429).",
            Query(rate(REQUESTS, "code", **ROUTES, code="~401|403|413|429"), "{{code}}"),
            look=Look(units.RequestsPerSecond, 8, least=0),
            stacked=True,
            colours=BY_STATUS,
        ),
        series(
            "Answered by the gateway itself",
            "Share of requests that never reached the service: refused, limited, or without a healthy target.",
            Query(ratio(rate(REQUESTS, **ROUTES, source="!service"), ALL), "share"),
            look=Look(units.PercentUnit, 8, least=0, most=1),
        ),
    ]


def _nodes() -> list[Panel]:
    return [
        timeline(
            "Health of upstream targets",
            "Whether nodes of the gateway hold each target for healthy.",
            Query(f"min by (address) ({HEALTHY})", "{{address}}"),
            look=Look(units.NoUnit, 12, below(critical=1), names={0: ("UNHEALTHY", "red"), 1: ("HEALTHY", "green")}),
        ),
        series(
            "Connections by node",
            "Connections of clients that are open at each node.",
            Query(metric("kong_nginx_connections_total", **KONG, state="active"), "{{instance}}"),
            look=Look(units.Short, 12, least=0),
        ),
        table(
            "Nodes of the gateway",
            "Version of each node, and whether it reaches its database.",
            Query(
                f"max by (instance, version) ({metric('kong_node_info', **KONG)}"
                f" * on (instance) group_left () {REACHABLE})",
                column="Database reachable",
            ),
            look=Look(units.NoUnit, 12, below(critical=1), names={0: ("NO", "red"), 1: ("YES", "green")}),
            labels={"instance": "Node", "version": "Version"},
        ),
        series(
            "Bandwidth",
            "Bytes a second from clients (ingress) and to them (egress).",
            Query(rate("kong_bandwidth_bytes", "direction", **ROUTES), "{{direction}}"),
            look=Look(units.BytesPerSecondIEC, 12, least=0),
        ),
    ]
