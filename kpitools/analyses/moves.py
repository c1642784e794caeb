"""The moves of deals that no funnel shows: stages skipped, ways back, and deals opened again after they were closed."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.outcomes import end_names
from kpitools.analyses.spells import step_of
from kpitools.analyses.stages import open_stages
from kpitools.analyses.view import (
    AsOf,
    Schema,
    column_or_null,
    grouped,
    inside,
    need,
    one_period,
    percent,
    seen,
    shaped,
)
from kpitools.evaluation.intervals import wilson
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

SKIPPED, BACK, REOPENED = "skipped", "moved back", "re-opened"
MOVES: Schema = {
    "group": pl.String,
    "move": pl.String,
    "moves": pl.Int64,
    "deals": pl.Int64,
    "opened": pl.Int64,
    "share": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def unusual_moves(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """How many of the deals opened in a period skipped a stage, moved back or were opened again after they were closed.

    A deal skips a stage where it moves over one or more, begins beyond the first, or is won before it came to the
    last. It moves back where an earlier stage follows. It is re-opened where a visit to a stage follows one that ended
    in won or lost, or a visit to a stage of that name.

    Args:
        data: deals with created_at and status, stages with position, stage_history with deal_id, stage and entered_at.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.

    Returns:
        [group,] move (skipped, moved back, re-opened), moves (so many times), deals (that did so once or more), opened
        (all deals with a visit), share (percent of them) with its Wilson interval lower and upper.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.

    >>> from datetime import datetime
    >>> day = lambda number: datetime(2026, 7, number)
    >>> deals = pl.DataFrame({"deal_id": ["a"], "status": ["open"], "created_at": [day(1)]})
    >>> stages = pl.DataFrame({"stage": ["Meet", "Offer", "Haggle"], "position": [1, 2, 3]})
    >>> visits = pl.DataFrame({"history_id": ["1", "2", "3"], "deal_id": ["a"] * 3,
    ...     "stage": ["Meet", "Haggle", "Meet"], "entered_at": [day(1), day(2), day(9)]})
    >>> tables = {"deals": deals, "stages": stages, "stage_history": visits}
    >>> unusual_moves(Dataset.of(tables), period="2026Q3").select("move", "moves", "deals", "share").rows()
    [('skipped', 1, 1, 100.0), ('moved back', 1, 1, 100.0), ('re-opened', 0, 0, 0.0)]
    """
    view = seen(data, as_of)
    columns = ("deal_id", "stage", "entered_at")
    need("Moves between stages", view, "deals.created_at", "deals.status", "stages.position",
         *(f"stage_history.{name}" for name in columns))  # fmt: skip
    deals = grouped(view["deals"], view, "deals", by).filter(inside("created_at", one_period(period)))
    marked = _marked(_visits(view).join(deals.select("deal_id", "group", "status"), on="deal_id"), view)
    counts = marked.group_by("group", "deal_id").agg(pl.col(SKIPPED, BACK, REOPENED).sum()).collect()
    return shaped(_shares(counts), MOVES, by)


def _visits(view: Dataset) -> pl.LazyFrame:
    """The dated visits with their `step`, and whether the deal `ended` with or after it."""
    ends = [name for names in end_names(view).values() for name in names]
    after = column_or_null(view, "stage_history", "next_stage", pl.String).is_in(ends)
    step = step_of(open_stages(view))
    visits = view["stage_history"].select("deal_id", "entered_at", step, ended=pl.col("stage").is_in(ends) | after)
    known = pl.col("step").is_not_null() | pl.col("ended")
    return visits.filter(pl.col("entered_at").is_not_null() & known).with_columns(pl.col("ended").fill_null(False))


def _marked(visits: pl.LazyFrame, view: Dataset) -> pl.LazyFrame:
    """Each visit with the unusual moves that led to it, or from it to winning."""
    ordered = visits.sort("deal_id", "entered_at", pl.col("step").is_null())
    closed_before = pl.col("ended").shift(1, fill_value=False).over("deal_id")
    at = pl.col("step").forward_fill().over("deal_id")
    placed = ordered.with_columns(at=at, **{REOPENED: closed_before & pl.col("step").is_not_null()})
    before = pl.col("at").shift(1).over("deal_id").fill_null(-1)
    final = (pl.col("deal_id") != pl.col("deal_id").shift(-1)).fill_null(True)
    won_early = final & (pl.col("status") == "won") & (pl.col("at") < open_stages(view).height - 1)
    over = pl.col("step") > before + 1
    marks = {SKIPPED: [over, won_early], BACK: [pl.col("step") < before], REOPENED: [pl.col(REOPENED)]}
    return placed.with_columns(
        pl.sum_horizontal(part.fill_null(False).cast(pl.Int64) for part in parts).alias(move)
        for move, parts in marks.items()
    )


def _shares(counts: pl.DataFrame) -> pl.DataFrame:
    parts = [
        counts.group_by("group")
        .agg(opened=pl.len(), moves=pl.col(move).sum(), deals=(pl.col(move) > 0).sum())
        .with_columns(move=pl.lit(move), n=place)
        for place, move in enumerate((SKIPPED, BACK, REOPENED))
    ]
    lower, upper = wilson(pl.col("deals").cast(pl.Float64), pl.col("opened").cast(pl.Float64))
    found = pl.concat(parts).with_columns(share=percent(pl.col("deals"), pl.col("opened")), lower=lower, upper=upper)
    return found.sort("group", "n", nulls_last=True)
