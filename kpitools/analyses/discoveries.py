"""Which of many reps differ from their peers, with the share of false findings held down."""

from __future__ import annotations

from math import exp, lgamma

import polars as pl

from kpitools.analyses.alike import others
from kpitools.analyses.view import Schema
from kpitools.evaluation.intervals import SMALL

#: Of the differences found, so large a share may be chance.
FALSE_SHARE = 0.05
#: Tables as likely as the one seen count as such, whatever the rounding.
TIE = 1 + 1e-7
DISCOVERIES: Schema = {
    "rep": pl.String,
    "role": pl.String,
    "won": pl.Int64,
    "n": pl.Int64,
    "win_rate": pl.Float64,
    "peers": pl.Float64,
    "alike": pl.String,
    "compared": pl.Int64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
    "side": pl.String,
}


def discoveries(table: pl.DataFrame) -> pl.DataFrame:
    """The reps whose win rate is compared with that of their peers, and which of them differ.

    Each is tested by itself (Fisher's exact test against all deals of the peers); then the p values are taken
    together (Benjamini-Hochberg), so that of the reps said to differ at most one in twenty, on average, does by chance.

    Args:
        table: the frame of `rep_table`, or any with its rep, role, alike, won and n. Reps with under ten closed deals
            are not compared, but are peers.

    Returns:
        rep, role, won, n, win_rate, peers (percent), alike (what they have in common), compared (how many reps in all),
        p_value, q_value (the share of false findings if this one and all clearer ones are believed), side (`above` or
        `below` the peers; null where the difference may be chance); clearest first.

    >>> table = pl.DataFrame({"rep": ["Ann", "Ben", "Cem"], "won": [30, 11, 10], "n": [40, 40, 40]})
    >>> table = table.with_columns(role=pl.lit("ae"), alike=pl.lit("role"), segment=None, ramp_stage=None)
    >>> discoveries(table).select("rep", pl.col("q_value").round(4), "side").rows()
    [('Ann', 0.0, 'above'), ('Cem', 0.0099, 'below'), ('Ben', 0.0203, 'below')]
    """
    beside = table.filter(pl.col("n") > 0).with_columns(other_won=others("won"), other_n=others("n"))
    judged = beside.filter(pl.col("n") >= SMALL, pl.col("other_n") > 0)
    counts = judged.select("won", "n", "other_won", "other_n").rows()
    tested = judged.with_columns(
        pl.Series("p_value", [fisher(*(int(count) for count in row)) for row in counts], dtype=pl.Float64),
        win_rate=100 * pl.col("won") / pl.col("n"),
        peers=100 * pl.col("other_won") / pl.col("other_n"),
        compared=pl.len(),
    ).sort("p_value", "rep")
    found = tested.with_columns(q_value=_together(pl.col("p_value")))
    side = pl.when(pl.col("win_rate") > pl.col("peers")).then(pl.lit("above")).otherwise(pl.lit("below"))
    differs = found.with_columns(side=pl.when(pl.col("q_value") <= FALSE_SHARE).then(side))
    return differs.select(pl.col(name).cast(kind) for name, kind in DISCOVERIES.items())


def _together(p_value: pl.Expr) -> pl.Expr:
    """Rising p values as q values: the least of p times the number of tests over its place, of this and all after."""
    return (p_value * pl.len() / pl.int_range(1, pl.len() + 1)).cum_min(reverse=True).clip(upper_bound=1)


def fisher(won: int, n: int, other_won: int, other_n: int) -> float:
    """The chance of a table at least as unlikely as this one, if both win at the same rate.

    >>> round(fisher(8, 10, 3, 12), 4)
    0.03
    """
    wins, least, most = won + other_won, max(0, won - other_n + other_won), min(n, won + other_won)
    logs = _choose(n + other_n, wins)
    chances = [exp(_choose(n, k) + _choose(other_n, wins - k) - logs) for k in range(least, most + 1)]
    seen = chances[won - least]
    return min(1.0, sum(chance for chance in chances if chance <= seen * TIE))


def _choose(of: int, some: int) -> float:
    """The logarithm of the number of ways to choose."""
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)
