# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which zones a network spans and which address range each subnet gets. Pure.

What exists stays where it is: zones in use and ranges in use are kept whatever order the zones are listed in, and
only new subnets are placed, each in the first free range of its size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network

from ..._core.errors import InvalidInput

LARGEST_PREFIX = 28  # EC2 takes ranges of /16 to /28
SMALLEST_PREFIX = 16


def network(variable: str, cidr: str) -> IPv4Network:
    """A range as EC2 accepts it. Raises InvalidInput."""
    try:
        parsed = IPv4Network(cidr, strict=False)
    except ValueError:
        raise InvalidInput(variable, cidr, "is no IPv4 range: write it as 10.0.0.0/16") from None
    if "/" not in cidr or str(parsed) != cidr:
        raise InvalidInput(variable, cidr, f"does not start its range: write {parsed}")
    if not SMALLEST_PREFIX <= parsed.prefixlen <= LARGEST_PREFIX:
        raise InvalidInput(
            variable, cidr, f"is not between /{SMALLEST_PREFIX} and /{LARGEST_PREFIX}, which EC2 requires"
        )
    return parsed


def choose_zones(
    count: int | None, names: Sequence[str] | None, listed: Iterable[str], used: Sequence[str]
) -> list[str]:
    """The zones to span: those named, or `count` of which the ones in use come first.

    `listed` are the region's zones that take new subnets, in any order; `used` those that hold subnets of ours, the
    oldest first. Raises InvalidInput for a zone the region does not have and for more zones than it has.
    """
    available = sorted(listed)
    known = {*available, *used}
    if names is not None:
        for index, name in enumerate(names):
            if name not in known:
                raise InvalidInput(
                    f"zone_names[{index}]", name, f"is no zone of this region: choose from {', '.join(available)}"
                )
        return list(names)
    wanted = count or 0
    if wanted > len(known):
        raise InvalidInput("zones", wanted, f"is more than this region has: {', '.join(sorted(known))}")
    return [*used, *(zone for zone in available if zone not in used)][:wanted]


def place(
    block: IPv4Network,
    wanted: Mapping[str, int],
    *,
    taken: Collection[IPv4Network],
    leaving: Collection[IPv4Network] = (),
) -> dict[str, IPv4Network]:
    """The first free range of `block` for each key, in order; `wanted` maps keys to prefix lengths.

    Ranges in `leaving` belong to subnets about to be removed: they are used only when nothing else is free, because
    then the removal has to come first.
    """
    placed: dict[str, IPv4Network] = {}
    for key, prefix in wanted.items():
        occupied = [*taken, *placed.values()]
        found = _first_free(block, prefix, [*occupied, *leaving]) or _first_free(block, prefix, occupied)
        if found is None:
            raise InvalidInput("cidr_block", str(block), f"has no room left for {key} (/{prefix}): {_REMEDY}")
        placed[key] = found
    return placed


_REMEDY = "take a larger block, or smaller subnets through tiers[].newbits"


def _first_free(block: IPv4Network, prefix: int, occupied: Sequence[IPv4Network]) -> IPv4Network | None:
    return next((range_ for range_ in _ranges(block, prefix) if not overlapping(range_, occupied)), None)


def _ranges(block: IPv4Network, prefix: int) -> Iterator[IPv4Network]:
    return block.subnets(new_prefix=prefix) if prefix >= block.prefixlen else iter(())


def overlapping(range_: IPv4Network, others: Iterable[IPv4Network]) -> IPv4Network | None:
    """The first of `others` that shares addresses with `range_`."""
    return next((other for other in others if range_.overlaps(other)), None)
