"""How long customers stay: Kaplan-Meier curves. Whoever is still a customer counts as long as seen, and not as lost."""

from __future__ import annotations

from datetime import date
from statistics import NormalDist

import polars as pl

from kpitools.analyses.lives import lives
from kpitools.analyses.view import AsOf, Schema, choose, grouped, last_day, seen, shaped
from kpitools.evaluation.intervals import CONFIDENCE
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset

#: Days in a unit of age.
UNITS = {"days": 1.0, "months": 365.25 / 12}
ALL_CUSTOMERS = "all customers"
CURVE: Schema = {
    "group": pl.String,
    "age": pl.Float64,
    "survival": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
}


def survival(
    data: Dataset, *, as_of: AsOf = None, by: str | None = None, unit: str = "days", since: date | None = None
) -> pl.DataFrame:
    """The share of customers still there at each age, from those who left and those who have not yet.

    Args:
        data: accounts with became_customer_at and ended_at; where they do not say, subscriptions.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension of accounts: one curve each.
        unit: of age, `days` or `months` (of 365.25 / 12 days).
        since: leave out who became a customer earlier. Of those from before the data begins, it often holds only
            who stayed.

    Returns:
        group, age, survival (percent), lower, upper (Greenwood, log-log; null at 100 and at 0 percent), at_risk,
        events; a row at age 0, at each age at which somebody left, and at the last age seen.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such unit or dimension.
    """
    choose("unit of age", unit, UNITS)
    view = seen(data, as_of)
    found = lives(view, "Survival").filter(pl.col("began") >= pl.lit(since or date.min, pl.Date))
    if by is not None:
        table = "accounts" if "accounts" in view else "subscriptions"
        who = grouped(view[table], view, table, by).select("account_id", "group").unique("account_id", keep="any")
        found = found.join(who, on="account_id", how="left")
    else:
        found = found.with_columns(group=pl.lit(ALL_CUSTOMERS))
    until = pl.coalesce("ended", pl.lit(last_day(view), pl.Date))
    aged = found.select("group", days_between("began", until).alias("age"), ended=pl.col("ended").is_not_null())
    curve = kaplan_meier(aged.filter(pl.col("age") >= 0).collect())
    return shaped(curve.with_columns(pl.col("age") / UNITS[unit]), CURVE, by="group")


def kaplan_meier(observed: pl.DataFrame) -> pl.DataFrame:
    """The curve of each `group` from `age` and `ended` of each observation, one that is not ended being censored then.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [1, 2, 2, 3], "ended": [True, True, False, False]})
    >>> kaplan_meier(frame).select("age", "survival", "at_risk", "events").rows()
    [(0, 100.0, 4, 0), (1, 75.0, 4, 1), (2, 50.0, 3, 1), (3, 50.0, 1, 0)]
    """
    starts = observed.select("group").unique().with_columns(age=pl.lit(0, observed["age"].dtype), events=0, gone=0)
    counts = observed.group_by("group", "age").agg(events=pl.col("ended").sum(), gone=pl.len())
    ages = (
        pl.concat([counts, starts], how="vertical_relaxed").group_by("group", "age").agg(pl.col("events", "gone").sum())
    )
    ages = ages.sort("group", "age", nulls_last=True).with_columns(pl.col("events", "gone").cast(pl.Float64))
    at_risk, events = pl.col("gone").cum_sum(reverse=True).over("group"), pl.col("events")
    steps = ages.with_columns(at_risk=at_risk).with_columns(
        survival=(1 - events / pl.col("at_risk")).cum_prod().over("group"),
        greenwood=(events / (pl.col("at_risk") * (pl.col("at_risk") - events))).cum_sum().over("group"),
    )
    share = pl.col("survival")
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    reach = (z * pl.col("greenwood").sqrt() / share.log().abs()).exp()
    known = (share > 0) & (share < 1)
    shown = (events > 0) | (pl.col("age") == 0) | (pl.col("age") == pl.col("age").max().over("group"))
    return steps.filter(shown).select(
        "group",
        "age",
        survival=100 * share,
        lower=pl.when(known).then(100 * (share.log() * reach).exp()),
        upper=pl.when(known).then(100 * (share.log() / reach).exp()),
        at_risk=pl.col("at_risk").cast(pl.Int64),
        events=events.cast(pl.Int64),
    )
