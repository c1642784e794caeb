"""Working time: whole minutes since the first working day, Monday to Friday from 9:00 to 17:00.

Everything in the sample happens in working minutes, so that weekends and nights stay empty and the order of
events is the order of numbers.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from kpitools.sample import truth

#: Working minutes of a day and of a week.
DAY = 8 * 60
WEEK = 5 * DAY

_MONDAY = date(2023, 10, 2)  # the first working day of the data is minute 0
_OPENS = 9 * 60


def minute_of(day: date) -> int:
    """The minute in which the first working day on or after `day` opens."""
    weeks, weekday = divmod((day - _MONDAY).days, 7)
    return weeks * WEEK + min(weekday, 5) * DAY


#: The first minute that has not happened yet.
END = minute_of(truth.LAST_DAY + timedelta(days=1))


def minute(day: pl.Expr) -> pl.Expr:
    """`minute_of` for a column of days."""
    days = (day - pl.lit(_MONDAY)).dt.total_days()
    return days // 7 * WEEK + pl.min_horizontal(days % 7, 5) * DAY


def instant(minutes: pl.Expr) -> pl.Expr:
    """The timestamp of a working minute."""
    days = minutes // DAY
    passed = (days // 5 * 7 + days % 5) * 24 * 60 + _OPENS + minutes % DAY
    return pl.lit(_MONDAY).cast(pl.Datetime("us")) + pl.duration(minutes=passed)


def day(minutes: pl.Expr) -> pl.Expr:
    """The calendar day of a working minute."""
    return instant(minutes).dt.date()


def so_far(minutes: pl.Expr) -> pl.Expr:
    """The minute where it has happened by the end of the data, else null."""
    return pl.when(minutes < END).then(minutes)
