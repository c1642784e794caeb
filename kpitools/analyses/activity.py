"""What sales spends its activities on."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.view import AsOf, Schema, choose, one_period, percent
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.activity import activity_volume
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

MIX: Schema = {"kind": pl.String, "count": pl.Int64, "share": pl.Float64}
WHO = ("rep", "team")


def activity_mix(data: Dataset, *, period: str | Period, by: str = "rep", as_of: AsOf = None) -> pl.DataFrame:
    """The sales actions of each rep or team in a period by kind; together they are the KPI activity volume.

    Args:
        data: activities with rep_id, at, kind and direction, and reps.
        period: the actions that took place on its days.
        by: `rep` or `team`.
        as_of: the day (to its end) or instant from which the data is seen.

    Returns:
        rep or team, kind, count, share (percent of the actions of that rep or team); most frequent kind first.

    Raises:
        EvaluationError: the data lacks what is needed.
        UnknownNameError: `by` is neither.
    """
    choose("way to break activities down", by, WHO)
    found = evaluate(activity_volume, data, periods=one_period(period), by=(by, "activity_kind"), as_of=as_of).frame
    counts = found.filter(pl.col("value") > 0).select(by, pl.col("activity_kind").alias("kind"), count="value")
    shares = counts.with_columns(share=percent(pl.col("count"), pl.col("count").sum().over(by)))
    ordered = shares.sort(by, "count", "kind", descending=[False, True, False], nulls_last=True)
    return ordered.select(by, *(pl.col(name).cast(kind) for name, kind in MIX.items()))
