"""How listener rules and health checks are read: tables over pure functions."""

from __future__ import annotations

import re

import pytest

from local_cloud.load_balancer import health
from local_cloud.load_balancer.access_log import parse
from local_cloud.load_balancer.conditions import cidr_pattern, expand, route_match, status_codes, wildcard
from local_cloud.load_balancer.config import local_port
from local_cloud.load_balancer.health import HEALTHY, INITIAL, HealthChecks, Settings, Target, Verdict

FAILED = Verdict("unhealthy", "Target.FailedHealthChecks", "Health checks failed")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("/api/*", "/api/", True),
        ("/api/*", "/api", False),
        ("/v?", "/v1", True),
        ("/v?", "/v12", False),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "aXexample.com", False),
        ("/a+b", "/a+b", True),
    ],
)
def test_wildcards(pattern: str, text: str, matches: bool) -> None:
    assert bool(re.fullmatch(wildcard(pattern), text)) is matches


@pytest.mark.parametrize(
    ("cidr", "address", "inside"),
    [
        ("10.0.0.0/8", "10.200.3.4", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("192.0.2.16/28", "192.0.2.31", True),
        ("192.0.2.16/28", "192.0.2.32", False),
        ("192.0.2.7/32", "192.0.2.7", True),
        ("0.0.0.0/0", "127.0.0.1", True),
        ("2001:db8::/32", "127.0.0.1", False),
    ],
)
def test_networks(cidr: str, address: str, inside: bool) -> None:
    assert bool(re.fullmatch(cidr_pattern(cidr), address)) is inside


@pytest.mark.parametrize(
    ("path", "matches"),
    [("/?tier=gold", True), ("/?a=1&TIER=GOLD&b", True), ("/?tier=silver", False), ("/?xtier=gold", False)],
)
def test_query_strings(path: str, matches: bool) -> None:
    pair = [{"Key": "tier", "Value": "g*"}]
    match = route_match([{"Field": "query-string", "QueryStringConfig": {"Values": pair}}])
    pattern = match["headers"][0]["string_match"]["safe_regex"]["regex"]
    assert bool(re.fullmatch(pattern, path)) is matches


def test_older_form_of_conditions_is_read() -> None:
    match = route_match([{"Field": "path-pattern", "Values": ["/a", "/b*"]}])
    assert match == {"safe_regex": {"regex": "(?:/a|/b.*)"}, "headers": []}


def test_small_functions() -> None:
    assert status_codes("200,301-303") == {200, 301, 302, 303}
    assert expand("/old/#{path}", {"path": "x"}) == "/old/x"
    assert [local_port(port) for port in (80, 443, 8443)] == [8080, 8443, 8443]
    assert parse("not a line") is None


class Looks:
    """Answers of a target, and the time, in the hands of the test."""

    def __init__(self, **settings: float) -> None:
        self.now = 0.0
        self.answer = FAILED
        self.looks = 0
        self.target = Target("group", "127.0.0.9", 80)
        self.settings = Settings(**settings)  # type: ignore[arg-type]
        self.checks = HealthChecks(self._look, lambda: self.now)
        self.checks.update({self.target: self.settings})

    def _look(self, _settings: Settings, _target: Target) -> Verdict:
        self.looks += 1
        return self.answer

    def advance(self, seconds: float) -> Verdict | None:
        """Step through the time, looking whenever it is due."""
        end = self.now + seconds
        while self.now <= end:
            [watch] = self.checks._watches.values()
            if watch.due <= self.now:
                self.checks.count(watch, self._look(self.settings, self.target))
            self.now += 0.25
        return self.checks.verdict(self.target)


def test_new_target_needs_one_pass_only() -> None:
    looks = Looks(interval=30, healthy_threshold=5)
    assert looks.advance(2) == INITIAL
    looks.answer = HEALTHY
    assert looks.advance(0.25) == HEALTHY


def test_new_target_that_never_passes_is_unhealthy_after_its_threshold() -> None:
    looks = Looks(interval=10, unhealthy_threshold=3)
    assert looks.advance(15) == INITIAL
    assert looks.advance(10) == FAILED


def test_thresholds_count_in_a_row() -> None:
    looks = Looks(interval=5, healthy_threshold=3, unhealthy_threshold=2)
    looks.answer = HEALTHY
    looks.advance(1)
    looks.answer = FAILED
    assert looks.advance(5) == HEALTHY
    assert looks.advance(5) == FAILED
    looks.answer = HEALTHY
    assert looks.advance(10) == FAILED
    assert looks.advance(5) == HEALTHY


def test_looks_keep_to_the_interval() -> None:
    looks = Looks(interval=30)
    looks.answer = HEALTHY
    looks.advance(119)
    assert looks.looks == 4


def test_only_loopback_is_looked_at() -> None:
    verdict = health.probe(Settings(), Target("group", "192.0.2.1", 80))
    assert (verdict.state, verdict.reason) == ("unhealthy", "Target.Timeout")
