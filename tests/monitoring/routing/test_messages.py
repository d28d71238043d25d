"""What the receivers get to read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.routing.alertmanager import KEY, Alertmanager, Rule, eventually, running
from tests.monitoring.routing.recorder import Recorder, recording

CRITICAL = Rule("ServiceGone", {"severity": "critical", "owner": "auth"})
WARNING = Rule("ServiceSlow", {"severity": "warning", "owner": "auth"})


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory, recorder: Recorder) -> Iterator[Alertmanager]:
    slack = {"secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:slack", "channel": "#platform"}
    with running(tmp_path_factory.mktemp("alertmanager"), recorder, alertmanager_slack=slack) as server:
        yield server


def test_the_pager_is_told_what_where_and_what_to_do(alertmanager: Alertmanager, recorder: Recorder) -> None:
    alertmanager.fire(CRITICAL.alert(task="a"))
    eventually(lambda: "ServiceGone" in recorder.paged(), "a page")
    page = next(page for page in recorder.pages if page["payload"]["class"] == "ServiceGone")
    assert page["routing_key"] == KEY
    assert page["dedup_key"]
    assert page["payload"]["summary"] == "ServiceGone in test: ServiceGone is firing"
    assert page["payload"]["severity"] == "critical"
    assert page["payload"]["group"] == "test"
    assert page["payload"]["component"] == "auth"
    assert page["links"] == [
        {"href": "https://example.com/docs/runbooks/ServiceGone.md", "text": "Runbook"},
        {"href": "https://grafana.example.com/d/ServiceGone", "text": "Dashboard"},
    ]
    details = page["payload"]["custom_details"]
    assert details["environment"] == "test"
    assert details["runbook"].endswith("/ServiceGone.md")
    assert "What ServiceGone means." in details["firing"]
    assert "task=a" in details["firing"]


def test_the_end_of_an_alert_resolves_the_same_incident(alertmanager: Alertmanager, recorder: Recorder) -> None:
    alert = CRITICAL.alert(environment="elsewhere")
    alertmanager.fire(alert)
    eventually(lambda: [page for page in recorder.pages if page["payload"]["group"] == "elsewhere"], "a page")
    alertmanager.resolve(alert)
    ended = eventually(
        lambda: [page for page in recorder.pages if page["event_action"] == "resolve"], "the incident is resolved"
    )
    opened = next(page for page in recorder.pages if page["payload"]["group"] == "elsewhere")
    assert {page["dedup_key"] for page in ended} == {opened["dedup_key"]}


def test_alerts_of_one_name_are_one_incident(alertmanager: Alertmanager, recorder: Recorder) -> None:
    alertmanager.fire(*(CRITICAL.alert(environment="many", task=task) for task in "abc"))
    eventually(lambda: [page for page in recorder.pages if page["payload"]["group"] == "many"], "a page")
    pages = [page for page in recorder.pages if page["payload"]["group"] == "many"]
    assert len({page["dedup_key"] for page in pages}) == 1
    assert pages[-1]["payload"]["summary"].endswith("(3 alerts)")


def test_warnings_are_posted_with_links_and_page_nobody(alertmanager: Alertmanager, recorder: Recorder) -> None:
    alertmanager.fire(WARNING.alert())
    post = eventually(lambda: recorder.posts, "a post")[0]
    (message,) = post["attachments"]
    assert post["channel"] == "#platform"
    assert message["title"] == "ServiceSlow in test: ServiceSlow is firing"
    assert message["title_link"] == "https://example.com/docs/runbooks/ServiceSlow.md"
    assert [action["text"] for action in message["actions"]] == ["Runbook", "Dashboard"]
    assert "What ServiceSlow means." in message["text"]
    assert "ServiceSlow" not in recorder.paged()


def test_the_heart_beats_as_long_as_the_watchdog_fires(alertmanager: Alertmanager, recorder: Recorder) -> None:
    alertmanager.fire(Rule("Watchdog", {"severity": "info", "owner": "platform"}).alert())
    beats = eventually(lambda: len(recorder.heartbeats) >= 3 and recorder.heartbeats, "three heartbeats")
    assert beats[0]["Action"] == ["Publish"]
    assert beats[0]["TopicArn"] == ["arn:aws:sns:us-east-1:123456789012:routing-test-heartbeat"]
    assert beats[0]["Message"] == ["test is watched"]


def test_a_pager_that_is_out_of_order_is_tried_again(alertmanager: Alertmanager, recorder: Recorder) -> None:
    recorder.refuse = 503
    alertmanager.fire(CRITICAL.alert(environment="unlucky"))
    eventually(lambda: [page for page in recorder.pages if page["payload"]["group"] == "unlucky"], "a first attempt")
    failed = 'alertmanager_notification_requests_failed_total{integration="pagerduty"}'
    eventually(lambda: alertmanager.metric(failed) > 0, "the failure is counted")
    recorder.refuse = 0
    before = len(recorder.pages)
    eventually(
        lambda: [page for page in recorder.pages[before:] if page["payload"]["group"] == "unlucky"], "another attempt"
    )
