"""Figures of the others, for whoever sees one group only: a number of members behind each, and nothing of any one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from kpitools.evaluation.audit import computable, divisible
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.leaves import grows_with_size
from kpitools.evaluation.peers import adds_up
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


def figures_beside(
    member: str, kpis: Iterable[Kpi], data: Dataset, others: Dataset, *, by: str, period: Period
) -> pl.DataFrame:
    """The same for one member alone: what would be counted anew without each of many is counted without this one.

    Args:
        member: one of the dimension.
        kpis: the KPIs.
        data: everyone's data, as seen on the day asked for.
        others: that of everyone but the member, as seen on the same day.
        by: the dimension.
        period: the period.

    Returns:
        period, kpi, value (of the others).

    >>> from datetime import datetime
    >>> from kpitools.kpis.revenue import median_deal_size
    >>> from kpitools.model.calendar import parse_period
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "status": "won", "segment": ["smb", "smb", "mid"],
    ...     "amount": [10.0, 20.0, 70.0], "closed_at": [datetime(2026, 7, 1)] * 3})
    >>> data, asked = Dataset.of({"deals": deals}), {"by": "segment", "period": parse_period("2026Q3")}
    >>> figures_beside("mid", [median_deal_size], data, data.where({"segment": ["smb"]}), **asked).rows()
    [('2026Q3', 'median_deal_size', 15.0)]
    """
    able = divisible(data, [by], computable(data, kpis))
    less_own = peer_figures([kpi for kpi in able if adds_up(kpi)], data, by=by, period=period)
    found = [less_own.filter(pl.col(by) == member).select("period", "kpi", "value")]
    if anew := [kpi for kpi in able if not adds_up(kpi)]:
        found.append(_counted(anew, others, by, period))
    return pl.concat(found)


def _counted(kpis: list[Kpi], others: Dataset, by: str, period: Period) -> pl.DataFrame:
    """The figures of all rows together; of what grows with size per member that has a figure."""
    found = evaluate(kpis, others, periods=period).frame.select("period", "kpi", "value")
    growing = [kpi for kpi in kpis if grows_with_size(kpi)]
    if not growing:
        return found
    has = pl.col("value").is_not_null().sum().cast(pl.Float64)
    members = evaluate(growing, others, by=by, periods=period).frame.group_by("kpi").agg(members=has)
    each = (
        pl.when(pl.col("members").is_null())
        .then("value")
        .when(pl.col("members") > 0)
        .then(pl.col("value") / pl.col("members"))
    )
    joined = found.join(members, on="kpi", how="left", maintain_order="left")
    return joined.select("period", "kpi", each.alias("value"))
