"""Where a rep stands among its peers, as far as the deals can tell: rank intervals instead of ranks."""

from __future__ import annotations

from math import ceil

import polars as pl

from kpitools.analyses.alike import peer_groups
from kpitools.analyses.pooling import posteriors, quantiles
from kpitools.analyses.view import Schema
from kpitools.evaluation.intervals import CONFIDENCE

#: So many times the win rates of a group are drawn from what is known of them, and ranked; so many rates at most.
DRAWS = 1000
MOST_RATES = 150_000
SEED = 20
#: Of fewer reps there is no quarter to be in.
FEWEST = 4
RANKS: Schema = {
    "pooled": pl.Float64,
    "pooled_lower": pl.Float64,
    "pooled_upper": pl.Float64,
    "compared": pl.Int64,
    "rank_lower": pl.Int64,
    "rank_upper": pl.Int64,
    "top_quarter": pl.Float64,
}
EDGES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def standing(table: pl.DataFrame) -> pl.DataFrame:
    """The rep table with the win rate of each rep pooled with those of its peers, and how sure the rank is.

    Three wins of four say less than forty of eighty: the fewer deals a rep closed, the nearer the pooled rate is to
    that of the role. For the model see `analyses.pooling`. The same table gives the same figures, in whatever order.

    Args:
        table: the frame of `rep_table`, or any with its rep, role, segment, ramp_stage, alike, won and n.

    Returns:
        The table and, null for reps without a closed deal: pooled (percent) with its 95 % interval pooled_lower and
        pooled_upper, compared (the rep and the peers with a closed deal), rank_lower and rank_upper (1 is the best; the
        rank among those lies between them with 95 %; null without peers), top_quarter (chance in percent to be among
        their best quarter, rounded up to whole reps; null where fewer than four are compared).

    >>> won, n = [3, 40, 20, 24, 27, 22], [4, 80, 80, 75, 90, 70]
    >>> table = pl.DataFrame({"rep": ["Ann", "Ben", "Cem", "Dan", "Eva", "Fay"], "won": won, "n": n})
    >>> table = table.with_columns(role=pl.lit("ae"), alike=pl.lit("role"), segment=None, ramp_stage=None)
    >>> standing(table).select("rep", pl.col("pooled").round(0), "rank_lower", "rank_upper").head(2).rows()
    [('Ann', 40.0, 1, 6), ('Ben', 45.0, 1, 3)]
    """
    judged = table.filter(pl.col("n") > 0).sort("role", "rep")
    if judged.is_empty():
        return table.with_columns(pl.lit(None, kind).alias(name) for name, kind in RANKS.items())
    placed = pl.concat([_placed(group, alike) for alike, group in peer_groups(judged)])
    return table.join(placed, on=["rep", "role"], how="left", nulls_equal=True, maintain_order="left")


def pooled_leaderboard(placed: pl.DataFrame) -> pl.DataFrame:
    """The rep table by pooled win rate, highest first, for the chart of that name; reps with a closed deal only.

    Args:
        placed: the frame of `standing` over that of `rep_table`.

    Returns:
        rep, value (pooled win rate), lower, upper, n, small, peers, top_quarter, rank_lower, rank_upper, compared,
        alike, win_rate (the rep's own, not pooled).
    """
    board = placed.filter(pl.col("pooled").is_not_null()).sort("pooled", "n", "rep", descending=[True, True, False])
    shown = {"value": "pooled", "lower": "pooled_lower", "upper": "pooled_upper"}
    same = ("n", "small", "peers", "top_quarter", "rank_lower", "rank_upper", "compared", "alike", "win_rate")
    return board.select("rep", *(pl.col(name).alias(alias) for alias, name in shown.items()), *same)


def _placed(group: pl.DataFrame, alike: str) -> pl.DataFrame:
    """The reps of a group who are compared within it, with the columns of `RANKS`."""
    known = group.hstack(posteriors(group["won"], group["n"])).with_columns(pooled=100 * pl.col("mean"))
    distinct = known.select("alpha", "beta").unique(maintain_order=True)
    bounds = quantiles(distinct, pl.Series(EDGES)).with_columns(rate=100 * pl.col("rate"))
    edges = bounds.group_by("row", maintain_order=True).agg(
        pooled_lower=pl.col("rate").first(), pooled_upper=pl.col("rate").last()
    )
    named = known.join(distinct.hstack(edges), on=["alpha", "beta"], maintain_order="left")
    ranked = named.with_row_index("who").join(_ranks(named["row"], distinct), on="who", maintain_order="left")
    whole = ranked.with_columns(compared=pl.lit(group.height, pl.Int64)).filter(pl.col("alike") == alike)
    return whole.select("rep", "role", *(pl.col(name).cast(kind) for name, kind in RANKS.items()))


def _ranks(rows: pl.Series, distinct: pl.DataFrame) -> pl.DataFrame:
    """Rank bounds and the chance of the top quarter of each rep, from its draws set beside those of the others."""
    times = min(DRAWS, MOST_RATES // rows.len())
    draws = quantiles(distinct, pl.Series([(draw + 0.5) / times for draw in range(times)]))
    rate = draws.group_by("row", maintain_order=True).agg("rate")
    reps = pl.DataFrame({"who": range(rows.len()), "row": rows})
    drawn = reps.join(rate, on="row", how="left", maintain_order="left")
    # Shuffled, so that the draws of one rep are set beside those of another in no order.
    mixed = drawn.select("who", "rate").explode("rate").sample(fraction=1, shuffle=True, seed=SEED)
    numbered = mixed.with_columns(draw=pl.int_range(pl.len()).over("who"))
    ranked = numbered.with_columns(rank=pl.col("rate").rank("ordinal", descending=True).over("draw"))
    best = pl.when(rows.len() >= FEWEST).then(100 * (pl.col("rank") <= ceil(rows.len() / 4)).mean())
    low, high = (pl.when(rows.len() > 1).then(pl.col("rank").quantile(edge, "nearest")) for edge in EDGES)
    return ranked.group_by("who").agg(rank_lower=low, rank_upper=high, top_quarter=best)
