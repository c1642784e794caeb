"""Pacing to quota: what is reached, what each working day left must bring, and where the pace so far leads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from kpitools.analyses.view import AsOf, Schema, one_period, percent, shaped
from kpitools.evaluation.windows import moment
from kpitools.model.calendar import Period
from kpitools.model.slice import end_of

PACING: Schema = {
    "rep": pl.String,
    "quota": pl.Float64,
    "won_amount": pl.Float64,
    "attainment": pl.Float64,
    "expected": pl.Float64,
    "days_left": pl.Int64,
    "per_day": pl.Float64,
    "needed_per_day": pl.Float64,
    "projected": pl.Float64,
    "projected_attainment": pl.Float64,
}


def pacing(
    table: pl.DataFrame, *, period: str | Period, as_of: AsOf = None, holidays: Iterable[date] = ()
) -> pl.DataFrame:
    """Where each rep with a quota stands on the way through the period, counted in working days (Monday to Friday).

    The projection carries the pace so far on to the end of the period. It knows nothing of the deals that are open, and
    falls short where most is won in the last weeks.

    Args:
        table: the frame of `rep_table` of the same period and as-of day.
        period: the period of the quotas.
        as_of: the day (to its end) or instant from which the data is seen; the period is over unless given.
        holidays: days on which nobody works besides Saturdays and Sundays.

    Returns:
        rep, quota, won_amount, attainment (percent), expected (percent of the working days gone), days_left (working
        days), per_day (amount won per working day so far; null before the first), needed_per_day (amount per working
        day left to reach the quota; 0 where it is reached, null where no day is left), projected (amount at the end at
        the pace so far), projected_attainment (percent); furthest from the quota first.

    Raises:
        EvaluationError: a period or as-of day that cannot be read.

    >>> table = pl.DataFrame({"rep": ["Ann"], "quota": [660.0], "won_amount": [110.0], "attainment": [16.7]})
    >>> pacing(table, period="2026Q3", as_of="2026-07-15").select("days_left", "needed_per_day", "projected").rows()
    [(55, 10.0, 660.0)]
    """
    at = moment(one_period(period), None if as_of is None else end_of(as_of))
    off = list(holidays)
    whole = _working_days(at.period.start, at.period.end, off)
    gone = _working_days(at.period.start, max(at.until, at.period.start), off)
    left, won, quota = whole - gone, pl.col("won_amount").fill_null(0.0), pl.col("quota")
    per_day = won / gone if gone else pl.lit(None, pl.Float64)
    missing = pl.max_horizontal(quota - won, pl.lit(0.0))
    paced = table.filter(quota.is_not_null()).with_columns(
        won_amount=won,
        expected=percent(pl.lit(gone), pl.lit(whole)),
        days_left=pl.lit(left),
        per_day=per_day,
        needed_per_day=missing / left if left else pl.when(missing == 0).then(0.0),
        projected=per_day * whole,
        projected_attainment=percent(per_day * whole, quota),
    )
    return shaped(paced.sort("attainment", "rep"), PACING)


def _working_days(start: date, end: date, holidays: list[date]) -> int:
    """The working days from a day up to another, that one not counted."""
    days = pl.DataFrame({"start": [start], "end": [end]})
    return int(days.select(pl.business_day_count("start", "end", holidays=holidays)).item())
