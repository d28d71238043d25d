"""The program, on the local cloud's CloudWatch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_cloud_support import REPOSITORY, LocalCloud, eventually

from local_cloud.ports import free_ports

Started = Callable[[dict[str, Any]], str]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "local_cloud.cloudwatch_exporter", *arguments]


@pytest.fixture
def start(local_cloud: LocalCloud, tmp_path: Path) -> Iterator[Started]:
    """Starts the exporter with a configuration and gives its address."""
    processes = []

    def run(configuration: dict[str, Any]) -> str:
        [port] = free_ports(1)
        path = tmp_path / "config.yml"
        path.write_text(yaml.safe_dump(configuration))
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": local_cloud.settings.aws_endpoint,
            "AWS_DEFAULT_REGION": local_cloud.settings.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }
        options = [f"-config.file={path}", f"--listen-address=127.0.0.1:{port}", "-scraping-interval", "1"]
        with (tmp_path / "log").open("w") as log:
            processes.append(subprocess.Popen(command(*options), env=environment, cwd=REPOSITORY, stderr=log))
        return f"http://127.0.0.1:{port}"

    yield run
    for process in processes:
        process.kill()
        process.wait()


def ask(url: str) -> HTTPResponse | None:
    try:
        answer: HTTPResponse = urllib.request.urlopen(url, timeout=5)  # noqa: S310 - of this test
    except OSError:
        return None
    return answer


def metrics(address: str) -> str:
    answer = ask(f"{address}/metrics")
    return answer.read().decode() if answer else ""


def configuration(**job: Any) -> dict[str, Any]:
    common = {"regions": ["us-east-1"], "period": 60, "length": 300, "statistics": ["Sum"]}
    return {"apiVersion": "v1alpha1", "discovery": {"jobs": [{**common, **job}]}}


def put(cloud: LocalCloud, name: str, topic: str, value: float) -> None:
    """Into a minute that is over, of which YACE asks."""
    datum = {
        "MetricName": name,
        "Dimensions": [{"Name": "TopicName", "Value": topic}],
        "Value": value,
        "Timestamp": datetime.now(UTC) - timedelta(minutes=1),
    }
    cloud.client("cloudwatch").put_metric_data(Namespace="AWS/SNS", MetricData=[datum])


def test_metrics_of_tagged_resources_alone(local_cloud: LocalCloud, start: Started) -> None:
    mine, other = (f"{name}-{uuid.uuid4().hex[:8]}" for name in ("mine", "other"))
    sns = local_cloud.client("sns")
    arn = sns.create_topic(Name=mine, Tags=[{"Key": "Of", "Value": mine}])["TopicArn"]
    sns.create_topic(Name=other, Tags=[{"Key": "Of", "Value": other}])
    for topic, value in ((mine, 3.0), (other, 4.0)):
        put(local_cloud, "NumberOfMessagesPublished", topic, value)

    address = start(
        configuration(
            type="AWS/SNS",
            searchTags=[{"key": "Of", "value": f"^{mine}$"}],
            customTags=[{"key": "Environment", "value": "test"}],
            metrics=[{"name": "NumberOfMessagesPublished"}],
        )
    )
    text = eventually(lambda: metrics(address), what="the first scrape")

    labels = f'account_id="123456789012",custom_tag_Environment="test",dimension_TopicName="{mine}",name="{arn}"'
    assert f'aws_sns_number_of_messages_published_sum{{{labels},region="us-east-1"}} 3.0\n' in text
    assert f'aws_sns_info{{name="{arn}",tag_Of="{mine}"}} 0.0\n' in text
    assert 'yace_cloudwatch_requests_total{api_name="GetMetricData"}' in text
    assert other not in text


@pytest.mark.parametrize(("nil_to_zero", "expected"), [(True, "0.0"), (False, "NaN")])
def test_without_data(local_cloud: LocalCloud, start: Started, nil_to_zero: bool, expected: str) -> None:
    name = f"quiet-{uuid.uuid4().hex[:8]}"
    local_cloud.client("sns").create_topic(Name=name, Tags=[{"Key": "Of", "Value": name}])
    old = datetime.now(UTC) - timedelta(minutes=20)
    datum = {"MetricName": "Old", "Dimensions": [{"Name": "TopicName", "Value": name}], "Value": 1, "Timestamp": old}
    local_cloud.client("cloudwatch").put_metric_data(Namespace="AWS/SNS", MetricData=[datum])

    tags = [{"key": "Of", "value": name}]
    address = start(configuration(type="AWS/SNS", searchTags=tags, nilToZero=nil_to_zero, metrics=[{"name": "Old"}]))
    text = eventually(lambda: metrics(address), what="the first scrape")

    [line] = [row for row in text.splitlines() if row.startswith("aws_sns_old_sum{")]
    assert line.endswith(f" {expected}")


def test_it_says_what_it_is(start: Started, tmp_path: Path) -> None:
    address = start(configuration(type="AWS/RDS", metrics=[{"name": "CPUUtilization"}]))
    answer = eventually(lambda: ask(f"{address}/healthz"), what="the exporter")

    assert answer is not None
    assert (answer.status, answer.read()) == (200, b"ok")
    assert "stand-in" in answer.headers["Server"]
    first = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert "stand-in" in first["msg"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("apiVersion: v1alpha1\n", 1), ("discovery: {jobs: [\n", 1), (yaml.safe_dump(configuration(type="AWS/RDS")), 1)],
)
def test_a_bad_configuration_stops_it(tmp_path: Path, text: str, code: int) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)

    finished = subprocess.run(
        command("verify-config", "--config.file", str(path)),
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )

    assert finished.returncode == code
    assert "couldn't read" in finished.stderr
