"""Health of targets: real HTTP requests, counted as the load balancer counts them."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local_cloud.load_balancer.conditions import status_codes

# Several nodes of the load balancer look at a new target, so it is found healthy before its first interval ends.
_FIRST_LOOKS_SECONDS = 0.25
_LOOPBACK = "127."


@dataclass(frozen=True)
class Settings:
    """Health check settings of a target group."""

    protocol: str = "HTTP"
    port: str = "traffic-port"
    path: str = "/"
    interval: float = 30
    timeout: float = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    codes: frozenset[int] = field(default_factory=lambda: status_codes("200"))


@dataclass(frozen=True)
class Target:
    """One registration: an address and the port it is registered with."""

    group: str
    address: str
    port: int


@dataclass(frozen=True)
class Verdict:
    """State, reason and description as DescribeTargetHealth gives them."""

    state: str
    reason: str | None = None
    description: str | None = None


INITIAL = Verdict("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Verdict("healthy")


@dataclass
class _Watch:
    settings: Settings
    registered: float
    due: float
    verdict: Verdict = INITIAL
    passes: int = 0
    failures: int = 0
    running: bool = False


Probe = Callable[[Settings, Target], Verdict]


def probe(settings: Settings, target: Target) -> Verdict:
    """One request; `healthy`, or `unhealthy` with the reason."""
    port = target.port if settings.port == "traffic-port" else int(settings.port)
    if not target.address.startswith(_LOOPBACK):
        return Verdict("unhealthy", "Target.Timeout", "Request timed out")
    connection = _connection(settings, target.address, port)
    try:
        connection.request("GET", settings.path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
        status = connection.getresponse().status
    except TimeoutError:
        return Verdict("unhealthy", "Target.Timeout", "Request timed out")
    except (OSError, http.client.HTTPException):
        return Verdict("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
    finally:
        connection.close()
    if status in settings.codes:
        return HEALTHY
    return Verdict("unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def _connection(settings: Settings, address: str, port: int) -> http.client.HTTPConnection:
    if settings.protocol == "HTTPS":
        # as the load balancer does, which does not verify its targets' certificates
        context = ssl._create_unverified_context()  # noqa: S323, SLF001
        return http.client.HTTPSConnection(address, port, timeout=settings.timeout, context=context)
    return http.client.HTTPConnection(address, port, timeout=settings.timeout)


class HealthChecks:
    """Looks at targets when they are due. `update` and `run` are called by one thread."""

    def __init__(self, look: Probe = probe, clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._watches: dict[Target, _Watch] = {}
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health-check")

    def update(self, wanted: Mapping[Target, Settings]) -> None:
        now = self._clock()
        for target in set(self._watches) - set(wanted):
            del self._watches[target]
        for target, settings in wanted.items():
            watch = self._watches.get(target)
            if watch is None:
                self._watches[target] = _Watch(settings, registered=now, due=now)
            elif watch.settings != settings:
                watch.settings, watch.due = settings, now

    def verdict(self, target: Target) -> Verdict | None:
        watch = self._watches.get(target)
        return watch.verdict if watch else None

    def run(self) -> None:
        """Start the looks that are due."""
        now = self._clock()
        for target, watch in list(self._watches.items()):
            if watch.due <= now and not watch.running:
                watch.running = True
                self._workers.submit(self._check, target, watch)

    def _check(self, target: Target, watch: _Watch) -> None:
        try:
            seen = self._look(watch.settings, target)
            self.count(watch, seen)
        finally:
            watch.running = False

    def count(self, watch: _Watch, seen: Verdict) -> None:
        """Advance the counters and the verdict; the next look is an interval away, or sooner for a new target."""
        now, settings = self._clock(), watch.settings
        initial = watch.verdict is INITIAL
        if initial and seen.state == "healthy":
            watch.verdict = HEALTHY
        elif initial and now - watch.registered < settings.interval * (settings.unhealthy_threshold - 1):
            watch.due = now + _FIRST_LOOKS_SECONDS
            return
        elif seen.state == "healthy":
            watch.passes, watch.failures = watch.passes + 1, 0
            if watch.passes >= settings.healthy_threshold:
                watch.verdict = HEALTHY
        else:
            watch.passes, watch.failures = 0, watch.failures + 1
            if initial or watch.failures >= settings.unhealthy_threshold or watch.verdict.state == "unhealthy":
                watch.verdict = seen
        watch.due = now + settings.interval
