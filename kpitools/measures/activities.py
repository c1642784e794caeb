"""Measures of what sales does: calls, e-mails, meetings, follow-ups, business reviews."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Subscriptions

KIND = pl.col("kind")
OUT = pl.col("direction") == "out"
HELD = pl.col("outcome") == "held"
MEETING = KIND.is_in(["meeting", "demo"])
EMAILED = (KIND == "email") & OUT
DELIVERED = EMAILED & pl.col("delivered")
FOLLOW_UP = pl.col("is_follow_up") & OUT
ACTION_DAYS, OUTCOME_DAYS = 30, 90


@measure(Activities, at="at", unit="count")
def sales_actions() -> Aggregate:
    """Outbound touches, and meetings, demos and proposals in either direction."""
    return count(OUT | KIND.is_in(["meeting", "demo", "proposal"]))


@measure(Activities, at="at", unit="count")
def outbound_calls() -> Aggregate:
    """Outbound calls."""
    return count((KIND == "call") & OUT)


@measure(Activities, at="at", unit="count")
def outbound_emails() -> Aggregate:
    """Outbound e-mails."""
    return count(EMAILED)


@measure(Activities, at="at", unit="count")
def delivered_emails() -> Aggregate:
    """Outbound e-mails that were delivered."""
    return count(DELIVERED)


@measure(Activities, at="at", unit="count")
def opened_emails() -> Aggregate:
    """Outbound e-mails that were delivered and opened."""
    return count(DELIVERED & pl.col("opened_at").is_not_null())


@measure(Activities, at="at", unit="count")
def held_meetings() -> Aggregate:
    """Meetings that took place, demos apart."""
    return count((KIND == "meeting") & HELD)


@measure(Activities, at="at", unit="count")
def held_demos() -> Aggregate:
    """Product demonstrations that took place."""
    return count((KIND == "demo") & HELD)


@measure(Activities, at="scheduled_at", unit="count")
def booked_meetings() -> Aggregate:
    """Meetings and demos, by the day they were booked."""
    return count(MEETING)


@measure(Activities, at="at", unit="count")
def follow_ups() -> Aggregate:
    """Outbound follow-up touches."""
    return count(FOLLOW_UP)


@measure(Activities, at="at", unit="count")
def contacted_accounts() -> Aggregate:
    """Accounts with any touch."""
    return distinct("account_id")


@measure(Activities, at="at", unit="count")
def meetings_with_buyer() -> Aggregate:
    """Meetings and demos that took place."""
    return count(MEETING & HELD)


@measure(Activities, at="at", unit="count")
def meetings_with_next_step() -> Aggregate:
    """Meetings and demos that took place and in which the buyer agreed to a next step."""
    return count(MEETING & HELD & pl.col("next_step_at").is_not_null())


def _mrr(days: int) -> pl.Expr:
    """Recurring revenue of the account so many days after the review."""
    on = pl.col("day") + pl.duration(days=days)
    live = (pl.col("starts_on") <= on) & (pl.col("ends_on").is_null() | (pl.col("ends_on") > on))
    return pl.when(live).then("mrr").sum()


@attribute(Subscriptions, on="account_id")
def mrr_at_review() -> pl.Expr:
    """What the account paid a month on the day of the review."""
    return _mrr(0)


@attribute(Subscriptions, on="account_id")
def mrr_after_review() -> pl.Expr:
    """What the account paid a month 90 days after the review."""
    return _mrr(OUTCOME_DAYS)


@measure(Activities, at="at", unit="score", uses=(mrr_at_review, mrr_after_review))
def mean_review_score() -> Aggregate:
    """Mean score of business reviews: held with a decision maker, value confirmed, action done in 30 days, and no
    less recurring revenue 90 days on; a review younger than that is scored on the first three."""
    acted = pl.col("next_step_done_at").cast(pl.Date) <= pl.col("day") + pl.duration(days=ACTION_DAYS)
    kept = pl.col("mrr_after_review").fill_null(0) >= pl.col("mrr_at_review").fill_null(0)
    ripe = pl.col("day") + pl.duration(days=OUTCOME_DAYS) <= pl.col("seen_on")
    parts = [HELD & pl.col("decision_maker_present"), pl.col("value_confirmed"), acted]
    scores = [part.fill_null(False).cast(pl.Float64) for part in parts]
    return mean(100 * pl.mean_horizontal(*scores, pl.when(ripe).then(kept.cast(pl.Float64))), KIND == "qbr")
