"""Measures of contact centres and support: calls answered, handled and lost, issues solved, hours handling."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, hours_between, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import CcCalls, RepHours, Tickets

INBOUND = pl.col("direction") == "in"
GIVEN_UP = pl.col("abandoned_at").is_not_null()
#: Hours of those whose handling time is recorded: others do not take calls.
TAKES_CALLS = pl.col("hours_handling").is_not_null()
REPEAT_DAYS = 7
SHORT_SECONDS = 5


@attribute(CcCalls, on="ticket_id", where=INBOUND)
def calls_after_solution(days: int = REPEAT_DAYS) -> pl.Expr:
    """Calls about the ticket within a week after it was said to be solved."""
    after = pl.col("queued_at") - pl.col("resolved_at")
    return ((after > pl.duration()) & (after <= pl.duration(days=days))).sum()


@measure(Tickets, at="resolved_at", unit="count")
def tickets_solved() -> Aggregate:
    """Tickets solved."""
    return count()


@measure(Tickets, at="resolved_at", unit="count", uses=(calls_after_solution,))
def tickets_solved_at_once() -> Aggregate:
    """Tickets solved with one contact, without another call about them within a week."""
    return count((pl.col("contacts") == 1) & (pl.col("calls_after_solution").fill_null(0) == 0))


@measure(Tickets, at="opened_at", unit="hours")
def mean_hours_to_first_response() -> Aggregate:
    """Mean hours from opening a ticket to the first answer; one without any counts as far as it has been seen."""
    seen_to = pl.col("seen_on").cast(pl.Datetime("us")) + pl.duration(days=1)
    return mean(hours_between("opened_at", pl.coalesce("first_response_at", "resolved_at", seen_to)))


@measure(CcCalls, at="answered_at", unit="minutes")
def mean_talk_minutes() -> Aggregate:
    """Mean minutes of talk and hold of the calls answered."""
    return mean((pl.col("talk_s") + pl.col("hold_s")) / 60)


@measure(CcCalls, at="answered_at", unit="minutes")
def mean_handle_minutes() -> Aggregate:
    """Mean minutes of talk, hold and work after the call of the calls answered."""
    return mean((pl.col("talk_s") + pl.col("hold_s") + pl.col("wrap_s")) / 60)


@measure(CcCalls, at="answered_at", unit="seconds")
def mean_seconds_to_answer() -> Aggregate:
    """Mean seconds that callers waited whose call was answered."""
    return mean((pl.col("answered_at") - pl.col("queued_at")).dt.total_seconds(), INBOUND)


@measure(CcCalls, at="queued_at", unit="count")
def calls_received() -> Aggregate:
    """Calls that came in."""
    return count(INBOUND)


@measure(CcCalls, at="queued_at", unit="count")
def calls_abandoned() -> Aggregate:
    """Calls that came in and were given up before anybody answered."""
    return count(INBOUND & GIVEN_UP)


def _lasted(seconds: float) -> pl.Expr:
    waited = (pl.col("abandoned_at") - pl.col("queued_at")).dt.total_seconds()
    return ~GIVEN_UP | (waited > seconds).fill_null(True)


@measure(CcCalls, at="queued_at", unit="count")
def calls_received_in_earnest(seconds: float = SHORT_SECONDS) -> Aggregate:
    """Calls that came in, but for those dropped within seconds."""
    return count(INBOUND & _lasted(seconds))


@measure(CcCalls, at="queued_at", unit="count")
def calls_abandoned_in_earnest(seconds: float = SHORT_SECONDS) -> Aggregate:
    """Calls that came in and were given up, but for those dropped within seconds."""
    return count(INBOUND & GIVEN_UP & _lasted(seconds))


@measure(RepHours, at="day", unit="hours")
def handling_hours() -> Aggregate:
    """Hours spent handling customers' calls."""
    return total("hours_handling")


@measure(RepHours, at="day", unit="hours")
def hours_of_agents() -> Aggregate:
    """Hours worked by those whose handling time is recorded."""
    return total("hours_worked", TAKES_CALLS)
