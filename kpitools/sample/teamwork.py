"""Who works with whom: members of deals, and what reps share."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant
from kpitools.sample.draw import Draw
from kpitools.sample.people import holder, take_seat
from kpitools.sample.rows import ids

_SHARED_PER_QUARTER = 0.9


def deal_members(deals: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The owner of each deal, now and then the one who sourced it, and a colleague who helps; `deals` is the table."""
    draw = Draw(seed, "deal members")
    n = deals.height
    owners = deals.select("deal_id", rep_id="owner_rep_id", role=pl.lit("owner"))
    stays = pl.col("sdr_rep_id").is_not_null() & draw.chance(n, 0.15)
    sourced = deals.filter(stays).select("deal_id", rep_id="sdr_rep_id", role=pl.lit("sdr"))
    members = pl.concat([owners, sourced, _colleagues(deals, places, draw)]).filter(pl.col("rep_id").is_not_null())
    return members.unique(["deal_id", "rep_id"], keep="first", maintain_order=True).sort(
        "deal_id", "rep_id", maintain_order=True
    )


def _colleagues(deals: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Deals that were won were helped more often; the listening team helps more, the talking team less."""
    n = deals.height
    share = pl.when(pl.col("kind") == "renewal").then(0.1).otherwise(pl.col("status").replace_strict(truth.JOINT))
    lift = pl.col("team").replace_strict(truth.JOINT_LIFT, default=1.0)
    # whoever looks after customers owns the deals with them and is helped by those who win new ones
    role = pl.when(pl.col("kind") == "new").then(pl.lit(draw.pick(n, {"ae": 0.7, "am": 0.3}))).otherwise(pl.lit("ae"))
    frame = deals.with_columns(role=role, help=draw.uniform(n))
    helped = frame.filter(pl.lit(draw.uniform(n)) < share * lift)
    seated = take_seat(helped, places, at="created", luck="help", name="helper")
    expert = draw.pick(seated.height, {"se": 0.4, "other": 0.6})
    role = pl.when(pl.col("role") == "am").then(pl.lit("am")).otherwise(pl.lit(expert))
    return seated.select("deal_id", rep_id=holder(pl.col("until") - 1, "helper"), role=role)


def shares(deals: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What sellers share, and who in the team used it, for which deal."""
    draw = Draw(seed, "shares")
    since = pl.col("opens").clip(0)
    lift = pl.col("team").replace_strict(truth.JOINT_LIFT, default=1.0)
    many = draw.counts(places.select((END - since) / (65 * DAY) * _SHARED_PER_QUARTER * lift).to_series())
    rows = places.with_columns(n=pl.int_ranges(0, many), since=since).filter(many > 0).explode("n")
    n = rows.height
    at = pl.col("since") + ((END - pl.col("since")) * pl.lit(draw.uniform(n))).floor().cast(pl.Int64)
    passed = at >= pl.col("handed_over")
    rows = rows.select(
        "team", minute=at, rep_id=pl.when(passed).then("successor").otherwise("rep"), role=pl.lit("ae"),
        luck=draw.uniform(n), used=draw.uniform(n),
    )  # fmt: skip
    frame = _used(rows, deals, places).sort("minute", "rep_id")
    return frame.with_columns(share_id=ids("SH", 4), shared_at=instant(pl.col("minute")))


def _used(rows: pl.DataFrame, deals: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """The colleague who used it, and the deal that colleague had last opened then."""
    seated = take_seat(rows, places, at="minute", luck="luck", name="user")
    user = holder(pl.col("minute"), "user")
    share = pl.col("team").replace_strict(truth.REUSE, default=truth.USUAL_REUSE)
    uses = (user != pl.col("rep_id")) & (pl.col("used") < share)
    seated = seated.with_columns(used_by_rep_id=pl.when(uses).then(user))
    opened = deals.select("created", "until", used_by_rep_id="first_rep", of="deal_id").sort("created")
    found = seated.sort("minute").join_asof(
        opened, left_on="minute", right_on="created", by="used_by_rep_id", check_sortedness=False
    )
    return found.with_columns(deal_id=pl.when(pl.col("minute") < pl.col("until")).then("of"))
