"""How every chart looks: colours, text, size. No chart names a colour of its own.

Text and rules are `currentColor`, so that they take the ink of the page around them, light or dark. The colours of
marks keep 3:1 against white and against near-black, and stay apart for people with red-, green- or blue-blindness.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from kpitools.formats import vega_format

WIDTH = 640
INK = "currentColor"
FONT = "system-ui, 'Liberation Sans', Arial, sans-serif"
COLOURS = ("#0072B2", "#DE7A00", "#009E73", "#B06AE0", "#B5482A", "#66707A")
MAIN = COLOURS[0]
#: The names of the selections that a click and a drag make; a live page follows them.
PICKED, BRUSHED = "picked", "brushed"
#: How a reader learns of the first.
CLICK = "Click a {} to pick it out, again to let it go."
#: How much is left of the opacity of what is not selected.
PALE = 0.2
LOW, HIGH = "#C6DBEF", "#08519C"

Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def config() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart; nothing in it depends on light or dark."""
    axis = {
        "labelLimit": 170,
        "labelFontSize": 12,
        "labelSeparation": 8,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleLimit": 420,
    }
    lines = {"domainColor": INK, "domainOpacity": 0.4, "tickColor": INK, "tickOpacity": 0.4}
    grid = {"gridColor": INK, "gridOpacity": 0.12}
    label = {"labelColor": INK, "titleColor": INK}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**axis, **lines, **grid, **label},
        "legend": {**label, "labelFontSize": 12, "labelLimit": 125, "symbolLimit": 0, "symbolSize": 90},
        "header": {**label, "labelFontSize": 12, "labelLimit": 170},
        "title": {"color": INK, "subtitleColor": INK, "fontSize": 15, "subtitleFontSize": 12, "subtitlePadding": 5},
        "point": {"opacity": 1},
        "text": {"color": INK, "fontSize": 12},
        "rule": {"color": INK},
        "tick": {"color": INK},
    }


def colour_scale(names: Sequence[str]) -> alt.Scale:
    """A colour for each of at most six names, in their order."""
    return alt.Scale(domain=list(names), range=list(COLOURS[: len(names)]))


def ramp_scale(names: Sequence[str]) -> alt.Scale:
    """Light to dark for names that have an order, such as ages."""
    last = max(len(names) - 1, 1)
    return alt.Scale(domain=list(names), range=[_between(LOW, HIGH, place / last) for place in range(len(names))])


def value_axis(unit: str, **more: Any) -> alt.Axis:
    """An axis in a unit: each tick shortened for itself, 0 is 0 and not 0M, a billion is B."""
    short = f"replace(format(datum.value, '{vega_format(unit)}'), 'G', 'B')"
    whole: dict[str, Any] = {"tickMinStep": 1} if unit == "count" else {}
    return alt.Axis(labelExpr=f"abs(datum.value) < 1000 ? format(datum.value, ',~f') : {short}", **whole, **more)


def name_axis() -> alt.Axis:
    """An axis of names: the names and nothing else."""
    return alt.Axis(ticks=False, domain=False)


def legend(title: str | None = None) -> alt.Legend:
    """A legend under the chart, four names in a row."""
    return alt.Legend(title=title, orient="bottom", columns=4, symbolType="circle", symbolOpacity=1)


def chosen(field: str) -> alt.Parameter:
    """The selection that a click on a name in the legend makes."""
    return alt.selection_point(name="chosen", fields=[field], bind="legend")


def hovered() -> alt.Parameter:
    """The selection that the pointer makes."""
    return alt.selection_point(name="hover", on="mouseover", clear="mouseout")


def picked(field: str) -> alt.Parameter:
    """The selection that a click on a mark makes; one more with shift, and the same mark again lets it go."""
    again = f"datum && (event.shiftKey || vlSelectionTest('{PICKED}_store', datum))"
    return alt.selection_point(name=PICKED, fields=[field], toggle=again)


def brushed(channel: Literal["x", "y"]) -> alt.Parameter:
    """The selection that dragging along an axis makes; a click lets it go."""
    mark = alt.BrushConfig(fill=INK, fillOpacity=0.06, stroke=INK, strokeOpacity=0.6)
    return alt.selection_interval(name=BRUSHED, encodings=[channel], zoom=False, mark=mark)


def dimmed(selection: Any, full: float = 1) -> Any:
    """Opacity: what is selected as it is, the others pale; everything as it is while nothing is selected."""
    return alt.condition(selection, alt.value(full), alt.value(full * PALE))


def edged(hover: alt.Parameter) -> Any:
    """An edge around the mark under the pointer."""
    return alt.condition(hover, alt.value(1.5), alt.value(0), empty=False)


def small_charts(layer: Any, groups: Sequence[str], *, columns: int, rows: Any, **texts: Any) -> Any:
    """The same chart once for each group, all on the same scale."""
    facet = alt.Facet("group:N", title=None, sort=list(groups), header=alt.Header(labelAnchor="start"))
    spacing = alt.RowColnumber(row=16, column=32)
    return finished(layer.facet(facet=facet, columns=columns, spacing=spacing, data=rows), **texts)


def finished(chart: Any, *, title: str, notes: Sequence[str] = (), description: str, **size: Any) -> Any:
    """The chart with its title, the notes that explain its marks, its text alternative and the common look.

    It is the chart given, not a copy: a copy of layers puts them together anew, which takes longer than all the rest.
    """
    heading = alt.TitleParams(
        text=textwrap.wrap(title, 64) or [""],
        subtitle=textwrap.wrap(" ".join(filter(None, notes)), 92),
        anchor="start",
        frame="bounds",
        offset=12,
    )
    look = alt.Config(**config())
    for name, value in {"title": heading, "description": description, **size, "config": look}.items():
        chart[name] = value
    return chart


def fitted(chart: Any, *, height: int, **texts: Any) -> Any:
    """A finished chart that is 640 pixels wide, axes and legend included."""
    autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    return finished(chart, width=WIDTH, height=height, autosize=autosize, **texts)


def no_data(title: str) -> alt.Chart:
    """What is drawn where there is no figure to draw."""
    words = (
        alt.Chart(alt.InlineData(values=[{"words": "No data"}])).mark_text(fontSize=14).encode(text=alt.Text("words:N"))
    )
    return fitted(words, height=80, title=title, description=f"{title}: no data.")


def _between(low: str, high: str, share: float) -> str:
    pairs = [(int(low[at : at + 2], 16), int(high[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(start + (end - start) * share):02X}" for start, end in pairs)
