"""Activity KPIs: what sales does, and how buyers react."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import activities, bounces, deals, follow_ups, pipeline, quotes


@kpi(
    unit="count",
    better="higher",
    roles=("rep", "sdr", "team", "manager"),
    timing="leading",
    kind="activity",
    aliases=("Activity Levels", "Sales Activities"),
)
def activity_volume(done=activities.sales_actions) -> pl.Expr:
    """Sales actions of the period: outbound touches, and meetings, demos and proposals.

    Source: [000], [003].
    """
    return done


@kpi(
    unit="count",
    better="higher",
    roles=("rep", "sdr"),
    timing="leading",
    kind="activity",
    aliases=("Number of Sales Calls", "Number of Calls Made"),
)
def calls_made(calls=activities.outbound_calls) -> pl.Expr:
    """Outbound calls of the period.

    Top performers make 50 to 100 per rep and working day.

    Source: [000], [001], [003].
    """
    return calls


@kpi(unit="count", better="higher", roles=("rep", "sdr"), timing="leading", kind="activity")
def emails_sent(emails=activities.outbound_emails) -> pl.Expr:
    """Outbound sales e-mails of the period.

    Source: [000], [003].
    """
    return emails


@kpi(unit="count", better="higher", roles=("rep", "ae", "sdr"), timing="leading", kind="activity")
def meetings_held(held=activities.held_meetings) -> pl.Expr:
    """Meetings that took place in the period; demos are counted apart.

    Source: [000].
    """
    return held


@kpi(
    unit="count",
    better="higher",
    roles=("sdr", "rep"),
    timing="leading",
    kind="activity",
    aliases=("Meetings Scheduled",),
)
def meetings_booked(booked=activities.booked_meetings) -> pl.Expr:
    """Meetings and demos booked in the period, whenever they take place.

    Source: [003].
    """
    return booked


@kpi(unit="count", better="higher", roles=("rep", "ae"), timing="leading", kind="activity", aliases=("Demos",))
def demos_conducted(held=activities.held_demos) -> pl.Expr:
    """Product demonstrations held in the period.

    Source: [000], [003].
    """
    return held


@kpi(
    unit="count",
    better="higher",
    roles=("rep", "sdr", "ae"),
    timing="leading",
    kind="activity",
    aliases=("Follow-ups Completed",),
)
def follow_ups_completed(done=activities.follow_ups) -> pl.Expr:
    """Outbound follow-up touches of the period.

    Source: [003].
    """
    return done


@kpi(
    unit="ratio",
    better="band",
    roles=("rep", "sdr", "am"),
    timing="leading",
    kind="activity",
    form="ratio",
    aliases=("Customer Follow-Up Frequency", "Follow-Up Frequency"),
)
def follow_up_frequency(done=activities.follow_ups, contacted=activities.contacted_accounts) -> pl.Expr:
    """Follow-up touches per account touched in the period.

    Too many annoy; the range must be set, the sources give none.

    Source: [000].
    """
    return done / contacted


@kpi(
    unit="count",
    better="band",
    roles=("rep", "ae", "manager"),
    timing="lagging",
    kind="activity",
    aliases=("Touches per Won Deal", "Follow-ups to Close"),
)
def follow_ups_to_close(touches=deals.mean_follow_ups_to_close) -> pl.Expr:
    """Mean number of follow-up touches on the deals won in the period.

    Source: [000].
    """
    return touches


@kpi(
    unit="score",
    better="higher",
    roles=("rep", "sdr", "ae", "manager"),
    timing="leading",
    kind="quality",
    aliases=("Engagement Rate", "Prospect Engagement"),
)
def prospect_engagement_level(engaged=pipeline.mean_engagement.at_end) -> pl.Expr:
    """Mean score from 0 to 100 of how the buyers of the deals open at the end of the period engaged in the last 30
    days: two-way touches (full at 8), minutes (full at 120), answers to outbound touches, weighted 40, 30, 30.

    Source: [000].
    """
    return engaged


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "rep"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Open Rate",),
)
def email_open_rate(opened=activities.opened_emails, delivered=activities.delivered_emails) -> pl.Expr:
    """Share of the outbound e-mails delivered in the period that were opened.

    Mail privacy features inflate it.

    Source: [001].
    """
    return percent(opened, delivered)


@kpi(
    unit="percent",
    better="higher",
    roles=("sdr", "rep"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Deliverability Rate",),
)
def email_deliverability_rate(delivered=activities.delivered_emails, sent=activities.outbound_emails) -> pl.Expr:
    """Share of the outbound e-mails sent in the period that were delivered.

    Source: [001].
    """
    return percent(delivered, sent)


@kpi(
    unit="count",
    better="higher",
    roles=("ae", "rep"),
    timing="leading",
    kind="activity",
    aliases=("Proposal Submissions",),
)
def proposals_sent(issued=quotes.proposals_issued) -> pl.Expr:
    """Proposals issued to buyers in the period.

    Source: [003].
    """
    return issued


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "sdr", "ae", "manager"),
    timing="leading",
    kind="activity",
    label="Follow-up rate",
)
def follow_up_rate(
    followed=follow_ups.occasions_followed,
    answered=follow_ups.proposals_followed,
    occasions=follow_ups.occasions,
    proposals=follow_ups.proposals_out,
) -> pl.Expr:
    """Share of the first touches, held meetings and proposals of the period that sales followed up within three days
    by another touch of the same deal or lead.

    The last days of a period that is still running may yet get theirs.

    Source: [003].
    """
    return percent(followed + answered, occasions + proposals)


@kpi(
    unit="percent",
    better="lower",
    roles=("sdr", "rep"),
    timing="leading",
    kind="quality",
    form="proportion",
    aliases=("Email Bounce Rate",),
)
def bounce_rate(bounced=bounces.bounced_emails, sent=activities.outbound_emails) -> pl.Expr:
    """Share of the outbound e-mails sent in the period that bounced.

    Source: [001], reading (a).
    """
    return percent(bounced, sent)


@kpi(
    unit="percent",
    better="lower",
    roles=("sdr", "rep"),
    timing="leading",
    kind="quality",
    form="proportion",
)
def website_bounce_rate(bounced=bounces.one_page_visits, visits=bounces.site_visits) -> pl.Expr:
    """Share of the site visits begun in the period that ended after one page.

    Source: [001], reading (b).
    """
    return percent(bounced, visits)
