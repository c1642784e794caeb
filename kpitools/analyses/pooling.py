"""Win rates of a group of reps, each drawn towards the others as far as its few deals leave it open (partial pooling).

The model. A rep wins each of its n deals with a chance of its own, and those chances follow a beta distribution with
mean m over the group. So of w wins in n deals comes a posterior that weighs the rep's n deals against s deals at the
group's rate: (w + s m) / (n + s). The prior weight s is what the data says about how much reps differ: for each of a
grid of s, m and its variance follow from the deals of the group, and s counts by its marginal likelihood
(beta-binomial) times a prior that falls to 0 with s / (s + typical n), the share by which a typical rep is drawn in:
reps are not taken for alike for want of deals. Averaging over the grid instead of taking the likeliest s keeps the
intervals honest where a group is too small to tell how much its reps differ: they cover the truth in about 95 of 100
cases, more where all reps are alike. The averaged posterior is described by the beta distribution of the same mean and
variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Prior weights tried, evenly spread over the share by which a rep with a typical number of deals is drawn in.
STEPS = 60
#: Points at which a posterior is taken, and how far to either side of its middle, in standard deviations.
POINTS = 400
REACH = 5.0
#: Whose posterior is the same.
SAME = ("group", "w", "n")
#: So many steps up Stirling's series is exact to twelve digits, with the terms in 1 / z, 1 / z^3 ... of these divisors.
STEPS_UP = 8
STIRLING = (1188, -1680, 1260, -360, 12)


def posteriors(counts: pl.DataFrame) -> pl.DataFrame:
    """What the wins of reps say about the win rate of each, group by group.

    Args:
        counts: group, won (deals won by each rep) and n (deals closed by each rep, at least as many). A rep with none
            stands where the group does.

    Returns:
        mean (share from 0 to 1), alpha, beta (of the beta distribution that describes the posterior), in that order;
        null where nobody of the group closed a deal.

    >>> posteriors(pl.DataFrame({"group": 0, "won": [3, 40], "n": [4, 80]}))["mean"].round(2).to_list()
    [0.58, 0.51]
    """
    each = counts.select("group", w=pl.col("won").cast(pl.Float64), n=pl.col("n").cast(pl.Float64))
    typical = pl.col("n").filter(pl.col("n") > 0).median().over("group")
    same = each.with_columns(typical=typical).group_by(*SAME).agg(pl.col("typical").first(), times=pl.len())
    distinct = same.filter(pl.col("typical").is_not_null()).sort(SAME)
    described = distinct.select(SAME).hstack(_averaged(distinct))
    size = pl.col("mean") * (1 - pl.col("mean")) / pl.col("variance") - 1
    shaped = described.with_columns(alpha=pl.col("mean") * size, beta=(1 - pl.col("mean")) * size)
    return each.join(shaped, on=SAME, how="left", maintain_order="left").select("mean", "alpha", "beta")


def _averaged(distinct: pl.DataFrame) -> pl.DataFrame:
    """The mean and the variance of the posterior of each of the distinct counts, averaged over the priors tried.

    Args:
        distinct: group, w, n, times (so many reps have these counts), typical (deals), sorted by group.
    """
    if distinct.is_empty():
        return pl.DataFrame(schema={"mean": pl.Float64, "variance": pl.Float64})
    w, n, times, typical = distinct.select("w", "n", "times", "typical").cast(pl.Float64).to_numpy().T[:, :, np.newaxis]
    groups = distinct["group"].rle_id().to_numpy()

    def together(values: Floats) -> Floats:
        """The sum over the reps of each group, beside each of them."""
        return np.add.reduceat(times * values, np.unique(groups, return_index=True)[1])[groups]

    share = (np.arange(STEPS) + 0.5) / STEPS
    s = typical * share / (1 - share)
    # The mean where reps are s deals alike: the more so, the more each deal counts.
    worth = (s + 1) / (n + s)
    size = together(worth * n) + 1
    m = (together(worth * w) + 0.5) / size
    v = m * (1 - m) / (size + 1)
    likely = together(_log_rising(s * m, w) + _log_rising(s * (1 - m), n - w) - _log_rising(s, n))
    logged = likely + np.log(v) / 2 + np.log(typical / (typical + s))
    weight = np.exp(logged - logged.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean, of_mean = (w + s * m) / (n + s), (s / (n + s)) ** 2 * v
    variance = of_mean + (mean * (1 - mean) - of_mean) / (n + s + 1)
    middle = (weight * mean).sum(axis=1, keepdims=True)
    spread = (weight * (variance + (mean - middle) ** 2)).sum(axis=1)
    return pl.DataFrame({"mean": middle[:, 0], "variance": spread})


def _log_rising(start: Floats, count: Floats) -> Floats:
    """The logarithm of a (a + 1) ... (a + count - 1)."""
    return _log_gamma(start + count) - _log_gamma(start)


def _log_gamma(x: Floats) -> Floats:
    """The logarithm of the gamma function, less a constant: Stirling's series some steps up, and down again."""
    z = x + STEPS_UP
    series = reduce(lambda rest, divisor: (rest / z + 1 / divisor) / z, STIRLING, np.zeros_like(z))
    return (z - 0.5) * np.log(z) - z + series - np.log(prod((x + step for step in range(1, STEPS_UP)), start=x))


def quantiles(alpha: Floats, beta: Floats, levels: Sequence[float] | Floats) -> Floats:
    """Quantiles of beta distributions, from their density over the logit, added up at many points.

    Args:
        alpha: the first parameter of each.
        beta: the second.
        levels: shares from 0 to 1.

    Returns:
        One row per distribution, one column per level (shares from 0 to 1).

    >>> import numpy as np
    >>> quantiles(np.array([4.0]), np.array([4.0]), [0.025, 0.5]).round(3).tolist()
    [[0.184, 0.5]]
    """
    a, b = alpha[:, np.newaxis], beta[:, np.newaxis]
    middle, width = np.log(a / b), np.sqrt(1 / a + 1 / b)
    # To the side of a small parameter the density falls off slowly, like exp(a x) or exp(-b x).
    low, high = middle - REACH * width - 8 / a, middle + REACH * width + 8 / b
    logit = low + (high - low) * np.arange(POINTS) / (POINTS - 1)
    density = np.exp(_log_density(a, b, logit) - _log_density(a, b, middle))
    area = np.cumsum(density[:, 1:] + density[:, :-1], axis=1)
    share = np.pad(area / area[:, -1:], ((0, 0), (1, 0)))
    found = np.array([np.interp(levels, *curve) for curve in zip(share, logit, strict=True)])
    return np.exp(-np.logaddexp(0, -found))


def _log_density(a: Floats, b: Floats, logit: Floats) -> Floats:
    """The logarithm of the density of a beta distribution over the logit, less a constant."""
    return -(a + b) * np.logaddexp(0, -logit) - b * logit
