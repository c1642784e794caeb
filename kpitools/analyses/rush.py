"""Whether wins pile up at the end of periods."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpitools.analyses.view import AsOf, Schema, cents, grouped, inside, money, need, percent, seen, shaped, share_of
from kpitools.errors import EvaluationError
from kpitools.evaluation.windows import moment
from kpitools.model.calendar import Period, parse_periods
from kpitools.model.dataset import Dataset

LAST_DAYS = 14
RUSH: Schema = {
    "group": pl.String,
    "period": pl.String,
    "start": pl.Date,
    "won": pl.Int64,
    "late": pl.Int64,
    "share": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "even": pl.Float64,
    "amount": pl.Float64,
    "late_amount": pl.Float64,
    "late_amount_share": pl.Float64,
}


def rush(
    data: Dataset, *, periods: str | Sequence[Period], as_of: AsOf = None, by: str | None = None, days: int = LAST_DAYS
) -> pl.DataFrame:
    """The share of each period's wins that came in its last days, beside the share that an even spread would put there.

    Args:
        data: deals with closed_at, status and amount.
        periods: `2026Q3`, a range `2025Q1..2026Q3`, or periods; those that are not over are left out, as their last
            days have not come.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension of deals.
        days: how many days the end of a period has, fewer than the period.

    Returns:
        group where broken down, period, start, won and late (deals), share of late in won (percent) with lower and
        upper, even (percent of the period's days), amount, late_amount, late_amount_share (percent); one row per
        period with wins.

    Raises:
        EvaluationError: the data lacks what is needed or cannot be broken down so; a period has no more days than its
            end.
        UnknownNameError: there is no such dimension.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b"], "status": ["won"] * 2, "amount": [10.0, 30.0],
    ...     "closed_at": [datetime(2026, 8, 1), datetime(2026, 9, 17)]})
    >>> rush(Dataset.of({"deals": deals}), periods="2026Q3").select("won", "late", "share", "late_amount").row(0)
    (2, 1, 50.0, 30.0)
    """
    view = seen(data, as_of)
    need("The rush at the end of a period", view, "deals.closed_at", "deals.status", "deals.amount")
    wanted = parse_periods(periods) if isinstance(periods, str) else list(periods)
    if short := [str(period) for period in wanted if not 0 < days < period.days]:
        raise EvaluationError(f"The end of a period is shorter than the period; {days} days are not, of {short[0]}.")
    over = [period for period in wanted if moment(period, view.seen_at).complete]
    won = grouped(view["deals"].filter(pl.col("status") == "won"), view, "deals", by)
    found = [_of(won, period, days) for period in over]
    frame = pl.concat(pl.collect_all(found)) if found else pl.DataFrame(schema=RUSH)
    return shaped(frame.sort("group", "start", nulls_last=True), RUSH, by)


def _of(won: pl.LazyFrame, period: Period, days: int) -> pl.LazyFrame:
    """The wins of one period."""
    late = pl.col("closed_at").cast(pl.Date) >= pl.lit(period.end).dt.offset_by(f"-{days}d")
    worth = cents(pl.col("amount")).fill_null(0)
    sums = {"won": pl.len(), "late": late.sum(), "amount": worth.sum(), "late_amount": worth.filter(late).sum()}
    counted = won.filter(inside("closed_at", period)).group_by("group").agg(**sums)
    return counted.with_columns(
        period=pl.lit(period.label),
        start=pl.lit(period.start),
        **share_of("late", "won"),
        even=pl.lit(100 * days / period.days),
        late_amount_share=percent(pl.col("late_amount"), pl.col("amount")),
        amount=money(pl.col("amount")),
        late_amount=money(pl.col("late_amount")),
    ).select(*RUSH)
