"""The open pipeline: what stands where, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from kpitools.analyses.stages import open_stages
from kpitools.analyses.view import AsOf, Schema, cents, column_or_null, last_day, money, need, seen, shaped
from kpitools.errors import EvaluationError
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset

BANDS = (30, 60, 90, 180)
PIPELINE: Schema = {
    "stage": pl.String,
    "position": pl.Int64,
    "age_band": pl.String,
    "age_position": pl.Int64,
    "deals": pl.Int64,
    "amount": pl.Float64,
}


def by_stage_and_age(data: Dataset, *, as_of: AsOf = None, bands: Sequence[int] = BANDS) -> pl.DataFrame:
    """The deals open at an instant by the stage they stood in and the days since they were opened.

    Args:
        data: deals with created_at; stage, amount, closed_at, deal_changes and stages where there are any.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        bands: the last day of each age band, rising; one more band holds the older deals.

    Returns:
        stage (null where the deal has none), position (null where the stage has none), age_band, age_position, deals,
        amount (null where no amount is known); one row per stage and band with deals.

    Raises:
        EvaluationError: the data lacks deals.created_at, or the bands do not rise.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b"], "stage": ["Proposal"] * 2, "amount": [100.0, 50.0],
    ...     "created_at": [datetime(2026, 9, 1), datetime(2026, 1, 1)]})
    >>> by_stage_and_age(Dataset.of({"deals": deals}), as_of="2026-09-30").select("age_band", "deals", "amount").rows()
    [('0–30 days', 1, 100.0), ('over 180 days', 1, 50.0)]
    """
    _check(bands)
    view = seen(data, as_of)
    need("The pipeline", view, "deals.created_at")
    stage = column_or_null(view, "deal_versions", "stage", pl.String)
    amount = column_or_null(view, "deal_versions", "amount", pl.Float64)
    standing = view["deal_versions"].filter(pl.col("valid_to").is_null())
    aged = standing.select(stage, amount, age=days_between("created_at", pl.lit(last_day(view), pl.Date)))
    placed = aged.with_columns(age_position=pl.sum_horizontal(pl.lit(0), *(pl.col("age") > days for days in bands)))
    counted = placed.group_by("stage", "age_position").agg(
        deals=pl.len(), amount=pl.when(pl.col("amount").count() > 0).then(money(cents(pl.col("amount")).sum()))
    )
    found = counted.join(open_stages(view).lazy(), on="stage", how="left").collect()
    words = pl.col("age_position").replace_strict(dict(enumerate(band_names(bands))), return_dtype=pl.String)
    ordered = found.with_columns(age_band=words).sort("position", "stage", "age_position", nulls_last=True)
    return shaped(ordered, PIPELINE)


def band_names(bands: Sequence[int]) -> list[str]:
    """What the age bands are called.

    >>> band_names((30, 60))
    ['0–30 days', '31–60 days', 'over 60 days']
    """
    return [*(f"{low + 1}–{high} days" for low, high in pairwise((-1, *bands))), f"over {bands[-1]} days"]


def _check(bands: Sequence[int]) -> None:
    if not bands or any(later <= earlier for earlier, later in pairwise((-1, *bands))):
        raise EvaluationError(f"Age bands are rising numbers of days such as {BANDS}; these are not: {tuple(bands)}.")
