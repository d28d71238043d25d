# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of a network as SVG: tiers of subnets, what stands in them, and everything that reaches anything. Pure.

Each workload is a box, from top to bottom by tier. What it sends leaves to the right into a lane of its own, runs along
it, and turns back to each box that it reaches, with the ports at the arrow. So any number of flows can be followed, and
the same network is always the same picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from .analyse import INTERNET, VPC, Analyser, Flow
from .intervals import Intervals, union
from .intervals import in_words as ports_in_words
from .model import TCP, Configuration, Subnet, Workload, word

COLOURS = "#1f5fa8 #b3471d #1b7a43 #7a3fa0 #a8751a #0f7c86 #b02a5b #55606e #4a5bd0 #6b7d12 #8a4b2a #2f6f6f".split()
INK, MUTED = "#1d2733", "#5b6775"
BOLD = ' font-weight="bold"'
FILLS = {"internet": "#eef2f7", "public": "#fdf3e4", "private": "#eaf3ee", "none": "#eceaf6"}
MARGIN, TIER_WIDTH, BOX_WIDTH, LABELS, LANE = 24, 236, 176, 300, 24
SLOT, PADDING, GAP, TOP = 21, 12, 12, 74
BOX_LEFT = MARGIN + TIER_WIDTH
BOX_RIGHT = BOX_LEFT + BOX_WIDTH
LANES_LEFT = BOX_RIGHT + LABELS


@dataclass
class Arrival:
    """What reaches a box: on which ports, and in whose lane (None for what anything in the VPC can do)."""

    label: str
    source: str | None
    y: float = 0


@dataclass
class Box:
    """A workload, or the internet, with its place in the picture."""

    name: str
    notes: list[str]
    arrivals: list[Arrival] = field(default_factory=list)
    sends: bool = False
    top: float = 0
    height: float = 0

    @property
    def exit(self) -> float:
        """Where its lane begins: below all that arrives."""
        return self.top + PADDING / 2 + SLOT * (len(self.arrivals) + 0.75)


@dataclass
class Band:
    """A tier of subnets, or the outside."""

    title: str
    notes: list[str]
    fill: str
    boxes: list[Box]
    top: float = 0
    height: float = 0


def draw(analyser: Analyser) -> str:
    """The network of an analyser as an SVG document."""
    bands = laid_out(connected(analyser, _bands(analyser.configuration)))
    boxes = {box.name: box for band in bands for box in band.boxes}
    lanes = _lanes(boxes)
    width = LANES_LEFT + LANE * len(lanes) + MARGIN
    height = bands[-1].top + bands[-1].height + 52
    parts = [_head(width, height), *_frame(bands, width, height)]
    parts += [part for band in bands for part in _band(band, width)]
    parts += [part for name, x in lanes.items() for part in _lane(boxes, name, x, _colour(lanes, name))]
    parts += [part for box in boxes.values() for part in _arrivals(box, lanes)]
    parts += [part for box in boxes.values() for part in _box(box)]
    return "\n".join([*parts, _foot(height), "</svg>", ""])


# What is in it


def _bands(configuration: Configuration) -> list[Band]:
    """The internet, then the tiers: those that lead there first, those that lead nowhere last."""
    outside = Band("Outside", [], FILLS["internet"], [Box(INTERNET, ["every public address"])])
    tiers: dict[str, list[Subnet]] = {}
    for subnet in configuration.subnets.values():
        tiers.setdefault(subnet.name.removesuffix(f"-{subnet.zone}"), []).append(subnet)
    prefix = _common_prefix(list(tiers))
    order = sorted(tiers, key=lambda name: ("public", "private", "none").index(_way_out(configuration, tiers[name])[0]))
    bands = [outside]
    for name in order:
        kind, notes = _way_out(configuration, tiers[name])
        homes = {subnet.name for subnet in tiers[name]}
        notes = [*(f"{subnet.cidr} · {subnet.zone}" for subnet in tiers[name]), *notes]
        boxes = [_workload(one) for one in _in(configuration, homes)]
        bands.append(Band(f"{name.removeprefix(prefix)} subnets", notes, FILLS[kind], boxes))
    return bands


def _common_prefix(names: Sequence[str]) -> str:
    """What names of subnets begin with, up to a dash: the name of the network."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    length = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first.rfind("-", 0, length) + 1]


def _way_out(configuration: Configuration, subnets: Sequence[Subnet]) -> tuple[str, list[str]]:
    routes = configuration.tables[subnets[0].table].routes
    kinds = {route.kind for route in routes}
    notes = [
        f"{route.prefix_list.rsplit('.', 1)[-1]} by a gateway endpoint" for route in routes if route.kind == "endpoint"
    ]
    if "internet" in kinds:
        held = [nat.name for nat in configuration.nats.values() if nat.subnet in {subnet.name for subnet in subnets}]
        nats = [f"{len(held)} NAT gateway{'s' if len(held) > 1 else ''}"] if held else []
        return "public", ["in and out by the internet gateway", *nats, *notes]
    if kinds & {"nat", "egress_only", "other"}:
        return "private", ["out by a NAT gateway, no way in", *notes]
    return "none", ["no way to the internet", *notes]


def _in(configuration: Configuration, homes: Collection[str]) -> Iterator[Workload]:
    """Workloads of a tier, by the first of their subnets; endpoints last. Groups that say nothing are left out."""
    groups = configuration.groups
    speaking = {name for name, group in groups.items() if group.ingress or group.egress}
    found = [one for one in configuration.workloads.values() if one.subnets and one.subnets[0] in homes]
    yield from sorted((one for one in found if speaking & set(one.groups)), key=lambda one: one.kind == "endpoint")


def _workload(one: Workload) -> Box:
    return Box(one.name, [*([one.kind] if one.kind != one.name else []), *(["public address"] if one.public else [])])


def connected(analyser: Analyser, bands: list[Band]) -> list[Band]:
    """The bands with what arrives at each box, in the order of the boxes that send it."""
    boxes = [box for band in bands for box in band.boxes]
    for box in boxes:
        open_to_all = _everybodys(analyser, box.name)
        for sender in boxes:
            flows = analyser.flows(sender.name, box.name) if sender is not box else ()
            label = ", ".join(filter(None, (_label(flow, open_to_all, sender.name) for flow in flows)))
            if label:
                box.arrivals.append(Arrival(label, sender.name))
                sender.sends = True
        if open_to_all:
            box.arrivals.append(Arrival(f"{ports_in_words(open_to_all)} from all of the VPC", None))
    return bands


def _everybodys(analyser: Analyser, name: str) -> Intervals:
    """TCP ports that anything in the VPC reaches: not worth an arrow from each."""
    if name == INTERNET:
        return Intervals()
    return union(flow.ports for flow in analyser.flows(VPC, name) if flow.protocol == TCP)


def _label(flow: Flow, open_to_all: Intervals, source: str) -> str:
    if flow.protocol != TCP:
        return word(flow.protocol)
    left = flow.ports if source == INTERNET else flow.ports - open_to_all
    return ports_in_words(left) if left else ""


# Where it is


def laid_out(bands: list[Band]) -> list[Band]:
    """Give bands and boxes their places, from top to bottom."""
    y: float = TOP
    for band in bands:
        band.top = y
        y += PADDING
        for box in band.boxes:
            box.top = y
            slots = len(box.arrivals) + box.sends
            box.height = max(PADDING + SLOT * slots, 26 + 15 * len(box.notes))
            for index, arrival in enumerate(box.arrivals):
                arrival.y = y + PADDING / 2 + SLOT * (index + 0.75)
            y += box.height + GAP
        least = 40 + 16 * len(band.notes)
        band.height = max(y - band.top, least)
        y = band.top + band.height + (26 if band is bands[0] else 0)
    return bands


def _lanes(boxes: dict[str, Box]) -> dict[str, float]:
    """The x of each sender's lane: those whose lanes are short are the closest."""
    reach = {
        name: max(
            abs(arrival.y - box.exit)
            for other in boxes.values()
            for arrival in other.arrivals
            if arrival.source == name
        )
        for name, box in boxes.items()
        if box.sends
    }
    return {
        name: LANES_LEFT + LANE * (index + 0.5) for index, name in enumerate(sorted(reach, key=lambda one: reach[one]))
    }


def _colour(lanes: dict[str, float], name: str) -> str:
    return COLOURS[sorted(lanes).index(name) % len(COLOURS)]


# How it looks


DESCRIPTION = """Subnets by tier, workloads in them, and an arrow with its ports for each flow that security groups,
network ACLs and routes let through."""


def _head(width: float, height: float) -> str:
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    font = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {font}>\n'
        f"<title>Who reaches whom in the network</title>\n<desc>{DESCRIPTION}</desc>"
    )


def _rect(at: tuple[float, float], size: tuple[float, float], radius: int, look: str) -> str:
    (x, y), (width, height) = at, size
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" {look}/>'


def _text(x: float, y: float, text: str, *, size: int = 12, colour: str = INK, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"{more}>{escape(text)}</text>'


def _frame(bands: Sequence[Band], width: float, height: float) -> list[str]:
    top = bands[1].top - 20 if len(bands) > 1 else TOP
    said = "All that security groups, network ACLs and routes let through. Everything else is closed."
    dashed = f'fill="none" stroke="{MUTED}" stroke-dasharray="6 4"'
    return [
        _rect((0, 0), (width, height), 0, 'fill="#ffffff"'),
        _text(MARGIN, 34, "Who reaches whom", size=20, more=BOLD),
        _text(MARGIN, 54, said, colour=MUTED),
        _rect((MARGIN - 10, top), (width - 2 * MARGIN + 20, height - 44 - top), 8, dashed),
        _text(MARGIN, top + 15, "VPC", size=11, colour=MUTED, more=BOLD),
    ]


def _band(band: Band, width: float) -> list[str]:
    return [
        '<g class="band">',
        _rect((MARGIN, band.top), (width - 2 * MARGIN, band.height - 4), 6, f'fill="{band.fill}"'),
        _text(MARGIN + 14, band.top + 24, band.title, size=14, more=BOLD),
        *_notes(MARGIN + 14, band.top + 44, band.notes),
        "</g>",
    ]


def _box(box: Box) -> list[str]:
    return [
        '<g class="workload">',
        _rect((BOX_LEFT, box.top), (BOX_WIDTH, box.height), 5, f'fill="#ffffff" stroke="{INK}"'),
        _text(BOX_LEFT + 12, box.top + 19, box.name, size=13, more=BOLD),
        *_notes(BOX_LEFT + 12, box.top + 35, box.notes),
        "</g>",
    ]


def _notes(x: float, y: float, notes: Sequence[str]) -> list[str]:
    return [_text(x, y + 16 * index, note, size=11, colour=MUTED) for index, note in enumerate(notes)]


def _lane(boxes: dict[str, Box], name: str, x: float, colour: str) -> Iterator[str]:
    """A sender's way: out of its box, and along its lane to the furthest it reaches."""
    box = boxes[name]
    ends = [box.exit, *(arrival.y for other in boxes.values() for arrival in other.arrivals if arrival.source == name)]
    yield f'<path class="lane" d="M{x:g} {min(ends):g}V{max(ends):g}" stroke="{colour}" stroke-width="2" fill="none"/>'
    yield from _across(BOX_RIGHT, x, box.exit, colour)
    yield f'<circle cx="{BOX_RIGHT + 1:g}" cy="{box.exit:g}" r="3.5" fill="{colour}"/>'


def _across(left: float, right: float, y: float, colour: str) -> Iterator[str]:
    """A line over lanes that it does not join, and the point at which it joins its own."""
    yield f'<path d="M{LANES_LEFT:g} {y:g}H{right - 4:g}" stroke="#ffffff" stroke-width="6" opacity="0.85"/>'
    yield f'<path d="M{left:g} {y:g}H{right:g}" stroke="{colour}" stroke-width="1.6" fill="none"/>'
    yield f'<circle cx="{right:g}" cy="{y:g}" r="3" fill="{colour}"/>'


def _arrivals(box: Box, lanes: dict[str, float]) -> Iterator[str]:
    for arrival in box.arrivals:
        y = arrival.y
        if arrival.source is None:
            yield _text(BOX_RIGHT + 14, y + 4, arrival.label, size=11, colour=MUTED, more=' font-style="italic"')
            continue
        colour = _colour(lanes, arrival.source)
        said = f"{arrival.source} reaches {box.name} on {arrival.label}"
        yield f'<g class="flow"><title>{escape(said)}</title>'
        yield from _across(BOX_RIGHT + 8, lanes[arrival.source], y, colour)
        yield f'<path d="M{BOX_RIGHT + 1:g} {y:g}l10 -4.5v9z" fill="{colour}"/>'
        yield _flow_label(y - 4, arrival.label, arrival.source, colour) + "</g>"


def _flow_label(y: float, ports: str, source: str, colour: str) -> str:
    return (
        f'<text x="{BOX_RIGHT + 16:g}" y="{y:g}" font-size="11" fill="{colour}">'
        f"<tspan{BOLD}>{escape(ports)}</tspan> from {escape(source)}</text>"
    )


def _foot(height: float) -> str:
    text = "Drawn by make topology from what the network role proves before it changes anything. Ports are TCP."
    return _text(MARGIN, height - 16, text, size=11, colour=MUTED)
