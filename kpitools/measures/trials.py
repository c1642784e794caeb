"""Measures of what comes before and right after a purchase: proofs of concept, technical evaluations, first value."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean, median
from kpitools.measures.attribute import attribute
from kpitools.measures.deals import CLOSED, WON
from kpitools.measures.measure import measure
from kpitools.model.tables import Accounts, Deals, Usage

WON_OVER = pl.col("tech_won")
IN_TRIAL = (pl.col("at") >= pl.col("poc_start_at")) & (pl.col("at") <= pl.col("poc_end_at"))


def _different(value: pl.Expr) -> pl.Expr:
    """How many different values the uses within the trial have."""
    return pl.when(IN_TRIAL).then(value).drop_nulls().n_unique()


@attribute(Usage, on="deal_id")
def trial_days_used() -> pl.Expr:
    """Days of the trial on which anybody used the product."""
    return _different(pl.col("at").cast(pl.Date))


@attribute(Usage, on="deal_id")
def trial_features_used() -> pl.Expr:
    """Different features used in the trial."""
    return _different(pl.col("feature"))


@attribute(Usage, on="deal_id")
def trial_users() -> pl.Expr:
    """Different people who used the product in the trial."""
    return _different(pl.col("user_id"))


def _score(used: str, offered: pl.Expr) -> Aggregate:
    """Mean of used out of offered, from 0 to 100; a trial of which it is not known what was offered is not in it."""
    share = pl.col(used).fill_null(0) / pl.when(offered > 0).then(offered)
    return mean(100 * pl.min_horizontal(share, 1.0), pl.col("poc_start_at").is_not_null() & (offered > 0))


@measure(Deals, at="poc_end_at", unit="score", uses=(trial_days_used,))
def mean_trial_days_score() -> Aggregate:
    """Mean share of the trial's days on which the product was used, first and last day included."""
    return _score("trial_days_used", days_between("poc_start_at", "poc_end_at") + 1)


@measure(Deals, at="poc_end_at", unit="score", uses=(trial_features_used,))
def mean_trial_features_score() -> Aggregate:
    """Mean share of the features in scope of the trial that were used."""
    return _score("trial_features_used", pl.col("poc_features"))


@measure(Deals, at="poc_end_at", unit="score", uses=(trial_users,))
def mean_trial_seats_score() -> Aggregate:
    """Mean share of the people invited to the trial who used the product."""
    return _score("trial_users", pl.col("poc_seats"))


@measure(Deals, at="tech_evaluated_at", unit="count")
def technical_evaluations() -> Aggregate:
    """Technical evaluations that buyers finished."""
    return count()


@measure(Deals, at="tech_evaluated_at", unit="count")
def technical_wins() -> Aggregate:
    """Technical evaluations after which the buyer chose us."""
    return count(WON_OVER)


@measure(Deals, at="closed_at", unit="count")
def closed_deals_after_technical_win() -> Aggregate:
    """Deals that ended, won or lost, after the buyer's engineers had chosen us."""
    return count(CLOSED & WON_OVER)


@measure(Deals, at="closed_at", unit="count")
def won_deals_after_technical_win() -> Aggregate:
    """Deals won after the buyer's engineers had chosen us."""
    return count(WON & WON_OVER)


@attribute(Usage, on="account_id", where=pl.col("is_value_event"))
def first_value_on() -> pl.Expr:
    """The first day, from the purchase on, on which the customer got the outcome paid for."""
    on = pl.col("at").cast(pl.Date)
    return pl.when(on >= pl.col("became_customer_at")).then(on).min()


@measure(Accounts, at="became_customer_at", unit="days", uses=(first_value_on,))
def median_days_to_first_value() -> Aggregate:
    """Median days from the purchase to the first value; customers not there yet are not in it."""
    return median(days_between("became_customer_at", "first_value_on"))


@measure(Accounts, at="became_customer_at", unit="count", uses=(first_value_on,))
def customers_waiting_for_value() -> Aggregate:
    """New customers that have not got the outcome paid for yet."""
    return count(pl.col("first_value_on").is_null())
