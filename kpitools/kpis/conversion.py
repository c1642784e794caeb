"""Conversion KPIs: what share goes on, is won, or leads to the next thing."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import activities, deals, leads, quotes


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "rep", "team", "sdr", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Conversion Rate", "Lead-to-Customer Rate", "Lead-to-Close Rate", "Sales Conversion Rate"),
)
def lead_conversion_rate(converted=leads.converted_leads, created=leads.leads_created) -> pl.Expr:
    """Share of the leads that came in during the period that have become customers by the day seen.

    Young cohorts have not had their time yet: compare cohorts of one age.

    Source: [000], [002].
    """
    return percent(converted, created)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "manager"),
    timing="leading",
    kind="outcome",
    form="proportion",
    aliases=("Lead-to-Opportunity", "Lead-to-Opportunity Conversion Rate"),
)
def lead_to_opportunity_rate(opened=leads.leads_with_deal, created=leads.leads_created) -> pl.Expr:
    """Share of the leads that came in during the period for which a deal has been opened by the day seen.

    Source: [000], [003].
    """
    return percent(opened, created)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "manager"),
    timing="leading",
    kind="outcome",
    form="proportion",
    label="SQL-to-opportunity ratio",
    aliases=("SQL-to-Opportunity Conversion Rate",),
)
def sql_to_opportunity_ratio(opened=leads.qualified_leads_with_deal, qualified=leads.qualified_leads) -> pl.Expr:
    """Share of the leads accepted as sales qualified in the period for which a deal has been opened.

    Source: [003].
    """
    return percent(opened, qualified)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "ae", "sdr"),
    timing="leading",
    kind="outcome",
    form="proportion",
    aliases=(
        "Stage Conversion",
        "Funnel Conversion",
        "Stage-to-Stage Conversion Rate",
        "Conversion Rates",
        "Conversion Rate at Each Stage",
        "Stage Drop-off",
    ),
)
def stage_conversion_rate(advanced=deals.stage_advances, entered=deals.stage_entries) -> pl.Expr:
    """Share of the visits to a stage begun in the period that have gone on to a later stage or to a win.

    Deals still in the stage count as not yet gone on; the funnel shows them apart.

    Source: [000], [003].
    """
    return percent(advanced, entered)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "rep", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Close Rate", "Closing Rate", "Opportunity Win Rate", "Deal Win Rate", "Opportunity-to-Close Rate"),
)
def win_rate(won=deals.won_deals, closed=deals.closed_deals) -> pl.Expr:
    """Won deals as a share of the deals closed in the period, by count.

    Open deals are not in it: they are not lost yet.

    Source: [000], [003], reading (b).
    """
    return percent(won, closed)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
)
def win_rate_by_value(won=deals.won_amount, closed=deals.closed_amount) -> pl.Expr:
    """Won contract value as a share of the contract value closed in the period.

    Source: [000], [003], by value.
    """
    return percent(won, closed)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def win_rate_of_cohort(won=deals.created_and_won_deals, created=deals.created_deals) -> pl.Expr:
    """Share of the deals opened in the period that have been won by the day seen.

    Fair only for cohorts old enough that few are still open.

    Source: [000], reading (a).
    """
    return percent(won, created)


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "sdr", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Call-to-Sale Conversion Rate",),
)
def sales_call_conversion_rate(won=deals.won_deals, calls=activities.outbound_calls) -> pl.Expr:
    """Deals won per hundred outbound calls of the same period.

    Calls and wins of one period belong to different deals; read it as a trend.

    Source: [000].
    """
    return percent(won, calls)


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "am", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Upsell and cross-sell success rate",
    aliases=("Upsell Success Rate", "Cross-Sell Success", "Upsell/Cross-Sell Success Rate"),
)
def upsell_cross_sell_success_rate(won=deals.won_add_on_deals, closed=deals.closed_add_on_deals) -> pl.Expr:
    """Share of the upsell and cross-sell deals closed in the period that were won.

    Source: [000], [003].
    """
    return percent(won, closed)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "ae"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Next-Step Commitment",),
)
def next_step_commitment_rate(
    agreed=activities.meetings_with_next_step, held=activities.meetings_with_buyer
) -> pl.Expr:
    """Share of the meetings and demos held in the period in which the buyer agreed to a next step.

    Source: [003].
    """
    return percent(agreed, held)


@kpi(unit="percent", better="higher", roles=("ae", "manager"), timing="lagging", kind="outcome", form="proportion")
def negotiation_success_rate(won=deals.well_negotiated_deals, closed=deals.negotiated_deals) -> pl.Expr:
    """Share of the deals closed in the period after negotiation that were won at no more than 20 percent discount.

    Source: [003].
    """
    return percent(won, closed)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "rep", "manager"),
    timing="leading",
    kind="outcome",
    form="ratio",
    aliases=("Call-to-Meeting Rate",),
)
def call_to_meeting_rate(booked=activities.booked_meetings, calls=activities.outbound_calls) -> pl.Expr:
    """Meetings and demos booked per hundred outbound calls of the period.

    Source: [003].
    """
    return percent(booked, calls)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "rep", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Quote-to-close ratio",
    aliases=("Quote Conversion Rate", "Quote to Close Ratio"),
)
def quote_to_close_ratio(accepted=quotes.quotes_accepted, issued=quotes.quotes_issued) -> pl.Expr:
    """Share of the quotes and proposals issued in the period that have been accepted by the day seen.

    Every quote counts, so that a deal quoted three times and won once stands for a third.

    Source: [000], [003].
    """
    return percent(accepted, issued)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "rep", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Quote-to-close ratio by deal",
    aliases=("Quoted Deals Accepted",),
)
def quote_to_close_ratio_by_deal(accepted=quotes.quoted_deals_accepted, quoted=quotes.quoted_deals) -> pl.Expr:
    """Share of the deals quoted in the period of which any of these quotes has been accepted by the day seen.

    A deal counts once, however many quotes it took; a quote without a deal stands for itself.

    Source: [000], [003], each deal counted once.
    """
    return percent(accepted, quoted)
