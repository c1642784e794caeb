"""Customer value KPIs: what a customer is worth."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.acquisition import customer_acquisition_cost
from kpitools.kpis.kpi import kpi
from kpitools.kpis.revenue import average_order_value, gross_margin
from kpitools.measures import accounts, revenue
from kpitools.measures.anchors import period_days


@kpi(
    unit="ratio",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Transactions per Customer per Year",),
)
def purchase_frequency(orders=revenue.orders_placed, buyers=revenue.buyers, days=period_days) -> pl.Expr:
    """Orders per buying customer and year.

    Source: [000], a term of customer lifetime value.
    """
    return orders / buyers * 365 / days


@kpi(
    unit="days",
    better="higher",
    roles=("executive", "am"),
    timing="lagging",
    kind="outcome",
    aliases=("Average Customer Lifetime", "Average Customer Lifespan", "Average Retention Time"),
)
def customer_lifespan(
    lost=accounts.customers_lost.at_start, customers=accounts.customers.at_start, days=period_days
) -> pl.Expr:
    """Mean length of the customer relationship that the period's churn leads to expect, in days.

    Null where nobody left: such a period says nothing about how long customers stay.

    Source: [000], [002].
    """
    return days / (lost / customers)


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "executive", "am"),
    timing="lagging",
    kind="outcome",
    label="Customer lifetime value (CLV)",
    aliases=("CLV", "LTV", "CLTV", "Lifetime Value", "Customer Lifetime Value"),
)
def customer_lifetime_value(
    order=average_order_value, frequency=purchase_frequency, lifespan=customer_lifespan, margin=gross_margin
) -> pl.Expr:
    """Gross profit expected from one customer over the relationship: order value, times orders a year, times years,
    times margin.

    Source: [000], reading (b).
    """
    return order * frequency * (lifespan / 365) * margin / 100


@kpi(unit="currency", better="higher", roles=("manager", "executive", "am"), timing="lagging", kind="outcome")
def customer_lifetime_revenue(
    order=average_order_value, frequency=purchase_frequency, lifespan=customer_lifespan
) -> pl.Expr:
    """Revenue expected from one customer over the relationship: order value, times orders a year, times years.

    It overstates what a customer is worth; compare acquisition cost with customer lifetime value instead.

    Source: [000], [001], [002], reading (a).
    """
    return order * frequency * (lifespan / 365)


@kpi(unit="currency", better="higher", roles=("manager", "executive", "am"), timing="lagging", kind="outcome")
def subscription_lifetime_value(
    mrr=revenue.recurring_revenue.at_start,
    subscribers=revenue.subscribers.at_start,
    margin=gross_margin,
    lifespan=customer_lifespan,
) -> pl.Expr:
    """Gross profit expected from one subscriber: recurring revenue per account and year, times years, times margin.

    Source: own, reading (c).
    """
    return mrr / subscribers * 12 * (lifespan / 365) * margin / 100


@kpi(
    unit="ratio",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    label="LTV to CAC ratio",
    aliases=("LTV:CAC", "CLV:CAC", "CLV to CAC Ratio"),
)
def ltv_cac_ratio(value=customer_lifetime_value, cost=customer_acquisition_cost) -> pl.Expr:
    """Customer lifetime value per unit of acquisition cost.

    Source: [000], [003].
    """
    return value / cost


@kpi(
    unit="currency",
    better="higher",
    roles=("am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Average Revenue per Account", "ARPA"),
)
def revenue_per_account(booked=revenue.revenue, customers=accounts.customers_served) -> pl.Expr:
    """Revenue of the period per account that was a customer at some time in it.

    Source: [003].
    """
    return booked / customers
