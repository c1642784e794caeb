"""Why the win rate of a rep differs from that of the peers: other deals (mix), or more of the same deals won (rate)."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.alike import peer_groups
from kpitools.analyses.view import AsOf, Schema, one_period
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.conversion import win_rate
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

MIX_AND_RATE: Schema = {
    "rep": pl.String,
    "role": pl.String,
    "n": pl.Int64,
    "win_rate": pl.Float64,
    "peers": pl.Float64,
    "difference": pl.Float64,
    "mix": pl.Float64,
    "rate": pl.Float64,
}


def mix_and_rate(
    data: Dataset, table: pl.DataFrame, *, period: str | Period, by: str = "segment", as_of: AsOf = None
) -> pl.DataFrame:
    """The win rate of each rep less that of the peers together, split into mix and rate.

    Mix is what the rep would differ by for having other deals alone, rate for winning another share of the same deals;
    each is weighed halfway between rep and peers, so that the two add up to the difference. Where one side has no deal
    of a segment, its rate there is taken from the other, and the difference is mix.

    Args:
        data: deals with owner_rep_id, status and closed_at, and what leads to the dimension.
        table: the frame of `rep_table` of the same period and as-of day: its sellers and whom each is compared with.
        period: the period.
        by: a dimension of deals, such as segment, deal_kind or industry.
        as_of: the day (to its end) or instant from which the data is seen.

    Returns:
        rep, role, n (deals closed), win_rate, peers (percent), difference, mix, rate (percentage points, mix and rate
        adding up to difference); reps with a closed deal and peers with one. Greatest difference first.

    Raises:
        EvaluationError, UnknownNameError: the data lacks what is needed, or deals do not lead to the dimension.
    """
    found = evaluate(win_rate, data, periods=one_period(period), by=("rep", by), as_of=as_of).frame
    cells = found.select("rep", part=pl.col(by).cast(pl.String), w="numerator", d="denominator").filter(pl.col("d") > 0)
    split = [_split(group, cells).join(_within(group, alike), on="rep") for alike, group in peer_groups(table)]
    whole = pl.concat([pl.DataFrame(schema=MIX_AND_RATE), *split])
    return whole.sort(pl.col("difference").abs(), "rep", descending=[True, False])


def _within(group: pl.DataFrame, alike: str) -> pl.DataFrame:
    """Those of a group who are compared within it."""
    return group.filter(pl.col("alike") == alike).select("rep")


def _split(group: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """The split for the sellers of a group, each beside all its others."""
    held = cells.join(group.select("rep", "role"), on="rep").cast({"w": pl.Float64, "d": pl.Float64})
    parts = held.group_by("part", maintain_order=True).agg(all_w=pl.col("w").sum(), all_d=pl.col("d").sum())
    grid = held.select("rep", "role").unique(maintain_order=True).join(parts, how="cross")
    full = grid.join(held.drop("role"), on=["rep", "part"], how="left", nulls_equal=True, maintain_order="left")
    own = {"w": pl.col("w").fill_null(0.0), "d": pl.col("d").fill_null(0.0)}
    beside = full.with_columns(**own).with_columns(ow=pl.col("all_w") - pl.col("w"), od=pl.col("all_d") - pl.col("d"))
    shared = beside.with_columns(
        share=pl.col("d") / pl.col("d").sum().over("rep"),
        other_share=pl.col("od") / pl.col("od").sum().over("rep"),
        won=_rate("w", "d", "ow", "od"),
        other_won=_rate("ow", "od", "w", "d"),
    )
    return (
        shared.group_by("rep", "role", maintain_order=True)
        .agg(_sums())
        .filter(pl.col("peers").is_not_nan())
        .select(pl.col(name).cast(kind) for name, kind in MIX_AND_RATE.items())
    )


def _rate(some: str, of: str, else_some: str, else_of: str) -> pl.Expr:
    """A win rate from 0 to 1; that of the other side where there is no deal; 0 where neither has one."""
    own = pl.when(pl.col(of) > 0).then(pl.col(some) / pl.col(of))
    return own.otherwise(pl.when(pl.col(else_of) > 0).then(pl.col(else_some) / pl.col(else_of)).otherwise(0.0))


def _sums() -> list[pl.Expr]:
    share, other_share, won, other = (pl.col(name) for name in ("share", "other_share", "won", "other_won"))
    own, peers = 100 * pl.col("w").sum() / pl.col("d").sum(), 100 * pl.col("ow").sum() / pl.col("od").sum()
    return [
        pl.col("d").sum().alias("n"),
        own.alias("win_rate"),
        peers.alias("peers"),
        (own - peers).alias("difference"),
        (100 * (share - other_share) * (won + other) / 2).sum().alias("mix"),
        (100 * (won - other) * (share + other_share) / 2).sum().alias("rate"),
    ]
