"""Where a rep stands among its peers, as far as the deals can tell: rank intervals instead of ranks."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.alike import peer_groups
from kpitools.analyses.pooling import curves, posteriors, quantiles
from kpitools.analyses.view import Schema
from kpitools.evaluation.figures import worked_out
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
#: Who has these in common has the same distribution, which is worked out once.
COUNTS = ("group", "won", "n")
EDGES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def standing(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the win rate of each rep pooled with those of its peers, and how sure the rank is.

    Three wins of four say less than forty of eighty: the fewer deals a rep closed, the nearer the pooled rate is to
    that of the role. For the model see `analyses.pooling`. The same table gives the same figures, in whatever order.

    Args:
        table: the frame of `sellers` or `rep_table`, or any with its rep, role, segment, ramp_stage, alike, won and n.

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
    placed = _placed(_members(judged))
    return table.join(placed, on=["rep", "role"], how="left", nulls_equal=True, maintain_order="left")


def pooled_leaderboard(placed: pl.DataFrame) -> pl.DataFrame:
    """The rep table by pooled win rate, highest first, for the chart of that name; reps with a closed deal only.

    Args:
        placed: the frame of `standing` over that of `sellers` or `rep_table`.

    Returns:
        rep, value (pooled win rate), lower, upper, n, small, peers, top_quarter, rank_lower, rank_upper, compared,
        alike, win_rate (the rep's own, not pooled).
    """
    board = placed.filter(pl.col("pooled").is_not_null()).sort("pooled", "n", "rep", descending=[True, True, False])
    shown = {"value": "pooled", "lower": "pooled_lower", "upper": "pooled_upper"}
    same = ("n", "small", "peers", "top_quarter", "rank_lower", "rank_upper", "compared", "alike", "win_rate")
    return board.select("rep", *(pl.col(name).alias(alias) for alias, name in shown.items()), *same)


def _members(judged: pl.DataFrame) -> pl.DataFrame:
    """The reps of each group together: how many are `compared`, and whether the rep is placed `here`.

    A wider group holds reps who are compared within a closer one; they count there, but are not placed.
    """
    groups = [
        group.select("rep", "role", "won", "n", group=pl.lit(place), compared=pl.len(), here=pl.col("alike") == alike)
        for place, (alike, group) in enumerate(peer_groups(judged))
    ]
    return pl.concat(groups).with_row_index("who")


def _placed(members: pl.DataFrame) -> pl.DataFrame:
    """The reps where they are compared, with the columns of `RANKS`."""
    known = members.hstack(posteriors(members))
    distinct = known.unique(COUNTS, keep="first", maintain_order=True).with_row_index("row")
    rows = distinct.lazy().select("row", *COUNTS)
    named, curve = known.lazy().join(rows, on=COUNTS, maintain_order="left"), curves(distinct)
    placed = named.filter("here").join(_edges(distinct, curve), on="row", how="left", maintain_order="left")
    ranked = placed.join(_ranks(named, distinct, curve), on="who", how="left", maintain_order="left")
    shown = ranked.with_columns(pooled=100 * pl.col("mean"))
    return worked_out(shown.select("rep", "role", *(pl.col(name).cast(kind) for name, kind in RANKS.items())))


def _edges(distinct: pl.DataFrame, curve: pl.DataFrame) -> pl.LazyFrame:
    """The bounds of the pooled rate, in percent."""
    wanted = distinct.lazy().select("row", level=pl.lit([*EDGES])).explode("level")
    low, high = 100 * pl.col("rate").first(), 100 * pl.col("rate").last()
    return quantiles(curve, wanted).group_by("row", maintain_order=True).agg(pooled_lower=low, pooled_upper=high)


def _ranks(named: pl.LazyFrame, distinct: pl.DataFrame, curve: pl.DataFrame) -> pl.LazyFrame:
    """Rank bounds and the chance of the top quarter of each rep, from its draws set beside those of the others."""
    times = pl.min_horizontal(DRAWS, MOST_RATES // pl.col("compared"))
    wanted = distinct.lazy().select("row", times=times, draw=pl.int_ranges(times)).explode("draw")
    levels = wanted.select("row", level=(pl.col("draw") + 0.5) / pl.col("times"))
    rates = quantiles(curve, levels).group_by("row", maintain_order=True).agg("rate")
    reps = named.select("who", "group", "compared", "row")
    drawn = reps.join(rates, on="row", how="left", maintain_order="left").explode("rate")
    # Shuffled within the group, so that the draws of one rep are set beside those of another in no order.
    mixed = drawn.with_columns(pl.col("who", "rate").shuffle(seed=SEED).over("group"))
    numbered = mixed.with_columns(draw=pl.int_range(pl.len()).over("who"))
    ranked = numbered.with_columns(rank=pl.col("rate").rank("ordinal", descending=True).over("group", "draw"))
    compared = pl.col("compared")
    low, high = (pl.when(compared.first() > 1).then(pl.col("rank").quantile(edge, "nearest")) for edge in EDGES)
    best = pl.when(compared.first() >= FEWEST).then(100 * (pl.col("rank") <= (compared / 4).ceil()).mean())
    return ranked.group_by("who").agg(rank_lower=low, rank_upper=high, top_quarter=best)
