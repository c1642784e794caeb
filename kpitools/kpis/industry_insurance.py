"""KPIs of insurance."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import change, percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import insurance, leads


@kpi(
    unit="percent",
    better="band",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
)
def loss_ratio(cost=insurance.claims_cost, earned=insurance.earned_premium) -> pl.Expr:
    """Claims paid and the change of their reserves as a share of the premium earned in the period.

    A claim counts when it is closed, premium day by day over the term; a cancelled policy earns no more.

    Source: [003], in the accounting form.
    """
    return percent(cost, earned)


@kpi(
    unit="percent",
    better="band",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Loss ratio, claims paid only",
)
def paid_loss_ratio(paid=insurance.claims_paid, earned=insurance.earned_premium) -> pl.Expr:
    """Claims paid as a share of the premium earned in the period, changes of reserves left out.

    Source: [003], in its words.
    """
    return percent(paid, earned)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Customer Retention Rate (insurance)", "Policy Renewal Rate"),
)
def policyholder_retention_rate(renewed=insurance.policies_renewed, ended=insurance.policies_ended) -> pl.Expr:
    """Share of the policies whose term ended in the period that have been renewed by the day seen.

    Source: [003], reading (a), by policies.
    """
    return percent(renewed, ended)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Policyholder retention rate by holder",
)
def policyholder_retention_rate_by_holder(
    kept=insurance.policyholders_kept, holders=insurance.policyholders_at_start
) -> pl.Expr:
    """Share of the accounts with a policy in force at the start of the period that have one at its end.

    Source: [003], reading (b), by holders, one of whom may have several policies.
    """
    return percent(kept, holders)


@kpi(
    unit="days",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="quality",
)
def claims_processing_time(days=insurance.mean_days_to_close_claim) -> pl.Expr:
    """Mean days from the report of a claim to its closing, for the claims closed in the period.

    What drags on is not in it: read the age of open claims beside it.

    Source: [003].
    """
    return days


@kpi(unit="days", better="lower", roles=("team", "manager"), timing="leading", kind="quality")
def age_of_open_claims(age=insurance.mean_open_claim_age) -> pl.Expr:
    """Mean days since the report of the claims open at the end of the period.

    Source: own, beside the claims processing time of [003].
    """
    return age


@kpi(
    unit="percent",
    better="higher",
    roles=("rep", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Lead-to-Policy Conversion Rate", "Conversion Rate (insurance)"),
)
def insurance_conversion_rate(insured=insurance.leads_with_policy, created=leads.leads_created) -> pl.Expr:
    """Share of the leads that came in during the period for which a new policy has been written by the day seen.

    Source: [003].
    """
    return percent(insured, created)


@kpi(unit="percent", better="higher", roles=("executive", "manager"), timing="lagging", kind="outcome")
def policyholder_growth_rate(
    end=insurance.policies_in_force.at_end, start=insurance.policies_in_force.at_start
) -> pl.Expr:
    """Change in the number of policies in force over the period.

    Source: [003], by policies as it defines them.
    """
    return change(end, start)


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="outcome",
    label="Policyholder growth rate by holder",
)
def policyholder_growth_rate_by_holder(
    end=insurance.policyholders.at_end, start=insurance.policyholders.at_start
) -> pl.Expr:
    """Change in the number of accounts with a policy in force over the period.

    Source: [003], by holders as its name says.
    """
    return change(end, start)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Insurance cross-sell rate",
    aliases=("Cross-Sell Rate",),
)
def insurance_cross_sell_rate(
    several=insurance.policyholders_of_several_lines, holders=insurance.policyholders_at_end
) -> pl.Expr:
    """Share of the accounts with a policy in force at the end of the period that have policies of two lines or more.

    Source: [003].
    """
    return percent(several, holders)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
)
def new_policy_sales_growth(now=insurance.new_policies, before=insurance.new_policies.year_ago) -> pl.Expr:
    """Change in the number of new policies written against the same period of the year before, renewals left out.

    Source: [003], by count.
    """
    return change(now, before)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
)
def new_policy_premium_growth(now=insurance.new_premium, before=insurance.new_premium.year_ago) -> pl.Expr:
    """Change in the premium of new policies written against the same period of the year before, renewals left out.

    Source: [003], new policy sales growth by premium.
    """
    return change(now, before)
