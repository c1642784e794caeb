"""Rep KPIs: what a rep brings in, and how fast a new one does."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import deals, people, playbook, revenue


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "ae", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Quota Attainment", "Rep Quota Attainment"),
)
def individual_quota_attainment(won=deals.won_amount, quota=people.rep_quota) -> pl.Expr:
    """Contract value won in the period as a share of the quota of the reps.

    Source: [000], [001], [003].
    """
    return percent(won, quota)


@kpi(
    unit="currency",
    better="higher",
    roles=("rep", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Revenue per Salesperson", "Revenue per Sales Rep"),
)
def sales_per_rep(booked=revenue.revenue, sellers=people.seller_headcount.average) -> pl.Expr:
    """Revenue of the period per seller, by average headcount.

    Source: [000].
    """
    return booked / sellers


@kpi(
    unit="count",
    better="higher",
    roles=("rep", "ae"),
    timing="lagging",
    kind="outcome",
    aliases=("Deals Won", "Closed-Won Deals"),
)
def number_of_deals_closed(won=deals.won_deals) -> pl.Expr:
    """Deals won in the period. Closed here means won; closed opportunities also counts the lost ones.

    Source: [000], [003].
    """
    return won


@kpi(
    unit="days",
    better="lower",
    roles=("rep", "manager"),
    timing="lagging",
    kind="outcome",
    label="Ramp-up time",
    aliases=("Ramp Time", "Onboarding Time", "Ramp-Up Time for Sales Representatives"),
)
def ramp_up_time(days=people.mean_days_to_first_engagement) -> pl.Expr:
    """Mean days from joining to the first held meeting or connected call, over the sellers hired in the period.

    Those not there yet are not in the mean; see sellers not yet engaged.

    Source: [002], reading (a).
    """
    return days


@kpi(unit="count", better="lower", roles=("rep", "manager"), timing="lagging", kind="outcome")
def sellers_not_yet_engaged(waiting=people.sellers_not_yet_engaged) -> pl.Expr:
    """Sellers hired in the period who have not yet held a meeting or reached a buyer: what ramp-up time leaves out.

    Source: [002].
    """
    return waiting


@kpi(unit="days", better="lower", roles=("rep", "manager"), timing="lagging", kind="outcome")
def time_to_full_quota(days=people.mean_days_to_first_quota) -> pl.Expr:
    """Mean days from joining to the end of the first quota period met, over the sellers hired in the period.

    Those not there yet are not in the mean.

    Source: [002], reading (b).
    """
    return days


@kpi(unit="percent", better="higher", roles=("rep", "ae", "manager"), timing="leading", kind="quality")
def knowledge_test_result(result=playbook.mean_test_result) -> pl.Expr:
    """Mean result of the knowledge tests taken in the period, in percent of what could be reached.

    Source: [000], [003], a part of the product knowledge score.
    """
    return result


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "ae", "manager"),
    timing="leading",
    kind="quality",
    form="proportion",
)
def product_statement_accuracy(right=playbook.right_product_statements, made=playbook.product_statements) -> pl.Expr:
    """Share of the statements about the product that were checked on the calls of the period and were right.

    Source: [003], a part of the product knowledge score.
    """
    return percent(right, made)


@composite(
    weights={"tests": 1, "calls": 1},
    unit="percent",
    better="higher",
    roles=("rep", "ae", "manager"),
    timing="leading",
    kind="quality",
    label="Product knowledge assessment",
    aliases=("Product Knowledge",),
)
def product_knowledge_score(tests=knowledge_test_result, calls=product_statement_accuracy) -> None:
    """How well reps know the product: the mean of their test results and of the share of their statements on calls that
    were right, each in percent; where only one of them is known, that one.

    Source: [000], [003].
    """
