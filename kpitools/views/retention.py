"""Retention: which customers stay, how long, and what recurring revenue does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kpitools.analyses import retention as analysis
from kpitools.analyses import words
from kpitools.charts import cohort_heatmap, kpi_trend, retention_curves
from kpitools.evaluation.evaluate import evaluate
from kpitools.explore.view import View
from kpitools.kpis.retention import (
    customer_retention_rate,
    gross_revenue_retention,
    net_revenue_retention,
)
from kpitools.model.calendar import periods_until
from kpitools.tables import frame_table
from kpitools.views.parts import sentences, some_of

SHOWN = (customer_retention_rate, net_revenue_retention, gross_revenue_retention)
TREND = 8


def findings(view: View) -> Iterable[Any]:
    """Retention in words."""
    said = words.retention_words(_cohorts(view))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def cohorts(view: View) -> Iterable[Any]:
    """The share of each cohort that is still there, by age."""
    return [cohort_heatmap(_cohorts(view), value="value", label="Customers still there", age_unit="quarters")]


def curve(view: View) -> Iterable[Any]:
    """How long customers stay, as far as that can be known today."""
    frame = analysis.survival(view.data, as_of=view.as_of, by="segment", unit="days")
    return [retention_curves(frame, age_unit="days")]


def trend(view: View) -> Iterable[Any]:
    """The retention figures over the last periods."""
    kpis = some_of(SHOWN, view)
    result = evaluate(kpis, view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    return [kpi_trend(result.of(kpi), kpi) for kpi in kpis]


def movements(view: View) -> Iterable[Any]:
    """Recurring revenue from period to period: what came, grew, shrank and went."""
    frame = analysis.mrr_movements(view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    shown = frame.drop("start", "end", "complete")
    units = dict.fromkeys((name for name in shown.columns if name != "period"), "currency")
    return [frame_table(shown, caption="Monthly recurring revenue by period", units=units)]


def _cohorts(view: View) -> Any:
    return view.once("cohorts", lambda: analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers"))
