"""Where a rep stands among its peers, as far as the deals can tell: rank intervals instead of ranks."""

from __future__ import annotations

from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpitools.analyses.alike import peer_groups
from kpitools.analyses.pooling import Floats, posteriors, quantiles
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
PLACED = [name for name in RANKS if name != "pooled"]
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
    """The reps of each group together, and whether the rep is placed `here`.

    A wider group holds reps who are compared within a closer one; they count there, but are not placed.
    """
    groups = [
        group.select("rep", "role", "won", "n", group=pl.lit(place), here=pl.col("alike") == alike)
        for place, (alike, group) in enumerate(peer_groups(judged))
    ]
    return pl.concat(groups)


def _placed(members: pl.DataFrame) -> pl.DataFrame:
    """The reps where they are compared, with the columns of `RANKS`."""
    known = members.hstack(posteriors(members))
    values = known.select("won", "n", "alpha", "beta", "here").cast(pl.Float64).to_numpy()
    groups = np.split(values, np.flatnonzero(known["group"].diff().to_numpy() > 0))
    found = pl.DataFrame(np.concatenate([_placed_in(group) for group in groups]), schema=PLACED)
    placed = known.filter("here").select("rep", "role", pooled=100 * pl.col("mean")).hstack(found.fill_nan(None))
    return placed.select("rep", "role", *(pl.col(name).cast(kind) for name, kind in RANKS.items()))


def _placed_in(group: Floats) -> Floats:
    """One row with the columns of `PLACED` per member of a group that is placed there, NaN where nothing is said.

    Args:
        group: won, n, alpha, beta and here, one row per member. Who has the same counts has the same distribution.
    """
    members, here = len(group), group[:, 4] > 0
    times = min(DRAWS, max(1, MOST_RATES // members))
    levels = np.array([*EDGES, *(np.arange(times) + 0.5) / times])
    _, first, same = np.unique(group[:, :2], axis=0, return_index=True, return_inverse=True)
    alpha, beta = group[first, 2:4].T
    rates = quantiles(alpha, beta, levels)[same]
    ranks = _ranks(rates[:, len(EDGES) :])[:, here]
    unknown = np.full(here.sum(), np.nan)
    low, high = np.quantile(ranks, EDGES, axis=0, method="nearest") if members > 1 else (unknown, unknown)
    best = 100 * (ranks <= ceil(members / 4)).mean(axis=0) if members >= FEWEST else unknown
    return np.stack([*100 * rates[here, : len(EDGES)].T, np.full_like(unknown, members), low, high, best], axis=1)


def _ranks(rates: Floats) -> NDArray[np.int64]:
    """The rank of each rep in each draw: one row per draw, one column per rep.

    Of two that draw the same rate, the one that comes first ranks first.

    Args:
        rates: one row per rep, one column per draw.
    """
    # Shuffled, so that the draws of one rep are set beside those of another in no order.
    mixed = np.random.default_rng(SEED).permuted(rates, axis=1)
    order = (-mixed.T).argsort(axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, len(rates) + 1)[np.newaxis], axis=1)
    return ranks
