"""Measures of insurance: policies written, in force and renewed, premium earned, claims."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, distinct, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Claims, Leads, Policies

COVER = ("starts_on", "ends_on")
CANCELLED = pl.col("cancelled_at")
IN_FORCE = CANCELLED.is_null() | (pl.col("day") < CANCELLED)
NEW_BUSINESS = pl.col("renews_policy_id").is_null()


@measure(Policies, alive=COVER, unit="count")
def policies_in_force() -> Aggregate:
    """Policies in force at the boundary, cancelled ones left out."""
    return count(IN_FORCE)


@measure(Policies, alive=COVER, unit="count")
def policyholders() -> Aggregate:
    """Accounts with a policy in force at the boundary."""
    return distinct("account_id", IN_FORCE)


@measure(Policies, alive=COVER, unit="count")
def lines_in_force() -> Aggregate:
    """Different product lines of the policies in force at the boundary."""
    return distinct("product_line", IN_FORCE)


@per_entity(on="account_id", unit="count")
def policyholders_at_start(start=policies_in_force.at_start) -> Aggregate:
    """Accounts with a policy in force at the start."""
    return count(start > 0)


@per_entity(on="account_id", unit="count")
def policyholders_kept(start=policies_in_force.at_start, end=policies_in_force.at_end) -> Aggregate:
    """Accounts with a policy in force at the start that have one at the end, be it another."""
    return count((start > 0) & (end > 0))


@per_entity(on="account_id", unit="count")
def policyholders_at_end(end=policies_in_force.at_end) -> Aggregate:
    """Accounts with a policy in force at the end."""
    return count(end > 0)


@per_entity(on="account_id", unit="count")
def policyholders_of_several_lines(lines=lines_in_force.at_end, at_least: int = 2) -> Aggregate:
    """Accounts with policies in force in two product lines or more."""
    return count(lines >= at_least)


@attribute(Policies, on="policy_id", key="renews_policy_id")
def renewals() -> pl.Expr:
    """Policies that renew this one."""
    return pl.len()


@measure(Policies, at="ends_on", unit="count")
def policies_ended() -> Aggregate:
    """Policies whose term ended."""
    return count()


@measure(Policies, at="ends_on", unit="count", uses=(renewals,))
def policies_renewed() -> Aggregate:
    """Policies whose term ended and that were renewed."""
    return count(pl.col("renewals").fill_null(0) > 0)


@measure(Policies, at="written_at", unit="count")
def new_policies() -> Aggregate:
    """Policies written that renew none."""
    return count(NEW_BUSINESS)


@measure(Policies, at="written_at", unit="currency")
def new_premium() -> Aggregate:
    """Premium of the policies written that renew none."""
    return total("premium", NEW_BUSINESS)


@measure(Policies, during=COVER, unit="currency")
def earned_premium() -> Aggregate:
    """Premium by the days of cover in the period out of the days of the term; a cancelled policy earns no more."""
    covered_to = pl.min_horizontal("ends_on", "cancelled_at", "until")
    days = days_between(pl.max_horizontal("starts_on", "period_start"), covered_to)
    return total(
        pl.col("premium") * days / days_between("starts_on", "ends_on"), pl.col("ends_on").is_not_null() & (days > 0)
    )


@measure(Claims, at="closed_at", unit="currency")
def claims_paid() -> Aggregate:
    """Claims paid, by the day they were closed."""
    return total("paid")


@measure(Claims, at="closed_at", unit="currency")
def claims_cost() -> Aggregate:
    """Claims paid and the change of their reserves, by the day they were closed."""
    return total(pl.col("paid") + pl.col("reserve_change").fill_null(0))


@measure(Claims, at="closed_at", unit="days")
def mean_days_to_close_claim() -> Aggregate:
    """Mean days from the report of a claim to its closing."""
    return mean(days_between("reported_at", "closed_at"))


@measure(Claims, alive=("reported_at", "closed_at"), unit="days")
def mean_open_claim_age() -> Aggregate:
    """Mean days since the report of the claims open at the boundary."""
    return mean(days_between("reported_at", "day"))


@attribute(Policies, on="lead_id", where=NEW_BUSINESS & pl.col("written_at").is_not_null())
def policies_from_lead() -> pl.Expr:
    """New policies written for the lead."""
    return pl.len()


@measure(Leads, at="created_at", unit="count", uses=(policies_from_lead,))
def leads_with_policy() -> Aggregate:
    """Leads that came in and have led to a policy since."""
    return count(pl.col("policies_from_lead").fill_null(0) > 0)
