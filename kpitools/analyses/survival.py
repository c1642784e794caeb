"""How long customers stay: Kaplan-Meier curves. Whoever is still a customer counts as long as seen, and not as lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import NormalDist

import polars as pl

from kpitools.analyses.lives import lives, months_between
from kpitools.analyses.view import AsOf, Schema, choose, grouped, last_day, seen, shaped
from kpitools.evaluation.intervals import CONFIDENCE
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset

#: Units of age. Months are those of the calendar: a contract of a year ends at 12 of them, leap day or not.
UNITS = ("days", "months")
ALL_CUSTOMERS = "all customers"
CURVE: Schema = {
    "group": pl.String,
    "age": pl.Float64,
    "survival": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "error": pl.Float64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
}
AT_AGES: Schema = {
    "group": pl.String,
    "age": pl.Float64,
    "at_risk": pl.Int64,
    "survival": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def survival(
    data: Dataset, *, as_of: AsOf = None, by: str | None = None, unit: str = "days", since: date | None = None
) -> pl.DataFrame:
    """The share of customers still there at each age, from those who left and those who have not yet.

    Args:
        data: accounts with became_customer_at and ended_at; where they do not say, subscriptions.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension of accounts: one curve each.
        unit: of age, `days` or `months` (by the calendar, the last as the share of its days).
        since: leave out who became a customer earlier. Of those from before the data begins, it often holds only
            who stayed.

    Returns:
        group, age, survival (percent), lower, upper (log-log; null at 100 and at 0 percent), error (the standard error
        after Greenwood, in percentage points; null at 0 percent), at_risk, events; a row at age 0, at each age at
        which somebody left, and at the last age seen.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such unit or dimension.
    """
    return shaped(kaplan_meier(observed_lives(data, as_of=as_of, by=by, unit=unit, since=since)), CURVE, by="group")


def observed_lives(
    data: Dataset, *, as_of: AsOf = None, by: str | None = None, unit: str = "days", since: date | None = None
) -> pl.DataFrame:
    """How long each customer has been seen, and whether it left then: what every survival analysis starts from.

    Args:
        data: as for `survival`.
        as_of: as for `survival`.
        by: a dimension of accounts.
        unit: as for `survival`.
        since: leave out who became a customer earlier.

    Returns:
        group, age (in the unit), ended; a row per customer.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such unit or dimension.
    """
    choose("unit of age", unit, UNITS)
    view = seen(data, as_of)
    found = lives(view, "Survival").filter(pl.col("began") >= pl.lit(since or date.min, pl.Date))
    if by is not None:
        found = found.join(account_groups(view, by), on="account_id", how="left")
    else:
        found = found.with_columns(group=pl.lit(ALL_CUSTOMERS))
    until = pl.coalesce("ended", pl.lit(last_day(view), pl.Date))
    age = days_between("began", until) if unit == "days" else months_between(pl.col("began"), until)
    aged = found.select("group", age=age, ended=pl.col("ended").is_not_null())
    return aged.filter(pl.col("age") >= 0).collect()


def account_groups(data: Dataset, by: str) -> pl.LazyFrame:
    """Each account with its value of a dimension: from accounts, else from its first subscription."""
    table = "accounts" if "accounts" in data else "subscriptions"
    order = ["account_id"] if table == "accounts" else ["account_id", "starts_on"]
    found = grouped(data[table], data, table, by).sort(order, maintain_order=True)
    return found.select("account_id", "group").unique("account_id", keep="first", maintain_order=True)


def at_ages(observed: pl.DataFrame, ages: Sequence[float]) -> pl.DataFrame:
    """The curve of each group read at round ages, with how many were still seen then: the numbers under the curve.

    Args:
        observed: the frame of `observed_lives`.
        ages: in the unit of the frame.

    Returns:
        group, age, at_risk (who were seen that long or longer), survival (percent), lower, upper; no figure at an age
        that nobody has come to.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [1, 2, 2, 3], "ended": [True, True, False, False]})
    >>> at_ages(frame, [0, 2, 9]).select("age", "at_risk", "survival").rows()
    [(0.0, 4, 100.0), (2.0, 3, 50.0), (9.0, 0, None)]
    """
    parts = [_at_ages(part, sorted(ages)) for part in observed.sort("group").partition_by("group", maintain_order=True)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=AT_AGES)


def _at_ages(observed: pl.DataFrame, ages: list[float]) -> pl.DataFrame:
    grid = pl.DataFrame({"age": ages}, schema={"age": pl.Float64})
    seen_for = observed["age"].cast(pl.Float64)
    counts = pl.Series("at_risk", [(seen_for >= age).sum() for age in ages], dtype=pl.Int64)
    steps = kaplan_meier(observed).with_columns(pl.col("age").cast(pl.Float64)).drop("at_risk").sort("age")
    read = grid.with_columns(counts).join_asof(steps, on="age", strategy="backward")
    known = pl.when(pl.col("at_risk") > 0)
    figures = [known.then(name).alias(name) for name in ("survival", "lower", "upper")]
    group = pl.lit(observed.item(0, "group"), pl.String).alias("group")
    return shaped(read.with_columns(group, *figures), AT_AGES, by="group")


def thinned(curve: pl.DataFrame, *, width: float) -> pl.DataFrame:
    """The first row and the last of each so wide an age: a curve of years in no more points than can be told apart.

    Args:
        curve: the frame of `kaplan_meier`.
        width: in the unit of its ages.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [0, 2, 8, 13], "survival": [100.0, 95.0, 90.0, 80.0]})
    >>> thinned(frame, width=7).rows()
    [('a', 0, 100.0), ('a', 2, 95.0), ('a', 13, 80.0)]
    """
    age = pl.col("age")
    return curve.filter((age == 0) | (age == age.max().over("group", age // width)))


def kaplan_meier(observed: pl.DataFrame) -> pl.DataFrame:
    """The curve of each `group` from `age` and `ended` of each observation, one that is not ended being censored then.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [1, 2, 2, 3], "ended": [True, True, False, False]})
    >>> kaplan_meier(frame).select("age", "survival", "at_risk", "events").rows()
    [(0, 100.0, 4, 0), (1, 75.0, 4, 1), (2, 50.0, 3, 1), (3, 50.0, 1, 0)]
    """
    steps, events = _steps(observed), pl.col("events")
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
        error=pl.when(share > 0).then(100 * share * pl.col("greenwood").sqrt()),
        at_risk=pl.col("at_risk").cast(pl.Int64),
        events=events.cast(pl.Int64),
    )


def _steps(observed: pl.DataFrame) -> pl.DataFrame:
    """Each age of each group with who had come to it, the curve, and the sum of Greenwood's formula."""
    starts = observed.select("group").unique().with_columns(age=pl.lit(0, observed["age"].dtype), events=0, gone=0)
    counts = observed.group_by("group", "age").agg(events=pl.col("ended").sum(), gone=pl.len())
    ages = (
        pl.concat([counts, starts], how="vertical_relaxed").group_by("group", "age").agg(pl.col("events", "gone").sum())
    )
    ages = ages.sort("group", "age", nulls_last=True).with_columns(pl.col("events", "gone").cast(pl.Float64))
    at_risk, events = pl.col("gone").cum_sum(reverse=True).over("group"), pl.col("events")
    return ages.with_columns(at_risk=at_risk).with_columns(
        survival=(1 - events / pl.col("at_risk")).cum_prod().over("group"),
        greenwood=(events / (pl.col("at_risk") * (pl.col("at_risk") - events))).cum_sum().over("group"),
    )
