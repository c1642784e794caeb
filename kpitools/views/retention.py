"""Retention: which customers stay, how long, and what recurring revenue does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from kpitools.analyses import retention as analysis
from kpitools.analyses import words
from kpitools.analyses.hazard import hazard_of
from kpitools.analyses.lifetime import contract_ages, contract_fit, fit_contracts
from kpitools.analyses.logrank import log_rank
from kpitools.analyses.repurchase import buyers, customer_values, fit_repeats, fit_spend, repeats_fit
from kpitools.analyses.survival import UNITS, at_ages, observed_lives
from kpitools.analyses.words.retention import contract_words, movement_words, repeat_words, survival_words
from kpitools.charts import cohort_heatmap, kpi_trend, retention_curves
from kpitools.charts.retention import hazard_chart
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
#: Ages in months at which the curves are read, and the width of an age in months where leaving is counted.
READ_AT = (0, 6, 12, 24, 36)
WIDTH = 3
#: How many customers are shown of those expected to buy most.
MOST_CUSTOMERS = 10


def findings(view: View) -> Iterable[Any]:
    """Retention in words."""
    said = words.retention_words(_cohorts(view))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def cohorts(view: View) -> Iterable[Any]:
    """The share of each cohort that is still there, by age."""
    return [cohort_heatmap(_cohorts(view), value="value", label="Customers still there", age_unit="quarters")]


def revenue(view: View) -> Iterable[Any]:
    """The share of what each cohort brought at first that it still brings, with expansion and without."""
    kinds = ("revenue", "gross_revenue")
    net, gross = (analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of=of) for of in kinds)
    charts = [
        cohort_heatmap(cells, value="value", label=analysis.LABELS[of], age_unit="quarters")
        for of, cells in zip(kinds, (net, gross), strict=True)
    ]
    return [*sentences(words.retention_words(net)), *charts]


def own_ages(view: View) -> Iterable[Any]:
    """The same by age since each customer's own first day instead of the quarters of the calendar."""
    cells = analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers", ages="own")
    return [cohort_heatmap(cells, value="value", label="Customers still there, by own age", age_unit="quarters")]


def curve(view: View) -> Iterable[Any]:
    """How long customers stay, as far as that can be known today, and whether groups differ."""
    frame = analysis.survival(view.data, as_of=view.as_of, by=_by(view), unit="days")
    read = at_ages(_lives(view), [UNITS["months"] * age for age in READ_AT])
    shown = read.with_columns(age=pl.col("age") / UNITS["months"]).filter(pl.col("at_risk") > 0)
    labels = {"age": "Months", "at_risk": "Seen that long", "survival": "Still there"}
    units = {"age": "count", "at_risk": "count", **dict.fromkeys(("survival", "lower", "upper"), "percent")}
    return [
        *sentences(survival_words(log_rank(_lives(view)))),
        retention_curves(frame, age_unit="days"),
        frame_table(shown, caption="Numbers at risk and share still there", labels=labels, units=units),
    ]


def leaving(view: View) -> Iterable[Any]:
    """At which age customers leave."""
    frame = hazard_of(_lives(view), days=UNITS["months"] * WIDTH, width=WIDTH)
    return [hazard_chart(frame, age_unit="months")]


def trend(view: View) -> Iterable[Any]:
    """The retention figures over the last periods."""
    kpis = some_of(SHOWN, view)
    result = evaluate(kpis, view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    return [kpi_trend(result.of(kpi), kpi) for kpi in kpis]


def movements(view: View) -> Iterable[Any]:
    """Recurring revenue from period to period: what came, grew, shrank and went."""
    moved = analysis.mrr_movements(view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    frame = analysis.revenue_retention(moved)
    shown = frame.drop("start", "end", "complete")
    units = dict.fromkeys((name for name in shown.columns if name != "period"), "currency")
    units |= {"nrr": "percent", "grr": "percent"}
    labels = {"nrr": "Net retention", "grr": "Gross retention"}
    table = frame_table(shown, caption="Monthly recurring revenue by period", labels=labels, units=units)
    return [*sentences(movement_words(frame)), table]


def contracts(view: View) -> Iterable[Any]:
    """How long contracts are expected to last, and how that model fits what was seen."""
    ages = contract_ages(view.data, as_of=view.as_of)
    model = fit_contracts(ages)
    fit = contract_fit(ages, model)
    labels = {"age": "Years", "observed": "Still there", "modelled": "By the model"}
    units = {"at_risk": "count", **dict.fromkeys(("observed", "lower", "upper", "modelled"), "percent")}
    note = f"Shifted-beta-geometric: alpha {model.alpha:.3f}, beta {model.beta:.3f}."
    table = frame_table(fit, caption="Customers still there, seen and modelled", labels=labels, units=units, note=note)
    return [*sentences(contract_words(fit, model)), table]


def orders(view: View) -> Iterable[Any]:
    """Who is expected to buy again and for how much, and how that model fits what was seen."""
    frame = buyers(view.data, as_of=view.as_of)
    model, spend = fit_repeats(frame), fit_spend(frame)
    fit = repeats_fit(frame, model)
    values = customer_values(frame, model, spend).sort("value", "account_id", descending=[True, False], nulls_last=True)
    shown = values.head(MOST_CUSTOMERS).select("account_id", "repeats", "alive", "orders", "amount", "value")
    note = f"BG/NBD, by weeks: r {model.r:.3f}, alpha {model.alpha:.3f}, a {model.a:.3f}, b {model.b:.3f}. "
    note += f"Gamma-Gamma: p {spend.p:.2f}, q {spend.q:.2f}, v {spend.v:,.2f}."
    labels = {"repeats": "Bought again", "modelled": "By the model"}
    units = {"alive": "percent", "orders": "number", "amount": "currency", "value": "currency"}
    fitted = frame_table(
        fit, caption="Repeat purchases, seen and modelled", labels=labels, units={"modelled": "count"}, note=note
    )
    heads = {"account_id": "Customer", "repeats": "Bought again", "alive": "Still a customer"}
    most = frame_table(shown, caption="Who is expected to buy most in 52 weeks", labels=heads, units=units)
    return [*sentences(repeat_words(fit)), fitted, most]


def _by(view: View) -> str | None:
    """The groups that are held against each other: segments, where the data has them."""
    table = "accounts" if "accounts" in view.data else "subscriptions"
    return "segment" if table in view.data and "segment" in view.data.dimensions(table) else None


def _lives(view: View) -> pl.DataFrame:
    return view.once("lives", lambda: observed_lives(view.data, as_of=view.as_of, by=_by(view)))


def _cohorts(view: View) -> Any:
    return view.once("cohorts", lambda: analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers"))
