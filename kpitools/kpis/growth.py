"""Growth KPIs: change against an earlier period."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import change, percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import accounts, market, products, revenue


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    label="Sales growth rate",
    aliases=("Revenue Growth Rate", "Sales Growth", "Monthly Sales Growth"),
)
def sales_growth(now=revenue.revenue, before=revenue.revenue.previous) -> pl.Expr:
    """Change of revenue against the period before.

    Source: [000], [003].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    label="Sales growth, year on year",
    aliases=("Year-over-Year Sales Growth",),
)
def sales_growth_year_on_year(now=revenue.revenue, before=revenue.revenue.year_ago) -> pl.Expr:
    """Change of revenue against the same period of the year before.

    Source: [000], [003].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    label="ARR growth rate",
    aliases=("ARR Growth", "ARR Year-over-Year"),
)
def arr_growth_rate(now=revenue.recurring_revenue.at_end, before=revenue.recurring_revenue.at_end.year_ago) -> pl.Expr:
    """Change of annual recurring revenue over a year, as at the end of the period.

    Source: [003].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    label="MRR growth rate",
    aliases=("MRR Growth",),
)
def mrr_growth_rate(now=revenue.recurring_revenue.at_end, before=revenue.recurring_revenue.at_end.year_ago) -> pl.Expr:
    """Change of monthly recurring revenue over a year, as at the end of the period.

    Source: [003].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
)
def new_customer_growth_rate(now=accounts.new_customers, before=accounts.new_customers.previous) -> pl.Expr:
    """Change in the number of customers won, against the period before.

    Source: [000].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Key Account Growth",),
)
def strategic_account_growth(now=revenue.strategic_revenue, before=revenue.strategic_revenue.previous) -> pl.Expr:
    """Change of the orders of today's key accounts, against the period before.

    The same accounts stand on both sides, so that naming a new key account is not growth.

    Source: [003].
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
)
def market_penetration(customers=accounts.customers.at_end, addressable=market.addressable_accounts) -> pl.Expr:
    """Customers at the end of the period as a share of the accounts that could buy.

    For the whole company or by region. An account that could buy of several product families counts once: of each
    region, the family that most accounts could buy of stands for all. The other reading is the market share by units.

    Source: [000], reading (b).
    """
    return percent(customers, addressable)


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Product Market Share",),
)
def market_share(sold=revenue.line_revenue, everybody=market.market_revenue) -> pl.Expr:
    """Own revenue of the period as a share of what everybody sold in the market.

    For the whole company, by region or by product family.

    Source: [000], by revenue.
    """
    return percent(sold, everybody)


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
)
def market_share_by_units(sold=products.units_sold, everybody=market.market_units) -> pl.Expr:
    """Own units of the period as a share of the units that everybody sold in the market.

    For the whole company, by region or by product family.

    Source: [000], by units; also market penetration, reading (a).
    """
    return percent(sold, everybody)
