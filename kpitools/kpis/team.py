"""Team KPIs: quotas, targets, staff."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import between, kpi
from kpitools.measures import deals, people
from kpitools.measures.anchors import period_days


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    benchmark=between(80, 90),
    form="ratio",
)
def team_quota_attainment(won=deals.won_amount, quota=people.team_quota) -> pl.Expr:
    """Contract value won in the period as a share of the quota set for the teams.

    Source: [000].
    """
    return percent(won, quota)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Target Achievement",),
)
def sales_target_achievement_rate(met=people.quotas_met, ended=people.quotas_ended) -> pl.Expr:
    """Share of the quotas ending in the period that were met or beaten, of reps, teams and the company.

    Source: [000].
    """
    return percent(met, ended)


@kpi(
    unit="percent",
    better="lower",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Turnover Rate", "Sales Rep Turnover"),
)
def employee_turnover_rate(left=people.leavers, staff=people.headcount.average, days=period_days) -> pl.Expr:
    """Staff who left in the period as a share of average headcount, made yearly.

    Source: [000].
    """
    return percent(left, staff) * 365 / days


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Sales Rep Retention Rate",),
)
def sales_team_loyalty_rate(kept=people.sellers_kept.at_start, staff=people.seller_headcount.at_start) -> pl.Expr:
    """Share of the sellers at the start of the period who are still there at its end.

    Source: [002], reading (a).
    """
    return percent(kept, staff)


@kpi(
    unit="percent", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome", form="proportion"
)
def tenured_seller_share(tenured=people.tenured_sellers.at_end, staff=people.seller_headcount.at_end) -> pl.Expr:
    """Share of the sellers at the end of the period who have been there for two years or longer.

    Source: [002], reading (b).
    """
    return percent(tenured, staff)


@kpi(
    unit="days",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    label="Average rep tenure",
    aliases=("Tenure",),
)
def rep_tenure(days=people.mean_tenure.at_end) -> pl.Expr:
    """Mean days that the sellers at the end of the period have been employed.

    Source: [002].
    """
    return days
