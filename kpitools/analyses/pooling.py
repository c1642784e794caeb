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

from statistics import median

import polars as pl

from kpitools.analyses.view import Schema

#: Prior weights tried, evenly spread over the share by which a rep with a typical number of deals is drawn in.
STEPS = 60
#: Points at which a posterior is taken, and how far to either side of its middle, in standard deviations.
POINTS = 400
REACH = 5.0
POSTERIOR: Schema = {"mean": pl.Float64, "alpha": pl.Float64, "beta": pl.Float64}


def posteriors(won: pl.Series, n: pl.Series) -> pl.DataFrame:
    """What the wins of a group of reps say about the win rate of each.

    Args:
        won: deals won by each rep.
        n: deals closed by each rep, at least as many; a rep with none stands where the group does.

    Returns:
        mean (share from 0 to 1), alpha, beta (of the beta distribution that describes the posterior), in that order.

    >>> posteriors(pl.Series([3, 40]), pl.Series([4, 80])).select(pl.col("mean").round(2)).to_series().to_list()
    [0.58, 0.51]
    """
    counts = pl.DataFrame({"w": won.cast(pl.Float64), "n": n.cast(pl.Float64)})
    if counts["n"].sum() == 0:
        return pl.DataFrame(schema=POSTERIOR)
    distinct = counts.unique(maintain_order=True)
    tried = distinct.join(_priors(counts), how="cross").with_columns(_given_prior())
    averaged = tried.group_by("w", "n", maintain_order=True).agg(_over())
    mean, spread = pl.col("mean"), pl.col("variance")
    size = mean * (1 - mean) / spread - 1
    shaped = averaged.with_columns(alpha=mean * size, beta=(1 - mean) * size)
    return counts.join(shaped, on=["w", "n"], how="left", maintain_order="left").select(POSTERIOR.keys())


def _priors(counts: pl.DataFrame) -> pl.DataFrame:
    """The prior weights tried: `s`, the group's mean `m` with its variance `v`, and the `weight` of each."""
    closed = counts.filter(pl.col("n") > 0)
    pairs = closed.group_by("w", "n").len().sort("w", "n").rows()
    typical = median(closed["n"])
    rows = [_prior(typical * share / (1 - share), pairs) for share in ((step + 0.5) / STEPS for step in range(STEPS))]
    tried = pl.DataFrame(rows, schema=["s", "m", "v"], orient="row").with_columns(pl.all().cast(pl.Float64))
    prior = (typical / (typical + pl.col("s"))).log()
    likely = tried.with_columns(log_weight=_likelihood(closed, tried) + pl.col("v").log() / 2 + prior)
    weight = (pl.col("log_weight") - pl.col("log_weight").max()).exp()
    return likely.select("s", "m", "v", weight=weight / weight.sum()).filter(pl.col("weight") > 1e-9)


def _prior(s: float, pairs: list[tuple[float, float, int]]) -> tuple[float, float, float]:
    """Mean and variance of the group's rate where reps are s deals alike: the more so, the more each deal counts."""
    worth = [(times * (s + 1) / (n + s), w, n) for w, n, times in pairs]
    size = sum(each * n for each, _, n in worth) + 1
    mean = (sum(each * w for each, w, _ in worth) + 0.5) / size
    return s, mean, mean * (1 - mean) / (size + 1)


def _likelihood(counts: pl.DataFrame, tried: pl.DataFrame) -> pl.Series:
    """The beta-binomial log-likelihood of each prior, without what does not depend on it.

    The logarithm of a (a + 1) ... (a + w - 1), summed over reps, is that of a + k for each k times the reps with w > k.
    """
    a, b, s = pl.col("s") * pl.col("m"), pl.col("s") * (1 - pl.col("m")), pl.col("s")
    parts = [(a, counts["w"], 1), (b, counts["n"] - counts["w"], 1), (s, counts["n"], -1)]
    total = pl.Series("log_likelihood", [0.0] * tried.height)
    for start, column, sign in parts:
        steps = _more_than(column).join(tried.with_row_index("prior").with_columns(start=start), how="cross")
        term = pl.col("reps") * (pl.col("start") + pl.col("k")).log()
        terms = steps.group_by("prior", maintain_order=True).agg(term.sum()).sort("prior")["reps"]
        total = total + sign * (terms if terms.len() else 0.0)
    return total


def _more_than(column: pl.Series) -> pl.DataFrame:
    """For each whole number `k` below the greatest: how many `reps` have more than that."""
    most = int(column.max() or 0)  # type: ignore[arg-type]
    ks = pl.DataFrame({"k": range(most)}, schema={"k": pl.Float64})
    ordered = column.sort()
    return ks.with_columns(reps=column.len() - ordered.search_sorted(ks["k"], side="right").cast(pl.Float64))


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


def quantiles(posterior: pl.DataFrame, levels: pl.Series) -> pl.DataFrame:
    """Quantiles of beta distributions, by adding up their density over the logit.

    Args:
        posterior: alpha and beta, one row per distribution.
        levels: shares from 0 to 1, rising.

    Returns:
        row (place of the distribution), level, rate (share from 0 to 1): the rows of each distribution together.

    >>> quantiles(pl.DataFrame({"alpha": [4.0], "beta": [4.0]}), pl.Series([0.025, 0.5]))["rate"].round(3).to_list()
    [0.184, 0.5]
    """
    curve = _curves(posterior)
    wanted = pl.DataFrame({"row": range(posterior.height)}, schema={"row": pl.Int64}).join(
        pl.DataFrame({"level": levels}), how="cross"
    )
    # One sorted column for all: the number of the distribution, and its share so far behind the point.
    at = curve["key"].search_sorted(wanted["row"].cast(pl.Float64) + wanted["level"]).clip(1, curve.height - 1)
    after, before = curve[at], curve[at.cast(pl.Int64) - 1]
    part = (wanted["row"] + wanted["level"] - before["key"]) / (after["key"] - before["key"])
    logit = before["logit"] + part * (after["logit"] - before["logit"])
    return wanted.with_columns(rate=1 / (1 + (-logit).exp()))


def _curves(posterior: pl.DataFrame) -> pl.DataFrame:
    """The share of each distribution up to each of its points: `key` is that share plus the number of the row."""
    a, b = pl.col("alpha"), pl.col("beta")
    middle, width = (a / b).log(), (1 / a + 1 / b).sqrt()
    # To the side of a small parameter the density falls off slowly, like exp(a x) or exp(-b x).
    low, high = middle - REACH * width - 8 / a, middle + REACH * width + 8 / b
    ranged = posterior.select(row=pl.int_range(pl.len()), a=a, b=b, middle=middle, low=low, high=high)
    points = ranged.join(pl.DataFrame({"point": range(POINTS)}), how="cross")
    x = pl.col("low") + (pl.col("high") - pl.col("low")) * pl.col("point") / (POINTS - 1)
    density = (pl.col("a") * _log_share("x") + pl.col("b") * _log_share("x", -1) - pl.col("peak")).exp()
    peak = pl.col("a") * _log_share("middle") + pl.col("b") * _log_share("middle", -1)
    dense = points.with_columns(x=x, peak=peak).with_columns(density=density)
    return _added_up(dense)


def _log_share(column: str, sign: int = 1) -> pl.Expr:
    """The logarithm of 1 / (1 + exp(-x)), of its complement where the sign is negative."""
    return -(1 + (-sign * pl.col(column)).exp()).log()


def _added_up(dense: pl.DataFrame) -> pl.DataFrame:
    """The trapezoids under the points added up within each row."""
    slab = (pl.col("density") + pl.col("density").shift(1)) / 2
    slabs = dense.with_columns(slab=pl.when(pl.col("point") > 0).then(slab).otherwise(0.0))
    share = pl.col("slab").cum_sum().over("row") / pl.col("slab").sum().over("row")
    return slabs.select(key=pl.col("row") + share, logit="x")
