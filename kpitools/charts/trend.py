"""One KPI over the periods of a calendar."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from kpitools.charts import data, style
from kpitools.formats import Benchmark, ShownKpi, axis_title, format_interval, format_value, heading

MOST_LINES = len(style.COLOURS)
HEIGHT = 260
FROM_ZERO = ("count", "currency", "currency_per_day")


def kpi_trend(frame: pl.DataFrame, kpi: ShownKpi, *, by: str | None = None, target: float | None = None) -> style.Chart:
    """A KPI over time, with its interval, its benchmark and its target.

    Args:
        frame: Rows of one KPI from `Result.frame`: `start` (date), `period` (text), `value`; where there are any:
            `lower`, `upper`, `n`, `small`, `complete`, `target`. Not more than one row per period (and group).
        kpi: What is shown: its label, unit and benchmark.
        by: The column that holds the groups: one line each up to six, above that one small chart each.
        target: A target for all periods, in the KPI's unit. Without it the frame's `target` column is drawn.

    A period that is not over is hollow and its line dashed; a small sample is a triangle.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: Several rows fall on one period.
    """
    data.need(frame, "start", "period", "value", *([by] if by else []))
    data.one_row_each(frame, "start", *([by] if by else []))
    title = f"{kpi.label} by {by.replace('_', ' ')}" if by else kpi.label
    rows = _rows(frame, kpi, by, target)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    texts = {"title": title, "description": _description(rows, title), "notes": _notes(rows, kpi, by)}
    groups = sorted(set(rows["group"]))
    if len(groups) > MOST_LINES:
        return _small_charts(rows, kpi, texts)
    lines = _one_line(rows, kpi) if by is None else _lines(rows, kpi, groups)
    layers = [*_benchmark(kpi.benchmark), *_context(rows), *lines]
    return style.fitted(alt.layer(*layers, data=data.inline(rows)), height=HEIGHT, **texts)


def _rows(frame: pl.DataFrame, kpi: ShownKpi, by: str | None, target: float | None) -> pl.DataFrame:
    """The frame under fixed names, with texts for the tooltips and the line cut where a period is not over."""
    frame = frame.sort("start", maintain_order=True)
    columns = {name: data.floats(data.column(frame, name)) for name in ("value", "lower", "upper", "target")}
    rows = pl.DataFrame(
        {
            "start": frame["start"].cast(pl.String),
            "period": data.names(frame["period"]),
            "group": data.names(frame[by]) if by else [heading(kpi.label, kpi.unit)] * frame.height,
            **columns,
            "n": data.column(frame, "n").cast(pl.Int64),
            "complete": data.flags(data.column(frame, "complete"), default=True),
            "small": data.flags(data.column(frame, "small"), default=False),
        }
    )
    if target is not None:
        rows = rows.with_columns(target=pl.lit(float(target)))
    return data.named(_with_texts(_with_segments(rows), kpi), "group", "period_text", "value_text")


def _with_segments(rows: pl.DataFrame) -> pl.DataFrame:
    """`over_value` is the solid line, `open` the dashed one from and to a period not over, `lone` has no line."""
    value, over = pl.col("value"), pl.col("complete")
    beside = [over.shift(step, fill_value=True).over("group") for step in (1, -1)]
    alone = pl.all_horizontal(value.shift(step).over("group").is_null() for step in (1, -1))
    return rows.with_columns(
        over_value=pl.when(over).then(value),
        open_value=pl.when(~over).then(value),
        open=pl.when(~over | ~pl.all_horizontal(beside)).then(value),
        **{f"lone_{end}": pl.when(alone).then(pl.col(end)) for end in ("lower", "upper")},
    )


def _with_texts(rows: pl.DataFrame, kpi: ShownKpi) -> pl.DataFrame:
    notes = {(True, False): "", (True, True): "small sample", (False, False): "not over yet"}
    states = [notes.get(pair, "not over yet, small sample") for pair in rows.select("complete", "small").rows()]
    return rows.with_columns(
        pl.Series("value_text", data.texts(rows["value"], kpi.unit)),
        pl.Series("interval_text", data.intervals(rows["lower"], rows["upper"], kpi.unit)),
        pl.Series("n_text", data.texts(rows["n"], "count")),
        pl.Series("target_text", data.texts(rows["target"], kpi.unit)),
        pl.Series("period_text", [f"{p}, {s}" if s else p for p, s in zip(rows["period"], states, strict=True)]),
    )


def _x(rows: pl.DataFrame) -> alt.X:
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", grid=False)
    return alt.X("period:O", title=None, sort=data.distinct(rows["period"]), axis=axis)


def _y(kpi: ShownKpi, field: str = "value") -> alt.Y:
    axis = style.value_axis(kpi.unit, tickCount=5, titleLimit=HEIGHT)
    scale = alt.Scale(zero=kpi.unit in FROM_ZERO, nice=True)
    title = textwrap.wrap(axis_title(kpi.label, kpi.unit), 36)
    return alt.Y(field=field, type="quantitative", title=title, axis=axis, scale=scale)


def _context(rows: pl.DataFrame) -> list[alt.Chart]:
    """The target, behind the figures."""
    if not data.has_figures(rows, "target"):
        return []
    line = alt.Chart().mark_line(
        color=style.INK, strokeDash=[5, 4], strokeWidth=1.2, opacity=0.8, interpolate="step", aria=False
    )
    return [line.encode(x=_x(rows), y=alt.Y("target:Q"), detail=alt.Detail("group:N"))]


def _benchmark(benchmark: Benchmark | None) -> list[alt.Chart]:
    ends = [] if benchmark is None else [end for end in (benchmark.low, benchmark.high) if end is not None]
    if not ends:
        return []
    chart = alt.Chart(alt.InlineData(values=[{"low": min(ends), "high": max(ends)}]))
    if len(ends) == 1:
        return [chart.mark_rule(strokeDash=[1, 3], strokeWidth=1.5, aria=False).encode(y=alt.Y("low:Q"))]
    return [chart.mark_rect(color=style.INK, opacity=0.08, aria=False).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))]


def _one_line(rows: pl.DataFrame, kpi: ShownKpi) -> list[alt.Chart]:
    colour = alt.value(style.MAIN)
    return [
        *_bands(rows, kpi, color=colour, opacity=alt.value(0.3)),
        *_strokes(rows, kpi, color=colour),
        *_points(rows, kpi, color=colour),
    ]


def _lines(rows: pl.DataFrame, kpi: ShownKpi, groups: Sequence[str]) -> list[alt.Chart]:
    """A line per group; a click on a name in the legend brings that group forward, with its interval."""
    chosen = style.chosen("group")
    colour = alt.Color("group:N", title=None, scale=style.colour_scale(groups), legend=style.legend())
    quiet = alt.condition(chosen, alt.value(1), alt.value(0.15))
    shown = alt.condition(chosen, alt.value(0.3), alt.value(0), empty=False)
    first, *more = _strokes(rows, kpi, color=colour, opacity=quiet)
    lines = [first.add_params(chosen).properties(name="lines"), *more]
    return [*_bands(rows, kpi, color=colour, opacity=shown), *lines, *_points(rows, kpi, color=colour, opacity=quiet)]


def _bands(rows: pl.DataFrame, kpi: ShownKpi, *, color: Any, opacity: Any) -> list[alt.Chart]:
    """The intervals: a band, and a bar for a figure without neighbours."""
    layers = []
    if data.has_figures(rows, "lower"):
        band = alt.Chart().mark_area(aria=False).encode(x=_x(rows), y=_y(kpi, "lower"), y2=alt.Y2("upper:Q"))
        layers.append(band.encode(color=color, opacity=opacity))
    if data.has_figures(rows, "lone_lower"):
        bar = (
            alt.Chart()
            .mark_rule(strokeWidth=3, aria=False)
            .encode(x=_x(rows), y=_y(kpi, "lone_lower"), y2=alt.Y2("lone_upper:Q"))
        )
        layers.append(bar.encode(color=color, opacity=opacity))
    return layers


def _strokes(rows: pl.DataFrame, kpi: ShownKpi, **paint: Any) -> list[alt.Chart]:
    """Solid lines between periods that are over, dashed ones to the others."""
    dashes = {"over_value": [1, 0], "open": [3, 3]}
    drawn = [field for field in dashes if data.has_figures(rows, field)]
    marks = {field: alt.Chart().mark_line(strokeWidth=2, strokeDash=dashes[field], aria=False) for field in drawn}
    return [mark.encode(x=_x(rows), y=_y(kpi, field), **paint) for field, mark in marks.items()]


def _points(rows: pl.DataFrame, kpi: ShownKpi, *, size: int = 55, **paint: Any) -> list[alt.Chart]:
    """A mark per figure, hollow where the period is not over; it grows under the pointer."""
    hover = style.hovered()
    grown = alt.condition(hover, alt.value(3 * size), alt.value(size), empty=False)
    shape = alt.Shape("small:N", scale=alt.Scale(domain=[False, True], range=["circle", "triangle-up"]), legend=None)
    common = {
        "x": _x(rows),
        "shape": shape,
        "size": grown,
        "tooltip": _tooltips(rows, kpi),
        "description": "said:N",
        **paint,
    }
    layers = [
        alt.Chart(name=field).mark_point(filled=field == "over_value").encode(y=_y(kpi, field), **common)
        for field in ("over_value", "open_value")
        if data.has_figures(rows, field)
    ]
    return [layers[0].add_params(hover), *layers[1:]]


def _tooltips(rows: pl.DataFrame, kpi: ShownKpi) -> list[alt.Tooltip]:
    lines = {"period_text": "Period", "group": "Group", "value_text": heading(kpi.label, kpi.unit)}
    lines |= {"interval_text": heading("95 % interval", kpi.unit)} if data.has_figures(rows, "lower") else {}
    lines |= {"target_text": heading("Target", kpi.unit)} if data.has_figures(rows, "target") else {}
    lines |= {"n_text": "Cases"} if data.has_figures(rows, "n") else {}
    if rows["group"].n_unique() == 1:
        lines.pop("group")
    return data.tooltips(**lines)


def _small_charts(rows: pl.DataFrame, kpi: ShownKpi, texts: dict[str, Any]) -> alt.FacetChart:
    """One small chart per group, all on the same scale."""
    colour = alt.value(style.MAIN)
    lines = [
        *_bands(rows, kpi, color=colour, opacity=alt.value(0.3)),
        *_strokes(rows, kpi, color=colour),
        *_points(rows, kpi, size=25, color=colour),
    ]
    layer = alt.layer(*_benchmark(kpi.benchmark), *_context(rows), *lines).properties(width=160, height=90)
    return style.small_charts(layer, sorted(set(rows["group"])), columns=3, rows=data.inline(rows), **texts)


def _notes(rows: pl.DataFrame, kpi: ShownKpi, by: str | None) -> list[str]:
    """What the marks mean, as far as there are such marks."""
    interval, many = rows["lower"].is_not_null().any(), rows["group"].n_unique() > MOST_LINES
    return [
        "Band: 95 % interval." if interval and (by is None or many) else "",
        "Click a name for one line with its 95 % interval." if interval and by and not many else "",
        "Hollow: period not over yet." if not rows["complete"].all() else "",
        "Triangle: small sample." if rows["small"].any() else "",
        "Dashed grey: target." if rows["target"].is_not_null().any() else "",
        _benchmark_note(kpi),
    ]


def _benchmark_note(kpi: ShownKpi) -> str:
    low, high = (kpi.benchmark.low, kpi.benchmark.high) if kpi.benchmark else (None, None)
    if low is not None and high is not None:
        return f"Grey band: benchmark {format_interval(low, high, kpi.unit)}."
    if low is not None:
        return f"Dotted: benchmark, at least {format_value(low, kpi.unit)}."
    return f"Dotted: benchmark, at most {format_value(high, kpi.unit)}." if high is not None else ""


def _description(rows: pl.DataFrame, title: str) -> str:
    """The chart in words: its last figures, and how they compare with the first."""
    known = rows.filter(pl.col("value").is_not_null())
    groups = known.sort("group", "start").group_by("group", maintain_order=True)
    begin = f"Line chart. {title}, {rows['period'].n_unique()} periods."
    return data.sentences(begin, [_sentence(group, lines) for (group,), lines in groups])


def _sentence(group: Any, lines: pl.DataFrame) -> str:
    first, last = lines.row(0, named=True), lines.row(-1, named=True)
    begin = f"{group}: {last['value_text']} in {last['period_text']}"
    return f"{begin}, from {first['value_text']} in {first['period']}." if lines.height > 1 else f"{begin}."
