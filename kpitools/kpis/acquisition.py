"""Acquisition KPIs: what new customers cost and where they come from."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import accounts, intent, leads, revenue


@kpi(
    unit="currency",
    better="lower",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Customer acquisition cost (CAC)",
    aliases=("CAC", "Cost of Acquisition", "Customer Acquisition Cost"),
)
def customer_acquisition_cost(spent=revenue.acquisition_costs, won=accounts.new_customers) -> pl.Expr:
    """Sales and marketing cost of the period per customer won in it: pay with commissions, marketing, tools,
    training, overhead.

    Source: [000], [001], [003].
    """
    return spent / won


@kpi(
    unit="count",
    better="higher",
    roles=("team", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Number of New Customers", "New Logos"),
)
def new_customer_acquisition(won=accounts.new_customers) -> pl.Expr:
    """Accounts that became customers in the period.

    Source: [000].
    """
    return won


@kpi(
    unit="count",
    better="higher",
    roles=("team", "am", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Number of Referral Customers",),
)
def referral_customers(referred=accounts.referred_customers) -> pl.Expr:
    """Accounts that became customers in the period on an existing customer's introduction.

    Source: [002].
    """
    return referred


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "team", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Referral Rate",),
)
def referral_generation_rate(referred=accounts.referred_customers, won=accounts.new_customers) -> pl.Expr:
    """Share of the customers won in the period that came through a referral.

    Source: [003], reading (a).
    """
    return percent(referred, won)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "team", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def customer_referral_rate(
    referring=accounts.referring_customers.at_start, customers=accounts.customers.at_start
) -> pl.Expr:
    """Share of the customers at the start of the period who introduced a new one in it.

    A slice of the data sees only the introductions among its own accounts.

    Source: [003], reading (b).
    """
    return percent(referring, customers)


@kpi(unit="ratio", better="higher", roles=("manager", "executive"), timing="leading", kind="outcome", form="ratio")
def lead_generation_effectiveness(qualified=leads.qualified_leads, spent=revenue.marketing_costs) -> pl.Expr:
    """Sales-qualified leads of the period per thousand of marketing spend.

    Source: [001].
    """
    return 1000 * qualified / spent


@kpi(unit="percent", better="higher", roles=("sdr", "manager"), timing="leading", kind="quality", form="proportion")
def account_match_rate(
    matched=accounts.matched_target_accounts.at_end, targets=accounts.target_accounts.at_end
) -> pl.Expr:
    """Share of the target accounts that an outside data provider knows.

    Source: [001].
    """
    return percent(matched, targets)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "manager", "executive"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Account-Based Analytics Engagement", "ABM Benchmarks"),
)
def target_account_engagement(
    engaged=intent.engaged_target_accounts.at_end, targets=accounts.target_accounts.at_end
) -> pl.Expr:
    """Share of the target accounts with three or more inbound touches, held meetings or buying signals in the period.

    Source: [001].
    """
    return percent(engaged, targets)
