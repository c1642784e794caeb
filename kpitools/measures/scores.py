"""Measures of what is likely: the chance of open deals by what became of earlier ones, and chances given as scores."""

from __future__ import annotations

import polars as pl

from kpitools.measures.accounts import CUSTOMER
from kpitools.measures.aggregates import Aggregate, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.deals import CLOSED
from kpitools.measures.measure import measure, per_entity
from kpitools.measures.pipeline import LIFE, OPEN
from kpitools.measures.revenue import recurring_revenue
from kpitools.measures.risk import won_on
from kpitools.model.tables import (
    Accounts,
    AccountScores,
    Deals,
    DealScores,
    DealVersions,
    Leads,
    LeadScores,
    StageHistory,
    Subscriptions,
)

DAYS_PER_MONTH = 365 / 12
#: How many deals the stage's default probability stands for.
PRIOR_DEALS = 20


@attribute(Deals, on="deal_id", where=CLOSED)
def closed_on() -> pl.Expr:
    """The day the deal was won or lost."""
    return pl.col("closed_at").cast(pl.Date).max()


def _different_deals(ended_on: str) -> pl.Expr:
    ended = pl.col(ended_on) <= pl.col("day")
    return pl.col("deal_id").filter(ended).n_unique().cast(pl.Float64)


@attribute(StageHistory, on="stage", where=pl.col("deal_id").is_not_null(), uses=(won_on, closed_on))
def won_through_stage() -> pl.Expr:
    """Deals that had been in the stage and were won by the day."""
    return _different_deals("won_on")


@attribute(StageHistory, on="stage", where=pl.col("deal_id").is_not_null(), uses=(won_on, closed_on))
def closed_through_stage() -> pl.Expr:
    """Deals that had been in the stage and were won or lost by the day."""
    return _different_deals("closed_on")


def _chance(prior_deals: float) -> pl.Expr:
    """The share of earlier deals through the stage that were won, drawn towards the stage's default probability."""
    won, closed = (pl.col(name).fill_null(0) for name in ("won_through_stage", "closed_through_stage"))
    return (won + prior_deals * pl.col("stage.default_probability")) / (closed + prior_deals)


@measure(DealVersions, alive=LIFE, unit="probability", uses=(won_through_stage, closed_through_stage))
def mean_win_probability(prior_deals: float = PRIOR_DEALS) -> Aggregate:
    """Mean chance of the open deals, by what became of earlier deals that had been in the same stage."""
    return mean(_chance(prior_deals), OPEN)


@measure(DealVersions, alive=LIFE, unit="currency", uses=(won_through_stage, closed_through_stage))
def expected_amount(prior_deals: float = PRIOR_DEALS) -> Aggregate:
    """Contract value of the open deals expected to close in what is left of the period, each times its chance."""
    due = pl.col("expected_close_at")
    in_period = (due >= pl.col("period_start")) & (due < pl.col("period_end"))
    left = pl.col("until") < pl.col("period_end")
    return total(pl.col("amount") * _chance(prior_deals), OPEN & left & in_period.fill_null(False))


@measure(Subscriptions, alive=("starts_on", "ends_on"), unit="currency")
def recurring_in_period() -> Aggregate:
    """What the subscriptions live at the boundary bring in the whole period, if all of them stay."""
    months = (pl.col("period_end") - pl.col("period_start")).dt.total_days() / DAYS_PER_MONTH
    return total(pl.col("mrr") * months)


@per_entity(on="account_id", unit="currency")
def mrr_of_a_year_ago(before=recurring_revenue.at_start.year_ago, now=recurring_revenue.at_start) -> Aggregate:
    """What accounts paid a month a year before."""
    return total(before)


@per_entity(on="account_id", unit="currency")
def mrr_gone_in_a_year(before=recurring_revenue.at_start.year_ago, now=recurring_revenue.at_start) -> Aggregate:
    """What accounts paid a month a year before that pay nothing any more."""
    return total(before, (before > 0) & (now == 0))


def _last_score(score: str) -> pl.Expr:
    known = (pl.col("scored_at").cast(pl.Date) <= pl.col("day")) & pl.col(score).is_not_null()
    return pl.col(score).filter(known).sort_by(pl.col("scored_at").filter(known)).last()


@attribute(DealScores, on="deal_id")
def last_win_score() -> pl.Expr:
    """The chance of the deal as it was last scored."""
    return _last_score("win_probability")


@measure(DealVersions, alive=LIFE, unit="probability", uses=(last_win_score,))
def mean_scored_win_probability() -> Aggregate:
    """Mean chance of the open deals that have a score."""
    return mean("last_win_score", OPEN)


@attribute(AccountScores, on="account_id")
def last_churn_score() -> pl.Expr:
    """The chance that the account leaves, as it was last scored."""
    return _last_score("churn_probability")


@measure(Accounts, alive=CUSTOMER, unit="probability", uses=(last_churn_score,))
def mean_churn_probability() -> Aggregate:
    """Mean chance that a customer leaves within 90 days, of the customers that have a score."""
    return mean("last_churn_score")


@attribute(LeadScores, on="lead_id")
def last_lead_score() -> pl.Expr:
    """The chance that the lead becomes a customer, as it was last scored."""
    return _last_score("conversion_probability")


def _not_yet(ended_at: str) -> pl.Expr:
    return pl.col(ended_at).is_null() | (pl.col(ended_at).cast(pl.Date) > pl.col("day"))


@measure(Leads, alive=("created_at", None), unit="probability", uses=(last_lead_score,))
def mean_lead_score() -> Aggregate:
    """Mean chance that a lead still open becomes a customer, of the leads that have a score."""
    return mean("last_lead_score", _not_yet("customer_at") & _not_yet("disqualified_at"))
