"""KPIs of retail and web shops."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import shop


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="E-commerce conversion rate",
    aliases=("Retail Conversion Rate", "Conversion Rate (retail)"),
)
def ecommerce_conversion_rate(ordered=shop.visits_with_order, visits=shop.visits) -> pl.Expr:
    """Share of the visits to the shop in the period that ended in an order.

    Source: [003], by visit.
    """
    return percent(ordered, visits)


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="E-commerce conversion rate by visitor",
)
def ecommerce_conversion_rate_by_visitor(ordered=shop.visitors_with_order, visitors=shop.visitors) -> pl.Expr:
    """Share of the different visitors of the shop in the period who ordered on any of their visits.

    Source: [003], by visitor.
    """
    return percent(ordered, visitors)


@kpi(
    unit="percent",
    better="lower",
    roles=("team", "manager"),
    timing="leading",
    kind="outcome",
    form="proportion",
)
def cart_abandonment_rate(left=shop.carts_left, filled=shop.carts_filled) -> pl.Expr:
    """Share of the carts begun in the period that have never become an order.

    The benchmark is what is usual, not what to aim at.

    Source: [003].
    """
    return percent(left, filled)
