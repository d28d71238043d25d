"""Pictures of the dashboards, drawn from a running Prometheus.

They show what panels, units, thresholds and legends will look like, on the grid of Grafana. They are renderings: where
Grafana draws a detail differently, Grafana is right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Wedge
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from monitoring.contract import panels
from monitoring.queries import Line, Source
from monitoring.units import shown

PAGE, CARD, BORDER, GRID = "#111217", "#181b1f", "#2c3235", "#2a2e34"
TEXT, FAINT = "#d8d9da", "#8e9099"
COLOURS = {
    "green": "#73bf69",
    "yellow": "#f2cc0c",
    "red": "#f2495c",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "orange": "#ff9830",
}
PALETTE = (
    "#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#5195ce", "#ba43a9", "#9883c9", "#b7dbab", "#f4d598",
)  # fmt: skip
NOTE = "rendering of the dashboard from Prometheus data, not a Grafana screenshot"

# In pixels, at 100 to the inch.
WIDTH, COLUMN_COUNT, ROW_HEIGHT, GAP, HEADER = 1600, 24, 36, 8, 64
TITLE_HEIGHT, LEGEND_LINE, CELL_HEIGHT, CELL_LETTER, DPI = 26, 16, 22, 6.4, 100


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, from the top left corner."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> Box:
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


@dataclass(frozen=True)
class Panel:
    """What of a panel's model the drawing needs."""

    model: Mapping[str, Any]

    @property
    def defaults(self) -> Mapping[str, Any]:
        return dict(self.model["fieldConfig"]["defaults"])

    @property
    def steps(self) -> list[tuple[float, str]]:
        steps = self.defaults["thresholds"]["steps"]
        return [(-math.inf if one["value"] is None else float(one["value"]), one["color"]) for one in steps]

    def colour(self, value: float) -> str:
        fitting = [colour for least, colour in self.steps if value >= least]
        return COLOURS[fitting[-1] if fitting else self.steps[0][1]]

    def text(self, value: float, column: str = "") -> str:
        named = self.names().get(f"{value:g}")
        return named["text"] if named else shown(value, self.unit(column), self.defaults.get("decimals"))

    def unit(self, column: str = "") -> str:
        """That of an override for the column of a table, or the panel's."""
        for override in self.model["fieldConfig"].get("overrides") or []:
            matcher, (value,) = override["matcher"], override["properties"]
            if column and matcher == {"id": "byName", "options": column}:
                return str(value["value"])
        return str(self.defaults.get("unit", "none"))

    def names(self) -> Mapping[str, Any]:
        return {key: one for mapping in self.defaults.get("mappings") or [] for key, one in mapping["options"].items()}

    def line_colour(self, position: int, name: str) -> str:
        """That of an override, or the next one of the palette."""
        for override in self.model["fieldConfig"].get("overrides") or []:
            matcher, (value,) = override["matcher"], override["properties"]
            if matcher["id"] == "byRegexp" and re.search(matcher["options"].strip("/"), name):
                return COLOURS[value["value"]["fixedColor"]]
        return PALETTE[position % len(PALETTE)]

    def painted(self, value: float) -> str:
        named = self.names().get(f"{value:g}")
        return COLOURS[named["color"]] if named else self.colour(value)


class Sheet:
    """A page to draw on, in pixels from the top left corner, for the time from `start` to `end`."""

    def __init__(self, height: float, start: float, end: float) -> None:
        self.height, self.start, self.end = height, start, end
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAGE)
        self.canvas = FigureCanvasAgg(self.figure)

    def axes(self, box: Box, *, bare: bool = True) -> Axes:
        place = (
            box.x / WIDTH,
            1 - (box.y + box.height) / self.height,
            max(box.width, 1) / WIDTH,
            max(box.height, 1) / self.height,
        )
        axes = self.figure.add_axes(place, facecolor="none")
        if bare:
            axes.set_axis_off()
            axes.set_xlim(0, box.width)
            axes.set_ylim(box.height, 0)
        return axes

    def write(self, x: float, y: float, text: str, *, size: float = 9, colour: str = TEXT, **more: Any) -> None:
        self.figure.text(x / WIDTH, 1 - y / self.height, text, fontsize=size, color=colour, **{"va": "center", **more})

    def card(self, box: Box, title: str) -> Box:
        """Draw the frame and title of a panel, and answer the room that is left."""
        axes = self.axes(box)
        frame = FancyBboxPatch(
            (1, 1), box.width - 2, box.height - 2, boxstyle="round,pad=0,rounding_size=3", fc=CARD, ec=BORDER, lw=1
        )
        axes.add_patch(frame)
        room = int(box.width / 6.6)
        self.write(box.x + 10, box.y + 15, title if len(title) <= room else f"{title[: room - 1]}…", weight="bold")
        return box.inside(10, TITLE_HEIGHT, 10, 6)

    def save(self, path: Path) -> None:
        """As a PNG of few colours, which is a third of the size."""
        self.canvas.draw()  # type: ignore[no-untyped-call]
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        picture = Image.fromarray(pixels).convert("RGB")
        # Colours that few pixels have, such as those of a thin line, are kept too.
        few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)

    def empty(self, box: Box) -> None:
        self.write(box.x + box.width / 2, box.y + box.height / 2, "no data", size=13, colour=FAINT, ha="center")


def draw(dashboard: Mapping[str, Any], source: Source, path: Path) -> dict[str, int]:
    """Write the picture of a dashboard; answers the titles of panels, and how many series each shows."""
    chosen = source.choose(dashboard)
    rows = [panel for panel in dashboard["panels"] if panel["type"] == "row"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    sheet = Sheet(HEADER + bottom * ROW_HEIGHT + GAP, source.start, source.end)
    with mpl.rc_context({"font.family": "DejaVu Sans", "text.parse_math": False}):
        _header(sheet, dashboard, source, chosen)
        for row in rows:
            box = _box(row["gridPos"])
            sheet.write(box.x + 2, box.y + box.height / 2, f"⌄  {row['title']}", size=11, weight="bold")
        counts = {panel["title"]: _panel(sheet, Panel(panel), source) for panel in panels(dashboard)}
        sheet.save(path)
    return counts


def _header(sheet: Sheet, dashboard: Mapping[str, Any], source: Source, chosen: Mapping[str, str]) -> None:
    sheet.write(GAP + 4, 20, dashboard["title"], size=16, weight="bold")
    sheet.write(WIDTH - GAP, 18, NOTE, size=10, colour=COLOURS["yellow"], ha="right", style="italic")
    start, end = (datetime.fromtimestamp(moment, UTC) for moment in (source.start, source.end))
    until = f"{end:%H:%M}" if end - start < timedelta(days=1) else f"{end:%Y-%m-%d %H:%M}"
    sheet.write(WIDTH - GAP, 44, f"{start:%Y-%m-%d %H:%M} to {until} UTC", size=10, colour=FAINT, ha="right")
    choices = "     ".join(f"{name}: {value}" for name, value in chosen.items())
    sheet.write(GAP + 4, 46, choices, size=10, colour=FAINT)


def _box(grid: Mapping[str, int]) -> Box:
    column = (WIDTH - GAP) / COLUMN_COUNT
    return Box(
        GAP + grid["x"] * column,
        HEADER + grid["y"] * ROW_HEIGHT,
        grid["w"] * column - GAP,
        grid["h"] * ROW_HEIGHT - GAP,
    )


def _panel(sheet: Sheet, panel: Panel, source: Source) -> int:
    model = panel.model
    room = sheet.card(_box(model["gridPos"]), model["title"])
    if model["type"] == "table":
        return _table(sheet, panel, source, room)
    lines = [
        line
        for target in model["targets"]
        for line in (source.newest if target.get("instant") else source.lines)(
            target["expr"], target.get("legendFormat", "")
        )
    ]
    if lines:
        _KINDS[model["type"]](sheet, panel, room, lines)
    else:
        sheet.empty(room)
    return len(lines)


# Kinds of panels


def _time_series(sheet: Sheet, panel: Panel, room: Box, lines: Sequence[Line]) -> None:
    places = max(1, int(room.height * 0.42 / LEGEND_LINE) - 1)
    legend = min(len(lines), places) + 1
    axes = sheet.axes(room.inside(56, 4, 8, 26 + legend * LEGEND_LINE), bare=False)
    custom = panel.defaults["custom"]
    stacked = custom["stacking"]["mode"] == "normal"
    colours = [panel.line_colour(position, line.name) for position, line in enumerate(lines)]
    bars = custom.get("drawStyle") == "bars"
    _times(axes, sheet)
    drawn = _draw_bars if bars else _draw_stack if stacked else _draw_lines
    drawn(axes, lines, colours, custom["fillOpacity"] / 100)
    _scales(axes, panel, stacked=stacked)
    if custom["thresholdsStyle"]["mode"] != "off":
        low, high = axes.get_ylim()
        for value, colour in panel.steps:
            if low <= value <= high:
                axes.axhline(value, color=COLOURS[colour], lw=1, ls=(0, (5, 4)), alpha=0.8)
    below = Box(room.x, room.y + room.height - legend * LEGEND_LINE, room.width, 0)
    _legend(sheet, panel, below, list(zip(lines, colours, strict=True)), places)


def _draw_lines(axes: Axes, lines: Sequence[Line], colours: Sequence[str], opacity: float) -> None:
    for line, colour in zip(lines, colours, strict=True):
        axes.plot(_dates(line.times), line.values, color=colour, lw=1.4)
        if opacity:
            axes.fill_between(_dates(line.times), line.values, color=colour, alpha=opacity, lw=0)


def _draw_bars(axes: Axes, lines: Sequence[Line], colours: Sequence[str], opacity: float) -> None:
    """One on another, narrow enough to be told apart."""
    below: dict[float, float] = {}
    start, end = axes.get_xlim()
    for line, colour in zip(lines, colours, strict=True):
        feet = [below.get(moment, 0.0) for moment in line.times]
        axes.bar(_dates(line.times), line.values, (end - start) / 120, feet, color=colour, alpha=opacity)
        below |= {moment: foot + value for moment, foot, value in zip(line.times, feet, line.values, strict=True)}


def _draw_stack(axes: Axes, lines: Sequence[Line], colours: Sequence[str], opacity: float) -> None:
    moments = sorted({moment for line in lines for moment in line.times})
    below = [0.0] * len(moments)
    for line, colour in zip(lines, colours, strict=True):
        known = dict(zip(line.times, line.values, strict=True))
        above = [low + known.get(moment, 0.0) for low, moment in zip(below, moments, strict=True)]
        axes.fill_between(_dates(moments), below, above, color=colour, alpha=opacity, lw=0)
        axes.plot(_dates(moments), above, color=colour, lw=1)
        below = above


def _scales(axes: Axes, panel: Panel, *, stacked: bool) -> None:
    low, high = axes.get_ylim()
    defaults = panel.defaults
    low = defaults.get("min", 0.0 if stacked else low)
    high = defaults.get("max", low + (high - low) * 1.06)
    axes.set_ylim(low, high if high > low else low + 1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    # An axis has decimals of its own, so that its marks differ.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, panel.unit())))
    axes.grid(color=GRID, lw=0.7)


def _times(axes: Axes, sheet: Sheet) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.tick_params(colors=FAINT, labelsize=7.5, length=0, pad=3)
    axes.set_xlim(*_dates([sheet.start, sheet.end]))
    for spine in axes.spines.values():
        spine.set_visible(False)


def _legend(sheet: Sheet, panel: Panel, box: Box, lines: Sequence[tuple[Line, str]], places: int) -> None:
    """Name, newest and highest value of as many series as there is room for."""
    last, highest = box.x + box.width - 78, box.x + box.width - 4
    for x, heading in ((last, "Last"), (highest, "Max")):
        sheet.write(x, box.y + 4, heading, size=7.5, colour=COLOURS["blue"], ha="right")
    rest = len(lines) - places
    for index, (line, colour) in enumerate(lines[:places]):
        y = box.y + 4 + (index + 1) * LEGEND_LINE
        if rest > 0 and index == places - 1:
            sheet.write(box.x + 16, y, f"and {rest + 1} more", size=8, colour=FAINT)
            break
        letters = int((box.width - 185) / 6)
        name = line.name if len(line.name) <= letters else f"{line.name[: letters - 1]}…"
        sheet.write(box.x, y, "━", size=9, colour=colour)
        sheet.write(box.x + 16, y, name, size=8)
        for x, value in ((last, line.last), (highest, max(line.values))):
            sheet.write(x, y, panel.text(value), size=8, ha="right")


def _stat(sheet: Sheet, panel: Panel, room: Box, lines: Sequence[Line]) -> None:
    width = room.width / len(lines)
    for index, line in enumerate(lines):
        cell = Box(room.x + index * width, room.y, width, room.height)
        colour = panel.painted(line.last)
        if panel.model["options"]["graphMode"] == "area" and len(line.values) > 1:
            axes = sheet.axes(cell.inside(0, cell.height * 0.6, 4, 0))
            axes.autoscale(enable=True)
            low, high = min(line.values), max(line.values)
            axes.set_xlim(line.times[0], line.times[-1])
            axes.set_ylim(low - (high - low or 1) * 0.1, high + (high - low or 1) * 0.1)
            axes.fill_between(line.times, line.values, low - (high - low or 1), color=colour, alpha=0.2, lw=0)
            axes.plot(line.times, line.values, color=colour, lw=1)
        text = panel.text(line.last)
        size = min(24.0, cell.width * 1.1 / max(len(text), 1), cell.height * 0.3)
        several = len(lines) > 1 or panel.model["options"]["textMode"] == "value_and_name"
        if several:
            sheet.write(cell.x + cell.width / 2, cell.y + 8, line.name, size=8.5, ha="center")
        middle = cell.y + cell.height * (0.42 if not several else 0.5)
        sheet.write(cell.x + cell.width / 2, middle, text, size=size, colour=colour, ha="center", weight="bold")


def _gauge(sheet: Sheet, panel: Panel, room: Box, lines: Sequence[Line]) -> None:
    line = lines[0]
    low, high = float(panel.defaults.get("min", 0)), float(panel.defaults.get("max", 100))
    axes = sheet.axes(room)
    centre, radius = (room.width / 2, room.height * 0.62), min(room.width / 2.4, room.height * 0.58)

    def angle(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return 160 + 220 * share  # degrees, clockwise because the page grows downwards

    steps = [*panel.steps, (high, "")]
    axes.add_patch(Wedge(centre, radius * 0.92, angle(low), angle(high), width=radius * 0.26, fc=GRID, lw=0))
    painted = Wedge(centre, radius * 0.92, angle(low), angle(line.last), width=radius * 0.26, lw=0)
    painted.set_facecolor(panel.colour(line.last))
    axes.add_patch(painted)
    for (start, colour), (end, _) in pairwise(steps):
        band = Wedge(centre, radius, angle(max(start, low)), angle(end), width=radius * 0.05, fc=COLOURS[colour], lw=0)
        axes.add_patch(band)
    axes.set_aspect("equal", adjustable="box")
    sheet.write(
        room.x + centre[0], room.y + centre[1], panel.text(line.last), size=20,
        colour=panel.colour(line.last), ha="center", weight="bold",
    )  # fmt: skip


def _bars(sheet: Sheet, panel: Panel, room: Box, lines: Sequence[Line]) -> None:
    most = float(panel.defaults.get("max") or max(line.last for line in lines) or 1)
    height = min(34.0, room.height / len(lines))
    for index, line in enumerate(lines):
        y = room.y + index * height
        axes = sheet.axes(Box(room.x + room.width * 0.35, y + 3, room.width * 0.45, height - 6))
        axes.barh([0.5], [1], height=1, color=GRID)
        axes.barh([0.5], [line.last / most], height=1, color=panel.colour(line.last))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        sheet.write(room.x, y + height / 2, line.name, size=8.5)
        end = room.x + room.width
        sheet.write(end, y + height / 2, panel.text(line.last), size=9, colour=panel.colour(line.last), ha="right")


def _timeline(sheet: Sheet, panel: Panel, room: Box, lines: Sequence[Line]) -> None:
    legend = 22 if panel.names() else 0
    left = min(max(len(line.name) for line in lines) * 5.6 + 10, room.width * 0.45)
    axes = sheet.axes(room.inside(left, 4, 8, 22 + legend), bare=False)
    for index, line in enumerate(lines):
        for value, begin, end in _stretches(line):
            band = _dates([begin, end])
            axes.broken_barh([(band[0], band[1] - band[0])], (index - 0.4, 0.8), color=panel.painted(value), lw=0)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    letters = int(left / 5.6)
    names = [line.name if len(line.name) <= letters else f"{line.name[: letters - 1]}…" for line in lines]
    axes.set_yticks(range(len(lines)), names)
    _times(axes, sheet)
    x = room.x + left
    for one in panel.names().values():
        sheet.write(x, room.y + room.height - 10, f"■ {one['text']}", size=8.5, colour=COLOURS[one["color"]])
        x += 30 + len(one["text"]) * 9


def _stretches(line: Line) -> Iterator[tuple[float, float, float]]:
    """Value, beginning and end of each time in which the value stays the same."""
    step = min((after - before for before, after in pairwise(line.times)), default=60.0)
    value, begin, last = line.values[0], line.times[0], line.times[0]
    for moment, current in zip(line.times[1:], line.values[1:], strict=True):
        if current != value or moment - last > step * 1.5:
            yield value, begin, min(last + step, moment)
            value, begin = current, moment
        last = moment
    yield value, begin, last + step


def _table(sheet: Sheet, panel: Panel, source: Source, room: Box) -> int:
    """Join the queries by their labels, as the transformations of the panel do."""
    organised = next(one["options"] for one in panel.model["transformations"] if one["id"] == "organize")
    columns = {
        name: organised["renameByName"][name]
        for name in sorted(organised["indexByName"], key=organised["indexByName"].get)
    }
    targets = panel.model["targets"]
    values = [column for column in columns if column.startswith("Value")]
    labels = [column for column in columns if column not in values]
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for value, target in zip(values, targets, strict=True):
        for found, number in source.rows(target["expr"]):
            rows.setdefault(tuple(found.get(label, "") for label in labels), {})[value] = number
    if not rows:
        sheet.empty(room)
        return 0
    order = panel.model["options"]["sortBy"][0]
    by_value = next((one for one in values if columns[one] == order["displayName"]), None)
    listed = sorted(rows.items(), key=lambda row: (-row[1].get(by_value, 0.0) if by_value else 0.0, row[0]))
    told = [
        [*key, *(panel.text(row[one], columns[one]) if one in row else "" for one in values)] for key, row in listed
    ]
    _cells(sheet, room, [list(columns.values()), *told])
    return len(rows)


def _dates(times: Sequence[float]) -> list[float]:
    return [moment / 86400 for moment in times]  # matplotlib counts days since the epoch


def _cells(sheet: Sheet, room: Box, rows: Sequence[Sequence[str]]) -> None:
    """The first row is that of headings. Columns get room by their longest text; what does not fit is cut."""
    needed = [(max(len(row[column]) for row in rows) + 2) * CELL_LETTER for column in range(len(rows[0]))]
    first = min(needed[0], max(room.width - sum(needed[1:]), room.width / len(needed)))
    spread = room.width / (first + sum(needed[1:]))
    widths = [width * spread for width in (first, *needed[1:])]
    for number, row in enumerate(rows[: int(room.height / CELL_HEIGHT)]):
        x, y = room.x, room.y + 8 + number * CELL_HEIGHT
        for text, width in zip(row, widths, strict=True):
            letters = int(width / CELL_LETTER)
            cut = text if len(text) <= letters else f"{text[: letters - 1]}…"
            sheet.write(x, y, cut, size=8.5, colour=TEXT if number else COLOURS["blue"])
            x += width


_KINDS: Mapping[str, Callable[[Sheet, Panel, Box, Sequence[Line]], None]] = {
    "timeseries": _time_series,
    "stat": _stat,
    "gauge": _gauge,
    "bargauge": _bars,
    "state-timeline": _timeline,
}
