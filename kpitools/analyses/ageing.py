"""Whether open deals are older than deals that were won ever got, and how often their closing is put off."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

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
    one_period,
    seen,
    shaped,
    share_of,
)
from kpitools.evaluation.windows import moment
from kpitools.measures.aggregates import days_between
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

#: Wins of so many days up to the day seen say how long a deal takes.
YEAR = 365
AGEING: Schema = {
    "group": pl.String,
    "open": pl.Int64,
    "amount": pl.Float64,
    "won": pl.Int64,
    "won_median": pl.Float64,
    "won_p75": pl.Float64,
    "median_age": pl.Float64,
    "older_than_median": pl.Int64,
    "older_than_p75": pl.Int64,
    "share_older": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "amount_older": pl.Float64,
}
SLIPPAGE: Schema = {
    "group": pl.String,
    "worked": pl.Int64,
    "slipped": pl.Int64,
    "share": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "pushes": pl.Int64,
    "median_days": pl.Float64,
    "mean_days": pl.Float64,
    "brought_forward": pl.Int64,
}


def ageing(data: Dataset, *, as_of: AsOf = None, by: str | None = None, days: int = YEAR) -> pl.DataFrame:
    """The age of the deals open at an instant beside the days that won deals took from opening to winning.

    Args:
        data: deals with created_at, closed_at and status; amount and deal_changes where there are any.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension of deals and their versions.
        days: how long ago a win may be to say how long deals take.

    Returns:
        group where broken down, open and amount of the open deals, won (how many wins say how long deals take),
        won_median and won_p75 (days), median_age (days, of the open), older_than_median and older_than_p75 (open
        deals older than half, than three quarters of the won took), share_older (percent of the open older than the
        p75) with lower and upper, amount_older. No row where no deal is open; no comparison where none was won.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: there is no such dimension.

    >>> from datetime import datetime
    >>> days = [datetime(2026, 9, day) for day in (1, 11, 21)]
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "created_at": days, "status": ["won", "open", "open"],
    ...     "closed_at": [datetime(2026, 9, 15), None, None]})
    >>> ageing(Dataset.of({"deals": deals}), as_of="2026-09-30").select("open", "won_median", "older_than_p75").row(0)
    (2, 14.0, 1)
    """
    view = seen(data, as_of)
    need("The ageing of the pipeline", view, "deals.created_at", "deals.closed_at", "deals.status")
    today = last_day(view)
    versions = grouped(view["deal_versions"].filter(pl.col("valid_to").is_null()), view, "deal_versions", by)
    standing = versions.select(
        "group",
        worth=cents(column_or_null(view, "deal_versions", "amount", pl.Float64)).fill_null(0),
        age=days_between("created_at", pl.lit(today, pl.Date)),
    )
    since = pl.lit(today, pl.Date) - timedelta(days=days)
    recent = view["deals"].filter(pl.col("status") == "won", pl.col("closed_at").cast(pl.Date) > since)
    took = grouped(recent, view, "deals", by).select("group", took=days_between("created_at", "closed_at"))
    quantiles = {"won_median": pl.col("took").median(), "won_p75": pl.col("took").quantile(0.75, "linear")}
    taken = took.drop_nulls("took").group_by("group").agg(won=pl.len(), **quantiles)
    counted = standing.join(taken, on="group", how="left", nulls_equal=True).group_by("group").agg(_older())
    shares = counted.with_columns(**share_of("older_than_p75", "open", "share_older"))
    return shaped(shares.sort("group", nulls_last=True).collect(), AGEING, by)


def _older() -> list[pl.Expr]:
    median, p75 = (pl.col("age") > pl.col(name) for name in ("won_median", "won_p75"))
    known = pl.col("won_p75").is_not_null().any()
    return [
        pl.len().alias("open"),
        money(pl.col("worth").sum()).alias("amount"),
        pl.col("won").first().fill_null(0),
        pl.col("won_median", "won_p75").first(),
        pl.col("age").median().alias("median_age"),
        pl.when(known).then(median.sum()).alias("older_than_median"),
        pl.when(known).then(p75.sum()).alias("older_than_p75"),
        pl.when(known).then(money(pl.col("worth").filter(p75).sum())).alias("amount_older"),
    ]


def slippage(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """How many of the deals worked in a period had their expected closing put off in it, and by how much.

    Args:
        data: deals with created_at and expected_close_at, and deal_changes.
        period: when the date was changed, such as `2026Q3`.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension of deal versions; a date counts for who has the deal before and after the change.

    Returns:
        group where broken down, worked (deals open at some time in the period), slipped (of those, deals put off at
        least once), share (percent) with lower and upper, pushes (how often), median_days and mean_days of a push,
        brought_forward (deals whose date was moved earlier at least once). Nothing for a period that has not begun.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: there is no such dimension.
    """
    view, span = seen(data, as_of), one_period(period)
    need("Slippage", view, "deals.created_at", "deals.expected_close_at", "deal_changes.changed_at")
    if not moment(span, view.seen_at).days:
        return shaped(pl.DataFrame(schema=SLIPPAGE), SLIPPAGE, by)
    spans = grouped(view["deal_versions"], view, "deal_versions", by).sort("deal_id", "valid_from")
    before = pl.col("expected_close_at").shift(1).over("deal_id")
    meets = pl.col("valid_to").shift(1).over("deal_id") == pl.col("valid_from")
    same = pl.col("group").shift(1).over("deal_id").eq_missing(pl.col("group"))
    moved = pl.when(meets, same, inside("valid_from", span)).then(days_between(before, "expected_close_at"))
    worked = spans.with_columns(moved=moved).filter(
        pl.col("valid_from").cast(pl.Date) < span.end,
        pl.col("valid_to").is_null() | (pl.col("valid_to").cast(pl.Date) >= span.start),
    )
    late = pl.col("moved") > 0
    counted = worked.group_by("group").agg(
        worked=pl.col("deal_id").n_unique(),
        slipped=pl.col("deal_id").filter(late).n_unique(),
        pushes=late.sum(),
        median_days=pl.col("moved").filter(late).median(),
        mean_days=pl.col("moved").filter(late).mean(),
        brought_forward=pl.col("deal_id").filter(pl.col("moved") < 0).n_unique(),
    )
    shares = counted.with_columns(**share_of("slipped", "worked"))
    return shaped(shares.sort("group", nulls_last=True).collect(), SLIPPAGE, by)
