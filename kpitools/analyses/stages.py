"""The stages in their order, and the visits of deals to them."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.view import column_or_null
from kpitools.model.dataset import Dataset

#: Some CRMs list the end of a deal as a stage of its own; for us it is the deal's status.
WON = ("won", "closed won")
LOST = ("lost", "closed lost")


def open_stages(data: Dataset) -> pl.DataFrame:
    """`stage` and `position` of the stages a deal can be open in, in their order; none where no order is known."""
    if "stages" not in data or "position" not in data.columns("stages"):
        return pl.DataFrame(schema={"stage": pl.String, "position": pl.Int64})
    ends = pl.col("stage").str.to_lowercase().is_in([*WON, *LOST])
    known = data["stages"].filter(pl.col("position").is_not_null(), ~ends)
    return known.select("stage", "position").sort("position", "stage").collect()


def deal_visits(data: Dataset) -> pl.LazyFrame:
    """Every visit of a deal to a stage: `deal_id`, `stage`, `entered_at`, and `outcome`, the stage or status after it.

    What followed is read from the visit, else from the deal's next visit, else from the deal's status; null is open.
    """
    said = column_or_null(data, "stage_history", "next_stage", pl.String)
    visits = data["stage_history"].select("deal_id", "stage", "entered_at", said)
    ended = pl.when(pl.col("status") != "open").then(pl.col("status"))
    deals = data["deals"].select("deal_id", ended.alias("ended"))
    following = pl.col("stage").shift(-1).over("deal_id")
    return (
        visits.join(deals, on="deal_id")
        .sort("deal_id", "entered_at")
        .with_columns(outcome=pl.coalesce("next_stage", following, "ended"))
        .drop("next_stage", "ended")
    )
