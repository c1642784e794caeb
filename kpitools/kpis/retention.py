"""Retention KPIs: which customers and how much recurring revenue stay."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import accounts, activities, health, revenue


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "am", "manager", "executive"),
    timing="lagging",
    kind="outcome",
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


@kpi(
    unit="ratio",
    better="lower",
    roles=("am", "team"),
    timing="leading",
    kind="quality",
    form="ratio",
    aliases=("Support Requests",),
)
def support_request_rate(opened=health.tickets_opened, customers=accounts.customers_served) -> pl.Expr:
    """Requests for support opened in the period per customer served in it.

    Source: [003].
    """
    return opened / customers


@kpi(
    unit="count",
    better="higher",
    roles=("am",),
    timing="leading",
    kind="quality",
    aliases=("Usage",),
)
def customer_product_usage(users=health.mean_active_users.at_end) -> pl.Expr:
    """Mean number of users per customer who were active in the 30 days before the end of the period.

    Source: [003], by users.
    """
    return users


@kpi(
    unit="count",
    better="higher",
    roles=("am",),
    timing="leading",
    kind="quality",
    aliases=("Breadth of Usage",),
)
def product_usage_breadth(features=health.mean_features_used.at_end) -> pl.Expr:
    """Mean number of features per customer that were used in the 30 days before the end of the period.

    Source: [003], by features.
    """
    return features


@kpi(unit="score", better="higher", roles=("am", "manager"), timing="leading", kind="quality")
def account_usage_health(usage=health.mean_usage_health.at_end) -> pl.Expr:
    """Mean over customers of their users in the 30 days before the end of the period, as percent of the usual number
    in the 90 days before, at most 100.

    A customer without users in those 90 days is left out.

    Source: [003], a part of the account health score.
    """
    return usage


@kpi(unit="score", better="higher", roles=("am", "manager"), timing="leading", kind="quality")
def account_satisfaction_health(satisfaction=health.mean_satisfaction.at_end) -> pl.Expr:
    """Mean over customers of their last answer on satisfaction before the end of the period in percent of the scale;
    where there is none, of the last on recommending: yes 100, perhaps 50, no 0.

    Source: [003], a part of the account health score.
    """
    return satisfaction


@kpi(unit="score", better="higher", roles=("am", "manager"), timing="leading", kind="quality")
def account_support_health(support=health.mean_support_health.at_end) -> pl.Expr:
    """Mean over customers of how little support they asked for in the 90 days before the end of the period: 100 for
    nothing, 0 for twice what customers ask for on average, or more.

    Source: [003], a part of the account health score.
    """
    return support


@kpi(unit="percent", better="higher", roles=("am", "manager"), timing="leading", kind="quality", form="proportion")
def customers_in_touch(touched=health.customers_in_touch.at_end, customers=accounts.customers.at_end) -> pl.Expr:
    """Share of the customers at the end of the period with a touch in the last 30 days that they began or answered.

    Source: [003], a part of the account health score.
    """
    return percent(touched, customers)


@composite(
    weights={"usage": 0.4, "satisfaction": 0.3, "support": 0.2, "touch": 0.1},
    better="higher",
    roles=("am", "manager"),
    timing="leading",
    kind="quality",
    aliases=("Customer Health",),
)
def account_health_score(
    usage=account_usage_health,
    satisfaction=account_satisfaction_health,
    support=account_support_health,
    touch=customers_in_touch,
) -> None:
    """Composite from 0 to 100 of how customers fare at the end of the period: whether they use the product as usual,
    how satisfied they are, how little support they ask for, and whether there is contact.

    By account it is the account's own score; of a group, that of its means.

    Source: [003].
    """
