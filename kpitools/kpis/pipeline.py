"""Pipeline KPIs: what is open, how good it is, how fast it moves."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.conversion import stage_conversion_rate, win_rate
from kpitools.kpis.cycle_time import sales_cycle_length
from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import deals, intent, leads, people, pipeline


@kpi(
    unit="ratio",
    better="higher",
    roles=("manager", "ae", "executive"),
    timing="leading",
    kind="outcome",
    form="ratio",
    aliases=("Sales Pipeline Coverage", "SPC", "Pipeline Coverage"),
)
def pipeline_coverage_ratio(due=pipeline.due_amount.at_start, quota=people.quota) -> pl.Expr:
    """How many times the pipeline open at the start of the period and due in it covers the period's quota.

    The quota is that of the reps where they have one, else the teams', else the company's. For a period yet to
    begin, the pipeline is today's.

    Source: [000], [003].
    """
    return due / quota


@kpi(unit="ratio", better="higher", roles=("manager", "ae", "executive"), timing="leading", kind="outcome")
def remaining_coverage_ratio(due=pipeline.due_amount.at_end, quota=people.quota, won=deals.won_amount) -> pl.Expr:
    """How many times the pipeline still open and due in the period covers the quota not yet won.

    Null once the quota is reached.

    Source: [003], during a period.
    """
    return pl.when(quota > won).then(due / (quota - won))


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "ae", "executive"),
    timing="leading",
    kind="outcome",
    aliases=("Open Pipeline", "Total Value of Opportunities", "Total Pipeline Value"),
)
def pipeline_value(open_amount=pipeline.open_amount.at_end) -> pl.Expr:
    """Contract value of all deals open at the end of the period.

    Source: [000], [003].
    """
    return open_amount


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "ae", "executive"),
    timing="leading",
    kind="outcome",
    aliases=("Weighted Forecast", "Weighted Sales Pipeline"),
)
def weighted_pipeline(weighted=pipeline.weighted_amount.at_end) -> pl.Expr:
    """Open pipeline at the end of the period, each deal times the chance its stage gives it.

    Source: [001], [003].
    """
    return weighted


@kpi(
    unit="currency_per_day",
    better="higher",
    roles=("manager", "ae", "executive"),
    timing="leading",
    kind="outcome",
    aliases=("Sales Velocity", "Sales Pipeline Velocity"),
)
def pipeline_velocity(
    worked=deals.deals_worked, size=deals.mean_worked_amount, rate=win_rate, days=sales_cycle_length
) -> pl.Expr:
    """Revenue the pipeline yields a day: deals worked, times their mean size, times the win rate, over the cycle in
    days.

    The cycle runs from creation, as the deals are counted from creation.

    Source: [003].
    """
    return worked * size * (rate / 100) / days


@kpi(
    unit="count",
    better="none",
    roles=("manager", "ae"),
    timing="leading",
    kind="outcome",
    aliases=("Stage Distribution", "Open Deals", "Pipeline by Stage"),
)
def deals_per_stage(open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Deals open at the end of the period; broken down by stage it shows where they stand.

    Source: [000], [003].
    """
    return open_deals


@kpi(
    unit="percent",
    better="lower",
    roles=("manager", "ae"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Stale Deals",),
)
def stale_pipeline_share(stale=pipeline.stale_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period without any touch for more than 30 days.

    Source: [000].
    """
    return percent(stale, open_deals)


@kpi(unit="percent", better="higher", roles=("manager", "ae"), timing="leading", kind="quality", form="proportion")
def deals_within_typical_days(moving=pipeline.moving_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that have not stood in their stage longer than is typical.

    Source: [000], a part of pipeline health.
    """
    return percent(moving, open_deals)


@kpi(
    unit="currency",
    better="higher",
    roles=("sdr", "manager"),
    timing="leading",
    kind="outcome",
    aliases=("Sourced Pipeline",),
)
def pipeline_generated(sourced=pipeline.sourced_amount) -> pl.Expr:
    """Contract value of the deals opened in the period that sales development sourced, as entered on their first
    day.

    Source: [003].
    """
    return sourced


@kpi(
    unit="count",
    better="higher",
    roles=("sdr", "manager", "team"),
    timing="leading",
    kind="outcome",
    aliases=("Number of New Leads", "Lead Volume", "New Leads Added to the Pipeline"),
)
def new_leads_added(new=leads.different_leads) -> pl.Expr:
    """Different leads that came in during the period, one per e-mail address.

    Source: [002].
    """
    return new


@kpi(
    unit="count",
    better="higher",
    roles=("ae", "sdr", "manager"),
    timing="leading",
    kind="outcome",
    aliases=("Opportunity Count", "Number of Opportunities"),
)
def qualified_opportunities(worked=deals.deals_worked) -> pl.Expr:
    """Deals worked in the period: opened before its end and not closed before its start.

    Source: [003].
    """
    return worked


@kpi(unit="count", better="none", roles=("manager", "ae"), timing="lagging", kind="outcome", aliases=("Closed Deals",))
def closed_opportunities(closed=deals.closed_deals) -> pl.Expr:
    """Deals that ended in the period, won or lost.

    Source: [001].
    """
    return closed


@kpi(
    unit="score",
    better="higher",
    roles=("manager",),
    timing="leading",
    kind="quality",
    aliases=("Sales Pipeline Health",),
)
def pipeline_health(
    coverage=pipeline_coverage_ratio,
    stale=stale_pipeline_share,
    moving=deals_within_typical_days,
    conversion=stage_conversion_rate,
    advanced=deals.stage_advances.rolling(4).previous,
    entered=deals.stage_entries.rolling(4).previous,
) -> pl.Expr:
    """Composite from 0 to 100 of coverage (full at three times quota), freshness, deals within the typical days of
    their stage, and stage conversion against the four periods before.

    Of the parts that can be computed, each weighs the same; the balance over stages is left to deals per stage,
    since it needs a reference mix.

    Source: [000], [003].
    """
    usual = pl.when(advanced > 0).then(percent(advanced, entered))
    return 100 * pl.mean_horizontal(
        (coverage / 3).clip(0, 1), 1 - stale / 100, moving / 100, (conversion / usual).clip(0, 1)
    )


@kpi(
    unit="count",
    better="higher",
    roles=("sdr", "manager"),
    timing="leading",
    kind="outcome",
    label="Marketing qualified accounts (MQA)",
    aliases=("MQA", "Marketing Qualified Accounts"),
)
def marketing_qualified_accounts(qualified=intent.qualified_target_accounts.at_end) -> pl.Expr:
    """Target accounts whose engagement of the last 90 days is enough for sales at the end of the period: 20 points,
    from the weights of buying signals, five a reply and ten a held meeting.

    Source: [001].
    """
    return qualified
