"""What the analyses share: the data as seen, the period as a value, a plain word for what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.intervals import wilson
from kpitools.model.calendar import Period, parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import dimension
from kpitools.model.lookup import attach, dimension_expr, dimension_paths, missing

#: Stands in `group` where nothing is broken down.
EVERYTHING = "all"

AsOf = date | datetime | str | None
Schema = dict[str, pl.DataType | type[pl.DataType]]


def seen(data: Dataset, as_of: AsOf) -> Dataset:
    """The data as of an instant; as it is where none is given."""
    return data if as_of is None else data.as_of(as_of)


def one_period(period: str | Period) -> Period:
    """The period that a text names, or the period itself."""
    return parse_period(period) if isinstance(period, str) else period


def last_day(data: Dataset) -> date | None:
    """The last day that is seen: of the as-of view, else of the data; None where nothing is dated."""
    return data.last_day if data.seen_at is None else (data.seen_at - timedelta(microseconds=1)).date()


def inside(column: str, period: Period) -> pl.Expr:
    """Whether a date or time falls on a day of the period."""
    day = pl.col(column).cast(pl.Date)
    return (day >= period.start) & (day < period.end)


def lacking(data: Dataset, columns: Iterable[str]) -> list[str]:
    """Which of the `table.column` names the data does not have; a table that is not there by its name alone."""
    found: dict[str, None] = {}
    for name in columns:
        table, column = name.split(".", 1)
        if table not in data.frames:
            found[table] = None
        else:
            found |= dict.fromkeys(missing(data, table, column))
    return list(found)


def need(what: str, data: Dataset, *columns: str) -> None:
    """Stop where the data lacks a column.

    Raises:
        EvaluationError: it does; the message lists what is missing.

    >>> need("The funnel", Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"]})}), "deals.status", "stages.position")
    Traceback (most recent call last):
        ...
    kpitools.errors.EvaluationError: The funnel needs deals.status, stages, which this data does not have. \
`audit(data)` lists what can be computed.
    """
    if found := lacking(data, columns):
        raise EvaluationError(
            f"{what} needs {', '.join(found)}, which this data does not have. `audit(data)` lists what can be computed."
        )


def choose(what: str, asked: str, there_are: Iterable[str]) -> None:
    """Stop at an option that does not exist, naming those that do."""
    if asked not in (known := list(there_are)):
        raise UnknownNameError(what, asked, known)


def grouped(frame: pl.LazyFrame, data: Dataset, table: str, by: str | None) -> pl.LazyFrame:
    """The rows with their value of a dimension as `group`.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: the rows of the table do not lead to it.
    """
    if by is None:
        return frame.with_columns(group=pl.lit(EVERYTHING))
    dimension(by)
    paths = dimension_paths(data, table, by)
    if not paths:
        able = ", ".join(data.dimensions(table)) or "nothing"
        raise EvaluationError(f"This cannot be broken down by {by!r}: the rows of {table} lead to {able}.")
    found = attach(frame, table, paths, data.lookups).with_columns(group=dimension_expr(paths))
    return found.drop({path for path in paths if "." in path})


def column_or_null(data: Dataset, table: str, name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """A column, or nulls under its name where the data does not have it."""
    return pl.col(name).cast(kind) if name in data.columns(table) else pl.lit(None, kind).alias(name)


def percent(some: pl.Expr, of: pl.Expr) -> pl.Expr:
    """A share from 0 to 100; null where there is nothing to be a share of."""
    return pl.when(of > 0).then(100 * some.cast(pl.Float64) / of)


def share_of(some: str, of: str, name: str = "share") -> dict[str, pl.Expr]:
    """A column in percent of another, with its Wilson interval `lower` and `upper`.

    >>> closed = pl.DataFrame({"won": [5, 0], "closed": [10, 0]})
    >>> closed.select(**share_of("won", "closed")).with_columns(pl.all().round(1)).rows()
    [(50.0, 23.7, 76.3), (None, None, None)]
    """
    low, high = wilson(pl.col(some).cast(pl.Float64), pl.col(of).cast(pl.Float64))
    return {name: percent(pl.col(some), pl.col(of)), "lower": low, "upper": high}


def open_before(instant: pl.Expr) -> pl.Expr:
    """Whether a version of a deal stood in the open pipeline just before an instant."""
    return (pl.col("valid_from") < instant) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= instant))


def cents(amount: pl.Expr) -> pl.Expr:
    """An amount in whole cents: sums of those come out the same in whatever order they are added."""
    return (100 * amount).round().cast(pl.Int64, strict=False)


def money(in_cents: pl.Expr) -> pl.Expr:
    """Whole cents as an amount."""
    return in_cents.cast(pl.Float64) / 100


def shaped(frame: pl.DataFrame, schema: Schema, by: str | None = None) -> pl.DataFrame:
    """The columns of the schema, in its order and of its types; `group` only where there is a breakdown."""
    names = [name for name in schema if name != "group" or by is not None]
    return frame.select(pl.col(name).cast(schema[name]) for name in names)
