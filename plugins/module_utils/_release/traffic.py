# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes the customers: weights of the colours in Kong's upstream, and the preview that only a header leads to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from .._core.errors import PlatformError
from .._core.retry import retry
from .._core.wait import DONE, Verdict, pending
from .._kong.client import Client, KongError
from .colours import WHOLE
from .state import COLOURS, Colour

MOST_ADDRESSES = 8  # that Cloud Map answers for a name
PATIENCE = 30.0  # seconds that a node of the gateway may be away while its neighbours take over
# How often a node looks for changes, and takes them up: settings of Kong, and their default in seconds.
LOOKS = ("db_update_frequency", "worker_state_update_frequency")
LOOKS_EVERY = 5.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class TargetHealth:
    """What the gateway holds of a colour: `state` of the target as a whole, and of its addresses."""

    state: str
    healthy: frozenset[str]
    unhealthy: frozenset[str]


@dataclass
class Traffic:
    """`targets` are the colours' `host:port` in `upstream`; `preview_upstream` has the same targets."""

    client: Client
    upstream: str
    targets: Mapping[Colour, str]
    preview_upstream: str = ""
    patience: float = PATIENCE

    def weights(self) -> dict[Colour, int]:
        """Colour → weight. Raises PlatformError where the gateway lacks the upstream or a colour's target."""
        return self._weights(self.upstream)

    def set(self, weights: Mapping[Colour, int]) -> None:
        """Give the colours these weights. What rises comes first, so that there is always somebody to serve."""
        self._set(self.upstream, weights)

    def settle(self) -> None:
        """Wait until all nodes of the gateway work with what was set: each looks for changes now and then."""
        told = self._patiently(lambda: self.client.get("/")).get("configuration") or {}
        self.client.clock.sleep(sum(float(told.get(name, LOOKS_EVERY)) for name in LOOKS))

    def previewed(self) -> Colour | None:
        """The colour that the preview leads to."""
        found = self._weights(self.preview_upstream)
        return next((colour for colour in COLOURS if found[colour] > 0), None)

    def preview(self, colour: Colour | None) -> None:
        """Let the preview lead to `colour`, or nowhere."""
        self._set(self.preview_upstream, {name: WHOLE if name == colour else 0 for name in COLOURS})

    def health(self, colour: Colour) -> TargetHealth:
        """The health of a colour that the preview leads to: Kong checks the targets that have weight, and no others."""
        listed = self._patiently(lambda: self.client.pages(f"{_path(self.preview_upstream)}/health"))
        found = next((item for item in listed if item["target"] == self.targets[colour]), None)
        if found is None:
            raise self._missing(self.preview_upstream, colour)
        return _health(found)

    def _weights(self, upstream: str) -> dict[Colour, int]:
        listed = self._patiently(lambda: self.client.pages(f"{_path(upstream)}/targets"))
        found = {item["target"]: int(item["weight"]) for item in listed}
        for colour in COLOURS:
            if self.targets[colour] not in found:
                raise self._missing(upstream, colour)
        return {colour: found[self.targets[colour]] for colour in COLOURS}

    def _set(self, upstream: str, weights: Mapping[Colour, int]) -> None:
        before = self._weights(upstream)
        for colour in sorted(weights, key=lambda name: before[name] - weights[name]):
            if weights[colour] != before[colour]:
                self._patiently(partial(self._weigh, upstream, colour, weights[colour]))

    def _weigh(self, upstream: str, colour: Colour, weight: int) -> None:
        self.client.patch(f"{_path(upstream)}/targets/{quote(self.targets[colour], safe='')}", {"weight": weight})

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        return retry(call, _passes, errors=KongError, timeout=self.patience, clock=self.client.clock)

    def _missing(self, upstream: str, colour: Colour) -> PlatformError:
        return PlatformError(
            f"upstream {upstream} of the gateway has no target {self.targets[colour]} ({colour}): run site.yml first"
        )


def _path(upstream: str) -> str:
    return f"/upstreams/{quote(upstream, safe='')}"


def _passes(error: Exception) -> bool:
    return isinstance(error, KongError) and (error.uncertain or not error.sent)


def _health(found: Mapping[str, Any]) -> TargetHealth:
    addresses = (found.get("data") or {}).get("addresses") or []
    sound = frozenset(str(item["ip"]) for item in addresses if item["health"] != "UNHEALTHY")
    return TargetHealth(str(found.get("health", "")), sound, frozenset(str(item["ip"]) for item in addresses) - sound)


def judge(health: TargetHealth, addresses: Collection[str]) -> Verdict:
    """Whether the gateway finds the tasks at `addresses` healthy, as far as it is told of them. Pure."""
    sound = health.healthy & set(addresses)
    unsound = health.unhealthy & set(addresses)
    if unsound or len(sound) < min(len(addresses), MOST_ADDRESSES) or not sound:
        return pending(f"{len(sound)} of {len(addresses)} tasks are healthy to the gateway ({health.state})")
    return DONE
