"""Measures of the market outside: what is sold in it, and how many accounts could buy. Its rows may not overlap."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, recognised, total
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Market

SPAN = ("starts_on", "ends_on")
LAST_DAY = pl.col("until").dt.offset_by("-1d")
ON_LAST_DAY = (pl.col("starts_on") <= LAST_DAY) & (pl.col("ends_on").is_null() | (pl.col("ends_on") >= LAST_DAY))


@measure(Market, spread=SPAN, unit="currency")
def market_revenue() -> Aggregate:
    """What everybody sells in the market, shared out by days."""
    return total(pl.col("total_revenue") * pl.col("overlap"))


@measure(Market, spread=SPAN, unit="count")
def market_units() -> Aggregate:
    """Units that everybody sells in the market, shared out by days."""
    return total(pl.col("total_units") * pl.col("overlap"))


@measure(Market, during=SPAN, unit="count")
def addressable_in_family() -> Aggregate:
    """Accounts that could buy at the end of the period: of the product family that most could buy."""
    return recognised(pl.col("addressable_accounts").filter(ON_LAST_DAY & pl.col("region").is_not_null()).max())


@per_entity(on="region", unit="count")
def addressable_accounts(accounts=addressable_in_family) -> Aggregate:
    """Accounts that could buy, region by region; those that could buy of several families count once."""
    return total(accounts)
