"""Measures of interest: target accounts that engage, and signs that somebody may buy."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Accounts, Activities, IntentSignals

ON_FILE = ("created_at", None)
HELD = pl.col("outcome") == "held"
IN_PERIOD = (pl.col("at") >= pl.col("period_start")) & (pl.col("at") < pl.col("until"))


def _age(column: str = "at") -> pl.Expr:
    return days_between(column, "day")


def _within(age: pl.Expr, days: int) -> pl.Expr:
    return (age >= 0) & (age < days)


@attribute(Activities, on="account_id", where=(pl.col("direction") == "in") | HELD)
def contacts_by_buyer() -> pl.Expr:
    """The account's inbound touches and held meetings of the period."""
    return IN_PERIOD.sum()


@attribute(IntentSignals, on="account_id")
def signals_of_period() -> pl.Expr:
    """The account's buying signals of the period."""
    return IN_PERIOD.sum()


@measure(Accounts, alive=ON_FILE, unit="count", uses=(contacts_by_buyer, signals_of_period))
def engaged_target_accounts(contacts: int = 3) -> Aggregate:
    """Accounts on the target list with enough contacts by the buyer, or signals, in the period."""
    seen = pl.col("contacts_by_buyer").fill_null(0).cast(pl.Int64) + pl.col("signals_of_period").fill_null(0)
    return count(pl.col("is_target") & (seen >= contacts))


@attribute(IntentSignals, on="account_id")
def signal_points(days: int = 90) -> pl.Expr:
    """The weight of the account's buying signals of the last days."""
    return pl.when(_within(_age(), days)).then("weight").sum()


@attribute(Activities, on="account_id", where=HELD | pl.col("replied_at").is_not_null())
def contact_points(days: int = 90, reply: float = 5, meeting: float = 10) -> pl.Expr:
    """Points for the account's replies and held meetings of the last days."""
    replies = _within(_age("replied_at"), days).fill_null(False).sum()
    meetings = (HELD & _within(_age(), days)).fill_null(False).sum()
    return reply * replies + meeting * meetings


@measure(Accounts, alive=ON_FILE, unit="count", uses=(signal_points, contact_points))
def qualified_target_accounts(threshold: float = 20) -> Aggregate:
    """Accounts on the target list whose points for engagement have reached the threshold."""
    points = pl.col("signal_points").fill_null(0) + pl.col("contact_points").fill_null(0)
    return count(pl.col("is_target") & (points >= threshold))


@attribute(IntentSignals, on="account_id", where=pl.col("weight").is_not_null())
def buying_interest(half_life: float = 14) -> pl.Expr:
    """The weights of the account's signals up to the day, each halved for every so many days of its age."""
    weight = pl.when(_age() >= 0).then(pl.col("weight") * 0.5 ** (_age() / half_life))
    return pl.when(weight.count() > 0).then(weight.sum())


@measure(Accounts, alive=ON_FILE, unit="score", uses=(buying_interest,))
def mean_buying_interest(most: float = 100) -> Aggregate:
    """Mean interest, at most 100, of the accounts that have shown any."""
    return mean(pl.col("buying_interest").clip(upper_bound=most))
