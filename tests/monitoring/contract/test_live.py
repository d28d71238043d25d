"""The contract against a Prometheus that scrapes: what it lacks is told with the panels and rules that use it."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._verify import metrics
from ansible_collections.trademaster.platform.plugins.module_utils._verify.prometheus import (
    Prometheus,
    Refused,
    Server,
)
from local_cloud_support import eventually

from monitoring import contract
from tests.local_cloud.grafana.grafana_support import DATA_SOURCE, PASSWORD, Grafana
from tests.monitoring.prometheus_support import Running


@pytest.fixture(scope="module")
def committed() -> contract.Contract:
    return contract.checked()


def changed(made: contract.Contract, name: str, **changes: object) -> contract.Contract:
    """The contract with another declaration of one metric."""
    used = {
        dataclasses.replace(given, **changes) if given.metric == name else given: copy.deepcopy(users)
        for given, users in made.used.items()
    }
    return contract.Contract(list(used), used)


def test_a_complete_environment_lacks_nothing(committed: contract.Contract, scraped_environment: Running) -> None:
    def nothing_lacks() -> bool:
        return contract.live(committed, scraped_environment.url) == []

    eventually(nothing_lacks, 60)


def test_what_is_missing_is_told_with_its_users(committed: contract.Contract, scraped_environment: Running) -> None:
    spoiled = changed(committed, "pg_locks_count", metric="pg_lock_count")
    label = changed(committed, "redis_keys_count")
    users = next(users for given, users in label.used.items() if given.metric == "redis_keys_count")
    next(iter(users.values())).add("database")

    eventually(lambda: contract.live(committed, scraped_environment.url) == [], 60)

    assert contract.live(spoiled, scraped_environment.url) == [
        'metric pg_lock_count of job postgres, used by panel "Locks" of dashboard database: is missing'
    ]
    (finding,) = contract.live(label, scraped_environment.url)
    assert finding.startswith("metric redis_keys_count of job redis, used by panel ")
    assert finding.endswith("of dashboard service-overview: no series has all of the labels database, group")


def test_a_kind_that_is_not_the_declared_one_is_told(
    committed: contract.Contract, scraped_environment: Running
) -> None:
    spoiled = changed(committed, "pg_up", kind=contract.COUNTER)

    eventually(lambda: contract.live(committed, scraped_environment.url) == [], 60)

    assert contract.live(spoiled, scraped_environment.url) == [
        "monitoring/metrics.yml: pg_up is declared a counter, its targets say gauge"
    ]


@pytest.fixture(scope="module")
def grafana(scraped_environment: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    """The stand-in for Grafana with our dashboards, before the Prometheus that scrapes."""
    made = Grafana(tmp_path_factory.mktemp("grafana"))
    source = {**DATA_SOURCE, "url": scraped_environment.url, "isDefault": True}
    made.write("datasources/sources.yaml", {"apiVersion": 1, "datasources": [source]})
    (made.provisioning / "models" / "service.json").unlink()
    for dashboard in contract.committed_dashboards():
        made.write(f"models/{dashboard['uid']}.json", dashboard)
    with made.running():
        yield made


def through(grafana: Grafana, **changes: str) -> Prometheus:
    prefix = "/api/datasources/proxy/uid/prometheus"
    given = {"url": grafana.url, "prefix": prefix, "user": "admin", "password": PASSWORD}
    return Prometheus(Server(**{**given, **changes}))


def test_the_generated_contract_holds_through_the_proxy_of_grafana(
    grafana: Grafana, scraped_environment: Running
) -> None:
    expected = metrics.parse(json.loads(contract.GENERATED.read_text(encoding="utf-8")))
    found = through(grafana)

    eventually(lambda: metrics.problems(expected, found.look(expected)) == [], 60)

    assert metrics.unseen(expected, found.look(expected)) == []


def test_the_proxy_of_grafana_lets_nobody_else_in(grafana: Grafana) -> None:
    with pytest.raises(Refused) as refused:
        through(grafana, password="wrong").targets()

    assert refused.value.status == 401


def test_grafana_finds_our_dashboards(grafana: Grafana) -> None:
    found = {one["uid"] for one in grafana.get("/api/search?type=dash-db&tag=trademaster").json()}

    assert found == {Path(path).stem for path in contract.DASHBOARDS.glob("*.json")}
