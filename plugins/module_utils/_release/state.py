# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is meant to run: the state of a service's releases, kept in one parameter of Parameter Store.

Truth of traffic are the gateway's weights, truth of what runs is ECS. The state says what was meant, and what a run
that was killed had begun. Its JSON, of at most 4 KB:

    {"service": "auth-service",
     "live": "blue" | "green",                          the colour that customers get
     "releases": {"blue": R | null, "green": R | null}, what each colour runs, or has run last
     "rollout": null | {"id", "from", "to", "phase", "started_at", "release": R},
     "last": null | {"id", "verb", "verdict", "reason", "ended_at", "seconds", "version"},
     "totals": {"completed": n, "rolled_back": n, "failed": n, "reverted": n},
     "seconds": {"release": {"sum", "count"},           how long releases took, whatever their verdict
                 "lead": {"sum", "count"},              from commit to customers, of completed releases
                 "restore": {"sum", "count"}}}          how long customers were on what was taken back

    R = {"id", "version", "image", "digest", "task_definition", "schema", "breaking", "by", "at"}

`rollout` is the journal: written before the first write of a rollout and at each phase; its `from` and `to` are
colours. `last` is how the last release ended, and how many seconds it took. In R, `version` is the image's tag, `image`
is `repository@digest`, `task_definition` an ARN.

Times are ISO 8601 in UTC. `totals` and `seconds` only grow, as counters of Prometheus do. The verdicts:

- `completed`: customers are on the release.
- `rolled_back`: customers were on the release, if only some of them, and it was taken back by the rollout itself.
- `failed`: no customer ever was on it.
- `reverted`: a rollback succeeded; what had completed before was taken back.

Hence the change failure rate is (rolled_back + reverted) / (completed + rolled_back).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

from .._aws.session import Aws
from .._core.errors import PlatformError

Colour = Literal["blue", "green"]
Verb = Literal["deploy", "rollback"]
Verdict = Literal["completed", "rolled_back", "failed", "reverted"]

COLOURS: tuple[Colour, ...] = get_args(Colour)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MEASURES = ("release", "lead", "restore")
SIZE_LIMIT = 4096  # bytes of a parameter in the Standard tier


@dataclass(frozen=True)
class Release:
    """An image as it was brought to a colour. `schema` is the version of the database's schema that it was made for."""

    id: str
    version: str
    image: str
    digest: str
    task_definition: str
    schema: str = ""
    breaking: bool = False
    by: str = ""
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Release:
        """Fields of later versions are passed over."""
        return cls(**{name: value for name, value in data.items() if name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Rollout:
    """An attempt to bring a release live that is under way, or was when its run was killed."""

    id: str
    from_colour: Colour
    to_colour: Colour
    phase: str
    started_at: str
    release: Release

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "from": self.from_colour,
            "to": self.to_colour,
            "phase": self.phase,
            "started_at": self.started_at,
            "release": self.release.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rollout:
        release = Release.from_json(data["release"])
        return cls(data["id"], data["from"], data["to"], data["phase"], data["started_at"], release)


@dataclass(frozen=True)
class Last:
    """How the last release ended."""

    id: str
    verb: Verb
    verdict: Verdict
    reason: str
    ended_at: str
    seconds: float = 0.0
    version: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Last:
        return cls(**{name: value for name, value in data.items() if name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Measure:
    """Durations that were added up: `count` of them, `sum` seconds in all."""

    sum: float = 0.0
    count: int = 0

    def plus(self, seconds: float | None) -> Measure:
        """With one more duration, if there is one."""
        return self if seconds is None else Measure(round(self.sum + seconds, 3), self.count + 1)


@dataclass(frozen=True)
class State:
    """What is meant to run of one service."""

    service: str
    live: Colour = "blue"
    releases: Mapping[Colour, Release | None] = field(default_factory=lambda: dict.fromkeys(COLOURS))
    rollout: Rollout | None = None
    last: Last | None = None
    totals: Mapping[Verdict, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    seconds: Mapping[str, Measure] = field(default_factory=lambda: dict.fromkeys(MEASURES, Measure()))

    def to_json(self) -> dict[str, Any]:
        releases = {colour: self.releases.get(colour) for colour in COLOURS}
        return {
            "service": self.service,
            "live": self.live,
            "releases": {colour: release.to_json() if release else None for colour, release in releases.items()},
            "rollout": self.rollout.to_json() if self.rollout else None,
            "last": self.last.to_json() if self.last else None,
            "totals": dict(self.totals),
            "seconds": {name: asdict(measure) for name, measure in self.seconds.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> State:
        releases = data.get("releases") or {}
        seconds = data.get("seconds") or {}
        return cls(
            service=data["service"],
            live=data.get("live") or "blue",
            releases={
                colour: Release.from_json(releases[colour]) if releases.get(colour) else None for colour in COLOURS
            },
            rollout=Rollout.from_json(data["rollout"]) if data.get("rollout") else None,
            last=Last.from_json(data["last"]) if data.get("last") else None,
            totals={verdict: int((data.get("totals") or {}).get(verdict, 0)) for verdict in VERDICTS},
            seconds={name: Measure(**seconds.get(name, {})) for name in MEASURES},
        )


def verdict_of(verb: Verb, *, succeeded: bool, reached_customers: bool) -> Verdict:
    """The verdict on a release that has ended. Pure."""
    if succeeded:
        return "completed" if verb == "deploy" else "reverted"
    return "rolled_back" if reached_customers and verb == "deploy" else "failed"


def service_of(path: str) -> str:
    """The service whose state the parameter `path` holds: the end of its name. Pure."""
    return path.rpartition("/")[2]


def read(aws: Aws, path: str) -> State:
    """The state; of a service that was never released, its beginning (GetParameter)."""
    ssm = aws.client("ssm")
    found = aws.found(lambda: ssm.get_parameter(Name=path), "ParameterNotFound")
    if found is None:
        return State(service_of(path))
    return parsed(path, found["Parameter"]["Value"])


def write(aws: Aws, path: str, state: State) -> None:
    """Keep the state (PutParameter). Whoever writes it holds the service's lock."""
    value = rendered(path, state)
    aws.client("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)


def parsed(path: str, value: str) -> State:
    """A state from the text of its parameter. Pure."""
    try:
        return State.from_json(json.loads(value))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlatformError(
            f"{path}: holds no state of releases ({type(error).__name__}: {error}): write back an earlier version of "
            "the parameter, or delete it, upon which the blue colour counts as live"
        ) from error


def rendered(path: str, state: State) -> str:
    """The text of a state's parameter. Pure."""
    value = json.dumps(cast(Any, state.to_json()), separators=(",", ":"), ensure_ascii=False)
    size = len(value.encode())
    if size > SIZE_LIMIT:
        raise PlatformError(f"{path}: the state has {size} bytes, and Parameter Store takes {SIZE_LIMIT}")
    return value
