"""Which customers stayed: by cohort and age, and as survival curves."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from kpitools.charts import data, style
from kpitools.formats import axis_title

#: With more ages than this the cells are too narrow for their figures.
MOST_LABELLED = 20
LIGHT_INK_FROM = 0.72  # from here on white text has more contrast with the cell than black


def cohort_heatmap(frame: pl.DataFrame, *, label: str = "Customers retained", age_unit: str = "months") -> style.Chart:
    """What is left of each cohort at each age.

    Args:
        frame: One row per cohort and age: `cohort` (text), `cohort_start` (rows without one come last), `age` (whole
            number), `value` (percent), `size` (customers at the start), `complete` (whether that age has passed for
            the whole cohort).
        label: What the percentage is, in words.
        age_unit: What `age` counts: "months", "quarters".

    A cell that is not complete is an empty frame: it has no figure, neither drawn nor in the data of the chart.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A cohort has several rows for an age.
    """
    data.need(frame, "cohort", "cohort_start", "age", "value", "size", "complete")
    data.one_row_each(frame, "cohort", "age")
    title = f"{label}, by cohort and age"
    rows = _cells(frame, age_unit)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    texts = {
        "title": title,
        "notes": [
            "In the cells: percent. Beside each cohort: customers at its start."
            if rows["age"].n_unique() <= MOST_LABELLED
            else "Beside each cohort: customers at its start.",
            "" if rows["complete"].all() else "Empty frame: not over yet.",
            "Drag down over cohorts to pick them out, click to let them go.",
        ],
        "description": _cohorts_in_words(rows, title, age_unit),
    }
    return style.fitted(
        alt.layer(*_grid(rows, label, age_unit), data=data.inline(rows)), height=26 * rows["row"].n_unique(), **texts
    )


def _cells(frame: pl.DataFrame, age_unit: str) -> pl.DataFrame:
    frame = frame.sort("cohort_start", "age", nulls_last=True, maintain_order=True)
    complete = data.flags(frame["complete"], default=False)
    figures = data.floats(frame["value"]).set(~complete, None)
    names = data.names(frame["cohort"])
    middle = max(100, data.most(figures)) * LIGHT_INK_FROM
    rows = pl.DataFrame(
        {
            "cohort": names,
            "row": cohort_rows(frame),
            "age": frame["age"].cast(pl.Int64),
            "value": figures,
            "complete": complete,
            "dark": (figures > middle).fill_null(False),
            "size_text": data.texts(frame["size"], "count"),
            "cell_text": [f"{figure:.0f}" if figure is not None else "" for figure in figures],
            "value_text": data.texts(figures, "percent"),
            "age_text": data.ages(frame["age"], age_unit),
            "state": ["" if over else "not over yet" for over in complete],
        }
    )
    return data.named(rows, "cohort", pl.format("age {}", "age_text"), "value_text", "state")


def cohort_rows(frame: pl.DataFrame) -> list[str]:
    """What stands beside the cells of each row: its cohort, and the customers at the cohort's start.

    >>> cohort_rows(pl.DataFrame({"cohort": ["2026Q1", "2026Q1"], "size": [1200, 1200]}))
    ['2026Q1 · 1,200', '2026Q1 · 1,200']
    """
    at_start = data.texts(frame.select(pl.col("size").first().over("cohort")).to_series(), "count")
    return [f"{name} · {size}" for name, size in zip(data.names(frame["cohort"]), at_start, strict=True)]


def _grid(rows: pl.DataFrame, label: str, age_unit: str) -> list[alt.Chart]:
    """Cells that are over by colour, the others as empty frames, and the figures where the cells are wide enough."""
    labelled = rows["age"].n_unique() <= MOST_LABELLED
    place = _places(rows, age_unit)
    gradient = alt.Legend(title=axis_title(label, "percent"), orient="bottom", gradientLength=240, titleLimit=400)
    scale = alt.Scale(domain=[0, max(100, data.most(rows["value"]))], range=[style.LOW, style.HIGH], interpolate="rgb")
    colour = alt.Color("value:Q", scale=scale, legend=None if labelled else gradient)
    brush = style.brushed("y")
    return [_finished(place, colour, brush), _unfinished(place), *([_figures(place, brush)] if labelled else [])]


def _places(rows: pl.DataFrame, age_unit: str) -> dict[str, alt.X | alt.Y]:
    band = alt.Scale(padding=0.04)
    ages = alt.Axis(labelAngle=0, labelOverlap=True, domain=False)
    return {
        "x": alt.X("age:O", title=f"Age ({age_unit})", scale=band, axis=ages),
        "y": alt.Y("row:N", title=None, scale=band, sort=data.distinct(rows["row"]), axis=style.name_axis()),
    }


def _finished(place: dict[str, alt.X | alt.Y], colour: alt.Color, brush: alt.Parameter) -> alt.Chart:
    hover = style.hovered()
    cell = alt.Chart(name="cells").transform_filter("datum.complete").mark_rect(stroke=style.INK)
    cell = cell.encode(**place, color=colour, strokeWidth=style.edged(hover), opacity=style.dimmed(brush))
    return cell.encode(tooltip=_cell_tooltips(), description=alt.Description("said:N")).add_params(hover, brush)


def _unfinished(place: dict[str, alt.X | alt.Y]) -> alt.Chart:
    frame = alt.Chart().transform_filter("!datum.complete")
    frame = frame.mark_rect(fill="transparent", stroke=style.INK, strokeOpacity=0.35, strokeDash=[2, 3])
    return frame.encode(**place, tooltip=_cell_tooltips(), description=alt.Description("said:N"))


def _figures(place: dict[str, alt.X | alt.Y], brush: alt.Parameter) -> alt.Chart:
    ink = alt.condition("datum.dark", alt.value("#ffffff"), alt.value("#0a0a0a"))
    text = alt.Chart().transform_filter("datum.complete").mark_text(aria=False, fontSize=11)
    return text.encode(**place, text=alt.Text("cell_text:N"), color=ink, opacity=style.dimmed(brush))


def _cell_tooltips() -> list[alt.Tooltip]:
    return data.tooltips(cohort="Cohort", size_text="Customers", age_text="Age", value_text="Retained", state="State")


def _cohorts_in_words(rows: pl.DataFrame, title: str, age_unit: str) -> str:
    last = rows.filter(pl.col("value").is_not_null()).group_by("cohort", maintain_order=True).last()
    parts = [f"{c}: {v} at age {a}." for c, v, a in last.select("cohort", "value_text", "age").rows()]
    return data.sentences(f"Heat map. {title}, age in {age_unit}. The oldest finished age of each cohort:", parts)


def retention_curves(frame: pl.DataFrame, *, age_unit: str = "days") -> style.Chart:
    """The share of customers still there at each age, with its interval.

    Args:
        frame: The steps of a Kaplan-Meier curve: `group`, `age`, `survival` with `lower` and `upper` (percent),
            `at_risk` (customers who reached that age).
        age_unit: What `age` counts: "days" or "months".

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A group has several rows for an age.
    """
    data.need(frame, "group", "age", "survival", "lower", "upper", "at_risk")
    data.one_row_each(frame, "group", "age")
    title = "Customers retained by age"
    rows = _steps(frame, age_unit)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    groups = sorted(set(rows["group"]))
    many = len(groups) > len(style.COLOURS)
    note = "Band: 95 % interval." if many or len(groups) == 1 else "Click a name for one curve with its 95 % interval."
    texts = {"title": title, "notes": [note], "description": _curves_in_words(rows, title, age_unit)}
    if many:
        layer = alt.layer(*_curves(rows, age_unit)).properties(width=160, height=90)
        return style.small_charts(layer, groups, columns=3, rows=data.inline(rows), **texts)
    layers = _curves(rows, age_unit) if len(groups) == 1 else _coloured_curves(rows, age_unit, groups)
    return style.fitted(alt.layer(*layers, data=data.inline(rows)), height=260, **texts)


def _steps(frame: pl.DataFrame, age_unit: str) -> pl.DataFrame:
    frame = frame.sort("age", maintain_order=True)
    value, lower, upper = (data.floats(frame[name]) for name in ("survival", "lower", "upper"))
    rows = pl.DataFrame(
        {
            "group": data.names(frame["group"]),
            "age": data.floats(frame["age"]),
            **{"value": value, "lower": lower, "upper": upper},
            "age_text": data.ages(frame["age"], age_unit),
            "value_text": data.texts(value, "percent"),
            "interval_text": data.intervals(lower, upper, "percent"),
            "risk_text": data.texts(frame["at_risk"], "count"),
        }
    )
    return data.named(rows, "group", "age_text", "value_text")


def _curves(rows: pl.DataFrame, age_unit: str) -> list[alt.Chart]:
    return _drawn(rows, age_unit, {"color": alt.value(style.MAIN)}, alt.value(0.3))


def _coloured_curves(rows: pl.DataFrame, age_unit: str, groups: list[str]) -> list[alt.Chart]:
    chosen = style.chosen("group")
    colour = alt.Color("group:N", title=None, scale=style.colour_scale(groups), legend=style.legend())
    quiet = alt.condition(chosen, alt.value(1), alt.value(0.15))
    band, line, dot = _drawn(
        rows, age_unit, {"color": colour}, alt.condition(chosen, alt.value(0.3), alt.value(0), empty=False)
    )
    return [band, line.encode(opacity=quiet).add_params(chosen).properties(name="curves"), dot]


def _drawn(rows: pl.DataFrame, age_unit: str, paint: dict[str, Any], shade: Any) -> list[alt.Chart]:
    """Band, step line, and a mark that shows under the pointer, or always where there is no line."""
    x, (axis, whole) = _age(age_unit), (style.value_axis("percent", tickCount=5), alt.Scale(domain=[0, 100]))
    y = {
        name: alt.Y(name, type="quantitative", title="Retained (%)", axis=axis, scale=whole)
        for name in ("value", "lower")
    }
    hover = style.hovered()
    seen = alt.condition(hover, alt.value(1), alt.value(int(rows.height == rows["group"].n_unique())), empty=False)
    tooltip = data.tooltips(
        group="Group",
        age_text="Age",
        value_text="Retained",
        interval_text="95 % interval",
        risk_text="Customers at risk",
    )
    area = alt.Chart().mark_area(aria=False, interpolate="step-after")
    band = area.encode(x=x, y=y["lower"], y2=alt.Y2("upper:Q"), opacity=shade, **paint)
    line = alt.Chart().mark_line(aria=False, interpolate="step-after", strokeWidth=2).encode(x=x, y=y["value"], **paint)
    dot = alt.Chart(name="dots").mark_point(filled=True, size=80).add_params(hover)
    return [
        band,
        line,
        dot.encode(x=x, y=y["value"], opacity=seen, tooltip=tooltip, description=alt.Description("said:N"), **paint),
    ]


def _age(age_unit: str) -> alt.X:
    return alt.X("age:Q", title=f"Age ({age_unit})", axis=style.value_axis("days", grid=False))


def _curves_in_words(rows: pl.DataFrame, title: str, age_unit: str) -> str:
    ends = rows.sort("group", "age").group_by("group", maintain_order=True).last()
    parts = [f"{g}: {v} at {a}." for g, v, a in ends.select("group", "value_text", "age_text").rows()]
    return data.sentences(f"Step lines. {title} in {age_unit}. The end of each curve:", parts)


def hazard_chart(frame: pl.DataFrame, *, age_unit: str = "months") -> style.Chart:
    """Of the customers who came to each age, the share that left before the next, with its interval.

    Args:
        frame: The rows of `analyses.hazard`: `group`, `age`, `hazard` with `lower` and `upper` (percent), `at_risk`.
        age_unit: What `age` counts: "days" or "months".

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A group has several rows for an age.
    """
    data.need(frame, "group", "age", "hazard", "lower", "upper", "at_risk")
    data.one_row_each(frame, "group", "age")
    title = "Customers leaving by age"
    rows = _steps(frame.rename({"hazard": "survival"}), age_unit)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    groups = sorted(set(rows["group"]))
    notes = ["Of those who came to an age, the share that left before the next. Line: 95 % interval."]
    texts = {"title": title, "notes": notes, "description": _hazards_in_words(rows, title, age_unit)}
    if len(groups) > 1:
        layer = alt.layer(*_hazards(rows, age_unit)).properties(width=160, height=90)
        return style.small_charts(layer, groups, columns=3, rows=data.inline(rows), **texts)
    return style.fitted(alt.layer(*_hazards(rows, age_unit), data=data.inline(rows)), height=220, **texts)


def _hazards(rows: pl.DataFrame, age_unit: str) -> list[alt.Chart]:
    x, axis = _age(age_unit), style.value_axis("percent", tickCount=4)
    y = {name: alt.Y(name, type="quantitative", title="Leaving (%)", axis=axis) for name in ("value", "lower")}
    tooltip = data.tooltips(
        group="Group",
        age_text="From age",
        value_text="Leaving",
        interval_text="95 % interval",
        risk_text="Customers at risk",
    )
    line = alt.Chart().transform_filter("isValid(datum.lower)").mark_rule(aria=False, strokeWidth=2, opacity=0.4)
    dot = alt.Chart(name="dots").mark_point(filled=True, size=50, color=style.MAIN)
    drawn = dot.encode(x=x, y=y["value"], tooltip=tooltip, description=alt.Description("said:N"))
    return [line.encode(x=x, y=y["lower"], y2=alt.Y2("upper:Q")), drawn]


def _hazards_in_words(rows: pl.DataFrame, title: str, age_unit: str) -> str:
    most = rows.sort("value").group_by("group", maintain_order=True).last().sort("group")
    parts = [f"{g}: {v} at {a}." for g, v, a in most.select("group", "value_text", "age_text").rows()]
    return data.sentences(f"Points with intervals. {title} in {age_unit}. Where each group leaves most:", parts)
