"""Measures of how right sales was about leads, and how good the meetings are that were booked."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Deals, Leads, StageHistory

ADVANCES = (pl.col("next_stage") == "won") | (pl.col("next_stage.position") > pl.col("stage.position"))
SECOND_STAGE = 2


@attribute(StageHistory, on="deal_id", where=pl.col("stage.position") >= SECOND_STAGE)
def reached_second_stage() -> pl.Expr:
    """Whether the deal has reached the second stage or a later one."""
    return pl.len() > 0


CONFIRMED = pl.col("reached_second_stage").fill_null(False) | (pl.col("deal_id.status") == "won").fill_null(False)
DISQUALIFIED = pl.col("disqualified_at").is_not_null()
REFUTED = DISQUALIFIED | pl.col("deal_id.closed_at").is_not_null()


@measure(Leads, at="sql_at", unit="count", uses=(reached_second_stage,))
def confirmed_leads() -> Aggregate:
    """Leads accepted as sales qualified whose deal has since reached the second stage, or was won at once."""
    return count(CONFIRMED)


@measure(Leads, at="sql_at", unit="count", uses=(reached_second_stage,))
def decided_leads() -> Aggregate:
    """Leads accepted as sales qualified of which it is known by now whether that was right: confirmed, disqualified
    after all, or with a deal that ended in the first stage."""
    return count(CONFIRMED | REFUTED)


@measure(Leads, at="disqualified_at", unit="count")
def rejected_leads() -> Aggregate:
    """Leads turned away without ever having been accepted."""
    return count(pl.col("sql_at").is_null())


@measure(Leads, at="disqualified_at", unit="count")
def rightly_rejected_leads() -> Aggregate:
    """Leads turned away without ever having been accepted, and for which no deal was opened since."""
    return count(pl.col("sql_at").is_null() & pl.col("deal_id").is_null())


@measure(Leads, at="sql_at", unit="percent")
def mean_fit_of_qualified_leads() -> Aggregate:
    """Mean fit of the accounts of sales-qualified leads with the ideal customer, from 0 to 100."""
    return mean(100 * pl.col("account_id.icp_fit"))


def _first_from(when: str) -> pl.Expr:
    on = pl.col(when).cast(pl.Date)
    return pl.when(on >= pl.col("day")).then(on).min()


@attribute(Deals, on="account_id")
def next_deal_opened_on() -> pl.Expr:
    """The day of the meeting or after it on which a deal with the account was opened."""
    return _first_from("created_at")


@attribute(StageHistory, on="deal_id", where=ADVANCES)
def next_advance_on() -> pl.Expr:
    """The day of the meeting or after it on which its deal went on to a later stage or was won."""
    return _first_from("left_at")


@measure(Activities, at="at", unit="score", uses=(next_deal_opened_on, next_advance_on))
def mean_meeting_quality(
    fit: float = 0.4, held: float = 0.2, decision_maker: float = 0.2, moved_on: float = 0.2, days: int = 30
) -> Aggregate:
    """Mean score of booked meetings, 0 to 100: fit of the account with the ideal customer, held, with a decision
    maker, and a deal opened or advanced within 30 days; what is not known yet is left out of a meeting's score."""
    due = pl.col("day") + pl.duration(days=days)
    moved = (pl.min_horizontal("next_deal_opened_on", "next_advance_on") <= due).fill_null(False)
    took_place = pl.col("outcome") == "held"
    parts = [
        (pl.col("account_id.icp_fit"), fit),
        (took_place.cast(pl.Float64), held),
        ((took_place & pl.col("decision_maker_present")).fill_null(False).cast(pl.Float64), decision_maker),
        (pl.when(moved | (due <= pl.col("seen_on"))).then(moved.cast(pl.Float64)), moved_on),
    ]
    weighed = pl.sum_horizontal([value * weight for value, weight in parts])
    known = pl.sum_horizontal([pl.when(value.is_not_null()).then(weight) for value, weight in parts])
    return mean(100 * weighed / known, (pl.col("kind") == "meeting") & pl.col("outcome").is_not_null())
