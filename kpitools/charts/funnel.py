"""Deals on their way through the stages."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from kpitools.charts import data, marks, style
from kpitools.formats import axis_title, format_value

MEASURES = {"count": ("entered", "Deals", "count"), "amount": ("amount", "Amount", "currency")}


def funnel_chart(frame: pl.DataFrame, *, measure: str = "count") -> style.Chart:
    """How many deals, or how much money, reached each stage.

    Args:
        frame: One row per stage: `stage`, `position`, `entered` (deals), `amount`, `share_of_first` and
            `share_of_previous` (percent), `still_open` (deals now in this stage), `lower` and `upper` (interval of
            `share_of_previous`), and `group` for one small chart each.
        measure: "count" or "amount".

    The pale part of a bar is still open in that stage: it is neither lost nor moved on. Only counts have it.

    Raises:
        UnknownNameError: The frame lacks a column, or there is no such measure.
        EvaluationError: A stage has several rows.
    """
    data.known("measure", measure, MEASURES)
    field, label, unit = MEASURES[measure]
    group = ["group"] if "group" in frame.columns else []
    data.need(frame, "stage", "position", field, *group)
    data.one_row_each(frame, "stage", *group)
    title = f"Funnel by {label.lower()}"
    rows = _rows(frame, field, unit)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    texts = {"title": title, "description": _description(rows, title), "notes": _notes(rows)}
    bars, stages = _bars(rows, axis_title(label, unit), unit, many=bool(group)), rows["stage"].n_unique()
    if group:
        layer = alt.layer(*bars, width=200, height=20 * stages)
        return style.small_charts(layer, sorted(set(rows["group"])), columns=2, rows=data.inline(rows), **texts)
    return style.fitted(alt.layer(*bars, data=data.inline(rows)), height=34 * stages, **texts)


def _rows(frame: pl.DataFrame, field: str, unit: str) -> pl.DataFrame:
    frame = frame.sort("position", maintain_order=True)
    value, still_open = data.floats(frame[field]), data.floats(data.column(frame, "still_open"))
    first, previous = (data.floats(data.column(frame, name)) for name in ("share_of_first", "share_of_previous"))
    rows = pl.DataFrame(
        {
            "stage": data.names(frame["stage"]),
            "group": data.names(data.column(frame, "group")),
            "value": value,
            "decided": value - still_open.fill_null(0).clip(0) if field == "entered" else value,
            "value_text": data.texts(value, unit),
            "entered_text": data.texts(data.column(frame, "entered"), "count"),
            "amount_text": data.texts(data.column(frame, "amount"), "currency"),
            "first_text": data.texts(first, "percent"),
            "previous_text": data.texts(previous, "percent"),
            "interval_text": data.intervals(
                data.floats(data.column(frame, "lower")), data.floats(data.column(frame, "upper")), "percent"
            ),
            "open_text": data.texts(still_open, "count"),
            "label": [
                f"{format_value(size, unit, short=unit == 'currency')} · {format_value(share, 'percent')}"
                for size, share in zip(value, first, strict=True)
            ],
        }
    )
    return data.named(rows, "stage", "label")


def _bars(rows: pl.DataFrame, title: str, unit: str, *, many: bool) -> list[alt.Chart]:
    room = (data.most(rows["value"]) or 1) * (1.75 if many else 1.28)
    axis = style.value_axis(unit, tickCount=3 if many else 5)
    x = alt.X("value:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, room], nice=False))
    y = alt.Y("stage:N", title=None, sort=data.distinct(rows["stage"]), axis=style.name_axis())
    hover, picked = style.hovered(), style.picked("stage")
    bar = alt.Chart().mark_bar(color=style.MAIN, aria=False)
    whole = bar.encode(x=x, y=y, opacity=style.dimmed(picked, 0.4))
    decided = bar.encode(x=alt.X("decided:Q"), y=y, opacity=style.dimmed(picked))
    edge = alt.Chart(name="bars").mark_bar(fill="transparent", stroke=style.INK, cursor="pointer")
    edge = edge.add_params(hover, picked)
    edge = edge.encode(
        x=x, y=y, strokeWidth=style.edged(hover), tooltip=_tooltips(), description=alt.Description("said:N")
    )
    text = (
        alt.Chart()
        .mark_text(aria=False, align="left", dx=5, fontSize=11 if many else 12)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    return [whole, decided, edge, text]


def _tooltips() -> list[alt.Tooltip]:
    return data.tooltips(
        stage="Stage",
        entered_text="Deals",
        amount_text="Amount",
        first_text="Of the first stage",
        previous_text="Of those decided in the stage before",
        interval_text="95 % interval",
        open_text="Deals still open here",
    )


def _notes(rows: pl.DataFrame) -> list[str]:
    pale = (rows["decided"] < rows["value"]).any()
    open_here = "Pale: still open in this stage." if pale else ""
    return ["Percent: of the first stage.", open_here, style.CLICK.format("stage")]


def _description(rows: pl.DataFrame, title: str) -> str:
    several = rows["group"].n_unique() > 1
    parts = [
        f"{f'{group}, ' if several else ''}{stage}: {value} ({share} of the first)."
        for group, stage, value, share in rows.select("group", "stage", "value_text", "first_text").rows()
    ]
    return data.sentences(f"Bar chart. {title}.", parts)


def stage_conversion_chart(frame: pl.DataFrame) -> style.Chart:
    """The share of the decided deals of each stage that moved on.

    Args:
        frame: One row per stage: `stage`, `position`, `conversion` with `lower` and `upper` (percent of the decided),
            and the deals `advanced`, `lost`, `still_open`, `entered`.

    Deals still open in a stage are not decided: they are in no percentage and shown beside it.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A stage has several rows.
    """
    data.need(frame, "stage", "position", "conversion", "lower", "upper", "advanced", "lost", "still_open", "entered")
    data.one_row_each(frame, "stage")
    title = "Deals that move on from each stage"
    rows = _conversions(frame)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    parts = [f"{stage}: {label}." for stage, label in rows.select("stage", "label").rows()]
    texts = {
        "title": title,
        "notes": ["Dot: share of the decided deals. Bar: 95 % interval. Deals still open are not counted."],
        "description": data.sentences(f"Dot chart. {title}, in percent of the decided.", parts),
    }
    return style.fitted(alt.layer(*_dots(rows), data=data.inline(rows)), height=34 * rows["stage"].n_unique(), **texts)


def _conversions(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.sort("position", maintain_order=True)
    counts = {name: data.texts(frame[name], "count") for name in ("advanced", "lost", "still_open", "entered")}
    decided = data.texts(frame["advanced"].cast(pl.Int64) + frame["lost"].cast(pl.Int64), "count")
    value, lower, upper = (data.floats(frame[name]) for name in ("conversion", "lower", "upper"))
    shares = data.texts(value, "percent")
    rows = pl.DataFrame(
        {
            "stage": data.names(frame["stage"]),
            **{"value": value, "lower": lower, "upper": upper},
            "value_text": shares,
            "interval_text": data.intervals(lower, upper, "percent"),
            **counts,
            "label": [
                f"{f'{s} of {d}' if d != '0' else 'none'} decided, {o} open"
                for s, d, o in zip(shares, decided, counts["still_open"], strict=True)
            ],
        }
    )
    return data.named(rows, "stage", "label")


def _dots(rows: pl.DataFrame) -> list[Any]:
    y = alt.Y("stage:N", title=None, sort=data.distinct(rows["stage"]), axis=style.name_axis())
    axis = style.value_axis("percent", values=[0, 25, 50, 75, 100])
    x = alt.X("value:Q", title="Moved on, of those decided (%)", scale=alt.Scale(domain=[0, 100]), axis=axis)
    hover, picked = style.hovered(), style.picked("stage")
    size = alt.condition(hover, alt.value(260), alt.value(110), empty=False)
    tooltip = data.tooltips(
        stage="Stage",
        value_text="Moved on",
        interval_text="95 % interval",
        entered="Deals that entered",
        advanced="Deals that moved on",
        lost="Deals lost here",
        still_open="Deals still open here",
    )
    dot = (
        alt.Chart(name="dots")
        .mark_point(color=style.MAIN, filled=True, cursor="pointer")
        .encode(x=x, y=y, size=size, tooltip=tooltip, description=alt.Description("said:N"))
        .encode(opacity=style.dimmed(picked))
    )
    bar = marks.interval(alt.X("lower:Q"), y, picked)
    return [bar, dot.add_params(hover, picked), marks.at_the_end(y)]
