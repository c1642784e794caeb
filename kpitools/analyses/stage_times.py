"""How long deals stand in each stage, and where and why they are lost."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.spells import IN_STAGE, deals_seen, spell_times, spells, step_visits, tally
from kpitools.analyses.stages import open_stages
from kpitools.analyses.view import (
    AsOf,
    Schema,
    cents,
    column_or_null,
    grouped,
    inside,
    money,
    need,
    one_period,
    percent,
    seen,
    shaped,
)
from kpitools.evaluation.intervals import wilson
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

TIMES: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "still_open": pl.Int64,
    **IN_STAGE,
    "longest": pl.Int64,
}
REASONS: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "reason": pl.String,
    "lost": pl.Int64,
    "amount": pl.Float64,
    "share": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def stage_times(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """The days deals stand in each stage, from the visits that began in a period.

    A visit that is not over counts as long as it was seen: to leave it out, or to take it as over, would make the
    times too short. So the figures are those of the Kaplan-Meier curve of leaving the stage, whatever comes after it.

    Args:
        data: deals with status, stages with position, stage_history with deal_id, stage and entered_at.
        period: the visits that began on its days.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension to break down by, in the column `group`.

    Returns:
        [group,] stage, position, entered (visits), still_open (not over), quartile_1, median, quartile_3 (days after
        which a quarter, half, three quarters have left; null where fewer have), mean (days, a visit counted up to the
        longest seen: where that one is not over, the mean can only be more), longest (days).

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.

    >>> from datetime import datetime
    >>> day = lambda number: datetime(2026, 7, number)
    >>> visits = pl.DataFrame({"history_id": ["1", "2", "3"], "deal_id": ["a", "b", "c"], "stage": ["Offer"] * 3,
    ...     "entered_at": [day(1)] * 3, "left_at": [day(5), day(11), None]})
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "status": ["won", "lost", "open"]})
    >>> stages = pl.DataFrame({"stage": ["Offer"], "position": [1]})
    >>> tables = {"deals": deals, "stages": stages, "stage_history": visits}
    >>> stage_times(Dataset.of(tables), period="2026Q3", as_of="2026-07-21").drop("position").rows()
    [('Offer', 3, 1, 4, 10, None, 11.333333333333334, 20)]
    """
    view = seen(data, as_of)
    columns = ("deal_id", "stage", "entered_at")
    need("Time in stage", view, "deals.status", "stages.position", *(f"stage_history.{name}" for name in columns))
    stages = open_stages(view)
    visits = grouped(view["stage_history"], view, "stage_history", by)
    found = spells(step_visits(visits, view, stages, "group"), deals_seen(view["deals"], view))
    counted = tally(found.filter(inside("entered_at", one_period(period))), "group", "step")
    named = stages.with_row_index("step")
    times = spell_times(counted, "group", "step").join(named, on="step", maintain_order="left")
    return shaped(times, TIMES, by)


def lost_reasons(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """Where and why the deals opened in a period were lost.

    Args:
        data: deals with created_at, status and lost_reason; their stage says where, if closing leaves it.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.

    Returns:
        [group,] stage and position (null where the deal does not say), reason (null where none is given), lost
        (deals), amount, share (percent of the lost deals of the group) with its Wilson interval lower and upper; the
        stages in order, in each the commonest reason first.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.
    """
    view = seen(data, as_of)
    need("Why deals are lost", view, "deals.created_at", "deals.status", "deals.lost_reason")
    deals = grouped(view["deals"], view, "deals", by).filter(
        inside("created_at", one_period(period)), pl.col("status") == "lost"
    )
    stage, amount = (
        column_or_null(view, "deals", name, kind) for name, kind in (("stage", pl.String), ("amount", pl.Float64))
    )
    placed = deals.select("group", stage, amount, reason="lost_reason").join(
        open_stages(view).lazy(), on="stage", how="left"
    )
    tally = placed.group_by("group", "stage", "position", "reason").agg(
        lost=pl.len().cast(pl.Int64), worth=cents(pl.col("amount")).sum(), known=pl.col("amount").count()
    )
    return shaped(_reasons(tally.collect()), REASONS, by)


def _reasons(tally: pl.DataFrame) -> pl.DataFrame:
    every = pl.col("lost").sum().over("group")
    lower, upper = wilson(pl.col("lost").cast(pl.Float64), every.cast(pl.Float64))
    shares = tally.with_columns(
        amount=pl.when(pl.col("known") > 0).then(money(pl.col("worth"))),
        share=percent(pl.col("lost"), every),
        lower=lower,
        upper=upper,
    )
    order = ["group", "position", "stage", "lost", "reason"]
    return shares.sort(order, descending=[False, False, False, True, False], nulls_last=True)
