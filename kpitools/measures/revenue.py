"""Measures of orders, subscriptions and costs."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct, mean, total
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Costs, OrderLines, Orders, Subscriptions

CUSTOMER_SINCE = pl.col("account_id.became_customer_at")
NEW = (pl.col("period_start") <= CUSTOMER_SINCE) & (pl.col("period_end") > CUSTOMER_SINCE)
EXISTING = pl.col("period_start") > CUSTOMER_SINCE
ACQUISITION_COSTS = ("sales_salary", "commission", "marketing", "tools", "training", "overhead")
MONTHS_PER_YEAR = 12


@measure(Orders, at="ordered_at", unit="currency")
def revenue() -> Aggregate:
    """Gross income of the orders placed, before deductions."""
    return total("amount")


@measure(Orders, at="ordered_at", unit="currency")
def net_revenue() -> Aggregate:
    """Income of the orders placed after returns and later discounts."""
    return total(pl.col("amount") - pl.col("deductions").fill_null(0))


@measure(Orders, at="ordered_at", unit="count")
def orders_placed() -> Aggregate:
    """Orders placed."""
    return count()


@measure(Orders, at="ordered_at", unit="currency")
def mean_order_amount() -> Aggregate:
    """Mean amount of the orders placed."""
    return mean("amount")


@measure(Orders, at="ordered_at", unit="count")
def buyers() -> Aggregate:
    """Accounts that placed an order."""
    return distinct("account_id")


@measure(Orders, at="ordered_at", unit="currency")
def new_revenue() -> Aggregate:
    """Orders of accounts that became customers in the same period."""
    return total("amount", NEW.fill_null(False))


@measure(Orders, at="ordered_at", unit="currency")
def existing_revenue() -> Aggregate:
    """Orders of accounts that were customers before the period began."""
    return total("amount", EXISTING.fill_null(False))


@measure(Orders, at="ordered_at", unit="currency")
def strategic_revenue() -> Aggregate:
    """Orders of key accounts."""
    return total("amount", pl.col("account_id.is_strategic").fill_null(False))


@measure(OrderLines, at="order_id.ordered_at", unit="currency")
def line_revenue() -> Aggregate:
    """Revenue of the order lines."""
    return total("revenue")


@measure(OrderLines, at="order_id.ordered_at", unit="currency")
def line_costs() -> Aggregate:
    """Cost of the goods and services on the order lines."""
    return total("cogs")


@measure(Subscriptions, alive=("starts_on", "ends_on"), unit="currency")
def recurring_revenue() -> Aggregate:
    """Monthly recurring revenue of the subscriptions live at the boundary."""
    return total("mrr")


@measure(Subscriptions, alive=("starts_on", "ends_on"), unit="count")
def subscribers() -> Aggregate:
    """Accounts with a live subscription at the boundary."""
    return distinct("account_id")


@per_entity(on="account_id", unit="currency")
def starting_mrr(start=recurring_revenue.at_start) -> Aggregate:
    """What the accounts live at the start paid a month."""
    return total(start)


@per_entity(on="account_id", unit="currency")
def kept_mrr(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """What the accounts live at the start pay at the end, expansion included."""
    return total(end, start > 0)


@per_entity(on="account_id", unit="currency")
def retained_mrr(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """What the accounts live at the start still pay at the end, at most what they paid then."""
    return total(pl.min_horizontal(start, end), start > 0)


@per_entity(on="account_id", unit="currency")
def expansion_mrr(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """What accounts live at the start pay more at the end."""
    return total(pl.max_horizontal(end - start, 0), start > 0)


@per_entity(on="account_id", unit="currency")
def contraction_mrr(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """What accounts that stay pay less at the end."""
    return total(pl.max_horizontal(start - end, 0), (start > 0) & (end > 0))


@per_entity(on="account_id", unit="currency")
def churned_mrr(start=recurring_revenue.at_start, end=recurring_revenue.at_end) -> Aggregate:
    """What accounts paid at the start that pay nothing at the end."""
    return total(start, (start > 0) & (end == 0))


@measure(Costs, at="spent_on", unit="currency")
def acquisition_costs() -> Aggregate:
    """Sales pay with commissions, marketing, tools, training and overhead."""
    return total("amount", pl.col("category").is_in(ACQUISITION_COSTS))


@measure(Costs, at="spent_on", unit="currency")
def marketing_costs() -> Aggregate:
    """Marketing spend."""
    return total("amount", pl.col("category") == "marketing")
