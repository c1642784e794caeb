"""Measures of what customers buy: how often, of which families, with which services, and more than before or less."""

from __future__ import annotations

import polars as pl

from kpitools.measures.accounts import customers
from kpitools.measures.aggregates import Aggregate, count, distinct, recognised, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure, per_entity
from kpitools.measures.revenue import line_revenue, orders_placed, recurring_revenue, revenue
from kpitools.model.tables import Accounts, OrderLines, Orders

#: A service beside the core offer: what is sold as the core is not attached to anything.
ADDED_SERVICE = pl.col("product_id.is_service") & ~pl.col("product_id.is_core").fill_null(False)


@per_entity(on="account_id", unit="count")
def repeat_buyers(orders=orders_placed, at_least: int = 2) -> Aggregate:
    """Accounts that placed two orders or more."""
    return count(orders >= at_least)


@attribute(OrderLines, on="order_id")
def revenue_of_lines() -> pl.Expr:
    """Revenue of all lines of the order."""
    return pl.col("revenue").sum()


@attribute(Orders, on=None, uses=(revenue_of_lines,))
def revenue_of_all_lines() -> pl.Expr:
    """Revenue of all lines of all orders placed in the period."""
    on = pl.col("ordered_at").cast(pl.Date)
    return pl.when((on >= pl.col("period_start")) & (on < pl.col("until"))).then("revenue_of_lines").sum()


@measure(OrderLines, at="order_id.ordered_at", unit="currency", uses=(revenue_of_all_lines,))
def whole_line_revenue() -> Aggregate:
    """Revenue of the order lines of all groups together."""
    return recognised(pl.col("revenue_of_all_lines").max())


@per_entity(on="product_id.family", unit="ratio")
def squared_family_shares(sold=line_revenue) -> Aggregate:
    """The squares of the product families' shares in revenue, added up."""
    return recognised((sold**2).sum() / sold.sum() ** 2)


@attribute(OrderLines, on="order_id", where=ADDED_SERVICE)
def service_lines() -> pl.Expr:
    """Lines of the order that are services beside the core offer."""
    return pl.len()


@measure(Orders, at="ordered_at", unit="count", uses=(service_lines,))
def orders_with_service() -> Aggregate:
    """Orders with a service beside the core offer."""
    return count(pl.col("service_lines").fill_null(0) > 0)


@attribute(Orders, on="account_id", uses=(service_lines,))
def first_service_on() -> pl.Expr:
    """The day of the account's first order with a service beside the core offer."""
    return pl.when(pl.col("service_lines") > 0).then(pl.col("ordered_at").cast(pl.Date)).min()


@measure(Accounts, alive=("became_customer_at", "ended_at"), unit="count", uses=(first_service_on,))
def customers_with_service() -> Aggregate:
    """Customers at the boundary that have bought a service beside the core offer by then."""
    return count((pl.col("first_service_on") <= pl.col("day")).fill_null(False))


@per_entity(on="account_id", unit="count")
def expanded_clients(client=customers.at_start, now=revenue, before=revenue.previous) -> Aggregate:
    """Customers at the start whose orders came to more than in the period before."""
    return count((client > 0) & (now > before))


@per_entity(on="account_id", unit="count")
def expanded_subscribers(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """Subscribers at the start who pay more a month at the end."""
    return count((start > 0) & (end > start))


@per_entity(on="account_id", unit="count")
def subscribers_at_start(start=recurring_revenue.at_start) -> Aggregate:
    """Subscribers at the start who pay anything."""
    return count(start > 0)


@measure(OrderLines, at="order_id.ordered_at", unit="count")
def products_bought() -> Aggregate:
    """Different products on the order lines."""
    return distinct("product_id")


@per_entity(on="order_id.account_id", unit="count")
def products_added(bought=products_bought.to_date, before=products_bought.to_date.previous) -> Aggregate:
    """Products that clients who had bought before bought for the first time."""
    return total(bought - before, before > 0)


@per_entity(on="order_id.account_id", unit="count")
def earlier_clients(bought=products_bought.to_date, before=products_bought.to_date.previous) -> Aggregate:
    """Clients that had bought a product by the end of the period before."""
    return count(before > 0)
