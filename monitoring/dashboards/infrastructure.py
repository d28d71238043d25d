"""Infrastructure: tasks, load balancer, NAT, and the monitoring itself."""

from __future__ import annotations

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from monitoring.dashboards.common import (
    PLAIN,
    UP_OR_DOWN,
    Look,
    Query,
    Row,
    Variable,
    above,
    below,
    board,
    metric,
    rate,
    series,
    stat,
    table,
    timeline,
)
from monitoring.dashboards.limits import LIMITS, share

DAY = 86400
ECS_SERVICE = Variable(
    "ecs_service", "ECS service", "Services of the cluster", metric("ecs_service_desired_tasks"), "service", every=True
)
CHOSEN = {"service": "~$ecs_service"}
# CloudWatch knows services by their whole names, which end with the short one.
ON_ECS = {"job": "cloudwatch", "dimension_ServiceName": "~.*-($ecs_service)"}
DESIRED = metric("ecs_service_desired_tasks", **CHOSEN)
RUNNING = metric("ecs_service_running_tasks", **CHOSEN)
CLOUDWATCH = {"job": "cloudwatch"}
PROMETHEUS = {"job": "prometheus"}
ALERTMANAGER = {"job": "alertmanager"}


def dashboard() -> Dashboard:
    return board(
        "infrastructure",
        "Infrastructure",
        "ECS services, load balancer, NAT gateways, scraped targets, and how the monitoring itself does.",
        [
            Row("Now", [*_trouble(), *_watching()]),
            Row("ECS services", [*_services(), *_task_counts()]),
            Row("Load balancer", _load_balancer()),
            Row("NAT gateways", _nat()),
            Row("Targets", _targets()),
            Row("Prometheus", _prometheus()),
            Row("Alerting", _alerting()),
        ],
        variables=(ECS_SERVICE,),
    )


def _trouble() -> list[Panel]:
    return [
        stat(
            "Tasks missing",
            "Tasks that there should be and that do not run.",
            Query(f"sum(clamp_min({DESIRED} - {RUNNING}, 0))"),
            look=Look(units.Short, 4, above(critical=1), decimals=0),
        ),
        stat(
            "Targets down",
            "Targets of Prometheus whose metrics could not be read.",
            Query(f"count({metric('up')} == 0) or vector(0)"),
            look=Look(units.Short, 4, above(warning=1, critical=2), decimals=0),
        ),
        stat(
            "Alerts firing",
            "Alerts that fire now, without the one that always does.",
            Query('count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)'),
            look=Look(units.Short, 4, above(warning=1, critical=5), decimals=0),
        ),
    ]


def _watching() -> list[Panel]:
    return [
        stat(
            "Certificate",
            "Time until the certificate of the public address ends.",
            Query(f"min({metric('probe_ssl_earliest_cert_expiry', job='blackbox')}) - time()"),
            look=Look(
                units.Seconds,
                4,
                below(critical=LIMITS["certificate_critical_days"] * DAY, warning=LIMITS["certificate_days"] * DAY),
                decimals=0,
            ),
        ),
        stat(
            "Last discovery",
            "Time since the discovery of targets last heard from all of its sources.",
            Query(f"time() - max({metric('discovery_last_success_timestamp_seconds')})"),
            look=Look(units.Seconds, 4, above(warning=LIMITS["discovery_seconds"]), decimals=0),
        ),
        stat(
            "Storage of Prometheus",
            "Share of the allowed size that metrics take.",
            Query(f"max({_storage()})"),
            look=Look(units.PercentUnit, 4, above(warning=share("prometheus_storage")), decimals=0),
        ),
    ]


def _services() -> list[Panel]:
    return [
        table(
            "Tasks by service",
            "Tasks that there should be, that run, that start, and that the latest deployment could not start.",
            Query(f"sum by (service) ({DESIRED})", column="Desired"),
            Query(f"sum by (service) ({RUNNING})", column="Running"),
            Query(f"sum by (service) ({metric('ecs_service_pending_tasks', **CHOSEN)})", column="Pending"),
            Query(f"sum by (service) ({metric('ecs_service_deployment_failed_tasks', **CHOSEN)})", column="Failed"),
            look=Look(units.Short, 8, PLAIN, decimals=0),
            labels={"service": "Service"},
        ),
        series(
            "CPU by service",
            "Share of the CPU that the tasks of a service may use and that they use.",
            Query(_of_ecs("cpuutilization_average"), "{{dimension_ServiceName}}"),
            look=Look(units.Percent, 8, above(warning=LIMITS["ecs_cpu_percent"]), least=0),
        ),
        series(
            "Memory by service",
            "Share of the memory that the tasks of a service may use and that they use.",
            Query(_of_ecs("memory_utilization_average"), "{{dimension_ServiceName}}"),
            look=Look(units.Percent, 8, above(warning=LIMITS["ecs_memory_percent"]), least=0),
        ),
    ]


def _task_counts() -> list[Panel]:
    return [
        series(
            "Running tasks",
            "Tasks that run, by service.",
            Query(f"sum by (service) ({RUNNING})", "{{service}}"),
            look=Look(units.Short, 12, least=0),
        ),
        series(
            "Missing and failed tasks",
            "Tasks that there should be and that do not run, and tasks that the latest deployment could not start.",
            Query(f"sum by (service) ({DESIRED} - {RUNNING}) > 0", "{{service}} missing"),
            Query(
                f"sum by (service) ({metric('ecs_service_deployment_failed_tasks', **CHOSEN)}) > 0",
                "{{service}} failed",
            ),
            look=Look(units.Short, 12, above(critical=1), least=0),
        ),
    ]


def _load_balancer() -> list[Panel]:
    return [
        series(
            "Requests at the load balancer",
            "Requests a minute.",
            Query(f"sum by (dimension_LoadBalancer) ({_alb('request_count_sum')})", "{{dimension_LoadBalancer}}"),
            look=Look(units.RequestsPerMinute, 8, least=0),
        ),
        series(
            "Errors at the load balancer",
            "Server errors a minute: of the load balancer itself, such as no healthy target, and of its targets.",
            Query(f"sum({_alb('httpcode_elb_5_xx_count_sum')})", "load balancer"),
            Query(f"sum({_alb('httpcode_target_5_xx_count_sum')})", "targets"),
            look=Look(units.RequestsPerMinute, 8, above(warning=LIMITS["load_balancer_errors"]), least=0),
        ),
        series(
            "Response time of targets",
            "Time that targets of the load balancer took to answer: the mean, and what 95 of 100 took at most.",
            Query(f"max({_alb('target_response_time_average')})", "mean"),
            Query(f"max({_alb('target_response_time_p95')})", "p95"),
            look=Look(units.Seconds, 8, least=0),
        ),
    ]


def _nat() -> list[Panel]:
    gateway = "{{dimension_NatGatewayId}}"
    return [
        series(
            "Traffic through NAT",
            "Bytes a minute to the internet.",
            Query(_of_nat("bytes_out_to_destination_sum"), gateway),
            look=Look(units.BytesIEC, 8, least=0),
        ),
        series(
            "Connections through NAT",
            "Connections that are open at most.",
            Query(_of_nat("active_connection_count_maximum"), gateway),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Failures of NAT",
            "Connections a minute that found no free port, and packets that were dropped.",
            Query(_of_nat("error_port_allocation_sum"), f"{gateway} no port"),
            Query(_of_nat("packets_drop_count_sum"), f"{gateway} dropped"),
            look=Look(units.Short, 8, above(warning=1), least=0),
        ),
    ]


def _targets() -> list[Panel]:
    return [
        timeline(
            "Targets by job",
            "Whether every target of a job could be read.",
            Query(f"min by (job) ({metric('up')})", "{{job}}"),
            look=Look(units.NoUnit, 12, below(critical=1), names=UP_OR_DOWN),
        ),
        series(
            "Time of a scrape",
            "Time that the slowest target of each job takes to be read.",
            Query(f"max by (job) ({metric('scrape_duration_seconds')})", "{{job}}"),
            look=Look(units.Seconds, 12, above(warning=10), least=0),
        ),
    ]


def _prometheus() -> list[Panel]:
    return [
        series(
            "Series and samples",
            "Time series that are in memory, and samples a second that are taken in.",
            Query(f"sum({metric('prometheus_tsdb_head_series', **PROMETHEUS)})", "series"),
            Query(rate("prometheus_tsdb_head_samples_appended_total", **PROMETHEUS), "samples/s"),
            look=Look(units.Short, 8, least=0),
        ),
        series(
            "Storage",
            "Share of the allowed size that metrics take. When it is full, the oldest ones go.",
            Query(_storage(), "{{instance}}"),
            look=Look(units.PercentUnit, 8, above(warning=share("prometheus_storage")), least=0, most=1),
        ),
        series(
            "Failures of Prometheus",
            "Failures a second: rules that could not be evaluated, alerts that were dropped, samples out of order.",
            Query(rate("prometheus_rule_evaluation_failures_total", **PROMETHEUS), "rules"),
            Query(rate("prometheus_notifications_dropped_total", **PROMETHEUS), "alerts"),
            Query(rate("prometheus_target_scrapes_sample_out_of_order_total", **PROMETHEUS), "samples"),
            look=Look(units.OpsPerSecond, 8, above(warning=0.01), least=0),
        ),
    ]


def _alerting() -> list[Panel]:
    return [
        series(
            "Notifications",
            "Notifications a second by receiver.",
            Query(rate("alertmanager_notifications_total", "integration", **ALERTMANAGER) + " > 0", "{{integration}}"),
            look=Look(units.OpsPerSecond, 8, least=0),
        ),
        series(
            "Failed notifications",
            "Notifications a second that did not arrive.",
            Query(rate("alertmanager_notifications_failed_total", "integration", **ALERTMANAGER), "{{integration}}"),
            look=Look(units.OpsPerSecond, 8, above(critical=0.001), least=0),
        ),
        timeline(
            "Alerts over time",
            "Which alerts fired, without the one that always does.",
            Query(
                'max by (alertname, severity) (ALERTS{alertstate="firing", alertname!="Watchdog"})',
                "{{alertname}} ({{severity}})",
            ),
            look=Look(units.NoUnit, 8, above(critical=1), names={1: ("FIRING", "red")}),
        ),
    ]


def _storage() -> str:
    """Blocks and the head, of the size that retention allows; where none is set there is nothing to show."""
    held = metric("prometheus_tsdb_storage_blocks_bytes", **PROMETHEUS)
    return f"{held} / ({metric('prometheus_tsdb_retention_limit_bytes', **PROMETHEUS)} > 0)"


def _of_ecs(name: str) -> str:
    return f"max by (dimension_ServiceName) ({metric(f'aws_ecs_{name}', **ON_ECS)})"


def _alb(name: str) -> str:
    """Of whole load balancers: there are figures by target group as well."""
    return metric(f"aws_applicationelb_{name}", **CLOUDWATCH, dimension_TargetGroup="")


def _of_nat(name: str) -> str:
    return f"max by (dimension_NatGatewayId) ({metric(f'aws_natgateway_{name}', **CLOUDWATCH)})"
