"""Which activities go with what reps win: an association, and no cause."""

from __future__ import annotations

from math import atanh, sqrt, tanh
from statistics import NormalDist

import polars as pl

from kpitools.analyses.view import Schema
from kpitools.evaluation.intervals import CONFIDENCE

#: Of fewer reps a correlation says nothing.
FEWEST = 10
#: A correlation of 1 has no interval; it is given that of a little less.
CERTAIN = 0.9999
EFFORT: Schema = {
    "kind": pl.String,
    "reps": pl.Int64,
    "compared": pl.Int64,
    "correlation": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def effort_and_outcome(table: pl.DataFrame, mix: pl.DataFrame, *, outcome: str = "won_amount") -> pl.DataFrame:
    """For each kind of activity: do reps with more of it rank higher in an outcome, within their role?

    Spearman's rank correlation of the ranks within the role, with an interval after Bonett and Wright that is wide
    enough for all kinds together (Bonferroni). Who does more may also have the better accounts: no cause is shown.

    Args:
        table: the frame of `rep_table`.
        mix: the frame of `activity_mix` by rep of the same period.
        outcome: a column of the table, such as won_amount or win_rate.

    Returns:
        kind, reps (with the outcome), compared (kinds looked at), correlation (-1 to 1; null where all are alike),
        lower, upper (null under ten reps); strongest first.
    """
    known = table.filter(pl.col(outcome).is_not_null()).select("rep", "role", out=outcome)
    kinds = mix.join(known, on="rep", how="semi")["kind"].unique().sort()
    cells = known.join(kinds.to_frame(), how="cross").join(
        mix.select("rep", "kind", "count"), on=["rep", "kind"], how="left"
    )
    placed = cells.with_columns(
        _place(pl.col("count").fill_null(0)).alias("more"), _place(pl.col("out")).alias("better")
    )
    found = placed.group_by("kind", maintain_order=True).agg(reps=pl.len(), correlation=pl.corr("more", "better"))
    rows = [
        (kind, reps, kinds.len(), *_bounded(correlation, reps, kinds.len())) for kind, reps, correlation in found.rows()
    ]
    frame = pl.DataFrame(rows, schema=EFFORT, orient="row")
    return frame.sort(pl.col("correlation").abs(), "kind", descending=[True, False], nulls_last=True)


def _place(value: pl.Expr) -> pl.Expr:
    """The place within the role from 0 to 1, the same for equal values."""
    return ((value.rank("average") - 0.5) / pl.len()).over("role", "kind")


def _bounded(correlation: float | None, reps: int, compared: int) -> tuple[float | None, float | None, float | None]:
    """A correlation with its interval."""
    if correlation is None or correlation != correlation:
        return None, None, None
    if reps < FEWEST:
        return correlation, None, None
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / compared)
    reach = z * sqrt((1 + correlation**2 / 2) / (reps - 3))
    middle = atanh(max(-CERTAIN, min(CERTAIN, correlation)))
    return correlation, tanh(middle - reach), tanh(middle + reach)
