"""All deals together: their ids, owners, worth, and what a seller notes about them."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, day, instant, so_far
from kpitools.sample.deals import VISITS, status
from kpitools.sample.draw import Draw
from kpitools.sample.people import TEAMS, owner, take_seat
from kpitools.sample.products import FAMILY, is_service

_KEPT = [
    "key", "account_id", "team", "segment", "channel", "kind", "product_id", "annual_value", "once", "term", "created",
    "duration", "wins", "frozen", "reach", *VISITS, "first_rep", "first_successor", "first_handed_over",
]  # fmt: skip
_LOST_REASONS = {"Price": 30, "Competitor": 25, "No decision": 25, "Timing": 12, "Missing feature": 8}
_LEFT_REASONS = {"Budget cut": 35, "Competitor": 30, "Not used": 25, "Price": 10}
_MOVED = 0.07


def all_deals(kinds: list[pl.DataFrame], places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The deals of all kinds in the order of their creation, with `status` and the minute `until` they were open."""
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)
    open_until = pl.when(pl.col("status") == "open").then(END).otherwise(pl.col("created") + pl.col("duration"))
    frame = (
        pl.concat([deals.select(_KEPT) for deals in kinds], how="vertical_relaxed")
        .sort("created", "key")
        .with_columns(deal_id=pl.format("D{}", number), status=status())
        .with_columns(until=open_until, closed_on=pl.when(pl.col("status") != "open").then(day(open_until)))
    )
    return _worth(_reassigned(frame, places, Draw(seed, "moved")), Draw(seed, "worth"))


def _reassigned(frame: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A few deals move to another rep, a third of them to another team."""
    n = frame.height
    away = pl.lit(draw.pick(n, dict.fromkeys([team.name for team in TEAMS], 1.0)))
    at = pl.col("created") + ((pl.col("until") - pl.col("created")) * pl.lit(draw.uniform(n, 0.1, 0.9))).cast(pl.Int64)
    moves = draw.chance(n, _MOVED) & (pl.col("first_rep") != truth.STAR_REP) & (at > pl.col("created"))
    tried = frame.with_columns(
        home=pl.col("team"),
        team=pl.when(draw.chance(n, 1 / 3)).then(away).otherwise("team"),
        role=pl.lit("ae"),
        moved=at,
        luck=draw.uniform(n),
        moves=moves,
    )
    seated = take_seat(tried, places, at="moved", luck="luck", name="second")
    moves = pl.col("moves") & pl.col("second_rep").is_not_null()
    return seated.with_columns(team=pl.col("home"), moved=pl.when(moves).then("moved")).drop("home", "moves", "luck")


def _worth(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Amount over the whole term, and the list amount before the discount."""
    n = frame.height
    discount = pl.when(draw.chance(n, 0.4)).then(0.0).otherwise(draw.uniform(n, 0.03, 0.30))
    amount = (pl.col("once") + (pl.col("annual_value") * pl.col("term") / 12).fill_null(0)).round(2)
    return frame.with_columns(amount=amount, list_amount=(amount / (1 - discount)).round(2))


def deal_table(deals: pl.DataFrame, visits: pl.DataFrame, closings: pl.DataFrame, leads: pl.DataFrame,
               seed: int) -> pl.DataFrame:  # fmt: skip
    """The deals as they stand at the end; `closings` holds what is expected of them, `leads` where they came from."""
    draw = Draw(seed, "deal table")
    current = visits.group_by("deal_id", maintain_order=True).agg(pl.col("stage").last())
    sourced = leads.filter(pl.col("deal_id").is_not_null()).select(
        "deal_id", "lead_id", sdr_rep_id="owner_rep_id", contacted=pl.coalesce("responded", "lead_created")
    )
    frame = deals
    for extra in (current, closings.select("deal_id", "expected_close_at", "close_date_pushes"), sourced):
        frame = frame.join(extra, on="deal_id", how="left", maintain_order="left")
    frame = _negotiation(frame, visits).with_columns(
        owner_rep_id=owner(pl.col("until") - 1),
        product_family=pl.col("product_id").replace_strict(FAMILY),
        created_at=instant(pl.col("created")),
        closed_at=pl.when(pl.col("status") != "open").then(instant(pl.col("until"))),
        lost_reason=_lost_reason(frame.height, draw),
        term_months=pl.col("term"),
    )
    return _evaluation(_contacts(frame, draw), draw)


def _negotiation(frame: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    entered = visits.filter(pl.col("stage") == "Negotiation").group_by("deal_id").agg(pl.col("entered").min())
    entered = entered.select("deal_id", negotiation_started_at=instant(pl.col("entered")))
    return frame.join(entered, on="deal_id", how="left", maintain_order="left")


def _lost_reason(n: int, draw: Draw) -> pl.Expr:
    of_new, of_renewal = pl.lit(draw.pick(n, _LOST_REASONS)), pl.lit(draw.pick(n, _LEFT_REASONS))
    reason = pl.when(pl.col("kind") == "renewal").then(of_renewal).otherwise(of_new)
    return pl.when(pl.col("status") == "lost").then(reason)


def _contacts(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """First contact, and the next step of open deals: mostly ahead, some overdue, stale deals without."""
    n = frame.height
    known = pl.col("created") - pl.when(pl.col("kind") == "new").then(draw.whole(n, 0, 5 * DAY)).otherwise(0)
    planned = pl.max_horizontal(END + draw.whole(n, -4 * DAY, 15 * DAY), pl.col("created"))
    has_one = (pl.col("status") == "open") & ~pl.col("frozen") & draw.chance(n, 0.85)
    return frame.with_columns(
        first_contact_at=instant(pl.coalesce("contacted", known.clip(0))),
        next_step_at=pl.when(has_one).then(instant(planned)),
    )


def _evaluation(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The buyer's technical evaluation while a proposal is out, for some with a proof of concept before it."""
    n = frame.height
    proposed = pl.col("created") + pl.sum_horizontal("dwell_1", "dwell_2", "dwell_3")
    at = proposed + (pl.col("dwell_4") * pl.lit(draw.uniform(n, 0.05, 0.95))).cast(pl.Int64)
    software = ~is_service() & (pl.col("dwell_4") > 0) & pl.col("kind").is_in(["new", "cross_sell"])
    poc = software & (pl.col("segment") != "smb") & draw.chance(n, 0.4)
    began = pl.max_horizontal(at - draw.whole(n, 4 * DAY, 18 * DAY), pl.col("created") + 1)
    began = pl.when(poc).then(so_far(began))
    likes = pl.col("status").replace_strict({"won": 0.92, "open": 0.6, "lost": 0.4})
    evaluated = pl.when(software & draw.chance(n, 0.7)).then(so_far(at))
    size = pl.when(pl.col("segment") == "enterprise").then(3).otherwise(1)
    return frame.with_columns(
        tech_evaluated_at=instant(evaluated),
        tech_won=pl.when(evaluated.is_not_null()).then(pl.lit(draw.uniform(n)) < likes),
        poc_start_at=instant(began),
        poc_end_at=instant(pl.when(began.is_not_null()).then(so_far(at))),
        poc_features=pl.when(began.is_not_null()).then(draw.whole(n, 2, 9)),
        poc_seats=pl.when(began.is_not_null()).then(draw.whole(n, 3, 16) * size),
    )
