"""What share of the deals is won by each age."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from kpitools.charts import data, style


def incidence_curves(frame: pl.DataFrame, *, within: int | None = None) -> style.Chart:
    """The share of deals won by each age, with its interval.

    Args:
        frame: The steps of a cumulative incidence: `group`, `age` (days since the deal was opened), `won` with
            `lower` and `upper`, `still_open` (percent), `at_risk` (deals seen open until that age).
        within: An age to mark, such as the end of the window that figures beside the chart are for.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A group has several rows for an age.
    """
    data.need(frame, "group", "age", "won", "lower", "upper", "still_open", "at_risk")
    data.one_row_each(frame, "group", "age")
    title = "Deals won by age"
    rows = _rows(frame)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    groups = sorted(set(rows["group"]))
    marked = [] if within is None else [_mark(within)]
    notes = [band_note(rows), "" if within is None else f"Dashed: {within} days."]
    texts = {"title": title, "notes": notes, "description": _in_words(rows, title)}
    if len(groups) > len(style.COLOURS):
        layer = alt.layer(*_curves(rows, step_paint([])), *marked).properties(width=160, height=90)
        return style.small_charts(layer, groups, columns=3, rows=data.inline(rows), **texts)
    return style.fitted(
        alt.layer(*_curves(rows, step_paint(groups)), *marked, data=data.inline(rows)), height=260, **texts
    )


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.sort("age", maintain_order=True)
    value, lower, upper = (data.floats(frame[name]) for name in ("won", "lower", "upper"))
    rows = pl.DataFrame(
        {
            "group": data.names(frame["group"]),
            "age": data.floats(frame["age"]),
            **{"value": value, "lower": lower, "upper": upper},
            "age_text": data.ages(frame["age"], "days", "count"),
            "value_text": data.texts(value, "percent"),
            "interval_text": data.intervals(lower, upper, "percent"),
            "open_text": data.texts(data.floats(frame["still_open"]), "percent"),
            "risk_text": data.texts(frame["at_risk"], "count"),
        }
    )
    return data.named(rows, "group", "age_text", "value_text")


def step_paint(groups: list[str]) -> dict[str, Any]:
    """A colour for each of several groups, named in the legend; the main colour for a single one."""
    if len(groups) < 2:
        return {"color": alt.value(style.MAIN)}
    return {"color": alt.Color("group:N", title=None, scale=style.colour_scale(groups), legend=style.legend())}


def band_note(rows: pl.DataFrame) -> str:
    """What the band of `step_curves` is, where there is one."""
    return "Band: 95 % interval." if data.has_figures(rows, "lower") else ""


def _curves(rows: pl.DataFrame, paint: dict[str, Any]) -> list[alt.Chart]:
    return step_curves(rows, paint, x="Days since the deal was opened", y="Won (%)", tooltip=_tooltips())


def step_curves(
    rows: pl.DataFrame, paint: dict[str, Any], *, x: str, y: str, tooltip: list[alt.Tooltip]
) -> list[alt.Chart]:
    """Band where there are intervals, step line, and a mark under the pointer, or always where there is no line.

    Args:
        rows: `group`, `age`, `value` with `lower` and `upper` (percent), `said` (the text of a mark).
        paint: The colour.
        x: The title of the ages.
        y: The title of the values.
        tooltip: What the mark says.
    """
    across = alt.X("age:Q", title=x, axis=style.value_axis("days", grid=False))
    axis, room = style.value_axis("percent", tickCount=5), alt.Scale(domainMin=0, zero=True)
    up = {name: alt.Y(f"{name}:Q", title=y, axis=axis, scale=room) for name in ("value", "lower")}
    hover = style.hovered()
    alone = int(rows.height == rows["group"].n_unique())
    shown = alt.condition(hover, alt.value(1), alt.value(alone), empty=False)
    stepped: dict[str, Any] = {"aria": False, "interpolate": "step-after"}
    band = alt.Chart().mark_area(opacity=0.2, **stepped).encode(x=across, y=up["lower"], y2=alt.Y2("upper:Q"), **paint)
    line = alt.Chart().mark_line(strokeWidth=2, **stepped).encode(x=across, y=up["value"], **paint)
    dot = alt.Chart(name="dots").mark_point(filled=True, size=80).add_params(hover)
    dot = dot.encode(
        x=across, y=up["value"], opacity=shown, tooltip=tooltip, description=alt.Description("said:N"), **paint
    )
    return [*([band] if data.has_figures(rows, "lower") else []), line, dot]


def _mark(within: int) -> alt.Chart:
    return alt.Chart().mark_rule(aria=False, strokeDash=[4, 4], opacity=0.6).encode(x=alt.datum(within))


def _tooltips() -> list[alt.Tooltip]:
    return data.tooltips(
        group="Group",
        age_text="Age",
        value_text="Won",
        interval_text="95 % interval",
        open_text="Deals still open",
        risk_text="Deals seen open until then",
    )


def _in_words(rows: pl.DataFrame, title: str) -> str:
    ends = rows.sort("group", "age").group_by("group", maintain_order=True).last()
    parts = [f"{g}: {v} after {a}." for g, v, a in ends.select("group", "value_text", "age_text").rows()]
    return data.sentences(f"Step lines. {title}, with lost deals as another way to end. The end of each curve:", parts)
