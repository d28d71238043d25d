"""Releases, for the product owner: what customers have, how releases go, and how the service did around them."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    BLUE,
    GREEN,
    PLAIN,
    RED,
    YELLOW,
    Look,
    Query,
    Row,
    above,
    board,
    metric,
    quantile,
    rate,
    ratio,
    series,
    stat,
    table,
    timeline,
    total,
)
from monitoring.dashboards.limits import LIMITS, share

SERVICE = {"service": "$service"}
# Requests of people and programs; health checks and scrapes are none.
TASKS = {"job": "$service", "colour": "~.+", "uri": "!~/actuator.*"}
REQUESTS, DURATION = "http_server_requests_seconds_count", "http_server_requests_seconds"
# A deployment is a release that customers got, if only some of them; it failed when it was taken back.
DEPLOYED, TAKEN_BACK = {"verdict": "~completed|rolled_back"}, {"verdict": "~rolled_back|reverted"}
INFO = metric("release_info", **SERVICE)
SINCE = metric("release_timestamp_seconds", **SERVICE)
LIVE = metric("ecs_service_live", upstream="$service")
COLOURS = {"blue": BLUE, "green": GREEN}
VERDICTS = {"completed": GREEN, "rolled_back": YELLOW, "failed": BLUE, "reverted": RED}
IN_RANGE = "In the time that is shown, which is 30 days unless another one is chosen."


def dashboard() -> Dashboard:
    return board(
        "releases",
        "Releases",
        "What customers have, how often and how well it changes, and how the service did around each release.",
        [
            Row("Now", [*_now(), _colours()]),
            Row("Four keys", _four_keys()),
            Row("History", _history()),
            Row("Around releases, by colour", _around()),
        ],
        since="now-30d",
        refresh="5m",
    )


def _now() -> list[Panel]:
    return [
        stat(
            "In use",
            "The version that customers get, its colour, and since when they have it. Empty before the first release.",
            Query(
                f"time() - max by (version, colour) ({INFO} * on (colour) group_left () {SINCE}"
                f" * on (colour) group_left () ({LIVE} == 1))",
                "{{version}} ({{colour}})",
                instant=True,
            ),
            look=Look(units.Seconds, 5, PLAIN),
        ),
        stat(
            "Last release",
            "How the last release, or the last return to an earlier one, ended, and how long ago.",
            Query(
                f"time() - max by (version, verdict) ({metric('release_last_ended_timestamp_seconds', **SERVICE)})",
                "{{version}} {{verdict}}",
                instant=True,
            ),
            look=Look(units.Seconds, 5, PLAIN),
        ),
        stat(
            "Rollout",
            "Whether a release is being rolled out at this moment.",
            Query(f"max({metric('release_in_progress', **SERVICE)})", instant=True),
            look=Look(units.NoUnit, 3, PLAIN, names={0: ("NONE", GREEN), 1: ("UNDER WAY", BLUE)}),
        ),
    ]


def _colours() -> Panel:
    """Before the first release the colours run what they were made with, which has no version here."""
    purpose = (
        f'(label_replace({LIVE} == 1, "for", "customers", "", "")'
        f' or label_replace({LIVE} + 1 == 1, "for", "a rollback", "", ""))'
    )
    known = f"max by (colour, for, version, digest) ({INFO} * on (colour) group_left (for) {purpose})"
    tasks = f"sum by (colour) ({metric('ecs_service_running_tasks', upstream='$service')})"
    return table(
        "Colours",
        "What each colour runs, or ran last. One is there for the customers, the other to return to.",
        Query(f"{known} * on (colour) group_left () {tasks}", column="Tasks"),
        Query(f"time() - {known} * on (colour) group_left () {SINCE}", column="Released", unit=units.Seconds),
        look=Look(units.Short, 11, PLAIN, height=4),
        labels={"colour": "Colour", "for": "Is for", "version": "Version", "digest": "Image"},
    )


def _four_keys() -> list[Panel]:
    deployments, failures = _increase("releases_total", **DEPLOYED), _increase("releases_total", **TAKEN_BACK)
    return [
        stat(
            "Deployments",
            f"Deployment frequency: how many releases customers got, if only some of them for a while. {IN_RANGE}",
            Query(deployments, instant=True),
            look=Look(units.Short, 5, PLAIN, decimals=0),
        ),
        stat(
            "Lead time",
            "Lead time for changes: mean time from a commit until all customers had it, of releases that completed and"
            f" were told the time of the commit. {IN_RANGE}",
            Query(_mean("release_lead_time_seconds"), instant=True),
            look=Look(units.Seconds, 5, PLAIN),
        ),
        stat(
            "Change failure rate",
            "Share of deployments that were taken back, by the rollout itself or by a rollback later. A release that"
            f" no customer got, because it failed before, is neither. {IN_RANGE}",
            Query(f"clamp_max({ratio(failures, deployments)}, 1)", instant=True),
            look=Look(units.PercentUnit, 5, above(warning=0.05, critical=0.15), decimals=0),
        ),
        stat(
            "Time to restore",
            "Mean time that customers, or some of them, were on a release that was taken back, from when the first"
            f" got it until the last was off it. Empty when none was. {IN_RANGE}",
            Query(_mean("release_restore_seconds"), instant=True),
            look=Look(units.Seconds, 5, above(warning=3600, critical=86400)),
        ),
        stat(
            "Time of a release",
            f"Mean time from the beginning of a release to its verdict, whatever it was. {IN_RANGE}",
            Query(_mean("release_duration_seconds"), instant=True),
            look=Look(units.Seconds, 4, PLAIN),
        ),
    ]


def _history() -> list[Panel]:
    return [
        timeline(
            "Versions",
            "Which versions were there: with the customers, or ready to return to.",
            Query(
                f"max by (version) ({INFO} * on (colour) group_left () max by (colour) ({LIVE}))",
                "{{version}}",
            ),
            look=Look(units.NoUnit, 12, PLAIN, names={0: ("READY TO RETURN TO", "purple"), 1: ("CUSTOMERS", GREEN)}),
        ),
        series(
            "Releases by verdict",
            "Releases that completed, that were rolled back after some customers got them, that failed before any did,"
            " and that somebody reverted later.",
            Query(
                f"sum by (verdict) (increase({metric('releases_total', **SERVICE)}[$__rate_interval])) > 0",
                "{{verdict}}",
            ),
            look=Look(units.Short, 12, least=0, decimals=0),
            stacked=True,
            bars=True,
            colours=VERDICTS,
        ),
    ]


def _around() -> list[Panel]:
    requests = rate(REQUESTS, "colour", **TASKS)
    return [
        series(
            "Requests by colour",
            "Requests a second that the tasks of each colour handled: where customers are.",
            Query(requests, "{{colour}}"),
            look=Look(units.RequestsPerSecond, 6, least=0),
            stacked=True,
            colours=COLOURS,
        ),
        series(
            "Error ratio by colour",
            "Share of the requests of each colour that ended with a server error (5xx).",
            Query(ratio(rate(REQUESTS, "colour", **TASKS, status="~5.."), requests), "{{colour}}"),
            look=Look(units.PercentUnit, 6, above(critical=share("error")), least=0),
            colours=COLOURS,
        ),
        series(
            "Response time by colour (p95)",
            "Time that 95 of 100 requests took at most in the tasks of each colour.",
            Query(quantile(0.95, DURATION, "colour", **TASKS), "{{colour}}"),
            look=Look(units.Seconds, 6, above(warning=LIMITS["sign_in_slow_milliseconds"] / 1000), least=0),
            colours=COLOURS,
        ),
        series(
            "Tasks by colour",
            "Tasks of each colour that run.",
            Query(total(metric("ecs_service_running_tasks", upstream="$service"), "colour"), "{{colour}}"),
            look=Look(units.Short, 6, least=0),
            colours=COLOURS,
        ),
    ]


def _increase(name: str, **labels: str) -> str:
    return f"sum(increase({metric(name, **SERVICE, **labels)}[$__range]))"


def _mean(name: str) -> str:
    return f"{_increase(f'{name}_sum')} / ({_increase(f'{name}_count')} > 0)"
