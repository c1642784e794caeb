"""When customers leave: of those who came to an age, the share that left before the next."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.analyses.survival import kaplan_meier, observed_lives
from kpitools.analyses.view import AsOf, Schema, shaped
from kpitools.model.dataset import Dataset

HAZARD: Schema = {
    "group": pl.String,
    "age": pl.Int64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
    "hazard": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def hazard(
    data: Dataset,
    *,
    as_of: AsOf = None,
    by: str | None = None,
    unit: str = "months",
    width: int = 3,
    since: date | None = None,
) -> pl.DataFrame:
    """Of the customers who came to each age, the share that left before the next, from the Kaplan-Meier curve.

    Args:
        data: accounts with became_customer_at and ended_at; where they do not say, subscriptions.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension of accounts: one hazard each.
        unit: as for `survival`.
        width: of an age, in units.
        since: leave out who became a customer earlier.

    Returns:
        group, age (units at its beginning), at_risk (who came to it), events (who left in it), hazard (percent), lower,
        upper (log-log; null where nobody or everybody left). An age that nobody has been seen to the end of is left
        out: what there is of it would be no figure.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such unit or dimension.
    """
    return hazard_of(observed_lives(data, as_of=as_of, by=by, unit=unit, since=since), width=width)


def hazard_of(observed: pl.DataFrame, *, width: int) -> pl.DataFrame:
    """The hazard of `observed_lives`, in ages of so many units.

    >>> frame = pl.DataFrame({"group": ["a"] * 4, "age": [1, 5, 8, 12], "ended": [True, False, True, False]})
    >>> hazard_of(frame, width=6).select("age", "at_risk", "events", "hazard").rows()
    [(0, 4, 1, 25.0), (6, 2, 1, 50.0)]
    """
    found = [
        _spell(group, begin, begin + width).with_columns(age=pl.lit(begin))
        for group in observed.sort("group").partition_by("group", maintain_order=True)
        for begin in range(0, int(group.select(pl.col("age").max()).item()) // width * width, width)
    ]
    return shaped(pl.concat(found), HAZARD, "group") if found else pl.DataFrame(schema=HAZARD)


def _spell(observed: pl.DataFrame, begin: int, end: int) -> pl.DataFrame:
    """One age of one group: the end of the curve of those who came to it, nobody being followed beyond it.

    Who leaves in the last moment of an age leaves in it: the age is open at its beginning and closed at its end.
    """
    came = observed.filter(pl.col("age") > begin) if begin else observed
    age = pl.col("age").cast(pl.Float64)
    followed = came.with_columns(age=pl.min_horizontal(age, end), ended=pl.col("ended") & (age <= end))
    last = kaplan_meier(followed).sort("age").tail(1)
    return last.with_columns(
        at_risk=pl.lit(came.height),
        events=followed["ended"].sum(),
        hazard=100 - pl.col("survival"),
        lower=100 - pl.col("upper"),
        upper=100 - pl.col("lower"),
    )
