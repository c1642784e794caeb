"""Measures of properties on offer: how many sell, how fast, and for what commission."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean, total
from kpitools.measures.measure import measure
from kpitools.model.tables import Listings


@measure(Listings, at="sold_at", unit="days")
def mean_days_to_sale() -> Aggregate:
    """Mean days from listing to sale of the properties sold."""
    return mean(days_between("listed_at", "sold_at"))


@measure(Listings, alive=("listed_at", "sold_at"), unit="days")
def mean_listing_age() -> Aggregate:
    """Mean days since listing of the properties on offer at the boundary."""
    withdrawn = pl.col("withdrawn_at")
    return mean(days_between("listed_at", "day"), withdrawn.is_null() | (withdrawn > pl.col("day")))


@measure(Listings, at="listed_at", unit="count")
def listings_made() -> Aggregate:
    """Properties listed."""
    return count()


@measure(Listings, at="listed_at", unit="count")
def listings_sold() -> Aggregate:
    """Properties listed that have been sold since."""
    return count(pl.col("sold_at").is_not_null())


@measure(Listings, at="sold_at", unit="currency")
def sale_prices() -> Aggregate:
    """Prices of the properties sold."""
    return total("sale_price")


@measure(Listings, at="sold_at", unit="currency")
def seller_commissions() -> Aggregate:
    """Commission paid on the seller's side of the properties sold."""
    return total("seller_commission")


@measure(Listings, at="sold_at", unit="currency")
def buyer_commissions() -> Aggregate:
    """Commission paid on the buyer's side of the properties sold."""
    return total("buyer_commission")
