"""Coaching: what it aimed at, before and after, beside the reps of the role who had not been coached."""

from __future__ import annotations

from math import comb

import polars as pl

from kpitools.analyses.view import AsOf, Schema, need, one_period, seen, shaped
from kpitools.evaluation.attributes import with_attributes
from kpitools.evaluation.intervals import CONFIDENCE
from kpitools.evaluation.query import Group, placed
from kpitools.evaluation.windows import BEGINNING, Window, moment
from kpitools.measures import effects
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import dimension_expr, dimension_paths

COACHINGS: Schema = {
    "rep": pl.String,
    "focus_kpi": pl.String,
    "started_at": pl.Date,
    "ended_at": pl.Date,
    "own": pl.Float64,
    "usual": pl.Float64,
    "effect": pl.Float64,
}
NEEDED = ("coaching.ended_at", "coaching.focus_kpi", "reps.role", "deals.owner_rep_id", "deals.closed_at")


def coachings(data: Dataset, *, period: str | Period, as_of: AsOf = None) -> pl.DataFrame:
    """The coachings whose time after was over by the end of the period, with what each went along with.

    Difference in differences, as the KPI `coaching_effectiveness` defines it: how the KPI that a coaching aims at
    improved for the rep, from the 90 days before to the 90th to 180th day after, less the same for the reps of the
    role who had not been coached by then. A fall is an improvement where less is better.

    Args:
        data: coaching, reps, deals and what else the KPI needs.
        period: the period.
        as_of: the day (to its end) or instant from which the data is seen.

    Returns:
        rep, focus_kpi, started_at, ended_at, own (percent by which the rep improved), usual (by which the others did),
        effect (own less usual, in percentage points); usual and effect are null where there are no such reps or they
        closed nothing to compare. Latest first.

    Raises:
        EvaluationError: the data lacks what is needed.
    """
    view = seen(data, as_of)
    need("The effect of coaching", view, *NEEDED)
    at, measure = moment(one_period(period), view.seen_at), effects.coaching_effect
    group = Group()
    group.add(measure, [Window(BEGINNING, at.period.end, at.until, at.until)])
    paths = dimension_paths(view, "coaching", "rep")
    over = placed(group, view, paths).filter(measure.aggregate.counted())
    found = with_attributes(over, MOVED, view).with_columns(rep=dimension_expr(paths), **_moved()).collect()
    latest = found.sort("ended_at", "rep", "focus_kpi", descending=[True, False, False])
    return shaped(latest.with_columns(effect=pl.col("own") - pl.col("usual")), COACHINGS)


MOVED = (
    effects.improvement_on_deals,
    effects.usual_on_deals,
    effects.improvement_on_activities,
    effects.usual_on_activities,
)


def _moved() -> dict[str, pl.Expr]:
    return {
        "own": pl.coalesce("improvement_on_deals", "improvement_on_activities"),
        "usual": pl.coalesce("usual_on_deals", "usual_on_activities"),
    }


def median_interval(values: pl.Series) -> tuple[float, float] | None:
    """Two of the values that hold the median of all there could be, with at least 95 percent; None for under six.

    From the order of the values alone: nothing is taken for granted of how they scatter.

    >>> median_interval(pl.Series([5.0, 1.0, 2.0, 9.0, 4.0, 3.0])), median_interval(pl.Series([1.0, 2.0]))
    ((1.0, 9.0), None)
    """
    known = values.drop_nulls().sort()
    n, missed, place = known.len(), 0.0, 0
    while (missed := missed + 2 * comb(n, place) / 2**n) <= 1 - CONFIDENCE:
        place += 1
    return (known[place - 1], known[n - place]) if place else None
