"""What became of the visits to each stage.

A visit that is not over is in no share of the decided.
"""

from __future__ import annotations

import polars as pl

from kpitools.analyses.stages import LOST, WON, deal_visits, open_stages
from kpitools.analyses.view import AsOf, Schema, grouped, inside, need, one_period, percent, seen, shaped
from kpitools.evaluation.intervals import wilson
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

CONVERSION: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "advanced": pl.Int64,
    "lost": pl.Int64,
    "moved_back": pl.Int64,
    "still_open": pl.Int64,
    "conversion": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def stage_conversion(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """What became of the visits of deals to each stage that began in a period, as seen at an instant.

    Args:
        data: deals with status, stages with position, stage_history with deal_id, stage and entered_at.
        period: the visits that began on its days, whenever the deal was opened.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.

    Returns:
        [group,] stage, position, entered = advanced (to a later stage, or won) + lost + moved_back (to an earlier
        stage, or one without a place in the order) + still_open, conversion (percent of the decided: advanced or
        lost) with its Wilson interval lower and upper.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.
    """
    view = seen(data, as_of)
    columns = ("deal_id", "stage", "entered_at")
    need("Stage conversion", view, "deals.status", "stages.position", *(f"stage_history.{name}" for name in columns))
    stages = open_stages(view)
    visits = deal_visits(view).filter(inside("entered_at", one_period(period)))
    # a dimension may be reached along columns that the visits no longer have
    key = ["deal_id", "stage", "entered_at"]
    groups = grouped(view["stage_history"], view, "stage_history", by).select(*key, "group").unique(key, keep="any")
    visits = visits.join(groups, on=key).join(stages.lazy(), on="stage")
    after = stages.lazy().select(pl.col("stage").alias("outcome"), after="position")
    tally = _outcomes(visits.join(after, on="outcome", how="left")).collect()
    lower, upper = wilson(pl.col("advanced").cast(pl.Float64), pl.col("advanced") + pl.col("lost"))
    done = _every_stage(tally, stages).with_columns(
        conversion=percent(pl.col("advanced"), pl.col("advanced") + pl.col("lost")), lower=lower, upper=upper
    )
    return shaped(done, CONVERSION, by)


def _outcomes(visits: pl.LazyFrame) -> pl.LazyFrame:
    outcome = pl.col("outcome").str.to_lowercase()
    advanced = outcome.is_in(WON) | (pl.col("after") > pl.col("position")).fill_null(False)
    lost = outcome.is_in(LOST)
    parts = {
        "entered": pl.lit(True),
        "advanced": advanced,
        "lost": lost,
        "moved_back": outcome.is_not_null() & ~advanced & ~lost,
        "still_open": outcome.is_null(),
    }
    marked = visits.with_columns(part.fill_null(False).cast(pl.Int64).alias(name) for name, part in parts.items())
    return marked.group_by("group", "stage").agg(pl.col(list(parts)).sum())


def _every_stage(tally: pl.DataFrame, stages: pl.DataFrame) -> pl.DataFrame:
    groups = tally.select("group").unique().sort("group", nulls_last=True)
    every = groups.join(stages, how="cross", maintain_order="left_right")
    joined = every.join(tally, on=["group", "stage"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col(pl.Int64).exclude("position").fill_null(0))
