"""SLO and error budget of the sign-in flow, on the recording rules that its alerts use."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    PLAIN,
    Look,
    Query,
    Row,
    above,
    below,
    board,
    gauge,
    metric,
    series,
    stat,
)
from monitoring.dashboards.limits import LIMITS, share

OBJECTIVE = share("sign_in_availability")
FAST = share("sign_in_latency")
MILLISECONDS = LIMITS["sign_in_latency_milliseconds"]
SUCCESS = share("sign_in_success")
# The part of all requests that may miss the objective, by the name that the recording rules give it.
BUDGETS = {"errors": round(1 - OBJECTIVE, 6), "slow": round(1 - FAST, 6)}
FLOW = {"route": "~auth-service-(sign-in|session)"}
BUCKET = rf"~{MILLISECONDS:g}(\\.0)?"
# Burn rates at which alerts fire, each over a long and a short window.
PAGE_FAST, PAGE, TICKET = 14.4, 6, 1
WINDOWS = ("5m", "30m", "1h", "6h", "3d")


def dashboard() -> Dashboard:
    return board(
        "slo",
        "SLO and error budget",
        f"Sign-in and session refresh at the gateway: {OBJECTIVE:.1%} without a server error,"
        f" {FAST:.0%} within {MILLISECONDS:g} ms. Burn rate 1 spends the budget exactly by the end of the month.",
        [
            Row("Objectives", [*_left(), *_objectives()]),
            Row("Burn rates", _burn_rates()),
            Row("Error budget", _budget()),
        ],
        variables=(),
    )


def _left() -> list[Panel]:
    return [
        gauge(
            "Availability budget left",
            "What is left of the budget for failed requests if a month went on like the last three days.",
            Query(metric("environment:sign_in_errors_budget:remaining3d"), "left"),
            look=Look(units.PercentUnit, 5, below(critical=0.1, warning=0.5), decimals=0, least=0, most=1),
        ),
        gauge(
            "Latency budget left",
            "What is left of the budget for slow requests if a month went on like the last three days.",
            Query(metric("environment:sign_in_slow_budget:remaining3d"), "left"),
            look=Look(units.PercentUnit, 5, below(critical=0.1, warning=0.5), decimals=0, least=0, most=1),
        ),
    ]


def _objectives() -> list[Panel]:
    requests = f"sum(increase({metric('kong_http_requests_total', **FLOW)}[$__range]))"
    lost = f"sum(increase({metric('kong_http_requests_total', **FLOW, code='~5..')}[$__range]))"
    timed = f"sum(increase({metric('kong_request_latency_ms_count', **FLOW)}[$__range]))"
    fast = f"sum(increase({metric('kong_request_latency_ms_bucket', **FLOW, le=BUCKET)}[$__range]))"
    sign_in_errors = metric("environment:sign_in_errors:ratio_rate1h")
    return [
        stat(
            "Availability",
            f"Share of requests in the chosen time without a server error. The objective is {OBJECTIVE:.1%}.",
            Query(f"1 - ({lost} or 0 * {requests}) / ({requests} > 0)"),
            look=Look(units.PercentUnit, 4, below(critical=OBJECTIVE), decimals=3, height=6),
        ),
        stat(
            f"Within {MILLISECONDS:g} ms",
            f"Share of requests in the chosen time that took {MILLISECONDS:g} ms at most. The objective is {FAST:.0%}.",
            Query(f"({fast} or 0 * {timed}) / ({timed} > 0)"),
            look=Look(units.PercentUnit, 4, below(critical=FAST), decimals=2, height=6),
        ),
        stat(
            "Sign-in success (1 h)",
            f"Share of sign-ins of the last hour that did not fail through our fault. The target is {SUCCESS:.1%}.",
            Query(f"1 - {sign_in_errors}"),
            look=Look(units.PercentUnit, 3, below(critical=SUCCESS, warning=OBJECTIVE), decimals=2, height=6),
        ),
        stat(
            "Requests",
            "Requests of the flow in the chosen time.",
            Query(requests),
            look=Look(units.Short, 3, PLAIN, decimals=0, height=6),
        ),
    ]


def _burn_rates() -> list[Panel]:
    limits = above(warning=PAGE, critical=PAGE_FAST)
    return [
        series(
            f"{name} burn rate",
            f"How many times faster than allowed the budget for {what} is spent, over windows of different length."
            f" A page is due above {PAGE_FAST} (1 h and 5 m) or {PAGE} (6 h and 30 m), a ticket above {TICKET} (3 d).",
            *(
                Query(f"{metric(f'environment:sign_in_{kind}:ratio_rate{window}')} / {BUDGETS[kind]}", window)
                for window in WINDOWS
            ),
            look=Look(units.NoUnit, 12, limits, decimals=2, least=0),
        )
        for name, kind, what in (("Availability", "errors", "failed requests"), ("Latency", "slow", "slow requests"))
    ]


def _budget() -> list[Panel]:
    return [
        series(
            "Budget left over time",
            "What was left of both budgets, had the three days before been a month. Below 0 the objective is missed.",
            Query(metric("environment:sign_in_errors_budget:remaining3d"), "availability"),
            Query(metric("environment:sign_in_slow_budget:remaining3d"), "latency"),
            look=Look(units.PercentUnit, 8, below(critical=0.1, warning=0.5), decimals=0, most=1),
        ),
        series(
            "Requests that missed an objective",
            "Share of requests of the last five minutes that failed, and that were slow.",
            Query(metric("environment:sign_in_errors:ratio_rate5m"), "failed"),
            Query(metric("environment:sign_in_slow:ratio_rate5m"), "slow"),
            look=Look(units.PercentUnit, 8, decimals=2, least=0),
        ),
        series(
            "Requests of an hour",
            f"Requests of the flow within an hour. No conclusion is drawn below {LIMITS['slo_requests']:g}.",
            Query(metric("environment:sign_in_requests:increase1h"), "requests"),
            look=Look(units.Short, 8, below(critical=LIMITS["slo_requests"]), least=0),
        ),
    ]
