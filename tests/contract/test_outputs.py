"""The lookup of what roles published, as a playbook uses it."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.contract.case import Boto
from tests.contract.templating import templated


def look_up(expression: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    return templated(f"lookup('trademaster.platform.outputs', {expression})", endpoint)


@pytest.fixture
def published(boto: Boto, aws_endpoint: str) -> str:
    value = json.dumps({"vpc_id": "vpc-1", "note": "x" * 5000})
    boto("ssm").put_parameter(
        Name="/contract/test/outputs/network", Value=value, Type="String", Tier="Advanced", Overwrite=True
    )
    boto("ssm").put_parameter(Name="/contract/test/outputs/broken", Value="{", Type="String", Overwrite=True)
    return aws_endpoint


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        pytest.param("'network'", "vpc-1", id="published"),
        pytest.param("'cache', default={'host': 'none-yet'}", "none-yet", id="default"),
        pytest.param("'network', environment='test'", "vpc-1", id="options win over variables"),
        pytest.param("'cache', 'network', default={}", "vpc-1", id="several"),
    ],
)
def test_answers_what_was_published(published: str, expression: str, shown: str) -> None:
    run = look_up(expression, published)
    assert run.returncode == 0, run.stderr
    assert shown in run.stdout


def test_what_a_role_answered_in_this_play_needs_no_aws() -> None:
    run = templated(
        "lookup('trademaster.platform.outputs', 'network')",
        "http://127.0.0.1:1",
        network_result="{{ {'vpc_id': 'vpc-2'} }}",
    )
    assert run.returncode == 0, run.stderr
    assert "vpc-2" in run.stdout


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        pytest.param("'network', environment='test'", "{{ {'vpc_id': 'vpc-2'} }}", id="another environment"),
        pytest.param("'network'", "{{ {} }}", id="nothing is left"),
    ],
)
def test_other_answers_are_those_that_were_published(published: str, expression: str, result: str) -> None:
    run = templated(f"lookup('trademaster.platform.outputs', {expression})", published, network_result=result)
    assert run.returncode == 0, run.stderr
    assert "vpc-1" in run.stdout


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        pytest.param("'cache'", "run ansible-playbook playbooks/site.yml --tags cache first", id="never published"),
        pytest.param("'broken'", "parameter /contract/test/outputs/broken is not JSON", id="damaged"),
    ],
)
def test_says_what_to_do(published: str, expression: str, reason: str) -> None:
    run = look_up(expression, published)
    assert run.returncode != 0
    assert reason in " ".join((run.stdout + run.stderr).split())


def test_an_unreachable_endpoint_is_named() -> None:
    run = look_up("'network'", "http://127.0.0.1:1")
    assert run.returncode != 0
    assert 'outputs of network: Could not connect to the endpoint URL: "http://127.0.0.1:1/"' in " ".join(
        (run.stdout + run.stderr).split()
    )
