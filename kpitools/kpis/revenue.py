"""Revenue KPIs: what was sold, what recurs, and what it leaves."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import deals, revenue


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Overall Sales Revenue", "Sales Revenue", "Total Revenue", "Revenue Generated"),
)
def total_sales_revenue(booked=revenue.revenue) -> pl.Expr:
    """Gross income of every order placed in the period, before deductions.

    Source: [000], [001], [003].
    """
    return booked


@kpi(unit="currency", better="higher", roles=("manager", "team", "executive"), timing="lagging", kind="outcome")
def net_sales_revenue(net=revenue.net_revenue) -> pl.Expr:
    """Income of every order placed in the period, after returns and discounts given later.

    Source: [000], the net variant of total sales revenue.
    """
    return net


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "am", "executive"),
    timing="lagging",
    kind="outcome",
    label="Monthly recurring revenue (MRR)",
    aliases=("MRR", "Monthly Recurring Revenue"),
)
def monthly_recurring_revenue(mrr=revenue.recurring_revenue.at_end) -> pl.Expr:
    """Subscription income of one month, for all subscriptions live at the end of the period.

    Source: [000], [003].
    """
    return mrr


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "am", "executive"),
    timing="lagging",
    kind="outcome",
    label="Annual recurring revenue (ARR)",
    aliases=("ARR", "Annual Recurring Revenue"),
)
def annual_recurring_revenue(mrr=revenue.recurring_revenue.at_end) -> pl.Expr:
    """Subscription income at the end of the period as a twelve-month run rate.

    Source: [003].
    """
    return mrr * revenue.MONTHS_PER_YEAR


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "ae", "am", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Annual contract value (ACV)",
    aliases=("ACV", "Annual Contract Value", "Average Annual Contract Value"),
)
def annual_contract_value(
    value=deals.contracted_annual_value.at_end, accounts=deals.contracted_accounts.at_end
) -> pl.Expr:
    """Mean yearly recurring value per customer of the contracts live at the end of the period, one-off fees left
    out.

    Where a deal states no yearly value it is its amount over its term; a deal without a term counts as twelve
    months.

    Source: [002], [003].
    """
    return value / accounts


@kpi(unit="currency", better="higher", roles=("manager", "ae", "am", "executive"), timing="lagging", kind="outcome")
def annual_value_per_contract(value=deals.mean_contract_value.at_end) -> pl.Expr:
    """Mean yearly recurring value per contract live at the end of the period.

    The variant of annual contract value that divides by contracts rather than by customers.

    Source: [002], [003].
    """
    return value


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "rep", "ae", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("ADS", "Average Transaction Value"),
)
def average_deal_size(size=deals.mean_won_amount) -> pl.Expr:
    """Mean contract value of the deals won in the period.

    Source: [000], [003].
    """
    return size


@kpi(unit="currency", better="higher", roles=("manager", "rep", "ae", "executive"), timing="lagging", kind="outcome")
def median_deal_size(size=deals.median_won_amount) -> pl.Expr:
    """Median contract value of the deals won in the period: one large deal does not move it.

    Source: [000], the median variant of average deal size.
    """
    return size


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    label="Average order value (AOV)",
    aliases=("AOV", "Average Purchase Value", "APV", "Average Order Value"),
)
def average_order_value(spent=revenue.mean_order_amount) -> pl.Expr:
    """Mean amount of an order placed in the period.

    Source: [000], [003].
    """
    return spent


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Sales from New Customers", "Revenue from New Customers"),
)
def new_customer_revenue(booked=revenue.new_revenue) -> pl.Expr:
    """Orders of accounts that became customers in the same period.

    Source: [000].
    """
    return booked


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "am", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Sales from Existing Customers", "Revenue from Existing Customers"),
)
def existing_customer_revenue(booked=revenue.existing_revenue) -> pl.Expr:
    """Orders of accounts that were already customers when the period began.

    Source: [000].
    """
    return booked


@kpi(
    unit="percent",
    better="band",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    label="Sales from new vs. existing customers",
    aliases=("New Customer Revenue Share", "New-to-Existing Revenue Mix"),
)
def new_vs_existing_sales(new=revenue.new_revenue, existing=revenue.existing_revenue) -> pl.Expr:
    """Share of the period's revenue that comes from first-time buyers, the rest being repeat business.

    A balanced mix is wanted; the sources give no number.

    Source: [000].
    """
    return percent(new, new + existing)


@kpi(
    unit="currency",
    better="higher",
    roles=("am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Upsell and Cross-sell Revenue", "Expansion ARR"),
)
def expansion_revenue(more=revenue.expansion_mrr) -> pl.Expr:
    """Yearly recurring revenue added by accounts that were customers at the start of the period.

    Source: [003].
    """
    return more * revenue.MONTHS_PER_YEAR


@kpi(unit="currency", better="higher", roles=("am", "manager", "executive"), timing="lagging", kind="outcome")
def expansion_bookings(booked=deals.expansion_bookings) -> pl.Expr:
    """Contract value won in the period from customers through upsell, cross-sell and expansion.

    The variant of expansion revenue for those who sell without subscriptions.

    Source: [003].
    """
    return booked


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Expansion Revenue as % of Total Revenue",),
)
def expansion_revenue_share(expansion=deals.expansion_bookings, booked=deals.won_amount) -> pl.Expr:
    """Part of the contract value won in the period that came from upsell, cross-sell and expansion.

    Both sides are bookings, so that they are on one basis.

    Source: [003].
    """
    return percent(expansion, booked)


@kpi(
    unit="currency",
    better="lower",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Contractions", "Downgrade ARR"),
)
def contraction_revenue(less=revenue.contraction_mrr) -> pl.Expr:
    """Yearly recurring revenue lost in the period through downgrades by accounts that stay.

    Source: [003].
    """
    return less * revenue.MONTHS_PER_YEAR


@kpi(
    unit="currency",
    better="lower",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Revenue Churn", "Churned ARR"),
)
def churned_revenue(gone=revenue.churned_mrr) -> pl.Expr:
    """Yearly recurring revenue of accounts with a subscription at the start of the period and none at its end.

    Source: [003].
    """
    return gone * revenue.MONTHS_PER_YEAR


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Gross Profit Margin",),
)
def gross_margin(sold=revenue.line_revenue, cost=revenue.line_costs) -> pl.Expr:
    """Share of revenue left after the cost of the goods and services sold.

    Source: [000].
    """
    return percent(sold - cost, sold)
