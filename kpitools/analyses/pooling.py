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

from functools import reduce
from math import prod

import polars as pl

from kpitools.evaluation.figures import worked_out

#: Prior weights tried, evenly spread over the share by which a rep with a typical number of deals is drawn in.
STEPS = 60
#: A prior that counts for less is left out.
LEAST = 1e-9
#: Points at which a posterior is taken, and how far to either side of its middle, in standard deviations.
POINTS = 400
REACH = 5.0
#: Whose posterior is the same, and what a prior is tried for.
SAME, TRIED = ("group", "w", "n"), ("group", "share")
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
    each = counts.lazy().select("group", w=pl.col("won").cast(pl.Float64), n=pl.col("n").cast(pl.Float64))
    typical = pl.col("n").filter(pl.col("n") > 0).median().over("group")
    distinct = each.with_columns(typical=typical).group_by(*SAME, maintain_order=True)
    weighed = _weighed(distinct.agg(pl.col("typical").first(), times=pl.len())).with_columns(_given_prior())
    averaged = weighed.group_by(*SAME, maintain_order=True).agg(_over())
    mean, spread = pl.col("mean"), pl.col("variance")
    size = mean * (1 - mean) / spread - 1
    shaped = averaged.with_columns(alpha=mean * size, beta=(1 - mean) * size)
    return worked_out(each.join(shaped, on=SAME, how="left", maintain_order="left").select("mean", "alpha", "beta"))


def _weighed(distinct: pl.LazyFrame) -> pl.LazyFrame:
    """Each of the distinct counts (`times` of them) under each prior tried: `s`, mean `m`, variance `v`, `weight`."""
    shares = pl.LazyFrame({"share": [(step + 0.5) / STEPS for step in range(STEPS)]})
    s, typical, m, size = (pl.col(name) for name in ("s", "typical", "m", "size"))
    tried = distinct.join(shares, how="cross").with_columns(s=typical * pl.col("share") / (1 - pl.col("share")))
    # The mean where reps are s deals alike: the more so, the more each deal counts.
    worth = pl.col("times") * (s + 1) / (pl.col("n") + s)
    sums = tried.with_columns(
        size=(worth * pl.col("n")).sum().over(TRIED) + 1, wins=(worth * pl.col("w")).sum().over(TRIED)
    )
    known = sums.with_columns(m=(pl.col("wins") + 0.5) / size).with_columns(v=m * (1 - m) / (size + 1))
    likely = (pl.col("times") * _log_likelihood()).sum().over(TRIED)
    logged = known.with_columns(log=likely + pl.col("v").log() / 2 + (typical / (typical + s)).log())
    weight = (pl.col("log") - pl.col("log").max().over("group")).exp()
    summed = logged.with_columns(weight=weight).with_columns(pl.col("weight") / pl.col("weight").sum().over(SAME))
    return summed.filter(pl.col("weight") > LEAST)


def _log_likelihood() -> pl.Expr:
    """The beta-binomial log-likelihood of a rep's deals under a prior, without what does not depend on it."""
    s, m, w, n = (pl.col(name) for name in ("s", "m", "w", "n"))
    return _log_rising(s * m, w) + _log_rising(s * (1 - m), n - w) - _log_rising(s, n)


def _log_rising(start: pl.Expr, count: pl.Expr) -> pl.Expr:
    """The logarithm of a (a + 1) ... (a + count - 1)."""
    return _log_gamma(start + count) - _log_gamma(start)


def _log_gamma(x: pl.Expr) -> pl.Expr:
    """The logarithm of the gamma function, less a constant: Stirling's series some steps up, and down again."""
    z = x + STEPS_UP
    series = reduce(lambda rest, divisor: (rest / z + 1 / divisor) / z, STIRLING, pl.lit(0.0))
    return (z - 0.5) * z.log() - z + series - prod((x + step for step in range(1, STEPS_UP)), start=x).log()


def _given_prior() -> list[pl.Expr]:
    """Mean and variance of the posterior of each rep under each prior, what is not known of m included."""
    s, m, v, n = (pl.col(name) for name in ("s", "m", "v", "n"))
    mean, of_mean = (pl.col("w") + s * m) / (n + s), (s / (n + s)) ** 2 * v
    return [mean.alias("mean"), (of_mean + (mean * (1 - mean) - of_mean) / (n + s + 1)).alias("variance")]


def _over() -> list[pl.Expr]:
    """The same, averaged over the priors: the variance within them and that between them."""
    weight, mean = pl.col("weight"), pl.col("mean")
    middle = (weight * mean).sum()
    return [middle.alias("mean"), (weight * (pl.col("variance") + (mean - middle) ** 2)).sum().alias("variance")]


def quantiles(curve: pl.DataFrame, wanted: pl.LazyFrame) -> pl.LazyFrame:
    """Quantiles of beta distributions.

    Args:
        curve: the frame of `curves`.
        wanted: row (place of the distribution) and level (share from 0 to 1), rising within each row.

    Returns:
        wanted with rate (share from 0 to 1).

    >>> curve = curves(pl.DataFrame({"alpha": [4.0], "beta": [4.0]}))
    >>> quantiles(curve, pl.LazyFrame({"row": 0, "level": [0.025, 0.5]})).collect()["rate"].round(3).to_list()
    [0.184, 0.5]
    """
    asked = wanted.with_columns(pl.col("row").cast(pl.UInt32))
    found = asked.join_asof(
        curve.lazy(), left_on="level", right_on="share", by="row", coalesce=False, check_sortedness=False
    )
    logit = pl.col("logit") + (pl.col("level") - pl.col("share")) * pl.col("slope")
    return found.select("row", "level", rate=1 / (1 + (-logit).exp()))


def curves(posterior: pl.DataFrame) -> pl.DataFrame:
    """The share of each beta distribution up to each of its points, by adding up their density over the logit.

    Args:
        posterior: alpha and beta, one row per distribution.

    Returns:
        row (place of the distribution), share (up to the point, rising from 0 to 1), logit, slope (of the logit from
        there to the next point).
    """
    a, b, point = pl.col("alpha"), pl.col("beta"), pl.col("point")
    middle, width = (a / b).log(), (1 / a + 1 / b).sqrt()
    # To the side of a small parameter the density falls off slowly, like exp(a x) or exp(-b x).
    low, high = middle - REACH * width - 8 / a, middle + REACH * width + 8 / b
    ranged = posterior.lazy().select("alpha", "beta", low=low, wide=high - low, peak=_log_density(middle))
    points = ranged.with_row_index("row").with_columns(point=pl.int_ranges(POINTS)).explode("point")
    placed = points.with_columns(logit=pl.col("low") + pl.col("wide") * point / (POINTS - 1))
    dense = placed.with_columns(density=(_log_density(pl.col("logit")) - pl.col("peak")).exp())
    return worked_out(_added_up(dense))


def _log_density(logit: pl.Expr) -> pl.Expr:
    """The logarithm of the density of a beta distribution over the logit, less a constant."""
    a, b = pl.col("alpha"), pl.col("beta")
    return -(a + b) * (1 + (-logit).exp()).log() - b * logit


def _added_up(dense: pl.LazyFrame) -> pl.LazyFrame:
    """The trapezoids under the points added up within each row."""
    slab = pl.when(pl.col("point") > 0).then((pl.col("density") + pl.col("density").shift(1)) / 2).otherwise(0.0)
    area = dense.with_columns(area=slab).with_columns(area=pl.col("area").cum_sum().over("row"))
    shared = area.select("row", "logit", share=pl.col("area") / pl.col("area").last().over("row"))
    rise, run = (pl.col(name).shift(-1) - pl.col(name) for name in ("logit", "share"))
    # The slope at the last point of a row leads nowhere: no level lies beyond.
    return shared.select("row", "share", "logit", slope=rise / run)
