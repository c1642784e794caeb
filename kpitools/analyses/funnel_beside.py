"""The funnel of a period beside an earlier one, both with the same time to come so far."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl

from kpitools.analyses.chance import Share, shares_differ_by
from kpitools.analyses.funnel import funnel
from kpitools.analyses.view import AsOf, Schema, choose, last_day, one_period, seen, shaped
from kpitools.errors import EvaluationError
from kpitools.model.asof import MOMENT
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

BESIDE: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "share_of_first": pl.Float64,
    "before": pl.String,
    "before_entered": pl.Int64,
    "before_share": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}
#: What a funnel can be set beside.
EARLIER: dict[str, Callable[[Period], Period | None]] = {"previous": Period.previous, "year_ago": Period.year_ago}


def funnel_beside(
    data: Dataset,
    *,
    period: str | Period,
    compare: str = "previous",
    as_of: AsOf = None,
    by: str | None = None,
    rule: str = "reached",
    reopened: str = "last",
    within: int | None = None,
) -> pl.DataFrame:
    """The funnel of a period beside that of an earlier one, seen as many days after its own first day.

    Args:
        data: as for `funnel`.
        period: the deals opened on its days.
        compare: `previous` (the period before) or `year_ago`.
        as_of: the day or instant from which the period is seen; the earlier one is seen from as much earlier.
        by: a dimension to break down by, in the column `group`.
        rule: as for `funnel`.
        reopened: as for `funnel`.
        within: as for `funnel`.

    Returns:
        [group,] stage, position, entered, share_of_first (percent), before (the earlier period), before_entered,
        before_share, difference (percentage points) with Newcombe's interval lower and upper: null where either had
        no deals, the interval also of the first step, which is all of them.

    Raises:
        EvaluationError: as for `funnel`, or the calendar has no such earlier period.
        UnknownNameError: no such comparison, rule, outcome or dimension.
    """
    choose("comparison", compare, EARLIER)
    now = one_period(period)
    before = EARLIER[compare](now)
    if before is None:
        raise EvaluationError(f"The calendar of {now} has no period to compare it with ({compare}).")
    then = _earlier_by(seen(data, as_of), now.start - before.start)
    one, other = (
        funnel(data, period=each, as_of=at, by=by, rule=rule, reopened=reopened, within=within)
        for each, at in ((now, as_of), (before, then))
    )
    keys = [name for name in ("group", "stage", "position") if name in one.columns]
    was = other.select(*keys, before_entered="entered", before_share="share_of_first")
    both = one.select(*keys, "entered", "share_of_first").join(
        was, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return shaped(_differences(both).with_columns(before=pl.lit(before.label)), BESIDE, by)


def _earlier_by(view: Dataset, gap: timedelta) -> AsOf:
    if view.seen_at is not None:
        return view.seen_at - MOMENT - gap
    last = last_day(view)
    return None if last is None else last - gap


def _differences(both: pl.DataFrame) -> pl.DataFrame:
    """The interval of each difference, from the deals of the first step of its group."""
    first = {f"{name}_first": pl.col(name).first().over(_group(both)) for name in ("entered", "before_entered")}
    rows = both.with_columns(**first).to_dicts()
    told = [_differ(row) for row in rows]
    bounds = pl.DataFrame(told, schema={"lower": pl.Float64, "upper": pl.Float64}, orient="row")
    difference = pl.col("share_of_first") - pl.col("before_share")
    later = pl.col("position") > pl.col("position").min().over(_group(both))
    sure = [pl.when(later).then(name).alias(name) for name in bounds.columns]
    return both.hstack(bounds).with_columns(*sure, difference=difference)


def _group(frame: pl.DataFrame) -> pl.Expr:
    return pl.col("group") if "group" in frame.columns else pl.lit(0)


def _differ(row: dict[str, int | None]) -> tuple[float | None, float | None]:
    parts = [row[name] for name in ("entered", "entered_first", "before_entered", "before_entered_first")]
    some, of, before, before_of = (part or 0 for part in parts)
    return shares_differ_by(Share(some, of), Share(before, before_of)) if of and before_of else (None, None)
