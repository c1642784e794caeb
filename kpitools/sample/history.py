"""What happened to deals in the order it happened: visits to stages, and the log of changes.

The log is made backwards from how a deal stands at the end, so that replaying it forwards leads there exactly.
"""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, day, instant
from kpitools.sample.deals import VISITS
from kpitools.sample.draw import Draw
from kpitools.sample.people import owner

_TYPICAL_CYCLE = {"smb": 45, "mid_market": 65, "enterprise": 105}


def stage_visits(deals: pl.DataFrame) -> pl.DataFrame:
    """One row per visit of a deal to a stage, in order; `entered` and `left` in working minutes."""
    order = {visit: place for place, visit in enumerate(VISITS)}
    visits = (
        deals.select("deal_id", "created", "status", *VISITS)
        .unpivot(on=list(VISITS), index=["deal_id", "created", "status"], variable_name="visit", value_name="dwell")
        .filter(pl.col("dwell") > 0)
        .with_columns(stage=pl.col("visit").replace_strict(VISITS), order=pl.col("visit").replace_strict(order))
        .sort("deal_id", "order")
        .with_columns(left=pl.col("created") + pl.col("dwell").cum_sum().over("deal_id"))
        .with_columns(entered=pl.col("left") - pl.col("dwell"))
        .filter(pl.col("entered") < END)
    )
    following = pl.col("stage").shift(-1).over("deal_id")
    decided = pl.when(pl.col("status") != "open").then("status")
    visits = visits.with_columns(next_stage=pl.coalesce(following, decided))
    return visits.with_columns(left=pl.when(pl.col("next_stage").is_not_null()).then("left"))


def stage_history_table(visits: pl.DataFrame) -> pl.DataFrame:
    """The visits in the order in which they began."""
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
    return visits.sort("entered", "deal_id").with_columns(
        history_id=pl.format("H{}", number),
        lead_id=pl.lit(None, dtype=pl.String),
        entered_at=instant(pl.col("entered")),
        left_at=instant(pl.col("left")),
    )


def closings(deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """When each deal is expected to close, and how often, and by how many days, that date was moved before."""
    draw = Draw(seed, "closings")
    n = deals.height
    expected = deals.with_columns(expected_close_at=_expected(n, draw))
    span = (pl.col("expected_close_at") - day(pl.col("created"))).dt.total_days()
    expected = expected.with_columns(span=pl.max_horizontal(span, 0))
    often = expected.select(
        pl.when("frozen").then(2.5).when(pl.col("status") == "open").then(0.9).otherwise(0.7) * _lived()
    )
    moves = pl.min_horizontal(pl.lit(draw.counts(often.to_series())), pl.col("span") // 10)
    expected = expected.with_columns(moves=moves)
    log = _date_moves(_moments(expected, "moves", draw), draw)
    pushes = log.group_by("deal_id", maintain_order=True).agg(
        close_date_pushes=(pl.col("days") > 0).sum().cast(pl.Int64), log=pl.struct("at", "old_value", "new_value")
    )
    return expected.join(pushes, on="deal_id", how="left", maintain_order="left").with_columns(
        pl.col("close_date_pushes").fill_null(0)
    )


def _lived() -> pl.Expr:
    """How far a deal is along its first two months, at most 1: little changes on the first day."""
    return ((pl.col("until") - pl.col("created")) / (40 * DAY)).clip(0, 1)


def _expected(n: int, draw: Draw) -> pl.Expr:
    """Around the closing for closed deals; ahead for most open ones; long past for those nobody cares for."""
    created = day(pl.col("created"))
    around = day(pl.col("until")) + pl.duration(days=pl.lit((draw.uniform(n) - 0.5) * 20).round().cast(pl.Int64))
    ahead = pl.lit(truth.LAST_DAY) + pl.duration(days=pl.lit(draw.waiting(n, 40)).cast(pl.Int64) + 1)
    overdue = pl.lit(truth.LAST_DAY) - pl.duration(days=pl.lit(draw.whole(n, 0, 25)))
    typical = pl.col("segment").replace_strict(_TYPICAL_CYCLE) + pl.lit(draw.whole(n, 20, 90))
    planned = created + pl.duration(days=typical)
    current = pl.when(draw.chance(n, 0.88)).then(ahead).otherwise(overdue)
    chosen = pl.when("frozen").then(planned).when(pl.col("status") == "open").then(current).otherwise(around)
    return pl.max_horizontal(chosen, created)


def _moments(deals: pl.DataFrame, count: str, draw: Draw) -> pl.DataFrame:
    """`count` different minutes of each deal's open life, in order."""
    many = deals.filter(pl.col(count) > 0).with_columns(n=pl.int_ranges(0, pl.col(count))).explode("n")
    room = pl.col("until") - pl.col("created") - 1
    at = pl.col("created") + 1 + (room * pl.lit(draw.uniform(many.height))).floor().cast(pl.Int64)
    many = many.with_columns(at=at).filter((pl.col("at") > pl.col("created")) & (pl.col("at") < pl.col("until")))
    return many.unique(["deal_id", "at"], keep="first").sort("deal_id", "at")


def _date_moves(log: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Old and new date of each move: later for most; together less than half of the deal's planned life."""
    size = (
        (pl.col("span") * pl.lit(draw.uniform(log.height, 0.1, 0.5)) / pl.col("moves")).floor().cast(pl.Int64).clip(1)
    )
    later = pl.col("frozen") | draw.chance(log.height, 0.85)
    days = pl.when(later).then(size).otherwise(-size)
    log = log.with_columns(days=days)
    back = pl.col("days").cum_sum(reverse=True).over("deal_id")
    old = pl.col("expected_close_at") - pl.duration(days=back)
    text = [old.alias("old_value"), (old + pl.duration(days="days")).alias("new_value")]
    return log.with_columns(date.dt.to_string("iso") for date in text)


def deal_changes_table(deals: pl.DataFrame, visits: pl.DataFrame, closings: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The change log of all deals in the order of time."""
    dates = closings.filter(pl.col("log").is_not_null()).select("deal_id", "log").explode("log").unnest("log")
    logs = {
        "stage": _stage_changes(visits),
        "expected_close_at": dates,
        "amount": _amount_changes(deals, Draw(seed, "amounts")),
        "owner_rep_id": _owner_changes(deals),
    }
    columns = ["deal_id", "field", "old_value", "new_value", "at"]
    log = pl.concat([changes.with_columns(field=pl.lit(field)).select(columns) for field, changes in logs.items()])
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(7)
    return log.sort("at", "deal_id", "field").with_columns(
        change_id=pl.format("C{}", number), changed_at=instant(pl.col("at"))
    )


def _stage_changes(visits: pl.DataFrame) -> pl.DataFrame:
    moved = visits.with_columns(old_value=pl.col("stage").shift(1).over("deal_id"), new_value=pl.col("stage"))
    return moved.filter(pl.col("old_value").is_not_null()).with_columns(at=pl.col("entered"))


def _amount_changes(deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A third of the deals were once estimated higher or lower."""
    counted = deals.with_columns(moves=draw.counts(deals.select(0.45 * _lived()).to_series()))
    log = _moments(counted, "moves", draw).with_columns(ratio=pl.lit(1.0))
    log = log.with_columns(ratio=draw.uniform(log.height, 0.7, 1.4))
    back = pl.col("ratio").cum_prod(reverse=True).over("deal_id")
    log = log.with_columns(old=(pl.col("amount") * back).round(2))
    log = log.with_columns(new=pl.coalesce(pl.col("old").shift(-1).over("deal_id"), "amount"))
    return log.with_columns(old_value=pl.col("old").cast(pl.String), new_value=pl.col("new").cast(pl.String))


def _owner_changes(deals: pl.DataFrame) -> pl.DataFrame:
    """A deal moves, or its owner's seat gets another holder."""
    inside = (pl.col("at") > pl.col("created")) & (pl.col("at") < pl.col("until"))
    moments = [deals.with_columns(at=column) for column in ("moved", "first_handed_over", "second_handed_over")]
    log = pl.concat(moments).filter(inside).unique(["deal_id", "at"], keep="first", maintain_order=True)
    log = log.with_columns(old_value=owner(pl.col("at") - 1), new_value=owner(pl.col("at")))
    return log.filter(pl.col("old_value") != pl.col("new_value"))
