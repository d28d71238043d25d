"""What a node tells its operators: status and metrics."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Call, Case, Runner, case, get, put
from tests.kong_contract.matching import Exactly, Matching
from tests.kong_contract.site import Site

WITHIN_S = 15
PLAIN = {"content-type": Matching("^text/plain")}


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    """Have two requests counted."""
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    metrics = {"status_code_metrics": True, "latency_metrics": True, "bandwidth_metrics": True}
    site.guarded("counted", service, prometheus=metrics)
    site.publish()
    for _ in range(2):
        assert site.request("GET", "/counted").status == 200
    return site


def of_status(path: str) -> Call:
    return Call("GET", path, plane="status")


def counted(code: int, number: int) -> Matching:
    labels = f'service="{{site}}-echo",route="{{site}}-counted",code="{code}",source="service"'
    return Matching(rf"(?m)^kong_http_requests_total\{{{labels},[^\n]*\}} {number}$")


def of_the_node(name: str, labels: str) -> Matching:
    return Matching(rf"(?m)^kong_{name}\{{{labels}\}} [0-9.e+]+$")


NODE = 'node_id="[0-9a-f-]{36}"'
OF_THE_NODE = {
    "memory_lua_shared_dict_bytes": f'{NODE},shared_dict="kong_db_cache",kong_subsystem="http"',
    "memory_lua_shared_dict_total_bytes": f'{NODE},shared_dict="prometheus_metrics",kong_subsystem="http"',
    "memory_workers_lua_vms_bytes": rf'{NODE},pid="\d+",kong_subsystem="http"',
    "nginx_connections_total": f'{NODE},subsystem="http",state="active"',
    "nginx_requests_total": f'{NODE},subsystem="http"',
    "nginx_timers": 'state="running"',
    "node_info": f'{NODE},version="[0-9.]+"',
}
CASES = [
    *(
        case(f"metrics: {name}", get("/metrics").gives(200, of_the_node(name, labels)))
        for name, labels in OF_THE_NODE.items()
    ),
    case(
        "metrics: errors of the plugin", get("/metrics").gives(200, Matching(r"(?m)^kong_nginx_metric_errors_total 0$"))
    ),
    case(
        "metrics: requests by service, route and code",
        get("/metrics").gives(200, counted(200, 2), PLAIN).within(WITHIN_S),
    ),
    case(
        "metrics: the database",
        get("/metrics").gives(200, Matching(r"(?m)^kong_datastore_reachable 1$"), PLAIN).within(WITHIN_S),
    ),
    case(
        "metrics: bandwidth",
        get("/metrics")
        .gives(
            200, Matching(r'(?m)^kong_bandwidth_bytes\{service="{site}-echo",route="{site}-counted",direction="egress"')
        )
        .within(WITHIN_S),
    ),
    case(
        "log level: an unknown one", put("/debug/node/log-level/zzz").gives(400, {"message": "unknown log level: zzz"})
    ),
    case("log level: the present one", get("/debug/node/log-level").gives(200, {"message": Matching("^log level: ")})),
]


def test_observing(case: Case, run: Runner, site: Site) -> None:
    run(case)


STATUS_CALLS = {
    "ready": of_status("/status/ready").gives(200, Exactly({"message": "ready"})),
    "status": of_status("/status").gives(200, {"database": {"reachable": True}, "server": {}, "memory": {}}),
    "metrics": of_status("/metrics").gives(200, counted(200, 2), PLAIN).within(WITHIN_S),
}


@pytest.mark.parametrize("call", STATUS_CALLS.values(), ids=STATUS_CALLS)
def test_the_status_port(call: Call, run: Runner, site: Site) -> None:
    if "status" not in site.planes:
        pytest.skip("KONG_STATUS_URL is not given")
    run.make(call)
