"""Efficiency KPIs: what comes out for the hours and the money put in."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.cycle_time import sales_cycle_length
from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import hours, hygiene, initiatives, people, pipeline, revenue


@kpi(unit="ratio", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome", form="ratio")
def sales_productivity(booked=revenue.revenue, spent=hours.sales_force_costs) -> pl.Expr:
    """Revenue of the period for each unit spent on the sales force: pay with commissions, tools, training, travel.

    Revenue for each seller is sales per rep.

    Source: [000], reading (b).
    """
    return booked / spent


@kpi(
    unit="ratio",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    label="Return on sales investment (ROSI)",
    aliases=("ROSI", "Return on Sales Investment"),
)
def return_on_sales_investment(
    credited=initiatives.revenue_credited_to_sales,
    spent=initiatives.sales_initiative_costs,
    revenue=revenue.line_revenue,
    cogs=revenue.line_costs,
) -> pl.Expr:
    """Gross margin of the revenue credited to strategies, tools and techniques, less their cost, for each unit spent:
    above 0 it pays.

    Credited revenue goes with the spending: a period that bears half of the cost bears half of the revenue. The
    margin is that of the period's order lines. Campaigns are marketing's; see return on investment.

    Source: [000], reading (b), by margin.
    """
    return (credited * (revenue - cogs) / revenue - spent) / spent


@kpi(unit="ratio", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome", form="ratio")
def revenue_per_sales_investment(
    credited=initiatives.revenue_credited_to_sales, spent=initiatives.sales_initiative_costs
) -> pl.Expr:
    """Revenue credited to strategies, tools and techniques for each unit spent on them: read it against 1, and know
    that revenue is not yet a gain.

    Source: [000], reading (a) of return on sales investment.
    """
    return credited / spent


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    label="Return on investment (ROI)",
    aliases=("ROI", "Marketing ROI", "Campaign ROI", "Return on Investment"),
)
def return_on_investment(
    credited=initiatives.credited_revenue,
    spent=initiatives.initiative_costs,
    revenue=revenue.line_revenue,
    cogs=revenue.line_costs,
) -> pl.Expr:
    """Gross margin of the revenue credited to initiatives of all kinds, campaigns too, less their cost, in percent of
    the cost.

    An initiative to which no revenue is credited yet is not in it.

    Source: [000], [001].
    """
    return percent(credited * (revenue - cogs) / revenue - spent, spent)


@kpi(
    unit="currency",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Sales per Employee",),
)
def revenue_per_employee(booked=revenue.revenue, staff=people.headcount.average) -> pl.Expr:
    """Revenue of the period per head of all staff, by average headcount. Sales per rep counts sellers only.

    Source: [000].
    """
    return booked / staff


@kpi(unit="currency", better="higher", roles=("manager", "team"), timing="lagging", kind="outcome", form="ratio")
def revenue_per_hour_worked(booked=revenue.revenue, worked=hours.hours_worked) -> pl.Expr:
    """Revenue of the period per hour that was worked in it.

    Source: [000].
    """
    return booked / worked


@kpi(
    unit="score",
    better="higher",
    roles=("manager", "team"),
    timing="lagging",
    kind="outcome",
    aliases=("Team Efficiency Metrics",),
)
def team_efficiency_index(
    per_head=revenue_per_employee,
    per_head_before=revenue_per_employee.previous,
    per_hour=revenue_per_hour_worked,
    per_hour_before=revenue_per_hour_worked.previous,
    cycle=sales_cycle_length,
    cycle_before=sales_cycle_length.previous,
) -> pl.Expr:
    """How revenue per employee, revenue per hour worked and the pace of deals stand beside the period before: the
    geometric mean of the three ratios, 100 where nothing changed.

    Source: [000].
    """
    return 100 * (per_head / per_head_before * per_hour / per_hour_before * cycle_before / cycle).pow(1 / 3)


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "manager"),
    timing="leading",
    kind="activity",
    form="ratio",
    aliases=("Administrative Time Share (inverse)",),
)
def selling_time_share(selling=hours.hours_selling, worked=hours.hours_worked) -> pl.Expr:
    """Share of the hours worked in the period that was spent with buyers.

    Source: [000].
    """
    return percent(selling, worked)


@kpi(
    unit="percent",
    better="lower",
    roles=("rep", "manager"),
    timing="leading",
    kind="activity",
    form="ratio",
    label="Administrative time share",
)
def admin_time_share(administration=hours.hours_on_administration, worked=hours.hours_worked) -> pl.Expr:
    """Share of the hours worked in the period that went into administration.

    Source: [000], the other side of selling time.
    """
    return percent(administration, worked)


@kpi(unit="percent", better="higher", roles=("manager", "team"), timing="leading", kind="quality")
def unique_record_share(
    domains=hygiene.different_domains.at_end,
    accounts=hygiene.accounts_with_domain.at_end,
    emails=hygiene.different_emails.at_end,
    leads=hygiene.leads_with_email.at_end,
) -> pl.Expr:
    """Share of the accounts and leads on record at the end of the period that are not another copy of one: told by
    domain and e-mail address, those without one left out.

    A copy in another team shows in the total, not in the teams.

    Source: [001], a part of data hygiene.
    """
    return percent(domains + emails, accounts + leads)


@kpi(unit="percent", better="higher", roles=("manager", "team"), timing="leading", kind="quality", form="ratio")
def required_field_completeness(
    filled=hygiene.filled_fields.at_end, required=hygiene.required_fields.at_end
) -> pl.Expr:
    """Share of the fields that a deal open at the end of the period should have filled and has: amount, expected
    closing day, and next step, this one where the deal has not closed since.

    Source: [001], a part of data hygiene.
    """
    return percent(filled, required)


@kpi(unit="percent", better="higher", roles=("manager", "team"), timing="leading", kind="quality", form="proportion")
def touched_pipeline_share(touched=hygiene.touched_deals.at_end, open_=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that were touched in the last 30 days.

    Source: [001], a part of data hygiene.
    """
    return percent(touched, open_)


@composite(
    weights={"unique": 1.0, "complete": 1.0, "touched": 1.0},
    better="higher",
    roles=("manager", "team"),
    timing="leading",
    kind="quality",
    label="CRM data hygiene score",
    aliases=("Data Hygiene", "Duplicate Record Rate", "CRM Data Quality"),
)
def data_hygiene_score(
    unique=unique_record_share, complete=required_field_completeness, touched=touched_pipeline_share
) -> None:
    """How well records are kept, from 0 to 100: the mean of how many are no copies, how many required fields are
    filled, and how many open deals were touched lately. A part that is not known is left out.

    Source: [001].
    """
