"""Measures of working together: deals with several reps on them, and what is shared inside the team."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.deals import CLOSED, WON
from kpitools.measures.measure import measure
from kpitools.model.tables import DealMembers, Deals, Shares

SEVERAL = 2
JOINT = pl.col("reps_on_deal").fill_null(0) >= SEVERAL
CYCLE = days_between("created_at", "closed_at")


@attribute(DealMembers, on="deal_id")
def reps_on_deal() -> pl.Expr:
    """How many different reps work on the deal."""
    return pl.col("rep_id").n_unique()


@measure(Deals, during=("created_at", "closed_at"), unit="count", uses=(reps_on_deal,))
def joint_deals_worked() -> Aggregate:
    """Deals open at some time in the period that two or more reps work on."""
    return count(JOINT)


@measure(Deals, at="closed_at", unit="count", uses=(reps_on_deal,))
def joint_deals_won() -> Aggregate:
    """Deals won that two or more reps worked on."""
    return count(WON & JOINT)


@measure(Deals, at="closed_at", unit="count", uses=(reps_on_deal,))
def joint_deals_closed() -> Aggregate:
    """Deals that ended, won or lost, that two or more reps worked on."""
    return count(CLOSED & JOINT)


@measure(Deals, at="closed_at", unit="count", uses=(reps_on_deal,))
def solo_deals_won() -> Aggregate:
    """Deals won by one rep alone."""
    return count(WON & ~JOINT)


@measure(Deals, at="closed_at", unit="count", uses=(reps_on_deal,))
def solo_deals_closed() -> Aggregate:
    """Deals that ended, won or lost, with one rep alone on them."""
    return count(CLOSED & ~JOINT)


@measure(Deals, at="closed_at", unit="days", uses=(reps_on_deal,))
def mean_days_of_joint_deals() -> Aggregate:
    """Mean days from opening to winning a deal that two or more reps worked on."""
    return mean(CYCLE, WON & JOINT)


@measure(Deals, at="closed_at", unit="days", uses=(reps_on_deal,))
def mean_days_of_solo_deals() -> Aggregate:
    """Mean days from opening to winning a deal with one rep alone on it."""
    return mean(CYCLE, WON & ~JOINT)


@measure(Shares, at="shared_at", unit="count")
def items_shared() -> Aggregate:
    """Items of information or material shared inside the team."""
    return count()


@measure(Shares, at="shared_at", unit="count")
def shared_items_used() -> Aggregate:
    """Shared items that somebody other than the one who shared them has used since."""
    return count((pl.col("used_by_rep_id") != pl.col("rep_id")).fill_null(False))
