"""Cycle time KPIs: how long a sale takes, and how long buyers wait."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import deals, leads


@kpi(
    unit="days",
    better="lower",
    roles=("manager", "rep", "ae", "team"),
    timing="lagging",
    kind="outcome",
    aliases=("Length of Sales Cycle", "Deal Cycle Time", "Average Cycle Time per Deal", "Average Sales Cycle Length"),
)
def sales_cycle_length(days=deals.mean_days_from_creation) -> pl.Expr:
    """Mean calendar days from opening a deal to winning it, over the deals won in the period.

    Source: [003], reading (b).
    """
    return days


@kpi(unit="days", better="lower", roles=("manager", "rep", "ae", "team"), timing="lagging", kind="outcome")
def median_sales_cycle_length(days=deals.median_days_from_creation) -> pl.Expr:
    """Median calendar days from opening a deal to winning it, over the deals won in the period.

    Source: [003], the median.
    """
    return days


@kpi(unit="days", better="lower", roles=("manager", "rep", "ae", "team"), timing="lagging", kind="outcome")
def sales_cycle_from_first_contact(days=deals.mean_days_from_first_contact) -> pl.Expr:
    """Mean calendar days from the first touch with the buyer to winning the deal, over the deals won in the period.

    Source: [000], reading (a).
    """
    return days


@kpi(unit="days", better="lower", roles=("manager", "rep", "ae", "team"), timing="lagging", kind="outcome")
def median_sales_cycle_from_first_contact(days=deals.median_days_from_first_contact) -> pl.Expr:
    """Median calendar days from the first touch with the buyer to winning the deal.

    Source: [000], the median.
    """
    return days


@kpi(
    unit="hours",
    better="lower",
    roles=("team", "manager", "rep"),
    timing="leading",
    kind="activity",
    aliases=("Inquiry Response Time", "Lead response time, inbound"),
)
def sales_response_time(hours=leads.mean_hours_to_answer_inquiry) -> pl.Expr:
    """Mean hours from an inbound inquiry of the period to the first human answer, over those answered.

    Read it with the share answered: an inquiry without an answer has no time yet.

    Source: [000].
    """
    return hours


@kpi(
    unit="hours",
    better="lower",
    roles=("team", "manager", "rep"),
    timing="leading",
    kind="activity",
)
def median_sales_response_time(hours=leads.median_hours_to_answer_inquiry) -> pl.Expr:
    """Median hours from an inbound inquiry of the period to the first human answer, over those answered.

    Source: [000], the median.
    """
    return hours


@kpi(
    unit="hours",
    better="lower",
    roles=("rep", "sdr", "manager"),
    timing="leading",
    kind="activity",
    aliases=("Speed to Lead",),
)
def lead_response_time(hours=leads.mean_hours_to_answer_lead) -> pl.Expr:
    """Mean hours from a lead's assignment in the period to the rep's first answer, over those answered.

    The clock of reading (b), from arrival, is sales response time.

    Source: [000], reading (a).
    """
    return hours


@kpi(
    unit="hours",
    better="lower",
    roles=("rep", "sdr", "manager"),
    timing="leading",
    kind="activity",
)
def median_lead_response_time(hours=leads.median_hours_to_answer_lead) -> pl.Expr:
    """Median hours from a lead's assignment in the period to the rep's first answer.

    Source: [000], the median.
    """
    return hours


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "sdr", "manager"),
    timing="leading",
    kind="activity",
    form="proportion",
)
def inquiries_answered_within_an_hour(
    prompt=leads.promptly_answered_inquiries, all_inquiries=leads.inquiries
) -> pl.Expr:
    """Share of the inbound inquiries of the period answered within one hour; unanswered ones count as not.

    Source: [000], [003].
    """
    return percent(prompt, all_inquiries)


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "sdr", "manager"),
    timing="leading",
    kind="activity",
    form="proportion",
)
def inquiries_answered(answered=leads.answered_inquiries, all_inquiries=leads.inquiries) -> pl.Expr:
    """Share of the inbound inquiries of the period that have been answered by the day seen.

    Source: [000].
    """
    return percent(answered, all_inquiries)


@kpi(
    unit="hours",
    better="lower",
    roles=("manager", "rep", "team"),
    timing="leading",
    kind="quality",
    aliases=("Average Lead Wait Time", "Lead Idle Time", "Average Lead Waiting Time in the Sales Process"),
)
def lead_waiting_time(hours=deals.mean_hours_waiting) -> pl.Expr:
    """Mean hours that leads and deals wait in a stage entered in the period for the next touch by sales.

    One that is still waiting counts up to the last day seen, or to when it left the stage.

    Source: [002].
    """
    return hours
