# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a new colour while customers are on it: what Prometheus counts, and whether somebody can sign in.

A trickle of requests goes with it, half of them to the new colour alone, so that an idle environment can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isnan
from string import Template
from typing import Any

from .._core.clock import Clock
from .._core.errors import InvalidInput, PlatformError
from .._verify.flow import BASE, retry_after
from .._verify.http import Answer, Request, Unreachable, Untrusted
from .._verify.prometheus import Prometheus, Refused
from .._verify.traffic import PATH, Account, Traffic
from .colours import Step, other
from .judge import (
    ERRORS,
    GATEWAY_ERRORS,
    GATEWAY_REQUESTS,
    LATENCY,
    LIVE,
    NEW,
    REQUESTS,
    UP,
    Counters,
    Figures,
    Labels,
    Ruling,
    Thresholds,
    judge,
    too_little,
)
from .state import Colour

# `$service` is the service's logical name, `$colour` one of its colours. Series may have any labels; what counts is
# that each is a counter of its own: summed up, a task that ends would look like requests that never were.
_SERVICE = 'job="$service",colour="$colour"'
_REQUESTS = f'{_SERVICE},uri!~"/actuator.*"'
_GATEWAY = 'service=~"$service(-.+)?",service!~".*-preview(-.+)?"'
QUERIES: Mapping[str, str] = {
    UP: f"sum(up{{{_SERVICE}}})",
    REQUESTS: f"sum by (task) (http_server_requests_seconds_count{{{_REQUESTS}}})",
    ERRORS: f'sum by (task) (http_server_requests_seconds_count{{{_REQUESTS},status=~"5.."}})',
    LATENCY: f"sum by (task, le) (http_server_requests_seconds_bucket{{{_REQUESTS}}})",
    GATEWAY_REQUESTS: f"sum by (instance) (kong_http_requests_total{{{_GATEWAY}}})",
    GATEWAY_ERRORS: f'sum by (instance) (kong_http_requests_total{{{_GATEWAY},code=~"5..",source!="service"}})',
}
OF_COLOURS = {NEW: (UP, REQUESTS, ERRORS, LATENCY), LIVE: (REQUESTS, LATENCY)}
OF_GATEWAY = (GATEWAY_REQUESTS, GATEWAY_ERRORS)
FIGURE = "figure"

SIGN_IN_EVERY_SECONDS = 60.0
SAY_EVERY_SECONDS = 10.0
FAILURES = 2  # sign-ins that fail one after the other are no chance


class Rejected(PlatformError):
    """The new colour does not do. `row` is what was seen of the step."""

    def __init__(self, why: str, row: Mapping[str, Any]) -> None:
        self.row = dict(row)
        super().__init__(why)


@dataclass(frozen=True)
class Patience:
    """Seconds that a step may last longer while there is too little traffic, and that there may be no data."""

    traffic: float
    data: float


def merged(given: Mapping[str, str] | None) -> dict[str, str]:
    """The queries, with those that are given in the place of the usual ones. Raises InvalidInput."""
    for name in given or {}:
        if name not in QUERIES:
            raise InvalidInput("metrics.queries", name, f"is none of {', '.join(QUERIES)}")
    return {**QUERIES, **(given or {})}


def question(queries: Mapping[str, str], service: str, new: Colour) -> str:
    """One query for all figures, each series with the name of its figure. Pure."""
    asked = {
        f"{whose}_{name}": Template(queries[name]).safe_substitute(service=service, colour=colour)
        for whose, colour in ((NEW, new), (LIVE, other(new)))
        for name in OF_COLOURS[whose]
    }
    asked |= {name: Template(queries[name]).safe_substitute(service=service) for name in OF_GATEWAY}
    return " or ".join(f'label_replace({query}, "{FIGURE}", "{name}", "", "")' for name, query in asked.items())


def sample(rows: list[dict[str, Any]]) -> dict[str, dict[Labels, float]]:
    """Figure → series → value, from the answer. Pure."""
    found: dict[str, dict[Labels, float]] = {}
    for row in rows:
        labels = dict(row["metric"])
        value = float(row["value"][1])
        if not isnan(value):  # which is what a quotient of nothing is
            found.setdefault(labels.pop(FIGURE), {})[frozenset(labels.items())] = value
    return found


@dataclass
class SignIn:
    """Signs in to the new colour, now and then: limits on sign-ins hold for everybody."""

    account: Account
    clock: Clock
    due_at: float = 0.0
    failures: int = 0
    answered: bool = False

    def begin(self) -> None:
        """A step begins, which wants a sign-in of its own."""
        self.due_at, self.failures, self.answered = self.clock.now(), 0, False

    def look(self) -> tuple[str, str]:
        """Sign in if it is time; answers a problem that is certain, and the access token if there is one."""
        if self.clock.now() < self.due_at:
            return "", ""
        self.due_at = self.clock.now() + SIGN_IN_EVERY_SECONDS
        try:
            return self._judge(self._post())
        except (Unreachable, Untrusted) as error:
            return self._failed(str(error)), ""

    def _post(self) -> Answer:
        body = {"email": self.account.email, "password": self.account.password}
        return self.account.send(Request("POST", f"{BASE}/login", body))

    def _judge(self, answer: Answer) -> tuple[str, str]:
        if (pause := retry_after(answer)) is not None:
            self.due_at, self.answered = self.clock.now() + pause, True
            return "", ""
        token = answer.text("accessToken")
        if answer.status != 200 or not token:
            return self._failed(f"login answered {answer.status} {answer.text('message')}".strip()), ""
        used = self.account.send(Request("GET", PATH, bearer=token))
        if used.status not in (200, 429):
            return self._failed(f"mfa/status answered {used.status} {used.text('message')}".strip()), ""
        self.failures, self.answered = 0, True
        return "", token

    def _failed(self, seen: str) -> str:
        self.failures += 1
        self.due_at = self.clock.now()
        return f"sign-in to the new colour failed {self.failures} times: {seen}" if self.failures >= FAILURES else ""


@dataclass
class Gate:
    """What steps are watched with. `hide` masks a token wherever something is printed."""

    prometheus: Prometheus
    clock: Clock
    queries: Mapping[str, str]
    service: str
    thresholds: Thresholds
    patience: Patience
    sign_in: SignIn
    traffic: Traffic
    hide: Callable[[str], None]
    reference: Figures = field(default_factory=Figures)

    def scraped(self, colour: Colour) -> int:
        """How many tasks of a colour Prometheus reaches."""
        query = Template(self.queries[UP]).safe_substitute(service=self.service, colour=colour)
        try:
            return int(sum(float(row["value"][1]) for row in self.prometheus.instant(query)))
        except (Unreachable, Untrusted):
            return 0

    def begin(self, step: Step, new: Colour) -> Watch:
        """Begin to count, before the customers come."""
        watch = Watch(self, step, new, question(self.queries, self.service, new))
        watch.count()
        return watch


@dataclass
class Watch:
    """One step of a rollout, being watched."""

    gate: Gate
    step: Step
    new: Colour
    query: str
    counters: Counters = field(default_factory=Counters)
    blind_since: float | None = None
    blind_for: str = ""
    began_at: float = 0.0

    def go(self, pulse: Callable[[], str], report: Callable[[str], None], poll_seconds: float) -> dict[str, Any]:
        """Until the step has passed; Rejected as soon as it cannot. `pulse` answers what else is wrong."""
        clock = self.gate.clock
        self.began_at = said_at = clock.now()
        self.gate.sign_in.begin()
        while True:
            ruling = self._look(pulse)
            if ruling.outcome == "fail":
                raise Rejected(f"{self.new} at {self.step.weight} %: {ruling.why}", self.row())
            if ruling.outcome == "pass":
                report(self.line())
                return self.row()
            if clock.now() - said_at >= SAY_EVERY_SECONDS:
                said_at = clock.now()
                report(self.line() + (f"; {ruling.why}" if ruling.why else ""))
            clock.sleep(poll_seconds)

    def count(self) -> None:
        """Take what Prometheus has counted so far; note since when it says nothing of the new colour."""
        problem = ""
        try:
            found = sample(self.gate.prometheus.instant(self.query))
            self.counters.observe(found)
            if not sum(found.get(f"{NEW}_{UP}", {}).values()):
                problem = f"Prometheus reaches no task of {self.new}"
        except (Unreachable, Untrusted) as error:
            problem = f"Prometheus does not answer: {error}"
        except Refused as error:
            if error.status < 500:
                raise
            problem = f"Prometheus does not answer: {error}"
        if not problem:
            self.blind_since = None
        elif self.blind_since is None:
            self.blind_since = self.gate.clock.now()
        self.blind_for = problem

    def _look(self, pulse: Callable[[], str]) -> Ruling:
        gate = self.gate
        if problem := pulse():
            return Ruling("fail", problem)
        problem, token = gate.sign_in.look()
        if token:
            gate.hide(token)
            gate.traffic.token = token
        if problem:
            return Ruling("fail", problem)
        self.count()
        return self._rule()

    def _rule(self) -> Ruling:
        now, patience, thresholds = self.gate.clock.now(), self.gate.patience, self.gate.thresholds
        elapsed, figures = now - self.began_at, self.figures()
        ruling = judge(figures, thresholds, weight=self.step.weight, elapsed=elapsed, seconds=self.step.seconds)
        if ruling.outcome == "fail":
            return ruling
        if self.blind_since is not None:
            blind = now - self.blind_since
            return Ruling("fail" if blind > patience.data else "wait", f"no data for {blind:.0f} s: {self.blind_for}")
        if ruling.outcome == "pass" and not self.gate.sign_in.answered:
            return Ruling("wait", "waiting for a sign-in")
        if ruling.outcome == "wait" and elapsed >= self.step.seconds + patience.traffic:
            return Ruling(
                "fail", f"{too_little(figures, thresholds)}, and {patience.traffic:.0f} s more brought no more"
            )
        return ruling

    def figures(self) -> Figures:
        """What was counted; beside a live colour that has no customers any more, what it did while it had."""
        found = self.counters.figures()
        if found.live_requests >= self.gate.thresholds.minimum_requests:
            self.gate.reference = found
            return found
        before = self.gate.reference
        return replace(found, live_requests=before.live_requests, live_latency=before.live_latency)

    def row(self) -> dict[str, Any]:
        """The step as it goes into results and records: ratios, milliseconds, seconds."""
        figures = self.figures()
        return {
            "weight": self.step.weight,
            "seconds": round(self.gate.clock.now() - self.began_at, 1),
            "requests": round(figures.requests),
            "error_ratio": round(figures.error_ratio, 4),
            "p95": _rounded(figures.p95),
            "live_p95": _rounded(figures.live_p95),
            "gateway_errors": round(figures.gateway_errors),
        }

    def line(self) -> str:
        """The step in one line for people."""
        row = self.row()
        beside = f" ({other(self.new)} {row['live_p95']:.0f} ms)" if row["live_p95"] is not None else ""
        p95 = f"p95 {row['p95']:.0f} ms{beside}" if row["p95"] is not None else "p95 unknown"
        return (
            f"{self.new} at {row['weight']} %: {row['requests']} requests, {row['error_ratio']:.1%} errors, {p95}, "
            f"{row['seconds']:.0f} of {self.step.seconds:.0f} s"
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
