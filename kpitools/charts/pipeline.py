"""The open pipeline."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from kpitools.charts import data, style
from kpitools.formats import axis_title, format_value

MEASURES = {"amount": ("amount", "Open pipeline", "currency"), "deals": ("deals", "Open deals", "count")}


def pipeline_by_stage_and_age(frame: pl.DataFrame, *, measure: str = "amount") -> style.Chart:
    """What is open in each stage, and for how long already.

    Args:
        frame: One row per stage and age band: `stage`, `position`, `age_band` (text), `age_position` (order of the
            bands), `deals`, `amount`.
        measure: "amount" or "deals".

    Raises:
        UnknownNameError: The frame lacks a column, or there is no such measure.
        EvaluationError: A stage has several rows for an age band.
    """
    data.known("measure", measure, MEASURES)
    data.need(frame, "stage", "position", "age_band", "age_position", "deals", "amount")
    data.one_row_each(frame, "stage", "age_band")
    field, label, unit = MEASURES[measure]
    title = f"{label} by stage and age"
    rows = _rows(frame, field)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    totals = _totals(rows, unit)
    texts = {
        "title": title,
        "notes": ["Darker: older. Click an age to bring it forward.", style.CLICK.format("stage")],
        "description": data.sentences(
            f"Stacked bar chart. {title}.", [f"{s}: {t}." for s, t in totals.select("stage", "label").rows()]
        ),
    }
    return style.fitted(
        alt.layer(*_bars(rows, totals, axis_title(label, unit), unit)), height=34 * totals.height, **texts
    )


def _rows(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    frame = frame.sort("position", "age_position", maintain_order=True)
    rows = pl.DataFrame(
        {
            "stage": data.names(frame["stage"]),
            "band": data.names(frame["age_band"]),
            "place": frame["age_position"].cast(pl.Int64),
            "value": data.floats(frame[field]),
            "deals_text": data.texts(frame["deals"], "count"),
            "amount_text": data.texts(data.floats(frame["amount"]), "currency"),
        }
    )
    return data.named(rows, "stage", "band", pl.format("deals {}", "deals_text"), pl.format("amount {}", "amount_text"))


def _totals(rows: pl.DataFrame, unit: str) -> pl.DataFrame:
    totals = rows.group_by("stage", maintain_order=True).agg(pl.col("value").sum())
    words = [format_value(value, unit, short=unit == "currency") for value in totals["value"]]
    return totals.with_columns(pl.Series("label", words))


def _bars(rows: pl.DataFrame, totals: pl.DataFrame, title: str, unit: str) -> list[alt.Chart]:
    room = (data.most(totals["value"]) or 1) * 1.14
    scale, axis = alt.Scale(domain=[0, room], nice=False), style.value_axis(unit, tickCount=5)
    stages = data.distinct(rows["stage"])
    place: dict[str, Any] = {
        "x": alt.X("value:Q", title=title, scale=scale, axis=axis),
        "y": alt.Y("stage:N", title=None, sort=stages, axis=style.name_axis()),
    }
    text = alt.Chart(data.inline(totals)).mark_text(aria=False, align="left", dx=5)
    return [_parts(rows).encode(**place), text.encode(**place, text=alt.Text("label:N"))]


def _parts(rows: pl.DataFrame) -> alt.Chart:
    """A stage's bar in parts by age; a click on one shows the same of the others."""
    bands, chosen, picked = data.ordered(rows, "band", "place"), style.chosen("band"), style.picked("stage")
    paint: dict[str, Any] = {"scale": style.ramp_scale(bands), "legend": style.legend("Age")}
    bar = alt.Chart(data.inline(rows), name="bars").mark_bar(
        stroke=style.INK, strokeOpacity=0.4, strokeWidth=0.5, cursor="pointer"
    )
    return bar.add_params(chosen, picked).encode(
        color=alt.Color("band:N", title="Age", sort=bands, **paint),
        order=alt.Order("place:Q"),
        opacity=style.dimmed(chosen & picked),
        tooltip=data.tooltips(stage="Stage", band="Age", deals_text="Deals", amount_text="Amount"),
        description=alt.Description("said:N"),
    )
