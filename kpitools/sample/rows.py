"""Ids of rows, and the spans of days that plans and terms go by."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth


def ids(prefix: str, digits: int = 5) -> pl.Expr:
    """An id for each row, in the order of the rows."""
    return pl.format("{}{}", pl.lit(prefix), pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(digits))


def quarters() -> pl.DataFrame:
    """The quarters of the data: `number` from 0, first day `starts_on`, last day `ends_on`."""
    starts = pl.date_range(truth.FIRST_DAY, truth.LAST_DAY, "1q", eager=True)
    frame = pl.DataFrame({"number": range(len(starts)), "starts_on": starts})
    return frame.with_columns(ends_on=pl.col("starts_on").dt.offset_by("1q") - pl.duration(days=1))


def later(column: str | pl.Expr, days: pl.Series | pl.Expr | int) -> pl.Expr:
    """The day so many whole days after a day."""
    start = pl.col(column) if isinstance(column, str) else column
    wait = pl.lit(days) if isinstance(days, pl.Series) else days
    return start + pl.duration(days=wait.cast(pl.Int64) if isinstance(wait, pl.Expr) else wait)


def past(day: pl.Expr) -> pl.Expr:
    """The day where the data reaches it, else null."""
    return pl.when(day <= truth.LAST_DAY).then(day)


def to(amount: pl.Expr, step: int) -> pl.Expr:
    """The amount in whole steps: 100 gives hundreds."""
    return (amount / step).round() * step


def employed(since: pl.Expr, until: str) -> pl.Expr:
    """Whether the rep of the row is there from one day to the end of another."""
    return (pl.col("hired_at") <= since) & (pl.col("left_at").is_null() | (pl.col("left_at") > pl.col(until)))
