"""Measures of how customers fare: use of the product, satisfaction, requests for support, contact, mood."""

from __future__ import annotations

import polars as pl

from kpitools.measures.accounts import CUSTOMER
from kpitools.measures.aggregates import Aggregate, count, days_between, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.measures.surveys import NPS, SCORE
from kpitools.model.tables import Accounts, Activities, Surveys, Tickets, Usage

MONTH = 30


def _within(days: int, *, before: int = 0, column: str = "at") -> pl.Expr:
    """Whether a row lies in so many days that end so many days before the day looked from, itself included."""
    age = days_between(column, "day")
    return (age >= before) & (age < before + days)


def _users(within: pl.Expr) -> pl.Expr:
    return pl.col("user_id").filter(within).drop_nulls().n_unique().cast(pl.Float64)


@attribute(Usage, on="account_id")
def active_users(days: int = MONTH) -> pl.Expr:
    """Different users of the account in the last days."""
    return _users(_within(days))


@attribute(Usage, on="account_id")
def usual_users(days: int = MONTH, spans: int = 3) -> pl.Expr:
    """Different users of the account in so many days, on average over the three spans before the last."""
    return pl.sum_horizontal(_users(_within(days, before=span * days)) for span in range(1, spans + 1)) / spans


@attribute(Usage, on="account_id")
def features_used(days: int = MONTH) -> pl.Expr:
    """Different features the account used in the last days."""
    return pl.col("feature").filter(_within(days)).drop_nulls().n_unique().cast(pl.Float64)


@measure(Accounts, alive=CUSTOMER, unit="count", uses=(active_users,))
def mean_active_users() -> Aggregate:
    """Mean users per customer in the last days; a customer without any counts as 0."""
    return mean(pl.col("active_users").fill_null(0))


@measure(Accounts, alive=CUSTOMER, unit="count", uses=(features_used,))
def mean_features_used() -> Aggregate:
    """Mean features used per customer in the last days; a customer without any counts as 0."""
    return mean(pl.col("features_used").fill_null(0))


@measure(Accounts, alive=CUSTOMER, unit="score", uses=(active_users, usual_users))
def mean_usage_health() -> Aggregate:
    """Mean of customers' users in the last days as percent of the usual number, at most 100."""
    usual = pl.when(pl.col("usual_users") > 0).then("usual_users")
    return mean(100 * (pl.col("active_users") / usual).clip(upper_bound=1))


def _latest(value: pl.Expr) -> pl.Expr:
    """The value of the last answer up to the day that has one."""
    known = (days_between("answered_at", "day") >= 0) & value.is_not_null()
    return value.filter(known).sort_by(pl.struct("answered_at", "survey_id").filter(known)).last()


@attribute(Surveys, on="account_id", where=pl.col("kind") == "csat")
def latest_satisfaction() -> pl.Expr:
    """The customer's last answer on satisfaction, as a share of the scale."""
    return _latest(SCORE / pl.col("scale_max"))


@attribute(Surveys, on="account_id", where=NPS)
def latest_recommendation(promoter_from: int = 9, detractor_to: int = 6) -> pl.Expr:
    """Whether the customer would recommend, by the last answer: yes 1, perhaps 0.5, no 0."""
    asked = pl.when(promoter_from <= SCORE).then(1.0).when(promoter_from > SCORE).then(0.5)
    return _latest(pl.when(detractor_to >= SCORE).then(0.0).otherwise(asked))


@measure(Accounts, alive=CUSTOMER, unit="score", uses=(latest_satisfaction, latest_recommendation))
def mean_satisfaction() -> Aggregate:
    """Mean satisfaction of customers in percent: by the last satisfaction answer, else by the last on recommending."""
    return mean(100 * pl.coalesce("latest_satisfaction", "latest_recommendation"))


@measure(Tickets, at="opened_at", unit="count")
def tickets_opened() -> Aggregate:
    """Requests for support opened."""
    return count()


@attribute(Tickets, on="account_id")
def tickets_of_account(days: int = 90) -> pl.Expr:
    """Requests for support of the account in the last days."""
    return _within(days, column="opened_at").sum().cast(pl.Float64)


@attribute(Tickets, on=None)
def tickets_of_all(days: int = 90) -> pl.Expr:
    """Requests for support of everybody in the last days."""
    return _within(days, column="opened_at").sum().cast(pl.Float64)


@attribute(Accounts, on=None)
def customers_of_all() -> pl.Expr:
    """Customers on the day."""
    since, until = pl.col("became_customer_at"), pl.col("ended_at")
    return ((since <= pl.col("day")) & (until.is_null() | (until > pl.col("day")))).sum().cast(pl.Float64)


@measure(Accounts, alive=CUSTOMER, unit="score", uses=(tickets_of_account, tickets_of_all, customers_of_all))
def mean_support_health(limit: float = 2) -> Aggregate:
    """Mean of how little support customers ask for: 100 without any request, 0 from twice the usual number on."""
    usual = pl.col("tickets_of_all") / pl.col("customers_of_all")
    trouble = pl.col("tickets_of_account").fill_null(0) / pl.when(usual > 0).then(limit * usual)
    return mean(100 * (1 - trouble.clip(upper_bound=1)))


@attribute(Activities, on="account_id")
def two_way_touches(days: int = MONTH) -> pl.Expr:
    """Touches of the account in the last days that came from it or were answered."""
    answered = pl.col("replied_at").is_not_null() | pl.col("outcome").is_in(["connected", "held", "replied"])
    two_way = ((pl.col("direction") == "in") | answered).fill_null(False)
    return (two_way & _within(days)).sum()


@measure(Accounts, alive=CUSTOMER, unit="count", uses=(two_way_touches,))
def customers_in_touch() -> Aggregate:
    """Customers with a two-way touch in the last days."""
    return count(pl.col("two_way_touches").fill_null(0) > 0)
