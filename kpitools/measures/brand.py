"""Measures of the brand: what buyers pay beside the market's price, and who comes back."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, distinct, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Market, OrderLines, Orders

COMPARED = pl.col("market_price").is_not_null() & (pl.col("quantity") > 0).fill_null(False)


@attribute(Market, on="product_id.family", key="product_family")
def market_price() -> pl.Expr:
    """What others ask for such a product in the region on the day: the mean, where several prices are known."""
    day, region = pl.col("day"), pl.col("order_id.account_id.region")
    valid = (pl.col("starts_on") <= day) & (pl.col("ends_on").is_null() | (pl.col("ends_on") >= day))
    here = pl.col("region").is_null() | (pl.col("region") == region)
    return pl.when(valid & here).then("average_price").mean()


@measure(OrderLines, at="order_id.ordered_at", unit="currency", uses=(market_price,))
def compared_revenue() -> Aggregate:
    """Revenue of the order lines for which a market price is known."""
    return total("revenue", COMPARED)


@measure(OrderLines, at="order_id.ordered_at", unit="currency", uses=(market_price,))
def revenue_at_market_price() -> Aggregate:
    """What the same order lines would have cost at the market's price."""
    return total(pl.col("quantity") * pl.col("market_price"), COMPARED & pl.col("revenue").is_not_null())


@attribute(Orders, on="account_id")
def first_ordered_at() -> pl.Expr:
    """When the account first ordered."""
    return pl.col("ordered_at").min()


@measure(Orders, at="ordered_at", unit="count", uses=(first_ordered_at,))
def returning_buyers() -> Aggregate:
    """Accounts that placed an order and had ordered before."""
    return distinct("account_id", pl.col("ordered_at") > pl.col("first_ordered_at"))
