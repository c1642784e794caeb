"""Product KPIs: what sells, how well, and what buyers say of it. Break them down by product or product family."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import change, percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import products, revenue


@kpi(
    unit="count",
    better="higher",
    roles=("manager",),
    timing="lagging",
    kind="outcome",
    label="Product sales volume",
    aliases=("Units Sold", "Sales Volume"),
)
def product_units_sold(units=products.units_sold) -> pl.Expr:
    """Units sold in the period.

    Source: [000].
    """
    return units


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    label="Revenue by product",
    aliases=("Product Revenue",),
)
def product_revenue(sold=revenue.line_revenue) -> pl.Expr:
    """Revenue of the order lines of the period, which is what an order says of each product.

    Source: [000].
    """
    return sold


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    label="Product profit margin",
    aliases=("Profit Margin by Product",),
)
def product_margin(sold=revenue.line_revenue, cost=revenue.line_costs) -> pl.Expr:
    """Share of a product's revenue left after the cost of what was sold.

    Source: [000].
    """
    return percent(sold - cost, sold)


@kpi(unit="percent", better="higher", roles=("manager",), timing="lagging", kind="outcome")
def product_sales_growth(now=revenue.line_revenue, before=revenue.line_revenue.previous) -> pl.Expr:
    """Change of a product's revenue against the period before: the yardstick for new products.

    Source: [000].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager",),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Customer Feedback (product)",),
)
def product_feedback_score(positive=products.positive_product_answers, answers=products.product_answers) -> pl.Expr:
    """Share of the survey answers about a product that are positive; an answer without a score is none.

    Source: [000].
    """
    return percent(positive, answers)


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome")
def product_revenue_standing(standing=products.revenue_standing) -> pl.Expr:
    """Share of the other products that sold for less, a tie counting half; of a group, the mean of its products.

    Source: [000], a part of product performance.
    """
    return standing


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome")
def product_units_standing(standing=products.units_standing) -> pl.Expr:
    """Share of the other products that sold fewer units, a tie counting half; of a group, the mean of its products.

    Source: [000], a part of product performance.
    """
    return standing


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome")
def product_margin_standing(standing=products.margin_standing) -> pl.Expr:
    """Share of the other products with a lower margin, a tie counting half; of a group, the mean of its products.

    Source: [000], a part of product performance.
    """
    return standing


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome")
def product_market_share_standing(standing=products.share_standing) -> pl.Expr:
    """Share of the other products that have less of their family's market, a tie counting half; of a group, the mean
    of its products.

    Source: [000], a part of product performance.
    """
    return standing


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="leading", kind="quality")
def product_feedback_standing(standing=products.feedback_standing) -> pl.Expr:
    """Share of the other products with fewer positive answers in a hundred, a tie counting half; of a group, the mean
    of its products.

    Source: [000], a part of product performance.
    """
    return standing


@composite(
    weights={"revenue": 1, "units": 1, "margin": 1, "market_share": 1, "feedback": 1},
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
)
def product_performance(
    revenue=product_revenue_standing,
    units=product_units_standing,
    margin=product_margin_standing,
    market_share=product_market_share_standing,
    feedback=product_feedback_standing,
) -> None:
    """Composite from 0 to 100 of where a product stands among all products by revenue, units, margin, market share
    and feedback.

    Meant by product: the mean over all products is always near 50. Products are ranked over the whole breakdown, so
    by team a product sold by two teams stands there twice. Compare products of one age: a new one is judged by its
    growth, an old one by its level.

    Source: [000].
    """
