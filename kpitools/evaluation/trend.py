"""Judging a figure: by its benchmark where there is one, else by the way it has gone itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from kpitools.evaluation.compare import benchmark_status
from kpitools.evaluation.result import Result
from kpitools.kpis.kpi import Kpi

#: How many periods a trend is taken over, and how many of them must have a figure.
PERIODS = 4
FEWEST = 3
#: A trend that moves a figure by less than this share of its size over the four periods is none.
LEVEL = 0.05


def direction(values: Sequence[float | None], *, level: float = LEVEL) -> str | None:
    """Which way figures of consecutive periods have gone, the oldest first: `up`, `down` or `level`.

    The rule: the straight line that fits them best (least squares) rises or falls over their length by at least
    `level` of their mean size. Fewer than three known figures have no direction.

    >>> direction([100, 104, None, 120]), direction([30.0, 30.5, 29.8, 30.2]), direction([None, None, 3, 2])
    ('up', 'level', None)
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < FEWEST:
        return None
    middle = sum(place for place, _ in known) / len(known)
    slope = sum((place - middle) * value for place, value in known) / sum((place - middle) ** 2 for place, _ in known)
    change, size = slope * (known[-1][0] - known[0][0]), sum(abs(value) for _, value in known) / len(known)
    if abs(change) <= level * size:
        return "level"
    return "up" if change > 0 else "down"


def with_judgement(result: Result, history: Result | None = None) -> Result:
    """The figures with `judged_by` (benchmark, trend, or null where neither can tell) and `judgement`.

    Against a benchmark the judgement is better, within or worse; by the trend of the last four periods that are over
    it is better, level or worse. A KPI that has no good direction, only a good range, is not judged until it has one.

    Args:
        result: the figures to judge.
        history: figures of the same KPIs and groups over earlier periods; the result's own unless given.

    >>> from kpitools.evaluation.evaluate import evaluate
    >>> from kpitools.model.dataset import Dataset
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "status": "won", "amount": [10.0, 20.0, 30.0],
    ...     "closed_at": pl.Series(["2026-01-01", "2026-04-01", "2026-07-01"]).str.to_datetime()})
    >>> sizes = evaluate(["average_deal_size", "win_rate"], Dataset.of({"deals": deals}), periods="2026Q1..2026Q3")
    >>> with_judgement(sizes).frame.filter(period="2026Q3").select("kpi", "value", "judged_by", "judgement").rows()
    [('average_deal_size', 30.0, 'trend', 'better'), ('win_rate', 100.0, 'benchmark', 'within')]
    """
    keys = [*result.by, "kpi", "at"]
    trends = _directions(history or result).select(*keys, "direction")
    at = pl.when("complete").then("end").otherwise("start").alias("at")
    rows = result.frame.with_columns(at).join(trends, on=keys, how="left", nulls_equal=True, maintain_order="left")
    judged = [rows.filter(pl.col("kpi") == kpi.id).with_columns(_judgement(kpi)) for kpi in result.kpis]
    return replace(result, frame=pl.concat(judged).drop("at", "direction"))


def _directions(history: Result) -> pl.DataFrame:
    """The direction of each group and KPI up to the end `at` of each period that is over."""
    groups = [*history.by, "kpi"]
    over = history.frame.filter("complete").unique([*groups, "start"]).sort(*groups, "start")
    follows = (pl.col("start") == pl.col("end").shift(1).over(groups)).fill_null(False)
    runs = over.with_columns(at="end", run=(~follows).cast(pl.Int32).cum_sum())
    last = [pl.col("value").shift(back).over("run") for back in reversed(range(PERIODS))]
    gone = pl.concat_list(last).map_elements(lambda values: direction(values.to_list()), return_dtype=pl.String)
    return runs.with_columns(direction=gone)


def _judgement(kpi: Kpi) -> list[pl.Expr]:
    """Which of the two could tell, and what it said."""
    status = benchmark_status(kpi)
    words = {"higher": {"up": "better", "down": "worse"}, "lower": {"up": "worse", "down": "better"}}
    told = pl.col("direction").replace_strict(
        {"level": "level", **words[kpi.better]} if kpi.better in words else {}, default=None, return_dtype=pl.String
    )
    trend = pl.when(pl.col("value").is_not_null()).then(told)
    which = pl.when(status.is_not_null()).then(pl.lit("benchmark")).when(trend.is_not_null()).then(pl.lit("trend"))
    return [which.alias("judged_by"), pl.coalesce(status, trend).alias("judgement")]
