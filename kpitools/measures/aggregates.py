"""The five ways to make one figure of many rows, and the rule for "nothing to count", decided here once.

No rows, or no row with a known value, give null. Rows of which none qualifies give 0: five lost deals make a won
amount of 0, no deals make none at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

Statistic = Literal["count", "total", "mean", "median", "distinct", "other"]
Value = str | pl.Expr


@dataclass(frozen=True, eq=False)
class Aggregate:
    """A statistic over the rows that qualify: known as its parts, so that n, spread and rows can be told as well."""

    statistic: Statistic
    values: pl.Expr
    where: pl.Expr | None = None

    @property
    def additive(self) -> bool:
        """Whether figures of groups that share no row may be added up."""
        return self.statistic in ("count", "total")

    @property
    def chosen(self) -> pl.Expr:
        """The value of each row that qualifies, null for the others."""
        return self.values if self.where is None else pl.when(self.where).then(self.values)

    def expr(self) -> pl.Expr:
        """The figure as a Polars expression, in any `select`, `agg` or `over`."""
        return _EXPRESSIONS[self.statistic](self).cast(pl.Float64)

    def n(self) -> pl.Expr:
        """How many rows stand behind the figure."""
        if self.statistic == "count":
            return (pl.len() if self.where is None else self.where.sum()).cast(pl.Int64)
        return self.chosen.count().cast(pl.Int64) if self.statistic != "other" else pl.len().cast(pl.Int64)

    def spread(self) -> pl.Expr | None:
        """The standard deviation of the values, for a mean."""
        return self.chosen.cast(pl.Float64).std() if self.statistic == "mean" else None

    def counted(self) -> pl.Expr:
        """Which rows the figure counts."""
        if self.statistic == "count":
            return pl.lit(True) if self.where is None else self.where.fill_null(False)
        return self.chosen.is_not_null() if self.statistic != "other" else pl.lit(True)


def count(where: pl.Expr | None = None) -> Aggregate:
    """How many rows qualify.

    >>> pl.DataFrame({"status": ["won", "lost"]}).select(count(pl.col("status") == "won").expr()).item()
    1.0
    """
    return Aggregate("count", pl.lit(1), where)


def total(value: Value, where: pl.Expr | None = None) -> Aggregate:
    """The sum of a value over the rows that qualify.

    >>> deals = pl.DataFrame({"status": ["lost"], "amount": [5.0]})
    >>> deals.select(total("amount", pl.col("status") == "won").expr()).item()
    0.0
    """
    return Aggregate("total", _expr(value), where)


def mean(value: Value, where: pl.Expr | None = None) -> Aggregate:
    """The mean of the known values among the rows that qualify."""
    return Aggregate("mean", _expr(value), where)


def median(value: Value, where: pl.Expr | None = None) -> Aggregate:
    """The median, interpolated linearly between the two middle values, as SQL's `quantile_cont` does."""
    return Aggregate("median", _expr(value), where)


def distinct(value: Value, where: pl.Expr | None = None) -> Aggregate:
    """How many different known values the rows that qualify have."""
    return Aggregate("distinct", _expr(value), where)


def recognised(expr: pl.Expr) -> Aggregate:
    """A plain aggregating expression as an `Aggregate`: sum, mean and median are known again, others stay as they are.

    >>> recognised(pl.col("mrr").sum()).statistic, recognised(pl.col("mrr").max()).statistic
    ('total', 'other')
    """
    inputs = expr.meta.pop()
    if len(inputs) == 1:
        (values,) = inputs
        forms: dict[Statistic, pl.Expr] = {"total": values.sum(), "mean": values.mean(), "median": values.median()}
        for statistic, form in forms.items():
            if expr.meta.eq(form):
                return Aggregate(statistic, values)
    return Aggregate("other", expr)


def standing(value: pl.Expr) -> pl.Expr:
    """Where each value stands among all: the share of the others that it beats, a tie counting half, from 0 to 100.

    For per-entity measures, whose entities are all there at once.

    >>> pl.DataFrame({"sold": [5, 5, 9, None]}).select(standing(pl.col("sold"))).to_series().to_list()
    [25.0, 25.0, 100.0, None]
    """
    return 100 * (value.rank("average") - 1) / (value.count().cast(pl.Float64) - 1)


def days_between(earlier: Value, later: Value) -> pl.Expr:
    """Calendar days from one date to another: Monday evening to Tuesday morning is one day."""
    return (_expr(later).cast(pl.Date) - _expr(earlier).cast(pl.Date)).dt.total_days()


def hours_between(earlier: Value, later: Value) -> pl.Expr:
    """Hours from one instant to another, fractions included."""
    return (_expr(later) - _expr(earlier)).dt.total_seconds() / 3600


def _expr(value: Value) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value


def _count(aggregate: Aggregate) -> pl.Expr:
    where = aggregate.where
    if where is None:
        return pl.when(pl.len() > 0).then(pl.len())
    return pl.when(where.count() > 0).then(where.sum())


def _total(aggregate: Aggregate) -> pl.Expr:
    if aggregate.where is None:
        return pl.when(aggregate.values.count() > 0).then(aggregate.values.sum())
    known = pl.when(aggregate.where).then(aggregate.values.is_not_null()).max()
    return pl.when((aggregate.where.count() > 0) & known.fill_null(True)).then(aggregate.chosen.sum())


def _distinct(aggregate: Aggregate) -> pl.Expr:
    return pl.when(pl.len() > 0).then(aggregate.chosen.drop_nulls().n_unique())


def _other(aggregate: Aggregate) -> pl.Expr:
    return pl.when(pl.len() > 0).then(aggregate.values)


_EXPRESSIONS: dict[Statistic, Callable[[Aggregate], pl.Expr]] = {
    "count": _count,
    "total": _total,
    "mean": lambda aggregate: aggregate.chosen.mean(),
    "median": lambda aggregate: aggregate.chosen.median(),
    "distinct": _distinct,
    "other": _other,
}
