"""Measures of reps and their quotas: headcount, tenure, ramp, targets."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean, recognised, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Deals, Quotas, Reps

EMPLOYED = ("hired_at", "left_at")
SELLER = pl.col("is_seller")
LEVEL = pl.col("owner_kind")
SHARE = pl.col("amount") * pl.col("overlap")
TENURED_DAYS = 730
WON = pl.col("status") == "won"
SOLD = pl.col("measure").is_null() | (pl.col("measure") == "revenue")


@measure(Reps, alive=EMPLOYED, unit="count")
def headcount() -> Aggregate:
    """Staff employed at the boundary."""
    return count()


@measure(Reps, alive=EMPLOYED, unit="count")
def seller_headcount() -> Aggregate:
    """Sellers employed at the boundary."""
    return count(SELLER)


@measure(Reps, at="left_at", unit="count")
def leavers() -> Aggregate:
    """Staff who left."""
    return count()


@measure(Reps, alive=EMPLOYED, unit="count")
def sellers_kept() -> Aggregate:
    """Sellers employed at the boundary who are still there at the end of the period."""
    return count(SELLER & (pl.col("left_at").is_null() | (pl.col("left_at") >= pl.col("until"))))


@measure(Reps, alive=EMPLOYED, unit="count")
def tenured_sellers(days: int = TENURED_DAYS) -> Aggregate:
    """Sellers employed at the boundary for two years or longer."""
    return count(SELLER & (days_between("hired_at", "day") >= days))


@measure(Reps, alive=EMPLOYED, unit="days")
def mean_tenure() -> Aggregate:
    """Mean days the sellers employed at the boundary have been employed."""
    return mean(days_between("hired_at", "day"), SELLER)


@attribute(Activities, on="rep_id", where=pl.col("outcome").is_in(["held", "connected"]))
def first_engagement_at() -> pl.Expr:
    """When the rep first held a meeting or reached somebody on a call."""
    return pl.col("at").min()


@measure(Reps, at="hired_at", unit="days", uses=(first_engagement_at,))
def mean_days_to_first_engagement() -> Aggregate:
    """Mean days from joining to the first held meeting or connected call; sellers not there yet are not in it."""
    return mean(days_between("hired_at", "first_engagement_at"), SELLER)


@measure(Reps, at="hired_at", unit="count", uses=(first_engagement_at,))
def sellers_not_yet_engaged() -> Aggregate:
    """Sellers hired in the period who have not yet held a meeting or reached somebody on a call."""
    return count(SELLER & pl.col("first_engagement_at").is_null())


@measure(Quotas, spread=("starts_on", "ends_on"), unit="currency")
def rep_quota() -> Aggregate:
    """Quotas of reps, shared out by days."""
    return total(SHARE, (LEVEL == "rep") & SOLD)


@measure(Quotas, spread=("starts_on", "ends_on"), unit="currency")
def team_quota() -> Aggregate:
    """Quotas of teams, shared out by days."""
    return total(SHARE, (LEVEL == "team") & SOLD)


@measure(Quotas, spread=("starts_on", "ends_on"), unit="currency")
def quota() -> Aggregate:
    """Quotas shared out by days: those of reps where there are any, else those of teams, else the company's."""

    def of(level: str) -> pl.Expr:
        return pl.when((level == LEVEL) & SOLD).then(SHARE)

    finest = pl.coalesce(
        *(pl.when(of(level).count() > 0).then(of(level).sum()) for level in ("rep", "team", "company"))
    )
    return recognised(finest)


def _won_within_quota() -> pl.Expr:
    closed = pl.col("closed_at").cast(pl.Date)
    return pl.when((closed >= pl.col("starts_on")) & (closed <= pl.col("ends_on"))).then("amount").sum()


@attribute(Deals, on="rep_id", key="owner_rep_id", where=WON)
def sold_by_rep() -> pl.Expr:
    """What the rep of the quota won within its days."""
    return _won_within_quota()


@attribute(Deals, on="team", key="owner_rep_id.team", where=WON)
def sold_by_team() -> pl.Expr:
    """What the team of the quota won within its days."""
    return _won_within_quota()


@attribute(Deals, on=None, where=WON)
def sold_by_company() -> pl.Expr:
    """What the company won within the quota's days."""
    return _won_within_quota()


SOLD_BY = {"rep": "sold_by_rep", "team": "sold_by_team", "company": "sold_by_company"}


@measure(Quotas, at="ends_on", unit="count")
def quotas_ended() -> Aggregate:
    """Quotas that ended in the period, of reps, teams and the company."""
    return count(SOLD)


@measure(Quotas, at="ends_on", unit="count", uses=(sold_by_rep, sold_by_team, sold_by_company))
def quotas_met() -> Aggregate:
    """Quotas that ended in the period and were met or beaten."""
    sold = pl.coalesce(*(pl.when(level == LEVEL).then(column) for level, column in SOLD_BY.items())).fill_null(0)
    return count(SOLD & (sold >= pl.col("amount")))


@attribute(Quotas, on="rep_id", uses=(sold_by_rep,))
def first_quota_met_on() -> pl.Expr:
    """The last day of the first quota period in which the rep met the quota."""
    met = (pl.col("sold_by_rep").fill_null(0) >= pl.col("amount")) & (pl.col("ends_on") <= pl.col("seen_on")) & SOLD
    return pl.when(met).then("ends_on").min()


@measure(Reps, at="hired_at", unit="days", uses=(first_quota_met_on,))
def mean_days_to_first_quota() -> Aggregate:
    """Mean days from joining to the end of the first quota period met; sellers not there yet are not in it."""
    return mean(days_between("hired_at", "first_quota_met_on"), SELLER)
