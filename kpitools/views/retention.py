"""Retention: which customers stay, how long, and what recurring revenue does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from kpitools.analyses import retention as analysis
from kpitools.analyses import words
from kpitools.analyses.hazard import hazard_of
from kpitools.analyses.lifetime import (
    DISCOUNT,
    ShiftedBetaGeometric,
    contract_ages,
    contract_fit,
    contract_values,
    fit_contracts,
)
from kpitools.analyses.lives import CUSTOMER, PRICED
from kpitools.analyses.logrank import log_rank
from kpitools.analyses.repurchase import buyers, customer_values, fit_repeats, fit_spend, repeats_fit
from kpitools.analyses.survival import at_ages, kaplan_meier, observed_lives, thinned
from kpitools.analyses.view import column_or_null, lacking
from kpitools.analyses.words.retention import (
    contract_words,
    movement_words,
    repeat_words,
    survival_words,
    value_words,
)
from kpitools.charts import cohort_heatmap, kpi_trend, retention_curves
from kpitools.charts.retention import cohort_rows, hazard_chart
from kpitools.charts.style import BRUSHED
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.retention import (
    customer_retention_rate,
    gross_revenue_retention,
    net_revenue_retention,
)
from kpitools.model.calendar import RegularCalendar, periods_until
from kpitools.pages.linked import Linked
from kpitools.pages.view import View
from kpitools.tables import frame_table
from kpitools.views.parts import sentences, some_of

SHOWN = (customer_retention_rate, net_revenue_retention, gross_revenue_retention)
TREND = 8
#: Ages in months at which the curves are read, and the width of an age in months where leaving is counted.
READ_AT = (0, 6, 12, 24, 36)
WIDTH = 3
#: As a share of a month: steps closer than that cannot be told apart in a chart of years.
WEEK = 0.25
#: How many customers are shown of those expected to bring most.
MOST_CUSTOMERS = 10
MEAN = "Mean"


def findings(view: View) -> Iterable[Any]:
    """Retention in words."""
    said = words.retention_words(_cohorts(view))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def cohorts(view: View) -> Iterable[Any]:
    """The share of each cohort that is still there, by age."""
    return [_linked(view, _cohorts(view), "Customers still there")]


def revenue(view: View) -> Iterable[Any]:
    """The share of what each cohort brought at first that it still brings, with expansion and without."""
    kinds = ("revenue", "gross_revenue")
    net, gross = (analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of=of) for of in kinds)
    charts = [_by_age(cells, analysis.LABELS[of]) for of, cells in zip(kinds, (net, gross), strict=True)]
    return [*sentences(words.retention_words(net)), *charts]


def buying(view: View) -> Iterable[Any]:
    """The share of those who first bought in a quarter that bought in each later one."""
    cells = analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers", source="orders")
    return [_by_age(cells, "Customers who bought")]


def own_ages(view: View) -> Iterable[Any]:
    """The same by age since each customer's own first day instead of the quarters of the calendar."""
    cells = analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers", ages="own")
    return [_linked(view, cells, "Customers still there since their first day")]


def curve(view: View) -> Iterable[Any]:
    """How long customers stay, as far as that can be known today, and whether groups differ."""
    steps = thinned(kaplan_meier(_lives(view)), width=WEEK)
    shown = at_ages(_lives(view), READ_AT).filter(pl.col("at_risk") > 0)
    labels = {"age": "Months", "at_risk": "Customers seen that long", "survival": "Still there"}
    units = {"age": "count", "at_risk": "count", **dict.fromkeys(("survival", "lower", "upper"), "percent")}
    return [
        *sentences(survival_words(log_rank(_lives(view)))),
        retention_curves(steps, age_unit="months"),
        frame_table(shown, caption="Numbers at risk and share still there", labels=labels, units=units),
    ]


def leaving(view: View) -> Iterable[Any]:
    """At which age customers leave."""
    return [hazard_chart(hazard_of(_lives(view), width=WIDTH), age_unit="months")]


def trend(view: View) -> Iterable[Any]:
    """The retention figures over the last periods."""
    kpis = some_of(SHOWN, view)
    result = evaluate(kpis, view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    return [kpi_trend(result.of(kpi), kpi) for kpi in kpis]


def movements(view: View) -> Iterable[Any]:
    """Recurring revenue from period to period: what came, grew, shrank and went."""
    moved = analysis.mrr_movements(view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    frame = analysis.revenue_retention(moved)
    named = pl.when("complete").then("period").otherwise(pl.col("period") + " so far")
    shown = frame.with_columns(named.alias("period")).drop("start", "end", "complete")
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
    labels = {"age": "Years", "at_risk": "Customers at risk", "observed": "Still there", "modelled": "By the model"}
    units = {"at_risk": "count", **dict.fromkeys(("observed", "lower", "upper", "modelled"), "percent")}
    note = f"Shifted-beta-geometric: alpha {model.alpha:.3f}, beta {model.beta:.3f}."
    table = frame_table(fit, caption="Customers still there, seen and modelled", labels=labels, units=units, note=note)
    return [*sentences(contract_words(fit, model)), table, *_renewing(view, model)]


def _renewing(view: View, model: ShiftedBetaGeometric) -> Iterable[Any]:
    """What customers are expected to bring by renewing, where their prices are known."""
    if lacking(view.data, PRICED):
        return []
    values = contract_values(view.data, model, as_of=view.as_of)
    labels = {"account": "Customer", "age": "Years so far", "mrr": "A month now"}
    units = {"age": "count", "mrr": "currency", "renewals": "number", "value": "currency"}
    note = f"Renewals to come, discounted at {100 * DISCOUNT:.0f} % a year; value at today's price."
    caption = "Who is expected to bring most by renewing"
    return [
        *sentences(value_words(values)),
        frame_table(_most_valued(view, values), caption=caption, labels=labels, units=units, note=note),
    ]


def orders(view: View) -> Iterable[Any]:
    """Who is expected to buy again and for how much, and how that model fits what was seen."""
    frame = buyers(view.data, as_of=view.as_of)
    model, spend = fit_repeats(frame), fit_spend(frame)
    fit = repeats_fit(frame, model)
    values = customer_values(frame, model, spend).select("account_id", "repeats", "alive", "orders", "amount", "value")
    note = f"BG/NBD, by weeks: r {model.r:.3f}, alpha {model.alpha:.3f}, a {model.a:.3f}, b {model.b:.3f}. "
    note += f"Gamma-Gamma: p {spend.p:.2f}, q {spend.q:.2f}, v {spend.v:,.2f}."
    labels = {"repeats": "Times bought again", "modelled": "Customers by the model"}
    units = {"alive": "percent", "orders": "number", "amount": "currency", "value": "currency"}
    fitted = frame_table(
        fit, caption="Repeat purchases, seen and modelled", labels=labels, units={"modelled": "count"}, note=note
    )
    heads = {"account": "Customer", "repeats": "Times bought again", "alive": "Still a customer"}
    caption = "Who is expected to buy most in 52 weeks"
    most = frame_table(_most_valued(view, values), caption=caption, labels=heads, units=units)
    return [*sentences(repeat_words(fit)), fitted, most]


def _most_valued(view: View, values: pl.DataFrame) -> pl.DataFrame:
    """The customers of the highest value, by name where the data has their names."""
    most = values.sort("value", "account_id", descending=[True, False], nulls_last=True).head(MOST_CUSTOMERS)
    account = pl.col("account_id")
    if "accounts" in view.data:
        names = view.data["accounts"].select("account_id", column_or_null(view.data, "accounts", "name", pl.String))
        most = most.join(names.collect(), on="account_id", how="left", maintain_order="left")
        account = pl.coalesce("name", "account_id")
    return most.select(account.alias("account"), *values.columns[1:])


def _by_age(cells: pl.DataFrame, label: str) -> Any:
    """The cohorts by age, under them the mean of those that have come to it."""
    means = analysis.cohort_means(cells).select(
        "age", "size", "value", cohort=pl.lit(MEAN), cohort_start=pl.lit(None, pl.Date), complete=pl.lit(True)
    )
    shown = pl.concat([cells.select(means.columns), means])
    return cohort_heatmap(shown, label=label, age_unit="quarters")


def _linked(view: View, cells: pl.DataFrame, label: str) -> Any:
    """The same where cohorts are those of the dimension: by the month in which accounts became customers.

    Cohorts that began with a subscription or an order are others, and cannot be chosen.
    """
    chart = _by_age(cells, label)
    if lacking(view.data, CUSTOMER):
        return chart
    calendar = RegularCalendar("quarter")
    months: dict[str, list[str]] = {}
    for month in view.data.members("cohort"):
        months.setdefault(calendar.containing(date.fromisoformat(f"{month}-01")).label, []).append(month)
    rows = zip(cells["cohort"], cohort_rows(cells), strict=True)
    values = {row: tuple(months[cohort]) for cohort, row in rows}
    return Linked(chart, "cohort", BRUSHED, "row", values)


def _by(view: View) -> str | None:
    """The groups that are held against each other: segments, where the data has them."""
    table = "accounts" if "accounts" in view.data else "subscriptions"
    return "segment" if table in view.data and "segment" in view.data.dimensions(table) else None


def _lives(view: View) -> pl.DataFrame:
    return view.once("lives", lambda: observed_lives(view.data, as_of=view.as_of, by=_by(view), unit="months"))


def _cohorts(view: View) -> Any:
    return view.once("cohorts", lambda: analysis.cohorts(view.data, as_of=view.as_of, grain="quarter", of="customers"))
