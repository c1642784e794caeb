"""Figures of the others, for whoever sees one group only: a number of members behind each, and nothing of any one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from kpitools.evaluation.audit import computable, divisible
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset


def peer_figures(
    kpis: Iterable[Kpi], data: Dataset, *, by: str, period: Period, as_of: str | None = None
) -> pl.DataFrame:
    """What the other members of a dimension make together, for each of its members and KPIs.

    KPIs that the data does not allow, or that cannot be broken down so, are left out.

    Returns:
        `by`, period, kpi, value (of the others), peers (how many others have a figure).

    >>> from datetime import datetime
    >>> from kpitools.kpis.conversion import win_rate
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "status": ["won", "lost", "won"],
    ...     "segment": ["smb", "smb", "mid"], "closed_at": [datetime(2026, 7, 1)] * 3})
    >>> from kpitools.model.calendar import parse_period
    >>> peer_figures([win_rate], Dataset.of({"deals": deals}), by="segment", period=parse_period("2026Q3")).rows()
    [('mid', '2026Q3', 'win_rate', 50.0, 1), ('smb', '2026Q3', 'win_rate', 100.0, 1)]
    """
    data = data.as_of(as_of).settled() if as_of else data
    able = divisible(data, [by], computable(data, kpis))
    schema = {by: pl.String, "period": pl.String, "kpi": pl.String, "value": pl.Float64, "peers": pl.Int64}
    if not able:
        return pl.DataFrame(schema=schema)
    frame = evaluate(able, data, by=by, periods=period, compare="peers").frame
    has = pl.col("value").is_not_null().cast(pl.Int64)
    counted = frame.with_columns(members=has.sum().over("kpi") - has)
    return counted.select(by, "period", "kpi", pl.col("peers").alias("value"), pl.col("members").alias("peers"))
