"""Retention KPIs: which customers and how much recurring revenue stay."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import at_least, between, kpi
from kpitools.measures import accounts, activities, revenue


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    benchmark=at_least(85),
    form="proportion",
    aliases=("CRR", "Logo Retention", "Client Retention Rate", "Retention Rate"),
)
def customer_retention_rate(kept=accounts.customers_kept.at_start, customers=accounts.customers.at_start) -> pl.Expr:
    """Share of the customers at the start of the period who are still customers at its end.

    Counted customer by customer, so that one won and lost within the period changes nothing.

    Source: [000], reading (b), [002], [003].
    """
    return percent(kept, customers)


@kpi(
    unit="percent",
    better="lower",
    roles=("am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    benchmark=between(5, 7, "general_annual"),
    form="proportion",
    aliases=("Churn Rate", "Logo Churn", "Attrition Rate"),
)
def customer_churn_rate(lost=accounts.customers_lost.at_start, customers=accounts.customers.at_start) -> pl.Expr:
    """Share of the customers at the start of the period who left by its end.

    The benchmark is for a year; a quarter's churn is about a quarter of it.

    Source: [000], [003].
    """
    return percent(lost, customers)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    benchmark=at_least(100, "saas_smb"),
    form="ratio",
    label="Net revenue retention (NRR)",
    aliases=("NRR", "Net Dollar Retention", "NDR", "Net Revenue Retention"),
)
def net_revenue_retention(kept=revenue.kept_mrr, start=revenue.starting_mrr) -> pl.Expr:
    """Recurring revenue of the accounts live at the start of the period after expansion, downgrade and loss, as a
    share of what they paid at the start.

    Source: [003].
    """
    return percent(kept, start)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Gross revenue retention (GRR)",
    aliases=("GRR",),
)
def gross_revenue_retention(retained=revenue.retained_mrr, start=revenue.starting_mrr) -> pl.Expr:
    """Recurring revenue of the accounts live at the start of the period after downgrade and loss, expansion left
    out, as a share of what they paid at the start.

    Source: [003], without expansion.
    """
    return percent(retained, start)


@kpi(
    unit="score",
    better="higher",
    roles=("am", "manager"),
    timing="leading",
    kind="quality",
    label="QBR effectiveness",
    aliases=("Quarterly Business Review Effectiveness",),
)
def qbr_effectiveness(score=activities.mean_review_score) -> pl.Expr:
    """Score from 0 to 100 of how often business reviews of the period had a decision maker, confirmed value, led to
    action within 30 days and were followed by no less revenue 90 days on.

    A review younger than 90 days is scored on the first three.

    Source: [003].
    """
    return score
