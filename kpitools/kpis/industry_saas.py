"""KPIs of software sold by subscription."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import trials


@kpi(
    unit="days",
    better="lower",
    roles=("am", "executive"),
    timing="leading",
    kind="quality",
    label="Time to first value (TFV)",
    aliases=("TFV", "Time to Value", "Time to First Value"),
)
def time_to_first_value(days=trials.median_days_to_first_value) -> pl.Expr:
    """Median days from the purchase until a customer won in the period first got the outcome paid for.

    Only a use marked as such an outcome counts, and only from the purchase on. Customers still waiting are not in it:
    see how many they are beside it.

    Source: [003].
    """
    return days


@kpi(unit="count", better="lower", roles=("am", "executive"), timing="leading", kind="quality")
def customers_without_first_value(waiting=trials.customers_waiting_for_value) -> pl.Expr:
    """Customers won in the period that have not got the outcome paid for by the day seen.

    Source: own, those that the time to first value has to leave out.
    """
    return waiting


@kpi(unit="score", better="higher", roles=("ae", "manager"), timing="leading", kind="quality")
def trial_days_score(score=trials.mean_trial_days_score) -> pl.Expr:
    """Mean share of a trial's days on which the buyer used the product, for the trials that ended in the period.

    Source: [003], a part of the product usage in the POC phase.
    """
    return score


@kpi(unit="score", better="higher", roles=("ae", "manager"), timing="leading", kind="quality")
def trial_features_score(score=trials.mean_trial_features_score) -> pl.Expr:
    """Mean share of the features in scope that the buyer used, for the trials that ended in the period.

    Source: [003], a part of the product usage in the POC phase.
    """
    return score


@kpi(unit="score", better="higher", roles=("ae", "manager"), timing="leading", kind="quality")
def trial_seats_score(score=trials.mean_trial_seats_score) -> pl.Expr:
    """Mean share of the people invited who used the product, for the trials that ended in the period.

    Source: [003], a part of the product usage in the POC phase.
    """
    return score


@composite(
    weights={"days": 1, "features": 1, "seats": 1},
    better="higher",
    roles=("ae", "manager"),
    timing="leading",
    kind="quality",
    label="Product usage in POC phase",
    aliases=("POC Usage", "Trial Usage"),
)
def poc_product_usage(days=trial_days_score, features=trial_features_score, seats=trial_seats_score) -> None:
    """How widely buyers use the product in a proof of concept, from 0 to 100: days used, features used, people using
    it, each as a share of what was on offer.

    Source: [003].
    """
