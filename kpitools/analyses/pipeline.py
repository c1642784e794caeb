"""The open pipeline: what stands where, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from kpitools.analyses.stages import open_stages
from kpitools.analyses.view import (
    AsOf,
    Schema,
    cents,
    column_or_null,
    grouped,
    inside,
    last_day,
    money,
    need,
    open_before,
    percent,
    seen,
    shaped,
)
from kpitools.errors import EvaluationError
from kpitools.evaluation.windows import Moment, moment
from kpitools.measures.aggregates import days_between
from kpitools.model.calendar import Period, parse_periods
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
COVERAGE: Schema = {
    "group": pl.String,
    "period": pl.String,
    "start": pl.Date,
    "complete": pl.Boolean,
    "open": pl.Float64,
    "due": pl.Float64,
    "won": pl.Float64,
    "won_of_open": pl.Float64,
    "won_of_due": pl.Float64,
    "coverage": pl.Float64,
    "yielded": pl.Float64,
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


def coverage(
    data: Dataset, *, periods: str | Sequence[Period], as_of: AsOf = None, by: str | None = None
) -> pl.DataFrame:
    """How much was open when each period began, beside what was then won in it.

    Args:
        data: deals with created_at, closed_at, status and amount; expected_close_at and deal_changes where there are
            any.
        periods: `2026Q3`, a range `2025Q1..2026Q3`, or periods; of one that is not over, the wins so far.
        as_of: the day (to its end) or instant from which the data is seen; periods that begin later are left out.
        by: a dimension of deals and their versions.

    Returns:
        group where broken down, period, start, complete, open (amount at the start), due (of that, expected to close
        in the period; null where no dates are known), won (amount won in the period, whenever it was opened),
        won_of_open and won_of_due (what of the pipeline at the start was won, at the amount it stood with then),
        coverage (open at the start over won), yielded (won_of_open in percent of open). The last two are null for a
        period that is not over.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: there is no such dimension.
    """
    view = seen(data, as_of)
    need("Coverage", view, "deals.created_at", "deals.closed_at", "deals.status", "deals.amount")
    wanted = parse_periods(periods) if isinstance(periods, str) else list(periods)
    moments = [at for period in wanted if (at := moment(period, view.seen_at)).days]
    spans = grouped(view["deal_versions"], view, "deal_versions", by).drop("status")
    won = grouped(view["deals"].filter(pl.col("status") == "won"), view, "deals", by)
    dated = "expected_close_at" in view.columns("deal_versions")
    found = [_covered(spans, won, at, dated=dated) for at in moments]
    frame = pl.concat(pl.collect_all(found)) if found else pl.DataFrame(schema=COVERAGE)
    return shaped(frame.sort("group", "start", nulls_last=True), COVERAGE, by)


def _covered(spans: pl.LazyFrame, won: pl.LazyFrame, at: Moment, *, dated: bool) -> pl.LazyFrame:
    """The pipeline at the start of one period, and what was won of it and in all."""
    ends = won.filter(inside("closed_at", at.period)).select("deal_id", "group", got=cents(pl.col("amount")))
    stood = _opening(spans, at, dated=dated).join(ends.select("deal_id", came=pl.lit(True)), on="deal_id", how="left")
    came = pl.col("came").fill_null(False)
    parts = {"open": pl.lit(True), "due": pl.col("due"), "won_of_open": came, "won_of_due": came & pl.col("due")}
    sums = [pl.col("worth").filter(where).sum().alias(name) for name, where in parts.items()]
    got = ends.group_by("group").agg(won=pl.col("got").sum())
    both = stood.group_by("group").agg(sums).join(got, on="group", how="full", coalesce=True, nulls_equal=True)
    unknown = [] if dated else [pl.lit(None, pl.Float64).alias(name) for name in ("due", "won_of_due")]
    amounts = both.with_columns(money(pl.col(name).fill_null(0)) for name in (*parts, "won")).with_columns(unknown)
    return amounts.with_columns(
        period=pl.lit(at.period.label),
        start=pl.lit(at.period.start),
        complete=pl.lit(at.complete),
        coverage=pl.when(at.complete, pl.col("won") > 0).then(pl.col("open") / pl.col("won")),
        yielded=pl.when(at.complete).then(percent(pl.col("won_of_open"), pl.col("open"))),
    ).select(*COVERAGE)


def _opening(spans: pl.LazyFrame, at: Moment, *, dated: bool) -> pl.LazyFrame:
    """The deals open just before the period."""
    start = pl.lit(at.period.start).cast(pl.Datetime("us"))
    due = inside("expected_close_at", at.period).fill_null(False) if dated else pl.lit(False)
    return spans.filter(open_before(start)).select(
        "deal_id", "group", worth=cents(pl.col("amount")).fill_null(0), due=due
    )


def band_names(bands: Sequence[int]) -> list[str]:
    """What the age bands are called.

    >>> band_names((30, 60))
    ['0–30 days', '31–60 days', 'over 60 days']
    """
    return [*(f"{low + 1}–{high} days" for low, high in pairwise((-1, *bands))), f"over {bands[-1]} days"]


def _check(bands: Sequence[int]) -> None:
    if not bands or any(later <= earlier for earlier, later in pairwise((-1, *bands))):
        raise EvaluationError(f"Age bands are rising numbers of days such as {BANDS}; these are not: {tuple(bands)}.")
