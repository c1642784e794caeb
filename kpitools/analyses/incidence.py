"""Cumulative incidence (Aalen-Johansen): what share has been won by each age, with lost as the other way to end.

A deal that is still open counts as long as it was seen: it is neither won nor lost, and it has not failed to be won.
"""

from __future__ import annotations

from statistics import NormalDist

import polars as pl

from kpitools.evaluation.intervals import CONFIDENCE

WON, LOST = "won", "lost"


def aalen_johansen(observed: pl.DataFrame) -> pl.DataFrame:
    """The curves of each `group` from the `age` of each deal and how it `ended`: won, lost, or null while open.

    Deals open at an age at which others end are still counted among those that could have ended then.

    Args:
        observed: `group`, `age` (a number of any unit), `ended`; with `n` each row stands for so many deals.

    Returns:
        group, age, won and lost (percent that ended so by then), lower and upper (of `won`: the interval of its
        complementary log-log by the delta method; null at 0 percent), still_open (percent), at_risk (deals seen open
        until then), events (won at that age) and other (lost then); a row at age 0 and at each age seen.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [1, 2, 3, 4], "ended": ["won", "lost", None, "won"]})
    >>> aalen_johansen(frame).select("age", "won", "lost", "still_open", "at_risk").rows()
    [(0, 0.0, 0.0, 100.0, 4), (1, 25.0, 0.0, 75.0, 4), (2, 25.0, 25.0, 50.0, 3), (3, 25.0, 25.0, 50.0, 2), \
(4, 75.0, 25.0, 0.0, 1)]
    """
    steps = _steps(_ages(observed)).with_columns(variance=_variance())
    won = pl.col("won")
    known = (won > 0) & (won < 1)
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    # rounding can leave a variance of nothing a hair below 0
    error = pl.max_horizontal("variance", 0.0).sqrt()
    reach = (z * error / (won * won.log()).abs()).exp()
    return steps.select(
        "group",
        "age",
        won=100 * won,
        lower=pl.when(known).then(100 * (won.log() * reach).exp()),
        upper=pl.when(known).then(100 * (won.log() / reach).exp()),
        lost=100 * pl.col("lost"),
        still_open=100 * pl.col("after"),
        at_risk=pl.col("at_risk").cast(pl.Int64),
        events=pl.col("events").cast(pl.Int64),
        other=pl.col("other").cast(pl.Int64),
    )


def at_age(curve: pl.DataFrame, age: float) -> pl.DataFrame:
    """The row of each group that holds at an age; null figures where its deals were not seen as long as that.

    >>> frame = pl.DataFrame({"group": ["a", "a", "b"], "age": [1, 9, 2], "ended": ["won", None, None]})
    >>> at_age(aalen_johansen(frame), 5).select("group", "won", "still_open").sort("group").rows()
    [('a', 50.0, 50.0), ('b', None, None)]
    """
    # where all have ended nothing more can happen, at whatever age
    ends = pl.col("age").max().over("group"), pl.col("still_open").min().over("group")
    known = (ends[0] >= age) | (ends[1] <= 1e-9)
    held = curve.with_columns(known=known).filter(pl.col("age") <= age).group_by("group", maintain_order=True).last()
    figures = ("won", "lower", "upper", "lost", "still_open")
    return held.with_columns(pl.when("known").then(name).alias(name) for name in figures).drop("known")


def ages_reached(curve: pl.DataFrame, shares: dict[str, float], *, of: pl.Expr) -> pl.DataFrame:
    """The first age of each group at which so large a part of `of` (percent) was won; null where none was.

    Args:
        curve: the frame of `aalen_johansen`.
        shares: the name of each answer and its part, from 0 to 1.
        of: what 1 stands for, such as the share that is won in the end.
    """
    reached = [
        pl.col("age").filter((pl.col("won") >= part * of - 1e-9) & (pl.col("won") > 0)).min().alias(name)
        for name, part in shares.items()
    ]
    return curve.group_by("group", maintain_order=True).agg(reached)


def _ages(observed: pl.DataFrame) -> pl.DataFrame:
    """Per group and age how many were won, lost and seen no longer, the age 0 always among them."""
    ended, n = pl.col("ended"), pl.col("n").cast(pl.Int64)
    alone = observed if "n" in observed.columns else observed.with_columns(n=pl.lit(1))
    counts = alone.group_by("group", "age").agg(
        events=n.filter(ended == WON).sum(), other=n.filter(ended == LOST).sum(), gone=n.sum()
    )
    starts = observed.select("group").unique()
    starts = starts.with_columns(age=pl.lit(0, observed["age"].dtype), events=0, other=0, gone=0)
    every = pl.concat([counts, starts], how="vertical_relaxed").group_by("group", "age").agg(pl.all().sum())
    # as floats: the products of counts below overflow whole numbers
    return every.sort("group", "age", nulls_last=True).with_columns(pl.col("events", "other", "gone").cast(pl.Float64))


def _steps(ages: pl.DataFrame) -> pl.DataFrame:
    at_risk = pl.col("gone").cum_sum(reverse=True).over("group")
    ended = pl.col("events") + pl.col("other")
    opened = ages.with_columns(at_risk=at_risk, ended=ended).with_columns(
        after=(1 - ended / at_risk).cum_prod().over("group")
    )
    before = pl.col("after").shift(1, fill_value=1.0).over("group")
    return opened.with_columns(before=before).with_columns(
        won=(pl.col("before") * pl.col("events") / pl.col("at_risk")).cum_sum().over("group"),
        lost=(pl.col("before") * pl.col("other") / pl.col("at_risk")).cum_sum().over("group"),
    )


def _variance() -> pl.Expr:
    """The delta-method variance of the share won; its sums over earlier ages are multiplied out into running sums."""
    won, n, ended, events, before = (pl.col(name) for name in ("won", "at_risk", "ended", "events", "before"))
    # where all that are left end at once, the share moves no more and the term weighs nothing
    hazard = pl.when(n > ended).then(ended / (n * (n - ended))).otherwise(0.0)
    crossed = before * events / n**2
    own = before**2 * events * (n - events) / n**3

    def so_far(part: pl.Expr) -> pl.Expr:
        return part.cum_sum().over("group")

    spread = won**2 * so_far(hazard) - 2 * won * so_far(won * hazard) + so_far(won**2 * hazard)
    return spread + so_far(own) - 2 * (won * so_far(crossed) - so_far(won * crossed))
