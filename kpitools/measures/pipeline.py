"""Measures of the open pipeline, counted over the versions of deals: each with the stage, owner, amount and date it
had at the time."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, DealVersions, StageHistory

OPEN = pl.col("status") == "open"
LIFE = ("valid_from", "valid_to")
STALE_DAYS = 30
ENGAGED_DAYS, FULL_TOUCHES, FULL_MINUTES = 30, 8, 120


@measure(DealVersions, alive=LIFE, unit="count")
def open_deals() -> Aggregate:
    """Deals open at the boundary."""
    return count(OPEN)


@measure(DealVersions, alive=LIFE, unit="currency")
def open_amount() -> Aggregate:
    """Contract value of the deals open at the boundary."""
    return total("amount", OPEN)


@measure(DealVersions, alive=LIFE, unit="currency")
def due_amount() -> Aggregate:
    """Contract value of the deals open at the boundary that are expected to close in the period."""
    due = pl.col("expected_close_at")
    return total("amount", OPEN & (due >= pl.col("period_start")) & (due < pl.col("period_end")))


@measure(DealVersions, alive=LIFE, unit="currency")
def weighted_amount() -> Aggregate:
    """Contract value of the open deals, each times the default probability of its stage."""
    return total(pl.col("amount") * pl.col("stage.default_probability"), OPEN)


@measure(DealVersions, at="valid_from", unit="currency")
def sourced_amount() -> Aggregate:
    """Contract value, as entered on the first day, of the deals opened that sales development sourced."""
    return total("amount", pl.col("is_first") & pl.col("deal_id.sdr_rep_id").is_not_null())


@attribute(Activities, on="deal_id")
def last_touch_on() -> pl.Expr:
    """The day of the last touch on the deal."""
    on = pl.col("at").cast(pl.Date)
    return pl.when(on <= pl.col("day")).then(on).max()


@measure(DealVersions, alive=LIFE, unit="count", uses=(last_touch_on,))
def stale_deals(days: int = STALE_DAYS) -> Aggregate:
    """Open deals without any touch for longer than the days allowed; one never touched counts from its opening."""
    idle = days_between(pl.coalesce("last_touch_on", pl.col("created_at").cast(pl.Date)), "day")
    return count(OPEN & (idle > days))


@attribute(StageHistory, on="deal_id")
def stage_entered_on() -> pl.Expr:
    """The day on which the deal entered the stage it stands in."""
    on = pl.col("entered_at").cast(pl.Date)
    return pl.when(on <= pl.col("day")).then(on).max()


@measure(DealVersions, alive=LIFE, unit="count", uses=(stage_entered_on,))
def moving_deals() -> Aggregate:
    """Open deals that have not stood in their stage longer than is typical for it."""
    dwelt = days_between(pl.coalesce("stage_entered_on", pl.col("created_at").cast(pl.Date)), "day")
    return count(OPEN & (dwelt <= pl.col("stage.typical_days")))


@attribute(Activities, on="deal_id")
def engagement() -> pl.Expr:
    """How the buyer of a deal engages: a score of two-way touches, minutes and answers in the last 30 days."""
    age = days_between("at", "day")
    recent = (age >= 0) & (age < ENGAGED_DAYS)
    outbound = recent & (pl.col("direction") == "out")
    answered = pl.col("replied_at").is_not_null() | pl.col("outcome").is_in(["connected", "held", "replied"])
    two_way = recent & (answered | (pl.col("direction") == "in")).fill_null(False)
    touches = pl.min_horizontal(two_way.sum() / FULL_TOUCHES, 1.0)
    minutes = pl.min_horizontal(pl.when(recent).then("duration_s").sum() / 60 / FULL_MINUTES, 1.0)
    replies = (outbound & answered.fill_null(False)).sum() / pl.max_horizontal(outbound.sum(), 1)
    return 100 * (0.4 * touches + 0.3 * minutes + 0.3 * replies)


@measure(DealVersions, alive=LIFE, unit="score", uses=(engagement,))
def mean_engagement() -> Aggregate:
    """Mean engagement of the buyers of open deals."""
    return mean(pl.col("engagement").fill_null(0))
