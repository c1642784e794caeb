"""The pipeline: how it came to what it is, how fast and how old it is, and how well it was foreseen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from kpitools.analyses import pipeline as analysis
from kpitools.analyses.ageing import ageing as ages
from kpitools.analyses.ageing import slippage as slips
from kpitools.analyses.bridge import bridge as bridged
from kpitools.analyses.forecasts import forecast_bias, forecast_errors, last_before
from kpitools.analyses.rush import LAST_DAYS
from kpitools.analyses.rush import rush as rushed
from kpitools.analyses.velocity import DRIVERS, velocity_change
from kpitools.analyses.words import pipeline as words
from kpitools.charts import pipeline_bridge, pipeline_by_stage_and_age
from kpitools.formats import format_difference, format_value, heading
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.pipeline import pipeline_velocity
from kpitools.model.calendar import periods_until
from kpitools.pages.view import COMPARISONS, View
from kpitools.tables import frame_table
from kpitools.views.parts import by_stage as linked_by_stage
from kpitools.views.parts import sentences

TREND = 8
#: Owners a table of forecasts shows, those furthest off first.
MOST_OWNERS = 12


def findings(view: View) -> Iterable[Any]:
    """The pipeline's way through the period in words."""
    said = words.bridge_words(_bridge(view))
    view.once("headline", lambda: said[0])
    return sentences(said)


def bridge(view: View) -> Iterable[Any]:
    """The open pipeline from the opening of the period to its closing."""
    frame = _bridge(view)
    step = pl.col("step").str.replace_all("_", " ")
    named = step.str.slice(0, 1).str.to_uppercase() + step.str.slice(1)
    shown = frame.filter(pl.col("deals") > 0).select(named, "deals", "amount")
    note = "What comes in and goes out counts when it happens, with the amount the deal had then."
    table = frame_table(shown, caption="Steps of the open pipeline", units={"amount": "currency"}, note=note)
    return [pipeline_bridge(frame), table]


def due(view: View) -> Iterable[Any]:
    """The same for the deals expected to close in the period alone."""
    frame = bridged(view.deals_in(view.period), period=view.period, as_of=view.as_of, due=view.period)
    return [pipeline_bridge(frame, title=f"Pipeline due in {view.period.name}, from opening to closing")]


def velocity(view: View) -> Iterable[Any]:
    """What each of the four drivers did to the velocity since the period before, or the year before."""
    against = view.period.year_ago() if view.compare == "year_ago" else None
    frame = velocity_change(view.data, period=view.period, against=against, as_of=view.as_of)
    view.use([pipeline_velocity, *(kpi for kpi in DRIVERS if kpi.id in CATALOGUE)])
    texts = {
        name: [format_value(value, unit) for value, unit in frame.select(name, "unit").rows()]
        for name in ("before", "now")
    }
    change = [format_difference(value, "currency_per_day") for value in frame["contribution"]]
    drivers = [heading(label, unit) for label, unit in frame.select("label", "unit").rows()]
    shown = pl.DataFrame({"driver": drivers, **texts, "contribution": change})
    before = COMPARISONS["year_ago" if against else "previous"]
    labels = {"driver": "Driver", "before": before, "now": "This period", "contribution": "Does to velocity"}
    note = "Contributions are means over every order in which the drivers can change; the four sum to the last line."
    yield from sentences(words.velocity_words(frame))
    yield frame_table(shown, caption="Pipeline velocity and its drivers", labels=labels, note=note)


def age(view: View) -> Iterable[Any]:
    """What is open by stage and age, and how that compares with the time that won deals took."""
    yield from older(view)
    yield from by_stage(view)


def older(view: View) -> Iterable[Any]:
    """How the age of what is open compares with the time that won deals took, in words."""
    return sentences(words.ageing_words(ages(view.data, as_of=view.as_of)))


def by_stage(view: View) -> Iterable[Any]:
    """What is open by stage and age."""
    frame = analysis.by_stage_and_age(view.deals_in(view.period), as_of=view.as_of)
    return [linked_by_stage(pipeline_by_stage_and_age(frame), frame["stage"])]


def slippage(view: View) -> Iterable[Any]:
    """How often the expected closing was put off."""
    return sentences(words.slippage_words(slips(view.deals_in(view.period), period=view.period, as_of=view.as_of)))


def coverage(view: View) -> Iterable[Any]:
    """What was open when each of the last periods began, beside what was then won."""
    frame = analysis.coverage(view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    shown = frame.drop("start", "complete")
    units = dict.fromkeys(("open", "due", "won", "won_of_open", "won_of_due"), "currency")
    labels = {
        "open": "Open at the start",
        "due": "Of that due",
        "won_of_open": "Won of the open",
        "won_of_due": "Won of the due",
        "coverage": "Open over won",
        "yielded": "Won, of the open",
    }
    note = "Won also has deals opened within the period. Won of the open and of the due: at the amount at the start."
    yield from sentences(words.coverage_words(frame))
    yield frame_table(
        shown,
        caption="Coverage at the start of periods",
        labels=labels,
        units={**units, "coverage": "ratio", "yielded": "percent"},
        note=note,
    )


def rush(view: View) -> Iterable[Any]:
    """Whether wins pile up in the last two weeks of the last periods."""
    if view.period.days <= LAST_DAYS:
        return sentences(["A period of two weeks or less has no end to rush to: choose a longer one."])
    return sentences(words.rush_words(rushed(view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)))


def forecasts(view: View) -> Iterable[Any]:
    """What was forecast beside what was won: by lead time, and the owners furthest to one side."""
    errors = forecast_errors(view.data, as_of=view.as_of)
    yield from sentences(words.forecast_words(forecast_bias(errors)))
    if errors.is_empty():
        return
    units = {
        "forecast": "currency",
        "actual": "currency",
        **dict.fromkeys(("bias", "lower", "upper", "off"), "percent"),
    }
    labels = {"actual": "Won", "lower": "Bias from", "upper": "Bias to", "off": "Off, either way"}
    owners = forecast_bias(last_before(errors), by=("level", "owner"))
    far = owners.sort(pl.col("bias").abs(), descending=True, nulls_last=True).head(MOST_OWNERS)
    note = "Bias: forecast less won, in percent of won, over the spans that are over; with its 95 % interval."
    yield frame_table(forecast_bias(errors), caption="Forecasts by lead time", labels=labels, units=units, note=note)
    yield frame_table(
        far.select("owner", pl.exclude("owner")),
        caption="Last forecasts before the period: furthest to one side",
        labels=labels,
        units=units,
    )


def _bridge(view: View) -> pl.DataFrame:
    return view.once("bridge", lambda: bridged(view.deals_in(view.period), period=view.period, as_of=view.as_of))
