"""How soon new sellers get there: a first deal, a first full quota."""

from __future__ import annotations

import altair as alt
import polars as pl

from kpitools.charts import data, style
from kpitools.charts.incidence import band_note, step_curves, step_paint


def ramp_curves(frame: pl.DataFrame) -> style.Chart:
    """The share of sellers who have reached each milestone, by months since they were hired, with its interval.

    Args:
        frame: The steps of each curve: `milestone`, `months`, `reached` with `lower` and `upper` (percent), `at_risk`
            (sellers seen for so long and not there yet).

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A milestone has several rows for an age.
    """
    data.need(frame, "milestone", "months", "reached", "lower", "upper", "at_risk")
    data.one_row_each(frame, "milestone", "months")
    title = "Ramp by months since hire"
    rows = _rows(frame)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    ends = rows.group_by("group", maintain_order=True).last().select("group", "value_text", "age_text").rows()
    texts = {
        "title": title,
        "notes": [
            "Sellers hired within the data. Who is not there yet counts as long as seen.",
            band_note(rows),
        ],
        "description": data.sentences(
            f"Step lines. {title}. The end of each curve:", [f"{g}: {v} after {a}." for g, v, a in ends]
        ),
    }
    paint = step_paint(sorted(set(rows["group"])))
    layers = step_curves(rows, paint, x="Months since hire", y="Sellers who got there (%)", tooltip=_tooltips())
    return style.fitted(alt.layer(*layers, data=data.inline(rows)), height=240, **texts)


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.sort("milestone", "months", maintain_order=True)
    value, lower, upper = (data.floats(frame[name]) for name in ("reached", "lower", "upper"))
    rows = pl.DataFrame(
        {
            "group": [name[:1].upper() + name[1:] for name in data.names(frame["milestone"])],
            "age": data.floats(frame["months"]),
            **{"value": value, "lower": lower, "upper": upper},
            "age_text": data.ages(frame["months"], "months", "score"),
            "value_text": data.texts(value, "percent"),
            "interval_text": data.intervals(lower, upper, "percent"),
            "risk_text": data.texts(frame["at_risk"], "count"),
        }
    )
    return data.named(rows, "group", "age_text", "value_text")


def _tooltips() -> list[alt.Tooltip]:
    return data.tooltips(
        group="Milestone",
        age_text="Since hire",
        value_text="Got there",
        interval_text="95 % interval",
        risk_text="Sellers not there yet until then",
    )
