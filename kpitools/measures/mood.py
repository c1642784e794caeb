"""Measures of which way a customer's mood goes: by how they sound on calls and what they answer."""

from __future__ import annotations

from typing import Any

import polars as pl

from kpitools.measures.accounts import CUSTOMER
from kpitools.measures.aggregates import Aggregate, days_between, mean
from kpitools.measures.attribute import Attribute, attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Accounts, Calls, CallTurns, Surveys

TREND_DAYS, MIN_POINTS = 180, 3
MONTH = 30
#: Of a spread that rounding alone may leave where all points lie on one day.
NO_SPREAD = 1e-9


@attribute(CallTurns, on="call_id", where=pl.col("speaker") == "customer")
def mood_of_call() -> pl.Expr:
    """How the customer sounded on a call from -1 to 1, longer turns counting for more."""
    seconds = pl.when(pl.col("sentiment").is_not_null()).then(pl.col("end_s") - pl.col("start_s"))
    return (seconds * pl.col("sentiment")).sum() / pl.when(seconds.sum() > 0).then(seconds.sum())


@attribute(Calls, on="deal_id", uses=(mood_of_call,))
def mood_slope_of_deal(days: int = TREND_DAYS, points: int = 2) -> pl.Expr:
    """How much the mood on the deal's calls of the last days changes a day, with enough calls."""
    age = days_between("started_at", "day")
    known = (age >= 0) & (age < days) & pl.col("mood_of_call").is_finite()
    when, mood = -age.cast(pl.Float64).filter(known), pl.col("mood_of_call").filter(known)
    return pl.when((known.sum() >= points) & (when.var() > NO_SPREAD)).then(pl.cov(when, mood) / when.var())


def _sums(of: str, when: str, mood: pl.Expr) -> dict[str, pl.Expr]:
    """What a line through points is found from: their number and sums, of months and mood."""
    age = days_between(when, "day")
    known = (age >= 0) & (age < TREND_DAYS) & mood.is_finite()
    x, y = -pl.when(known).then(age) / MONTH, pl.when(known).then(mood)
    sums = {"n": known.cast(pl.Float64), "x": x, "y": y, "xx": x * x, "xy": x * y}
    return {f"{of}_{part}": value.sum() for part, value in sums.items()}


def _attributes(source: type[Any], sums: dict[str, pl.Expr], **more: Any) -> dict[str, Attribute]:
    return {name: _attribute(source, name, value, **more) for name, value in sums.items()}


def _attribute(source: type[Any], name: str, value: pl.Expr, **more: Any) -> Attribute:
    def build() -> pl.Expr:
        return value

    build.__name__, build.__doc__ = name, f"A sum over the {source.name} of an account, for its trend."
    return attribute(source, on="account_id", **more)(build)


#: On the scale of calls: from -1 for the lowest answer there is to 1 for the highest.
ANSWERED = 2 * pl.col("score") / pl.col("scale_max") - 1
CALLED = _attributes(Calls, _sums("calls", "started_at", pl.col("mood_of_call")), uses=(mood_of_call,))
ASKED = _attributes(
    Surveys, _sums("answers", "answered_at", ANSWERED), where=pl.col("kind").is_in(["csat", "nps", "product"])
)


@measure(Accounts, alive=CUSTOMER, unit="score", uses=(*CALLED.values(), *ASKED.values()))
def mean_mood_slope(points: int = MIN_POINTS) -> Aggregate:
    """Mean over customers of how much their mood changes in 30 days, of those with enough calls and answers."""
    n, x, y, xx, xy = (pl.sum_horizontal(called, asked) for called, asked in zip(CALLED, ASKED, strict=True))
    spread = n * xx - x * x
    return mean(pl.when((n >= points) & (spread > NO_SPREAD)).then((n * xy - x * y) / spread))
