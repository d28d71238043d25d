"""What all dashboards share: queries, panels, the grid, variables, links and annotations.

A file of a dashboard reads as a list of rows of panels; nothing else of Grafana's model shows there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge as bargauge_builders
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import gauge as gauge_builders
from grafana_foundation_sdk.builders import prometheus as prometheus_builders
from grafana_foundation_sdk.builders import stat as stat_builders
from grafana_foundation_sdk.builders import statetimeline as timeline_builders
from grafana_foundation_sdk.builders import table as table_builders
from grafana_foundation_sdk.builders import timeseries as timeseries_builders
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import prometheus as queries

TAG = "trademaster"
COLUMNS = 24
RATE = "$__rate_interval"
PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"
PROMETHEUS = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GRAFANA = models.DataSourceRef(type_val="grafana", uid="-- Grafana --")


# Queries


@dataclass(frozen=True)
class Query:
    """A PromQL query and the text of its series' legend; in a table, the heading of its column and its unit.

    One that is `instant` is asked for the end of the time alone, because its windows are long.
    """

    expr: str
    legend: str = ""
    column: str = ""
    unit: str = ""
    instant: bool = False


def metric(name: str, **labels: str) -> str:
    """Select `name` in the chosen environment. Values beginning with `~`, `!` and `!~` are matched so."""
    matchers = ['environment="$environment"']
    for label, value in labels.items():
        bare = value.lstrip("!~")
        operator = {"": "=", "~": "=~", "!": "!=", "!~": "!~"}[value[: len(value) - len(bare)]]
        matchers.append(f'{label}{operator}"{bare}"')
    return f"{name}{{{', '.join(matchers)}}}"


def total(selected: str, by: str = "") -> str:
    """Sum of what is selected, for each value of the labels `by`."""
    return f"sum by ({by}) ({selected})" if by else f"sum({selected})"


def rate(name: str, by: str = "", **labels: str) -> str:
    """Increase a second of a counter."""
    return total(f"rate({metric(name, **labels)}[{RATE}])", by)


def ratio(part: str, whole: str) -> str:
    """Share of `part` in `whole`; no data where there is nothing to share, 0 where there is no part of it."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"


def quantile(share: float, name: str, by: str = "", **labels: str) -> str:
    """Quantile of the histogram `name`, whose buckets are counted in `<name>_bucket`."""
    return f"histogram_quantile({share}, {rate(f'{name}_bucket', ', '.join(filter(None, ['le', by])), **labels)})"


def percentiles(name: str, **labels: str) -> list[Query]:
    """Median and tail of the histogram `name`, each with a legend."""
    return [Query(quantile(share, name, **labels), legend) for legend, share in PERCENTILES]


# Thresholds


def above(*, warning: float | None = None, critical: float | None = None) -> list[models.Threshold]:
    """Green, yellow from `warning` on, red from `critical` on."""
    steps = [models.Threshold(None, GREEN)]
    if warning is not None:
        steps.append(models.Threshold(warning, YELLOW))
    if critical is not None:
        steps.append(models.Threshold(critical, RED))
    return steps


def below(*, critical: float, warning: float | None = None) -> list[models.Threshold]:
    """Red below `critical`, yellow below `warning`, green from there on."""
    if warning is None:
        return [models.Threshold(None, RED), models.Threshold(critical, GREEN)]
    return [models.Threshold(None, RED), models.Threshold(critical, YELLOW), models.Threshold(warning, GREEN)]


PLAIN = [models.Threshold(None, BLUE)]
UP_OR_DOWN = {0: ("DOWN", RED), 1: ("UP", GREEN)}
# Of series that are named by their status code.
BY_STATUS = {"^2": GREEN, "^3": BLUE, "^401": "orange", "^429": "purple", "^4(?!01|29)": YELLOW, "^5": RED}


# Panels

Panel = TypeVar(
    "Panel",
    timeseries_builders.Panel,
    stat_builders.Panel,
    gauge_builders.Panel,
    bargauge_builders.Panel,
    table_builders.Panel,
    timeline_builders.Panel,
)


@dataclass(frozen=True)
class Look:
    """How values are shown. `names` gives values a text and a colour, `limits` are what alerts fire at, and `link` is
    the dashboard with the details."""

    unit: str
    width: int
    limits: Sequence[models.Threshold] = field(default_factory=lambda: list(PLAIN))
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    link: str = ""
    height: int | None = None


def series(
    title: str,
    description: str,
    *shown: Query,
    look: Look,
    stacked: bool = False,
    bars: bool = False,
    colours: Mapping[str, str] | None = None,
) -> models.Panel:
    """Lines over time, or bars, with the newest and the highest value in the legend, and limits as dashed lines.
    `colours` are those of series whose legend fits a regular expression."""
    panel = _panel(timeseries_builders.Panel(), title, description, shown, look, height=8)
    style = shapes.GraphThresholdsStyleMode
    panel = (
        panel.line_width(1 if stacked else 2)
        .fill_opacity(100 if bars else 60 if stacked else 0)
        .show_points(shapes.VisibilityMode.NEVER)
        .span_nulls(False)
        .stacking(common_builders.StackingConfig().mode(_stacking(stacked)).group("A"))
        .thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(style.DASHED if len(look.limits) > 1 else style.OFF)
        )
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC))
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.TABLE)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common_builders.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING)
        )
    )
    if bars:
        panel = panel.draw_style(shapes.GraphDrawStyle.BARS)
    for legend, colour in (colours or {}).items():
        fixed = models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
        panel = panel.override_by_regexp(f"/{legend}/", [fixed])
    return panel.build()


def stat(title: str, description: str, *shown: Query, look: Look) -> models.Panel:
    """The newest value in large, in the colour of its threshold, over a sketch of its course, which one that is instant
    has not; that shows its legend instead."""
    panel = _panel(stat_builders.Panel(), title, description, shown, look, height=4)
    instant = any(query.instant for query in shown)
    sketched = not look.names and not instant
    named = instant and any(query.legend for query in shown)
    return (
        panel.reduce_options(_newest())
        .color_mode(shapes.BigValueColorMode.VALUE)
        .graph_mode(shapes.BigValueGraphMode.AREA if sketched else shapes.BigValueGraphMode.NONE)
        .text_mode(shapes.BigValueTextMode.VALUE_AND_NAME if named else shapes.BigValueTextMode.AUTO)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .build()
    )


def gauge(title: str, description: str, *shown: Query, look: Look) -> models.Panel:
    """The newest value on a dial from `least` to `most`."""
    panel = _panel(gauge_builders.Panel(), title, description, shown, look, height=6)
    return (
        panel.reduce_options(_newest())
        .show_threshold_markers(True)
        .show_threshold_labels(False)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .build()
    )


def bars(title: str, description: str, *shown: Query, look: Look) -> models.Panel:
    """The newest value of each series as a bar."""
    panel = _panel(bargauge_builders.Panel(), title, description, shown, look, height=8)
    return (
        panel.reduce_options(_newest())
        .orientation(shapes.VizOrientation.HORIZONTAL)
        .display_mode(shapes.BarGaugeDisplayMode.BASIC)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .build()
    )


def timeline(title: str, description: str, *shown: Query, look: Look) -> models.Panel:
    """A band for each series that shows when it was in which state."""
    panel = _panel(timeline_builders.Panel(), title, description, shown, look, height=8)
    return (
        panel.show_value(shapes.VisibilityMode.NEVER)
        .merge_values(True)
        .row_height(0.8)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.LIST)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .build()
    )


def table(title: str, description: str, *shown: Query, look: Look, labels: Mapping[str, str]) -> models.Panel:
    """A row for each value of the labels (label → heading) and a column for each query, joined by the labels. Rows are
    sorted by what is first: the first label, or the first value where that has a unit."""
    panel = _panel(table_builders.Panel(), title, description, shown, look, height=8, tabular=True)
    headings = {f"Value #{_letter(index)}": query.column for index, query in enumerate(shown)}
    if len(shown) == 1:
        headings = {"Value": shown[0].column}
    columns = [*labels, *headings]
    organised = {
        "excludeByName": {"Time": True},
        "includeByName": dict.fromkeys(columns, True),
        "indexByName": {name: index for index, name in enumerate(columns)},
        "renameByName": {**labels, **headings},
    }
    for query in shown:
        if query.unit:
            panel = panel.override_by_name(query.column, [models.DynamicConfigValue("unit", query.unit)])
    by_value = bool(shown[0].unit)
    order = common_builders.TableSortByFieldState().desc(by_value)
    return (
        panel.sort_by([order.display_name(shown[0].column if by_value else next(iter(labels.values())))])
        .with_transformation(models.DataTransformerConfig("merge", options={}))
        .with_transformation(models.DataTransformerConfig("organize", options=organised))
        .show_header(True)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .build()
    )


def _panel(
    panel: Panel,
    title: str,
    description: str,
    shown: Iterable[Query],
    look: Look,
    *,
    height: int,
    tabular: bool = False,
) -> Panel:
    panel = (
        panel.title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .span(look.width)
        .height(look.height or height)
    )
    panel = panel.unit(look.unit).no_value("no data")
    panel = panel.thresholds(builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(list(look.limits)))
    if look.decimals is not None:
        panel = panel.decimals(look.decimals)
    if look.least is not None:
        panel = panel.min(look.least)
    if look.most is not None:
        panel = panel.max(look.most)
    if look.names:
        named = {
            str(value): models.ValueMappingResult(text, colour, index=index)
            for index, (value, (text, colour)) in enumerate(look.names.items())
        }
        panel = panel.mappings([models.ValueMap(named)])
    if look.link:
        panel = panel.links([_link_to(look.link, "Details")])
    for index, query in enumerate(shown):
        panel = panel.with_target(_target(query, _letter(index), tabular=tabular))
    return panel


def _target(query: Query, letter: str, *, tabular: bool) -> prometheus_builders.Dataquery:
    target = prometheus_builders.Dataquery().expr(query.expr).ref_id(letter).datasource(PROMETHEUS)
    target = target.editor_mode(queries.QueryEditorMode.CODE)
    if tabular:
        return target.instant().format(queries.PromQueryFormat.TABLE)
    target = target.instant() if query.instant else target.range()
    return target.legend_format(query.legend or "{{__name__}}")


def _newest() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")


def _stacking(stacked: bool) -> shapes.StackingMode:
    return shapes.StackingMode.NORMAL if stacked else shapes.StackingMode.NONE


def _letter(index: int) -> str:
    return chr(ord("A") + index)


# Dashboards


@dataclass(frozen=True)
class Row:
    """Panels below one heading, laid out from left to right."""

    title: str
    panels: Sequence[models.Panel]


@dataclass(frozen=True)
class Variable:
    """A choice above the dashboard: the values that `label` has in `metric`."""

    name: str
    title: str
    description: str
    source: str
    label: str
    every: bool = False


ENVIRONMENT = Variable("environment", "Environment", "Environment whose targets are shown", "up", "environment")
SERVICE = Variable(
    "service",
    "Service",
    "Service behind the gateway; its job and its upstream have this name",
    metric("kong_upstream_target_health", upstream="!~.+-preview"),
    "upstream",
)


def board(
    uid: str,
    title: str,
    description: str,
    rows: Iterable[Row],
    variables: Sequence[Variable] = (SERVICE,),
    *,
    since: str = "now-3h",
    refresh: str = "30s",
) -> models.Dashboard:
    """Make a dashboard, its panels laid out and numbered. It begins with the time from `since` on."""
    made = (
        builders.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time(since, "now")
        .refresh(refresh)
        .variables([_datasource(), *(_variable(one) for one in (ENVIRONMENT, *variables))])
        .annotations([_releases()])
        .link(
            builders.DashboardLink("Dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .as_dropdown(False)
            .include_vars(True)
            .keep_time(True)
            .icon("external link")
            .tooltip("The other dashboards, for the same time and environment")
        )
        .build()
    )
    made.panels = list(_laid_out(uid, rows))
    for variable in made.templating.list_val or []:
        # The builder sets what only variables for intervals have.
        variable.auto = variable.auto_min = variable.auto_count = None
    return made


def number(uid: str, title: str) -> int:
    """Number of a panel: it stays when panels come, go and move, so that links to it stay."""
    return zlib.crc32(f"{uid}/{title}".encode()) % 1_000_000 + 1


def _laid_out(uid: str, rows: Iterable[Row]) -> Iterable[models.Panel | models.RowPanel]:
    y = 0
    for row in rows:
        heading = models.GridPos(h=1, w=COLUMNS, x=0, y=y)
        yield models.RowPanel(
            title=row.title, id_val=number(uid, f"row {row.title}"), grid_pos=heading, collapsed=False
        )
        x, y, height = 0, y + 1, 0
        for panel in row.panels:
            position = panel.grid_pos or models.GridPos()
            if x + position.w > COLUMNS:
                x, y, height = 0, y + height, 0
            position.x, position.y = x, y
            x, height = x + position.w, max(height, position.h)
            panel.grid_pos, panel.id_val = position, number(uid, panel.title or "")
            yield panel
        y += height


def _datasource() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .description("Prometheus to ask")
        .type("prometheus")
        .current(models.VariableOption(selected=True, text="Prometheus", value="prometheus"))
    )


def _variable(variable: Variable) -> builders.QueryVariable:
    query = f"label_values({variable.source}, {variable.label})"
    made = (
        builders.QueryVariable(variable.name)
        .label(variable.title)
        .description(variable.description)
        .datasource(PROMETHEUS)
        .query({"query": query, "refId": f"{variable.name}-variable"})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if variable.every:
        every = models.VariableOption(selected=True, text=["All"], value=["$__all"])
        made = made.multi(True).include_all(True).all_value(".+").current(every)
    return made


def _releases() -> builders.AnnotationQuery:
    target = builders.AnnotationTarget().limit(100).match_any(False).tags(["release"]).type("tags")
    return (
        builders.AnnotationQuery().name("Releases").datasource(GRAFANA).enable(True).icon_color("purple").target(target)
    )


def _link_to(uid: str, title: str) -> builders.DashboardLink:
    return (
        builders.DashboardLink(title)
        .type(models.DashboardLinkType.LINK)
        .url(f"/d/{uid}?${{__url_time_range}}&${{environment:queryparam}}")
    )
