"""Every logged touch: with deals, with leads, with customers."""

from __future__ import annotations

import polars as pl

from kpitools.sample.clock import DAY, END, instant, minute, so_far
from kpitools.sample.draw import Draw
from kpitools.sample.people import holder, owner, take_seat

_PHASES = {
    "early": {"call": 42, "email": 40, "meeting": 11, "demo": 5, "other": 2},
    "middle": {"call": 25, "email": 30, "meeting": 22, "demo": 18, "proposal": 5},
    "late": {"call": 24, "email": 32, "meeting": 20, "demo": 3, "proposal": 19, "other": 2},
}
_NOBODY = pl.lit(None, dtype=pl.String)
_MET = ["meeting", "demo", "qbr"]
_KEPT = ["deal_id", "lead_id", "account_id", "rep_id", "kind", "begins", "minute"]


def activity_table(
    deals: pl.DataFrame, leads: pl.DataFrame, customers: pl.DataFrame, places: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """All activities in the order of time."""
    draw = Draw(seed, "activities")
    parts = [_with_deals(deals, draw), _with_leads(leads, draw), _with_customers(customers, places, draw)]
    frame = pl.concat([part.select(_KEPT) for part in parts]).sort(
        "minute", "rep_id", "deal_id", "lead_id", "account_id"
    )
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
    frame = frame.with_columns(activity_id=pl.format("T{}", number))
    return _emails(_meetings(_outcomes(frame, draw), draw), draw).with_columns(
        at=instant(pl.col("minute")), is_follow_up=_comes_later()
    )


def _comes_later() -> pl.Expr:
    contact = pl.coalesce("deal_id", "lead_id", "account_id")
    return pl.int_range(pl.len()).over(contact) > 0


def _with_deals(deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """More the longer a deal lasts; a stale deal is not touched after its first weeks."""
    stops = pl.when("frozen").then(pl.min_horizontal("until", pl.col("created") + 35 * DAY)).otherwise("until")
    deals = deals.with_columns(room=stops - pl.col("created") - 1)
    n = 1 + draw.counts(1.2 + deals["room"] / (15 * DAY))
    many = deals.with_columns(n=pl.int_ranges(0, n), begins="created", lead_id=_NOBODY).explode("n")
    place = draw.uniform(many.height)
    early, middle, late = (pl.lit(name) for name in _PHASES)
    phase = pl.select(pl.when(place < 0.3).then(early).when(place < 0.7).then(middle).otherwise(late)).to_series()
    at = pl.col("created") + 1 + (pl.col("room") * place).floor().cast(pl.Int64)
    many = many.with_columns(minute=at, kind=draw.pick_by(phase, _PHASES)).filter(pl.col("minute") < pl.col("until"))
    return many.with_columns(rep_id=owner(pl.col("minute")))


def _with_leads(leads: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The first response, and for some leads a few more calls and emails."""
    leads = leads.filter(pl.col("responded").is_not_null())
    n = 1 + draw.counts(pl.repeat(0.35, leads.height, eager=True))
    many = leads.with_columns(n=pl.int_ranges(0, n), begins="lead_created", deal_id=_NOBODY).explode("n")
    later = pl.when(pl.col("n") > 0).then(draw.whole(many.height, 30, 9 * DAY)).otherwise(0)
    many = many.with_columns(
        minute=pl.col("responded") + later, kind=draw.pick(many.height, {"call": 0.5, "email": 0.5})
    )
    return many.filter(pl.col("minute") < END).with_columns(rep_id=holder(pl.col("minute")))


def _with_customers(customers: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Business reviews each quarter with the larger customers, now and then something else."""
    larger = customers.filter(pl.col("segment") != "smb").select("account_id", "team", "luck", "starts_on", "ends_on")
    many = larger.join(pl.DataFrame({"quarter": range(1, 17)}), how="cross", maintain_order="left_right")
    begins = minute(pl.col("starts_on"))
    due = begins + pl.col("quarter") * 65 * DAY + draw.whole(many.height, 0, 30 * DAY)
    left = pl.coalesce(minute(pl.col("ends_on")), pl.lit(END))
    happens = (due >= 0) & (due < pl.min_horizontal(left, END)) & draw.chance(many.height, 0.6)
    many = many.with_columns(minute=due, begins=pl.max_horizontal(begins, 0), role=pl.lit("am")).filter(happens)
    many = many.with_columns(kind=draw.pick(many.height, {"qbr": 0.9, "other": 0.1}), deal_id=_NOBODY, lead_id=_NOBODY)
    seated = take_seat(many, places, at="minute", luck="luck")
    return seated.with_columns(rep_id=holder(pl.col("minute")))


def _outcomes(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Who reached out, what came of it, how long it took."""
    n = frame.height
    called = pl.lit(draw.pick(n, {"connected": 0.4, "no_answer": 0.6}))
    met = pl.lit(draw.pick(n, {"held": 0.83, "no_show": 0.09, "cancelled": 0.08}))
    is_met, is_call = pl.col("kind").is_in(_MET), pl.col("kind") == "call"
    frame = frame.with_columns(
        outcome=pl.when(is_call).then(called).when(is_met).then(met),
        direction=pl.when(pl.col("kind").is_in(["call", "email"]) & draw.chance(n, 0.12))
        .then(pl.lit("in"))
        .otherwise(pl.lit("out")),
    )
    talk = {"connected": 320, "no_answer": 18, "held": 2_100}
    seconds = pl.col("outcome").replace_strict(talk, default=None) * pl.lit(draw.spread(n, 0.5))
    return frame.with_columns(duration_s=seconds.round().cast(pl.Int64))


def _meetings(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """When it was booked, who was there, what was agreed and whether it was done."""
    n = frame.height
    held, review = pl.col("outcome") == "held", pl.col("kind") == "qbr"
    booked = pl.col("minute") - draw.waiting(n, 5 * DAY).cast(pl.Int64) - 1
    due = pl.when(held & draw.chance(n, 0.64)).then(pl.col("minute") + draw.whole(n, 2 * DAY, 15 * DAY))
    late = pl.lit(draw.whole(n, -DAY, 25 * DAY))
    done = pl.when(draw.chance(n, 0.72)).then(so_far(due + late))
    return frame.with_columns(
        scheduled_at=instant(pl.when(pl.col("kind").is_in(_MET)).then(pl.max_horizontal(booked, "begins"))),
        decision_maker_present=pl.when(held).then(pl.lit(draw.uniform(n)) < pl.when(review).then(0.6).otherwise(0.4)),
        value_confirmed=pl.when(held & review).then(draw.chance(n, 0.7)),
        next_step_at=instant(due),
        next_step_done_at=instant(done),
    )


def _emails(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Sent emails: delivered or bounced, some opened, some of those answered."""
    n = frame.height
    sent = (pl.col("kind") == "email") & (pl.col("direction") == "out")
    bounced = pl.when(sent).then(draw.chance(n, 0.03))
    opens = so_far(pl.col("minute") + draw.waiting(n, DAY).cast(pl.Int64) + 1)
    opened = pl.when(sent & ~bounced & draw.chance(n, 0.42)).then(opens)
    replied = pl.when(draw.chance(n, 0.3)).then(so_far(opened + draw.waiting(n, DAY).cast(pl.Int64) + 1))
    return frame.with_columns(
        bounced=bounced,
        delivered=~bounced,
        opened_at=instant(opened),
        replied_at=instant(replied),
        outcome=pl.when(replied.is_not_null()).then(pl.lit("replied")).otherwise("outcome"),
    )
