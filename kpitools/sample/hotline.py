"""The hotline: what the telephone system records. Sales development reps answer it beside their own work."""

from __future__ import annotations

import math

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import END, instant
from kpitools.sample.draw import Draw
from kpitools.sample.people import TEAMS, holder, take_seat
from kpitools.sample.rows import ids, to

_CALLS = 1_700
_INCOMING = 0.8
_HOLD, _WRAP = 45, 60
_TALK = truth.CALL_HANDLING - _HOLD
#: The parts of a call, with the seconds they take and how much that varies.
_PARTS = {"talk_s": (_TALK, 0.4), "hold_s": (_HOLD, 0.5), "wrap_s": (_WRAP, 0.3)}
#: A call belongs to a ticket that was opened so shortly before.
_SOON = "2d"


def cc_calls(places: pl.DataFrame, scale: int, seed: int) -> pl.DataFrame:
    """Calls in and out, in the order of time. Those that hang up were never answered."""
    draw = Draw(seed, "hotline")
    n = _CALLS * scale
    rung = pl.DataFrame({"queued": draw.whole(n, 0, END - 60).sort()}).with_columns(
        team=draw.pick(n, {team.name: team.share for team in TEAMS}), role=pl.lit("sdr"), luck=draw.uniform(n)
    )
    seated = take_seat(rung, places, at="queued", luck="luck").with_columns(agent_rep_id=holder(pl.col("queued")))
    return _timed(seated.drop_nulls("agent_rep_id"), draw).with_columns(cc_call_id=ids("N"))


def _timed(calls: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = calls.height
    comes_in = draw.chance(n, _INCOMING)
    hangs_up = comes_in & draw.chance(n, truth.CALL_ABANDONMENT)
    reached = ~hangs_up & (comes_in | draw.chance(n, 0.7))
    queued = instant(pl.col("queued"))
    waited = queued + pl.duration(seconds=pl.lit(draw.waiting(n, truth.ANSWERED_AFTER).round().cast(pl.Int64)))
    lost = queued + pl.duration(seconds=pl.lit(draw.whole(n, 4, 120)))
    parts = {name: _seconds(mean, draw.spread(n, sigma), sigma) for name, (mean, sigma) in _PARTS.items()}
    return calls.with_columns(
        direction=pl.when(comes_in).then(pl.lit("in")).otherwise(pl.lit("out")),
        queued_at=queued,
        answered_at=pl.when(reached).then(waited),
        abandoned_at=pl.when(hangs_up).then(lost),
        **{name: pl.when(reached).then(seconds) for name, seconds in parts.items()},
    )


def _seconds(mean: int, spread: pl.Series, sigma: float) -> pl.Expr:
    """Seconds around a mean, to five."""
    return to(pl.lit(spread) * mean / math.exp(sigma**2 / 2), 5).cast(pl.Int64)


def with_tickets(calls: pl.DataFrame, tickets: pl.DataFrame | None) -> pl.DataFrame:
    """The calls with the ticket each is about: the first incoming call after a ticket was opened, and no other."""
    if tickets is None:
        return calls.with_columns(ticket_id=pl.lit(None, pl.String))
    answered = calls.filter(pl.col("answered_at").is_not_null(), direction="in").sort("queued_at")
    opened = tickets.select("ticket_id", "opened_at", "resolved_at").sort("opened_at", "ticket_id")
    met = opened.join_asof(
        answered.select("cc_call_id", "queued_at"), left_on="opened_at", right_on="queued_at",
        strategy="forward", tolerance=_SOON,
    ).drop_nulls("cc_call_id")  # fmt: skip
    in_time = pl.col("resolved_at").is_null() | (pl.col("queued_at") <= pl.col("resolved_at"))
    met = met.filter(in_time).unique("cc_call_id", keep="last", maintain_order=True)
    return calls.join(met.select("cc_call_id", "ticket_id"), on="cc_call_id", how="left", maintain_order="left")
