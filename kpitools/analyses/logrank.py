"""Whether groups of customers leave at different rates: the log-rank test, of all and of each beside the rest."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt

import polars as pl

from kpitools.analyses.view import Schema

COMPARED: Schema = {
    "group": pl.String,
    "customers": pl.Int64,
    "left": pl.Int64,
    "expected": pl.Float64,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class LogRank:
    """The outcome of a log-rank test.

    Attributes:
        statistic: chi-square of all groups together; null where it cannot be told.
        freedom: its degrees of freedom, groups less one.
        p_value: how often chance alone gives such a statistic or a greater one where all leave at the same rate.
        groups: group, customers, left, expected (how many would have left at the rate of all), and statistic and
            p_value of the group beside all others together.
    """

    statistic: float | None
    freedom: int
    p_value: float | None
    groups: pl.DataFrame


def log_rank(observed: pl.DataFrame) -> LogRank:
    """Compare how long the customers of groups stay, those still there counting for as long as they have been seen.

    Args:
        observed: the frame of `survival.observed_lives`: group, age, ended.

    >>> frame = pl.DataFrame({"group": list("aabb"), "age": [1, 2, 3, 4], "ended": [True] * 4})
    >>> test = log_rank(frame)
    >>> test.groups.select("group", "left", pl.col("expected").round(3)).rows()
    [('a', 2, 0.833), ('b', 2, 3.167)]
    >>> round(test.statistic, 3), test.freedom, round(test.p_value, 3)
    (2.882, 1, 0.09)
    """
    names = observed["group"].unique().sort()
    steps = _steps(observed, names)
    surplus = [steps.select((pl.col(f"left_{i}") - _due(i)).sum()).item() for i in range(len(names))]
    spread = _covariance(steps, len(names))
    own = [_ratio(surplus[i], spread[i][i]) for i in range(len(names))]
    groups = pl.DataFrame(
        {
            "group": names,
            "customers": [observed.filter(pl.col("group").eq_missing(name)).height for name in names],
            "left": [int(steps[f"left_{i}"].sum()) for i in range(len(names))],
            "expected": [float(steps.select(_due(i).sum()).item()) for i in range(len(names))],
            "statistic": own,
            "p_value": [chi_square_tail(value, 1) for value in own],
        },
        schema=COMPARED,
    )
    together = _quadratic(surplus, spread)
    freedom = max(len(names) - 1, 0)
    return LogRank(together, freedom, chi_square_tail(together, freedom), groups)


def _steps(observed: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Each age at which somebody left: how many of each group left, and had come to it."""
    own = [pl.col("group").eq_missing(name) for name in names]
    counts = observed.group_by("age").agg(
        *(mine.sum().alias(f"seen_{i}") for i, mine in enumerate(own)),
        *((mine & pl.col("ended")).sum().alias(f"left_{i}") for i, mine in enumerate(own)),
        seen=pl.len(),
        left=pl.col("ended").sum(),
    )
    ages = counts.sort("age").with_columns(pl.all().exclude("age").cast(pl.Float64))
    return ages.with_columns(pl.col("^seen.*$").cum_sum(reverse=True)).filter(pl.col("left") > 0)


def _due(group: int) -> pl.Expr:
    return pl.col("left") * pl.col(f"seen_{group}") / pl.col("seen")


def _covariance(steps: pl.DataFrame, groups: int) -> list[list[float]]:
    """The covariance of who left in each group, given who had come to each age and how many left in all."""
    n, left = pl.col("seen"), pl.col("left")
    weight = pl.when(n > 1).then(left * (n - left) / (n - 1)).otherwise(0.0)
    share = [pl.col(f"seen_{group}") / n for group in range(groups)]
    terms = [
        (weight * share[i] * ((1.0 if i == j else 0.0) - share[j])).sum().alias(f"{i} {j}")
        for i in range(groups)
        for j in range(groups)
    ]
    values = steps.select(terms).row(0) if terms else ()
    return [list(values[i * groups : (i + 1) * groups]) for i in range(groups)]


def _ratio(surplus: float, variance: float) -> float | None:
    return surplus**2 / variance if variance > 0 else None


def _quadratic(surplus: list[float], spread: list[list[float]]) -> float | None:
    """surplus' inverse(spread) surplus of all groups but one, as the surpluses sum to 0; by elimination."""
    size = len(surplus) - 1
    rows = [[*spread[i][:size], surplus[i]] for i in range(size)]
    total = 0.0
    for step in range(size):
        pivot = max(range(step, size), key=lambda at: rows[at][step])
        if rows[pivot][step] <= 1e-12:
            return None
        # The matrix is symmetric: rows and columns change places together.
        rows[step], rows[pivot] = rows[pivot], rows[step]
        for row in rows:
            row[step], row[pivot] = row[pivot], row[step]
        total += rows[step][size] ** 2 / rows[step][step]
        for row in rows[step + 1 :]:
            factor = row[step] / rows[step][step]
            row[:] = [value - factor * above for value, above in zip(row, rows[step], strict=True)]
    return total if size > 0 else None


def chi_square_tail(statistic: float | None, freedom: int) -> float | None:
    """How often a chi-square of so many degrees of freedom is greater by chance; none where there are no degrees.

    >>> round(chi_square_tail(3.841459, 1), 6), round(chi_square_tail(18.307038, 10), 6)
    (0.05, 0.05)
    """
    if statistic is None or freedom < 1:
        return None
    half, odd = statistic / 2, freedom % 2
    found = erfc(sqrt(half)) if odd else 0.0
    term = exp(-half) * (sqrt(half) * 2 / sqrt(pi) if odd else 1.0)
    for step in range(freedom // 2):
        found += term
        term *= half / (step + 1.5 if odd else step + 1)
    return found
