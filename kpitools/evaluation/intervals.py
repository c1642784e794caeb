"""How sure a figure is: Wilson intervals of proportions and t intervals of means, at 95 percent."""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist

import polars as pl

CONFIDENCE = 0.95
#: Below this many rows a share or mean is marked as resting on a small sample.
SMALL = 10


def wilson(some: pl.Expr, all: pl.Expr, *, scale: float = 100) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper bound of a proportion; null where nothing was counted.

    >>> frame = pl.DataFrame({"won": [7.0], "closed": [20.0]})
    >>> frame.select(wilson(pl.col("won"), pl.col("closed"))[0].round(4).alias("lower")).item()
    18.1192
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = some / all
    centre = (share + z**2 / (2 * all)) / (1 + z**2 / all)
    reach = z / (1 + z**2 / all) * (share * (1 - share) / all + z**2 / (4 * all**2)).sqrt()
    known = (all > 0) & (some <= all)
    bounds = (pl.max_horizontal(centre - reach, 0.0), pl.min_horizontal(centre + reach, 1.0))
    return pl.when(known).then(scale * bounds[0]), pl.when(known).then(scale * bounds[1])


def t_interval(mean: pl.Expr, spread: pl.Expr, n: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper bound of a mean from the standard deviation of its n values; null for fewer than two."""
    reach = spread / n.sqrt() * n.map_batches(_quantiles, return_dtype=pl.Float64)
    known = n >= 2
    return pl.when(known).then(mean - reach), pl.when(known).then(mean + reach)


def _quantiles(n: pl.Series) -> pl.Series:
    return pl.Series(
        [None if count is None or count < 2 else t_quantile(int(count) - 1) for count in n], dtype=pl.Float64
    )


@lru_cache(maxsize=4096)
def t_quantile(freedom: int) -> float:
    """How many standard errors to either side hold 95 percent of Student's t, by halving the interval.

    >>> round(t_quantile(9), 6), round(t_quantile(10**6), 4)
    (2.262157, 1.96)
    """
    normal = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    if freedom > 1000:
        return _near_normal(normal, freedom)
    low, high = normal, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
    return low


def _near_normal(z: float, freedom: int) -> float:
    """The quantile of Student's t from that of the normal distribution: the first three terms of its expansion."""
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def _within(t: float, freedom: int) -> float:
    """The share of Student's t between -t and t: the finite series for whole degrees of freedom."""
    angle = atan(t / sqrt(freedom))
    term = cos(angle) if freedom % 2 else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term *= (step - 1) / step * cos(angle) ** 2
        total += term
    return 2 / pi * (angle + sin(angle) * total) if freedom % 2 else sin(angle) * total
