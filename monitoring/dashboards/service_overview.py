"""Service overview: is the service well, how much does it do, how fast, and can people sign in."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    BY_STATUS,
    PLAIN,
    UP_OR_DOWN,
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
    timeline,
    total,
)
from monitoring.dashboards.limits import LIMITS, share

# What releases send to a colour before customers get it is not theirs.
GATEWAY = {"route": "~$service-.+", "service": "!~$service-preview.*"}
SIGN_IN = {"route": "$service-sign-in"}
TASKS = {"job": "$service"}
FAILED = {"code": "~5.."}
# A colour without tasks has no address.
HEALTHY = metric("kong_upstream_target_health", upstream="$service", state="healthy", address="!")
REQUESTS = "kong_http_requests_total"
ERRORS = above(warning=share("error") / 5, critical=share("error"))
SUCCESS = below(critical=share("sign_in_success"), warning=share("sign_in_availability"))
REFUSED = above(warning=share("sign_in_limited"), critical=share("sign_in_refused"))
OBJECTIVE, SLOW = LIMITS["sign_in_latency_milliseconds"], LIMITS["sign_in_slow_milliseconds"]


def dashboard() -> Dashboard:
    return board(
        "service-overview",
        "Service overview",
        "Health, traffic, errors, response times and sign-ins of one service behind the gateway.",
        [
            Row("Now", [*_answers(), *_people()]),
            Row("Health", _health()),
            Row("Traffic and errors", _traffic()),
            Row("Response time", _response_time()),
            Row("Sign-in", _sign_in()),
            Row("Sessions and connection pool", _resources()),
        ],
    )


def _answers() -> list[Panel]:
    return [
        stat(
            "Seen from outside",
            "Whether the public health address answers, as the black-box exporter sees it.",
            Query(f"min({metric('probe_success', job='blackbox', probe='health')})"),
            look=Look(units.NoUnit, 3, below(critical=1), names=UP_OR_DOWN),
        ),
        stat(
            "Tasks up",
            "Share of the service's tasks whose metrics can be read.",
            Query(f"avg({metric('up', **TASKS)})"),
            look=Look(units.PercentUnit, 3, below(critical=0.5, warning=1), decimals=0, link="infrastructure"),
        ),
        stat(
            "Requests",
            "Requests that the gateway took for the service.",
            Query(rate(REQUESTS, **GATEWAY)),
            look=Look(units.RequestsPerSecond, 3, PLAIN, link="gateway"),
        ),
        stat(
            "Error ratio",
            "Share of requests that ended with a server error (5xx) at the gateway.",
            Query(ratio(rate(REQUESTS, **GATEWAY, **FAILED), rate(REQUESTS, **GATEWAY))),
            look=Look(units.PercentUnit, 3, ERRORS, decimals=2, link="slo"),
        ),
    ]


def _people() -> list[Panel]:
    return [
        stat(
            "Sign-in p95",
            "Time that 95 of 100 sign-ins took at most, gateway included.",
            Query(quantile(0.95, "kong_request_latency_ms", **SIGN_IN)),
            look=Look(units.Milliseconds, 3, above(warning=OBJECTIVE, critical=SLOW), decimals=0, link="slo"),
        ),
        stat(
            "Sign-in success",
            "Share of sign-ins that did not fail through our fault (5xx). A wrong password is a success.",
            Query(f"1 - {ratio(rate(REQUESTS, **SIGN_IN, **FAILED), rate(REQUESTS, **SIGN_IN))}"),
            look=Look(
                units.PercentUnit,
                3,
                SUCCESS,
                decimals=2,
                link="slo",
            ),
        ),
        stat(
            "Active sessions",
            "Sessions of users who are signed in, counted in the primaries of the session cache.",
            Query(_sessions()),
            look=Look(units.Short, 3, PLAIN, link="cache"),
        ),
        stat(
            "Pool in use",
            "Share of the database connections that the tasks may open and that are in use.",
            Query(
                f"sum({metric('hikaricp_connections_active', **TASKS)})"
                f" / sum({metric('hikaricp_connections_max', **TASKS)})"
            ),
            look=Look(units.PercentUnit, 3, above(warning=share("pool_used"), critical=1), decimals=0, link="database"),
        ),
    ]


def _health() -> list[Panel]:
    state = Look(units.NoUnit, 12, below(critical=1), names=UP_OR_DOWN, height=5)
    return [
        timeline(
            "Tasks",
            "Whether each task of the service gave its metrics.",
            Query(metric("up", **TASKS), "{{instance}}"),
            look=state,
        ),
        timeline(
            "Upstream targets",
            "Whether the gateway holds each target of the service for healthy, so that it gets requests.",
            Query(
                f"max by (address) ({HEALTHY})",
                "{{address}}",
            ),
            look=state,
        ),
    ]


def _traffic() -> list[Panel]:
    return [
        series(
            "Requests by status",
            "Requests a second that the gateway answered, by status code.",
            Query(rate(REQUESTS, "code", **GATEWAY), "{{code}}"),
            look=Look(units.RequestsPerSecond, 8),
            stacked=True,
            colours=BY_STATUS,
        ),
        series(
            "Error ratio over time",
            "Share of requests that ended with a server error (5xx): at the gateway, and in the tasks themselves.",
            Query(ratio(rate(REQUESTS, **GATEWAY, **FAILED), rate(REQUESTS, **GATEWAY)), "gateway"),
            Query(
                ratio(
                    rate("http_server_requests_seconds_count", **TASKS, status="~5.."),
                    rate("http_server_requests_seconds_count", **TASKS),
                ),
                "tasks",
            ),
            look=Look(units.PercentUnit, 8, ERRORS, least=0),
        ),
        series(
            "Requests by path",
            "Requests a second that the tasks handled, the ten busiest paths.",
            Query(
                f"topk(10, {rate('http_server_requests_seconds_count', 'method, uri', **TASKS)})", "{{method}} {{uri}}"
            ),
            look=Look(units.RequestsPerSecond, 8),
        ),
    ]


def _response_time() -> list[Panel]:
    return [
        series(
            "Response time at the gateway",
            "Time from the first byte of a request to the last byte of its answer, all routes of the service.",
            *percentiles("kong_request_latency_ms", **GATEWAY),
            look=Look(units.Milliseconds, 8, above(warning=SLOW), least=0),
        ),
        series(
            "Response time of the tasks",
            "Time that the tasks took to handle a request.",
            *percentiles("http_server_requests_seconds", **TASKS),
            look=Look(units.Seconds, 8, above(warning=SLOW / 1000), least=0),
        ),
        series(
            "Slowest paths (p95)",
            "Time that 95 of 100 requests took at most, by path, in the tasks; the ten slowest.",
            Query(f"topk(10, {quantile(0.95, 'http_server_requests_seconds', 'uri', **TASKS)})", "{{uri}}"),
            look=Look(units.Seconds, 8, above(warning=SLOW / 1000), least=0),
        ),
    ]


def _sign_in() -> list[Panel]:
    return [
        series(
            "Sign-ins by result",
            "Sign-ins a second by status: 200 signed in, 401 refused, 429 locked out or over the limit, 5xx failed.",
            Query(rate(REQUESTS, "code", **SIGN_IN), "{{code}}"),
            look=Look(units.RequestsPerSecond, 8),
            stacked=True,
            colours=BY_STATUS,
        ),
        series(
            "Refused and limited sign-ins",
            "Share of sign-ins with a wrong password or account (401), and share turned away by a limit (429).",
            *(
                Query(ratio(rate(REQUESTS, **SIGN_IN, code=code), rate(REQUESTS, **SIGN_IN)), legend)
                for code, legend in (("401", "refused"), ("429", "limited"))
            ),
            look=Look(
                units.PercentUnit,
                8,
                REFUSED,
                least=0,
            ),
        ),
        series(
            "Sign-in time",
            f"Time that sign-ins took at the gateway; the objective is that 95 of 100 take {OBJECTIVE:g} ms at most.",
            *percentiles("kong_request_latency_ms", **SIGN_IN),
            look=Look(units.Milliseconds, 8, above(warning=OBJECTIVE, critical=SLOW), least=0),
        ),
    ]


def _resources() -> list[Panel]:
    return [
        series(
            "Active sessions over time",
            "Sessions of users who are signed in, counted in the primaries of the session cache.",
            Query(_sessions(), "sessions"),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Connection pool",
            "Database connections of all tasks: in use, idle, and requests that wait for one.",
            *(
                Query(total(metric(f"hikaricp_connections_{state}", **TASKS)), state)
                for state in ("active", "idle", "pending", "max")
            ),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Wait for a connection",
            "Mean time that requests waited for a connection of the pool.",
            Query(
                f"{rate('hikaricp_connections_acquire_seconds_sum', **TASKS)}"
                f" / ({rate('hikaricp_connections_acquire_seconds_count', **TASKS)} > 0)",
                "mean wait",
            ),
            look=Look(units.Seconds, 8, least=0),
        ),
    ]


def _sessions() -> str:
    """Replicas hold the same sessions as their primary."""
    return (
        f"sum({metric('redis_keys_count', group='sessions')} * on (instance) group_left ()"
        f" {metric('redis_instance_info', role='master')})"
    )
