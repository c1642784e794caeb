"""Measures of recorded calls: who spoke how long, who asked, who answered, and how the customer sounded.

Whether a turn asks and how it sounds is given with the turn. A call without a transcript is in none of these.
"""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Calls, CallTurns

REP = pl.col("speaker") == "rep"
CUSTOMER = pl.col("speaker") == "customer"
ASKS = pl.col("is_question")
SPOKEN = pl.when(pl.col("speaker").is_not_null()).then(pl.col("end_s") - pl.col("start_s"))
STARTED = "call_id.started_at"


# ---- over turns


@measure(CallTurns, at=STARTED, unit="seconds")
def rep_talk_time() -> Aggregate:
    """Seconds that reps spoke on calls."""
    return total(SPOKEN, REP)


@measure(CallTurns, at=STARTED, unit="seconds")
def customer_talk_time() -> Aggregate:
    """Seconds that customers spoke on calls."""
    return total(SPOKEN, CUSTOMER)


@measure(CallTurns, at=STARTED, unit="seconds")
def customer_talk_time_by_sentiment() -> Aggregate:
    """Seconds that customers spoke, each times how they sounded, from -1 to 1."""
    return total(SPOKEN * pl.col("sentiment"), CUSTOMER)


@measure(CallTurns, at=STARTED, unit="seconds")
def customer_talk_time_with_sentiment() -> Aggregate:
    """Seconds that customers spoke in turns whose sentiment is known."""
    return total(SPOKEN, CUSTOMER & pl.col("sentiment").is_not_null())


# ---- what the turns say about a call


def _where_known(known: pl.Expr, figure: pl.Expr) -> pl.Expr:
    """The figure of a call, null where none of its turns tells."""
    return pl.when(known.count() > 0).then(figure.cast(pl.Float64))


def _seconds(by: pl.Expr) -> pl.Expr:
    return _where_known(SPOKEN, pl.when(by).then(SPOKEN).sum())


def _questions(by: pl.Expr) -> pl.Expr:
    return _where_known(by & ASKS, (by & ASKS).sum())


def _in_order(of: pl.Expr) -> pl.Expr:
    return of.sort_by("turn_no")


@attribute(CallTurns, on="call_id")
def rep_seconds() -> pl.Expr:
    """How long the rep spoke on the call."""
    return _seconds(REP)


@attribute(CallTurns, on="call_id")
def customer_seconds() -> pl.Expr:
    """How long the customer spoke on the call."""
    return _seconds(CUSTOMER)


@attribute(CallTurns, on="call_id")
def longest_rep_turn() -> pl.Expr:
    """Seconds of the rep's longest turn on the call; 0 where only the customer spoke."""
    return _where_known(SPOKEN, pl.when(REP).then(SPOKEN).max().fill_null(0))


@attribute(CallTurns, on="call_id")
def rep_questions() -> pl.Expr:
    """Turns of the call in which the rep asks."""
    return _questions(REP)


@attribute(CallTurns, on="call_id")
def customer_questions() -> pl.Expr:
    """Turns of the call in which the customer asks."""
    return _questions(CUSTOMER)


@attribute(CallTurns, on="call_id")
def speaker_switches() -> pl.Expr:
    """How often the word passed from one side to the other on the call."""
    speaker = _in_order(pl.col("speaker"))
    return _where_known(pl.col("speaker"), (speaker != speaker.shift()).sum())


@attribute(CallTurns, on="call_id")
def unanswered_questions(turns: int = 2) -> pl.Expr:
    """Questions of the customer after which the rep says nothing within the next two turns."""
    rep = _in_order(REP)
    answered = pl.any_horizontal([rep.shift(-after).fill_null(False) for after in range(1, turns + 1)])
    return _where_known(CUSTOMER & ASKS, (_in_order(CUSTOMER & ASKS) & ~answered).sum())


# ---- over calls

TALKED = pl.col("rep_seconds") + pl.col("customer_seconds")
REP_SHARE = pl.when(TALKED > 0).then(pl.col("rep_seconds") / TALKED)
LENGTH = pl.when(pl.col("duration_s") > 0).then(pl.col("duration_s"))


def _up_to_full(value: pl.Expr, full: float) -> pl.Expr:
    """0 to 1, and no more beyond what counts as full; what is not known stays so."""
    part = value / full
    return pl.when(part > 1).then(1.0).otherwise(part)


@measure(Calls, at="started_at", unit="score", uses=(rep_seconds, customer_seconds))
def mean_talk_balance(rep_share: float = 0.5) -> Aggregate:
    """Mean over calls of how near the rep's share of the talking is to one half: 100 there, 0 for a monologue."""
    away = (REP_SHARE - rep_share).abs() / rep_share
    return mean(100 * (1 - _up_to_full(away, 1)))


@measure(Calls, at="started_at", unit="score", uses=(rep_questions,))
def mean_question_score(full: float = 6) -> Aggregate:
    """Mean over calls of the rep's questions per ten minutes, 100 from six on."""
    return mean(100 * _up_to_full(600 * pl.col("rep_questions") / LENGTH, full))


@measure(Calls, at="started_at", unit="count", uses=(rep_questions,))
def rep_questions_asked() -> Aggregate:
    """Questions that reps asked on calls whose length is known."""
    return total("rep_questions", LENGTH.is_not_null())


@measure(Calls, at="started_at", unit="seconds", uses=(rep_questions,))
def transcribed_time() -> Aggregate:
    """Seconds of the calls whose turns are known."""
    return total(LENGTH, pl.col("rep_questions").is_not_null())


@measure(
    Calls,
    at="started_at",
    unit="score",
    uses=(rep_seconds, customer_seconds, longest_rep_turn, customer_questions, speaker_switches),
)
def mean_call_engagement(
    customer_share: float = 0.5, questions: float = 3, switches: float = 4, monologue: float = 180
) -> Aggregate:
    """Mean over calls of how actively the customer takes part, 0 to 100: the mean of four parts.

    The customer's share of the talking (full from one half on), questions per ten minutes (from 3), changes of
    speaker per minute (from 4), and how far the rep's longest turn stays under three minutes. A part that is not
    known is left out.
    """
    parts = [
        _up_to_full(1 - REP_SHARE, customer_share),
        _up_to_full(600 * pl.col("customer_questions") / LENGTH, questions),
        _up_to_full(60 * pl.col("speaker_switches") / LENGTH, switches),
        1 - _up_to_full(pl.col("longest_rep_turn"), monologue),
    ]
    return mean(100 * pl.mean_horizontal(parts))


def _dominated(share: float, seconds: float) -> pl.Expr:
    return (share < REP_SHARE) | (pl.col("longest_rep_turn") > seconds)


@measure(Calls, at="started_at", unit="count", uses=(rep_seconds, customer_seconds, longest_rep_turn))
def dominated_calls(share: float = 0.65, seconds: float = 120) -> Aggregate:
    """Calls on which the rep has more than 65 percent of the talking or one turn of more than two minutes."""
    return count(_dominated(share, seconds))


@measure(Calls, at="started_at", unit="count", uses=(rep_seconds, customer_seconds))
def calls_with_talk() -> Aggregate:
    """Calls of which it is known who spoke how long."""
    return count(REP_SHARE.is_not_null())


@measure(Calls, at="started_at", unit="count", uses=(customer_questions,))
def engagement_moments() -> Aggregate:
    """Questions that customers asked on calls."""
    return total("customer_questions")


@measure(Calls, at="started_at", unit="count", uses=(unanswered_questions,))
def missed_moments() -> Aggregate:
    """Questions of customers after which the rep said nothing within the next two turns."""
    return total("unanswered_questions")
