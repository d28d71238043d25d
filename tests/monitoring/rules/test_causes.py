"""One failure, one page: whole incidents, minute by minute, from the first symptom to the last one that goes away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.rules.rule_files import rendered, run_promtool

# An incident in steps of a minute: all is well until it begins, and again after it ended.
BEGINS, ENDS, STEPS = 15, 35, 65
Series = Mapping[str, str]


def level(well: float, ill: float, *, late: int = 0) -> str:
    """A gauge that is `ill` during the incident; consequences begin, and end, `late` steps later."""
    return " ".join(f"{ill if BEGINS + late <= step < ENDS + late else well:g}" for step in range(STEPS))


def total(well: float, ill: float) -> str:
    """A counter that grows by so much in a step."""
    values = [0.0]
    for step in range(1, STEPS):
        values.append(values[-1] + (ill if BEGINS <= step < ENDS else well))
    return " ".join(f"{value:g}" for value in values)


def gone() -> str:
    """A gauge without samples during the incident."""
    return " ".join("_" if BEGINS <= step < ENDS else "1" for step in range(STEPS))


WELL = level(1, 1)
REQUESTS = 'kong_http_requests_total{job="kong",service="auth-service-public",route="auth-service-sign-in",code="%s"}'
HEALTH = 'kong_upstream_target_health{job="kong",upstream="auth-service",target="auth-service-blue.x:8080",state="%s"}'
RUNNING = 'ecs_service_running_tasks{job="discovery",service="%s"}'
DESIRED = 'ecs_service_desired_tasks{job="discovery",service="%s"}'
NEW_HEALTH = HEALTH.replace("blue", "green")
BLUE, GREEN = (f'auth-{colour}",colour="{colour}",upstream="auth-service' for colour in ("blue", "green"))
LIVE = 'ecs_service_live{job="discovery",service="%s"}'
PENDING = 'ecs_service_pending_tasks{job="discovery",service="%s"}'
FAILED = 'ecs_service_deployment_failed_tasks{job="discovery",service="%s"}'
POOL = 'hikaricp_connections_%s{job="auth-service",instance="green",colour="green",pool="p"}'
ALL_IS_WELL: Series = {
    'pg_up{job="postgres"}': WELL,
    'redis_up{job="redis",group="sessions",instance="s"}': WELL,
    'redis_up{job="redis",group="gateway",instance="g"}': WELL,
    'probe_success{job="blackbox",probe="sign-in",instance="https://auth.example.com"}': WELL,
    **{f'up{{job="{job}",instance="{job}"}}': WELL for job in ("kong", "auth-service", "prometheus", "postgres")},
    REQUESTS % "200": total(100, 100),
    REQUESTS % "500": total(0, 0),
    HEALTH % "healthy": level(1, 1),
    HEALTH % "unhealthy": level(0, 0),
    RUNNING % BLUE: level(2, 2),
    DESIRED % BLUE: level(2, 2),
    LIVE % BLUE: level(1, 1),
    # The colour that customers do not reach: Kong knows its name, which leads nowhere.
    RUNNING % GREEN: level(0, 0),
    DESIRED % GREEN: level(0, 0),
    LIVE % GREEN: level(0, 0),
    NEW_HEALTH % "dns_error": level(1, 1),
    RUNNING % "kong": level(2, 2),
    DESIRED % "kong": level(2, 2),
}
NOBODY_SIGNS_IN: Series = {
    REQUESTS % "200": total(100, 0),
    REQUESTS % "500": total(0, 100),
    'probe_success{job="blackbox",probe="sign-in",instance="https://auth.example.com"}': level(1, 0),
}
# Its health check fails, Kong leaves it out, and ECS ends its tasks.
SERVICE_IS_UNHEALTHY: Series = {
    HEALTH % "healthy": level(1, 0, late=1),
    HEALTH % "unhealthy": level(0, 1, late=1),
    RUNNING % BLUE: level(2, 0, late=3),
    'up{job="auth-service",instance="auth-service"}': level(1, 0, late=1),
}
# The environment here has but a few of the jobs that a real one has.
ALWAYS = {"Watchdog", "TargetMissing"}
# A release is tried on the other colour, whose tasks come and never become healthy. Customers do not notice.
A_RELEASE_FAILS: Series = {
    NEW_HEALTH % "dns_error": level(1, 0),
    NEW_HEALTH % "healthy": level(0, 0),
    NEW_HEALTH % "unhealthy": level(0, 1),
    DESIRED % GREEN: level(0, 2),
    RUNNING % GREEN: level(0, 1),
    PENDING % GREEN: level(0, 1),
    FAILED % GREEN: level(0, 5),
    POOL % "active": level(0, 20),
    POOL % "max": level(20, 20),
    POOL % "pending": level(0, 9),
    'releases_total{job="discovery",service="auth-service",verdict="failed"}': total(0, 0.05),
}
# A release goes well: customers change to the other colour, and the one before is sent away a while later.
A_RELEASE_GOES_WELL: Series = {
    NEW_HEALTH % "dns_error": level(1, 0),
    NEW_HEALTH % "healthy": level(0, 1),
    DESIRED % GREEN: level(0, 2),
    RUNNING % GREEN: level(0, 2, late=1),
    LIVE % GREEN: level(0, 1, late=5),
    LIVE % BLUE: level(1, 0, late=5),
    HEALTH % "healthy": level(1, 0, late=8),
    HEALTH % "dns_error": level(0, 1, late=8),
    DESIRED % BLUE: level(2, 0, late=8),
    RUNNING % BLUE: level(2, 0, late=8),
}
INCIDENTS: Mapping[str, tuple[Series, str]] = {
    "database": ({'pg_up{job="postgres"}': level(1, 0), **NOBODY_SIGNS_IN, **SERVICE_IS_UNHEALTHY}, "DatabaseDown"),
    "sessions": (
        {'redis_up{job="redis",group="sessions",instance="s"}': level(1, 0), **NOBODY_SIGNS_IN, **SERVICE_IS_UNHEALTHY},
        "CacheDown",
    ),
    "service": (
        {**NOBODY_SIGNS_IN, **SERVICE_IS_UNHEALTHY, HEALTH % "healthy": level(1, 0), RUNNING % BLUE: level(2, 0)},
        "AuthServiceDown",
    ),
    "gateway": (
        {
            'up{job="kong",instance="kong"}': level(1, 0),
            RUNNING % "kong": level(2, 0),
            REQUESTS % "200": total(100, 0),
            HEALTH % "healthy": gone(),
            'probe_success{job="blackbox",probe="sign-in",instance="https://auth.example.com"}': level(1, 0),
        },
        "GatewayDown",
    ),
    "errors": ({REQUESTS % "200": total(100, 70), REQUESTS % "500": total(0, 30)}, "AuthServiceErrorRatioHigh"),
    "release that fails": (A_RELEASE_FAILS, ""),
    "nothing": ({}, ""),
}


@pytest.mark.parametrize("pace", [1, 10])
@pytest.mark.parametrize("incident", INCIDENTS)
def test_an_incident_pages_once_and_names_its_cause(incident: str, pace: int, tmp_path: Path) -> None:
    series, page = INCIDENTS[incident]
    paged = {
        alert["alertname"] for firing in states({**ALL_IS_WELL, **series}, pace, tmp_path) for alert in reaching(firing)
    }
    assert paged == ({page} if page else set())


@pytest.mark.parametrize("pace", [1, 10])
def test_nobody_hears_of_a_release_that_goes_well(pace: int, tmp_path: Path) -> None:
    # As far as the way to the other colour: back to the first one would be another release.
    found = states({**ALL_IS_WELL, **A_RELEASE_GOES_WELL}, pace, tmp_path)[: ENDS - 1]
    assert {alert["alertname"] for firing in found for alert in firing} == ALWAYS


def test_of_a_release_that_fails_before_customers_get_it_only_what_lasts_too_long_is_told(tmp_path: Path) -> None:
    found = states({**ALL_IS_WELL, **A_RELEASE_FAILS}, 1, tmp_path)
    told = {alert["alertname"] for firing in found for alert in firing}
    assert told - ALWAYS == {"EcsServiceBelowDesired", "EcsTasksPending", "ConnectionPoolUsageHigh"}


def reaching(firing: list[dict[str, str]]) -> list[dict[str, str]]:
    """What Alertmanager passes on to the pager of all that fires at once."""
    causes = {alert["cause"] for alert in firing if "cause" in alert}
    critical = [alert for alert in firing if alert["severity"] == "critical"]
    return [alert for alert in critical if not causes & set(alert.get("depends_on", "").split(","))]


def states(series: Series, pace: int, directory: Path) -> list[list[dict[str, str]]]:
    """The alerts that fire, as their labels, step by step.

    Each expression expects nothing, so promtool prints what there is.
    """
    step = 60 // pace
    expressions = [
        {"expr": f'ALERTS{{alertstate="firing"}} > 0 * {number}', "eval_time": f"{number * step}s"}
        for number in range(1, STEPS)
    ]
    inputs = [
        {"series": name.replace("}", ',environment="staging"}'), "values": values} for name, values in series.items()
    ]
    test: dict[str, Any] = {"interval": f"{step}s", "input_series": inputs, "promql_expr_test": expressions}
    said = run_promtool(directory, rendered(pace), {"incident.yml": (f"{step}s", [test])})
    found = [re.findall(r"\{([^{}]*)\} 1E\+00", part) for part in said.split("    expr: ")[1:]]
    assert found, said
    return [[dict(re.findall(r'(\w+)="([^"]*)"', labels)) for labels in alerts] for alerts in found]
