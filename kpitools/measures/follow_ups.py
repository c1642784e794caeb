"""Measures of following up: what called for another touch, and got one in time."""

from __future__ import annotations

import polars as pl

from kpitools.measures.activities import HELD, MEETING, OUT
from kpitools.measures.aggregates import Aggregate, count, days_between
from kpitools.measures.attribute import OWN, attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Quotes

FOLLOW_UP_DAYS = 3
FIRST = OUT & (pl.col("is_follow_up") == False)  # noqa: E712 - a flag that is not known is not no
OCCASION = (FIRST.fill_null(False) | (MEETING & HELD).fill_null(False)) & (
    pl.col("deal_id").is_not_null() | pl.col("lead_id").is_not_null()
)
PROPOSAL = (pl.col("kind") == "proposal") & pl.col("deal_id").is_not_null()


def _touched_after(moment: pl.Expr, days: int) -> pl.Expr:
    """Whether sales touched again after a moment, so many calendar days later at most."""
    return ((pl.col("at") > moment) & (days_between(moment, "at") <= days)).any()


@attribute(Activities, on="deal_id", where=OUT)
def deal_touched_again(days: int = FOLLOW_UP_DAYS) -> pl.Expr:
    """Whether sales touched the deal again within the days allowed."""
    return _touched_after(pl.col(OWN + "at"), days)


@attribute(Activities, on="lead_id", where=OUT)
def lead_touched_again(days: int = FOLLOW_UP_DAYS) -> pl.Expr:
    """Whether sales touched the lead again within the days allowed."""
    return _touched_after(pl.col(OWN + "at"), days)


@attribute(Activities, on="deal_id", where=OUT)
def deal_touched_after_proposal(days: int = FOLLOW_UP_DAYS) -> pl.Expr:
    """Whether sales touched the deal within the days allowed after the proposal went out."""
    return _touched_after(pl.col("issued_at"), days)


@measure(Activities, at="at", unit="count")
def occasions() -> Aggregate:
    """First touches and held meetings of a deal or a lead."""
    return count(OCCASION)


@measure(Activities, at="at", unit="count", uses=(deal_touched_again, lead_touched_again))
def occasions_followed() -> Aggregate:
    """First touches and held meetings that sales followed up within the days allowed."""
    again = pl.any_horizontal(pl.col(whose).fill_null(False) for whose in ("deal_touched_again", "lead_touched_again"))
    return count(OCCASION & again)


@measure(Quotes, at="issued_at", unit="count")
def proposals_out() -> Aggregate:
    """Proposals issued for a deal."""
    return count(PROPOSAL)


@measure(Quotes, at="issued_at", unit="count", uses=(deal_touched_after_proposal,))
def proposals_followed() -> Aggregate:
    """Proposals for a deal that sales followed up within the days allowed."""
    return count(PROPOSAL & pl.col("deal_touched_after_proposal").fill_null(False))
