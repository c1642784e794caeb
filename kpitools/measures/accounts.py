"""Measures of accounts: who became a customer, who stayed, who left."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Accounts

CUSTOMER = ("became_customer_at", "ended_at")
REFERRED = pl.col("referred_by_account_id").is_not_null()


@measure(Accounts, at="became_customer_at", unit="count")
def new_customers() -> Aggregate:
    """Accounts that became customers."""
    return count()


@measure(Accounts, at="became_customer_at", unit="count")
def referred_customers() -> Aggregate:
    """Accounts that became customers on another account's introduction."""
    return count(REFERRED)


@attribute(Accounts, on="account_id", key="referred_by_account_id")
def customers_introduced() -> pl.Expr:
    """How many accounts became customers in the period on the account's introduction."""
    became = pl.col("became_customer_at")
    return ((became >= pl.col("period_start")) & (became < pl.col("until"))).sum()


@measure(Accounts, alive=CUSTOMER, unit="count", uses=(customers_introduced,))
def referring_customers() -> Aggregate:
    """Customers at the boundary that introduced a new one in the period."""
    return count(pl.col("customers_introduced").fill_null(0) > 0)


@measure(Accounts, alive=CUSTOMER, unit="count")
def customers() -> Aggregate:
    """Customers at the boundary."""
    return count()


@measure(Accounts, alive=CUSTOMER, unit="count")
def customers_kept() -> Aggregate:
    """Customers at the boundary that are still customers at the end of the period."""
    return count(pl.col("ended_at").is_null() | (pl.col("ended_at") >= pl.col("until")))


@measure(Accounts, alive=CUSTOMER, unit="count")
def customers_lost() -> Aggregate:
    """Customers at the boundary that left by the end of the period."""
    return count((pl.col("ended_at") < pl.col("until")).fill_null(False))


@measure(Accounts, during=CUSTOMER, unit="count")
def customers_served() -> Aggregate:
    """Accounts that were customers at some time in the period."""
    return count()


@measure(Accounts, alive=("created_at", None), unit="count")
def target_accounts() -> Aggregate:
    """Accounts on the target list."""
    return count(pl.col("is_target"))


@measure(Accounts, alive=("created_at", None), unit="count")
def matched_target_accounts() -> Aggregate:
    """Accounts on the target list that the outside data provider knows."""
    return count(pl.col("is_target") & pl.col("provider_matched").fill_null(False))
