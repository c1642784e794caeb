"""Recorded calls and what was said on them."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import minute_of
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids
from kpitools.sample.talk import exchange_turns

#: Share of the deals, leads and customers whose conversations are recorded.
_RECORDED = {"deal": 0.1, "lead": 0.11, "account": 0.22}
_PURPOSE = {
    "Prospecting": "prospecting", "Qualification": "discovery", "Discovery": "discovery", "Proposal": "negotiation",
    "Negotiation": "negotiation",
}  # fmt: skip
#: Seconds of conversation for each exchange.
_PACE = 48


def calls(activities: pl.DataFrame, deals: pl.DataFrame, visits: pl.DataFrame, customers: pl.DataFrame,
          reps: pl.DataFrame, seed: int) -> pl.DataFrame:  # fmt: skip
    """Calls and meetings that were recorded, with what shapes them: `team`, `fate`, `curious`, `sours`."""
    draw = Draw(seed, "calls")
    since = minute_of(truth.TOOLS_DAY)
    talked = activities.filter(
        pl.col("kind").is_in(["call", "meeting", "demo", "qbr"])
        & pl.col("outcome").is_in(["connected", "held"])
        & (pl.col("minute") >= since)
        & (pl.col("duration_s") >= 90)
    )
    frame = _told_apart(_recorded(talked, draw), deals, visits, customers, reps)
    return frame.with_columns(
        call_id=ids("CA"),
        started_at="at",
        # of a long meeting the first minutes are kept
        duration_s=pl.min_horizontal("duration_s", draw.whole(frame.height, 200, 520)),
        curious=_curious(deals, reps, frame),
    )


def _recorded(talked: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """All the talks with some of the deals, leads and customers: how a conversation goes on can be followed."""
    contact = pl.coalesce("deal_id", "lead_id", "account_id")
    of_deal, of_lead = pl.col("deal_id").is_not_null(), pl.col("lead_id").is_not_null()
    about = pl.when(of_deal).then(pl.lit("deal")).when(of_lead).then(pl.lit("lead")).otherwise(pl.lit("account"))
    talked = talked.with_columns(contact=contact, about=about)
    contacts = talked.select("contact", "about").unique(maintain_order=True)
    luck = pl.lit(draw.uniform(contacts.height))
    chosen = contacts.filter(luck < pl.col("about").replace_strict(_RECORDED))
    return talked.join(chosen, on="contact", how="semi", maintain_order="left")


def _told_apart(frame: pl.DataFrame, deals: pl.DataFrame, visits: pl.DataFrame, customers: pl.DataFrame,
                reps: pl.DataFrame) -> pl.DataFrame:  # fmt: skip
    """What each talk is about: its purpose, the deal's stage then, and how it all will end."""
    stages = visits.select("deal_id", "entered", deal_stage="stage").sort("entered")
    ends = deals.select("deal_id", fate="status")
    leaving = customers.select("account_id", sours=pl.col("leaves").is_not_null())
    frame = frame.join_asof(
        stages, left_on="minute", right_on="entered", by="deal_id", check_sortedness=False
    )  # fmt: skip
    for more, on in ((ends, "deal_id"), (leaving, "account_id"), (reps.select("rep_id", "team"), "rep_id")):
        frame = frame.join(more, on=on, how="left", maintain_order="left")
    # the first talk with a lead is for a date, the next ones find out what is needed
    first = pl.when("is_follow_up").then(pl.lit("discovery")).otherwise(pl.lit("prospecting"))
    by_stage = pl.col("deal_stage").replace_strict(_PURPOSE, default=None, return_dtype=pl.String)
    shown = pl.when(pl.col("kind").is_in(["demo", "qbr"])).then("kind")
    return frame.with_columns(
        purpose=pl.coalesce(shown, by_stage, first),
        fate=pl.col("fate").fill_null("open"),
        sours=pl.col("sours").fill_null(False) & (pl.col("kind") == "qbr"),
    )


def _curious(deals: pl.DataFrame, reps: pl.DataFrame, calls: pl.DataFrame) -> pl.Series:
    """From 0 to 1: the better a rep's record with new deals, the more the rep asks."""
    closed = deals.filter((pl.col("kind") == "new") & (pl.col("status") != "open"))
    record = closed.group_by(rep_id="first_rep").agg(won=(pl.col("status") == "won").mean(), n=pl.len())
    record = record.filter(pl.col("n") >= 5).sort("won", "rep_id")
    ranked = record.select("rep_id", rank=pl.int_range(pl.len()) / pl.len())
    return calls.join(ranked, on="rep_id", how="left", maintain_order="left")["rank"].fill_null(0.5)


def call_turns(calls: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The turns of each call in order; `exchange` and `sentence` tell what they belong to."""
    draw = Draw(seed, "call turns")
    words = exchange_turns()
    turns = _exchanges(calls, draw).join(words, on="exchange", maintain_order="left_right")
    return _timed(_sounding(turns, draw), draw)


def _exchanges(calls: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A greeting, what fits in between, a farewell."""
    many = (pl.col("duration_s") / _PACE).round().cast(pl.Int64).clip(3, 7)
    rows = calls.with_columns(last=many + 1).with_columns(place=pl.int_ranges(0, pl.col("last") + 1)).explode("place")
    luck = pl.lit(draw.uniform(rows.height))
    team, wins = pl.col("team"), (pl.col("fate") == "won").cast(pl.Float64)
    listens, talks = (team == truth.LISTENING_TEAM).fill_null(False), (team == truth.TALKING_TEAM).fill_null(False)
    ask = 0.12 + 0.24 * pl.col("curious") + 0.12 * wins + pl.when(listens).then(0.1).when(talks).then(-0.1).otherwise(0)
    missed = pl.when(talks).then(0.14).when(listens).then(0.01).otherwise(0.04)
    answer = pl.col("fate").replace_strict(truth.OBJECTION_ANSWERED)
    objects = pl.lit(draw.uniform(rows.height)) < answer
    return rows.with_columns(
        exchange=pl.when(pl.col("place") == 0).then(pl.lit("opening"))
        .when(pl.col("place") == pl.col("last")).then(pl.lit("closing"))
        .when(luck < ask).then(pl.lit("ask"))
        .when(luck < ask + missed).then(pl.lit("missed"))
        .when(luck < ask + missed + 0.16).then(pl.when(objects).then(pl.lit("answered")).otherwise(pl.lit("evaded")))
        .when(luck < ask + missed + 0.36).then(pl.lit("asked"))
        .otherwise(pl.lit("pitch"))
    )  # fmt: skip


def _sounding(turns: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How each turn sounds, and its words."""
    n = turns.height
    ends = pl.col("fate").replace_strict({"won": 0.2, "open": 0.0, "lost": -0.2})
    mood = pl.when("sours").then(-0.4).otherwise(ends) + (pl.lit(draw.uniform(n)) - 0.5) * 0.6
    tone = pl.col("tone") + pl.when(pl.col("speaker") == "customer").then(mood).otherwise(0)
    chosen = (pl.lit(draw.uniform(n)) * pl.col("words").list.len()).floor().cast(pl.Int64)
    return turns.with_columns(sentiment=tone.clip(-1, 1).round(1), text=pl.col("words").list.get(chosen))


def _timed(turns: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Who speaks how long: the turns share out the call, short of a pause at its end."""
    team, rep = pl.col("team"), pl.col("speaker") == "rep"
    heavy = pl.when(team == truth.TALKING_TEAM).then(2.6).when(team == truth.LISTENING_TEAM).then(0.7).otherwise(1.0)
    size = pl.col("length") * pl.when(rep).then(heavy).otherwise(1.0) * pl.lit(draw.spread(turns.height, 0.4))
    turns = turns.with_columns(size=size)
    share = pl.col("size") / pl.col("size").sum().over("call_id")
    turns = turns.with_columns(seconds=(share * (pl.col("duration_s") - 4)).floor().clip(1))
    end = pl.col("seconds").cum_sum().over("call_id")
    return turns.with_columns(
        turn_no=pl.int_range(1, pl.len() + 1).over("call_id"), start_s=end - pl.col("seconds"), end_s=end
    )
