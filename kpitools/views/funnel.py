"""The funnel: how far deals come, where they are lost, what is open and how old it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kpitools.analyses import funnel as analysis
from kpitools.analyses import pipeline, words
from kpitools.charts import funnel_chart, kpi_trend, pipeline_by_stage_and_age, stage_conversion_chart
from kpitools.evaluation.evaluate import evaluate
from kpitools.explore.view import View
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import sales_cycle_length
from kpitools.kpis.pipeline import pipeline_value
from kpitools.model.calendar import periods_until
from kpitools.tables import frame_table
from kpitools.views.parts import sentences, some_of

SHOWN = (win_rate, sales_cycle_length, pipeline_value)
TREND = 8


def findings(view: View) -> Iterable[Any]:
    """The funnel in words."""
    said = words.funnel_words(_steps(view))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def by_count(view: View) -> Iterable[Any]:
    """How many of the deals opened in the period came how far."""
    return [funnel_chart(_steps(view), measure="count")]


def by_amount(view: View) -> Iterable[Any]:
    """The same by contract value."""
    return [funnel_chart(_steps(view), measure="amount")]


def conversion(view: View) -> Iterable[Any]:
    """What became of the visits to each stage."""
    frame = analysis.stage_conversion(view.data, period=view.period, as_of=view.as_of)
    labels = {
        "entered": "Entered",
        "advanced": "Went on",
        "lost": "Lost",
        "still_open": "Still open",
        "conversion": "Of those decided",
    }
    units = {"conversion": "percent"}
    shown = frame.select("stage", *labels)
    note = (
        "Of those decided: deals that went on as a share of those that went on or were lost; open ones are in neither."
    )
    return [
        stage_conversion_chart(frame),
        frame_table(shown, caption="Visits to each stage", labels=labels, units=units, note=note),
    ]


def trend(view: View) -> Iterable[Any]:
    """The figures of the funnel over the last periods."""
    kpis = some_of(SHOWN, view)
    result = evaluate(kpis, view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    return [kpi_trend(result.of(kpi), kpi) for kpi in kpis]


def open_pipeline(view: View) -> Iterable[Any]:
    """What is open, by stage and age."""
    frame = pipeline.by_stage_and_age(view.data, as_of=view.as_of)
    return [pipeline_by_stage_and_age(frame, measure="amount")]


def _steps(view: View) -> Any:
    return view.once("funnel", lambda: analysis.funnel(view.data, period=view.period, as_of=view.as_of))
