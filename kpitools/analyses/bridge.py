"""How the open pipeline came from what it was to what it is: every entry, change and exit of a deal, to the cent."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.stages import LOST, WON
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
    open_before,
    seen,
    shaped,
)
from kpitools.evaluation.windows import moment
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

#: The steps in the order they are told: what comes in, what changes, what goes out.
COMING = ("new", "reopened", "reassigned_in", "pulled_in")
CHANGING = ("increased", "decreased")
GOING = ("pushed_out", "reassigned_out", "lost", "won")
STEPS = ("opening", *COMING, *CHANGING, *GOING, "closing")
#: Where the span of the same deal before and after each stands, once they are in order.
BESIDE = {"before": 1, "after": -1}
BRIDGE: Schema = {
    "group": pl.String,
    "step": pl.String,
    "position": pl.Int64,
    "deals": pl.Int64,
    "amount": pl.Float64,
}


def bridge(
    data: Dataset,
    *,
    period: str | Period,
    as_of: AsOf = None,
    by: str | None = None,
    due: str | Period | None = None,
) -> pl.DataFrame:
    """The open pipeline from the opening to the closing of a period: opening + all steps between = closing.

    Every step is counted when it happened, with the amount the deal had then: a deal opened and won within the period
    is in new and in won. In a slice or group, a deal whose owner (segment, stage ...) changed is reassigned out of the
    one and into the other. A deal is re-opened where its log puts it in a won or lost stage and later in another.

    Args:
        data: deals with created_at, closed_at, status and amount; deal_changes where there are any.
        period: what to bridge, such as `2026Q3`; one that is not over closes at the last day seen.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension of deal versions.
        due: only deals expected to close on a day of this period; deals whose expected date moves into it are pulled
            in, those whose date moves out are pushed out.

    Returns:
        group where broken down, step, position, deals (how many, never negative), amount (what it adds; what goes out
        and decreases is negative). Deals without an amount count with 0. All steps of every group; nothing for a
        period that has not begun.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: there is no such dimension.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b"], "amount": [100.0, 40.0], "status": ["won", "open"],
    ...     "created_at": [datetime(2026, 6, 1), datetime(2026, 8, 1)], "closed_at": [datetime(2026, 9, 1), None]})
    >>> found = bridge(Dataset.of({"deals": deals}), period="2026Q3").filter(pl.col("amount") != 0)
    >>> found.select("step", "deals", "amount").rows()
    [('opening', 1, 100.0), ('new', 1, 40.0), ('won', 1, -100.0), ('closing', 1, 40.0)]
    """
    view, span = seen(data, as_of), one_period(period)
    need("The bridge", view, "deals.created_at", "deals.closed_at", "deals.status", "deals.amount")
    if due is not None:
        need("The bridge of deals due", view, "deals.expected_close_at")
    at = moment(span, view.seen_at)
    if at.until <= span.start:
        return shaped(pl.DataFrame(schema=BRIDGE), BRIDGE, by)
    spans = _spans(view, by, None if due is None else one_period(due)).collect()
    within = {"low": pl.lit(span.start).cast(pl.Datetime("us")), "high": pl.lit(span.end).cast(pl.Datetime("us"))}
    steps = pl.concat([_standing(spans, "opening", within["low"]), _entries(spans, **within), _exits(spans, **within),
                       _standing(spans, "closing", within["high"])])  # fmt: skip
    return shaped(_filled(spans, steps), BRIDGE, by)


def _spans(view: Dataset, by: str | None, due: Period | None) -> pl.LazyFrame:
    """The spans in which each deal stood unchanged, each beside the one before and after it in the same data."""
    stage = column_or_null(view, "deal_versions", "stage", pl.String).str.to_lowercase()
    asked = pl.lit(True) if due is None else inside("expected_close_at", due).fill_null(False)
    ends = view["deals"].select("deal_id", "status", closed="closed_at").unique("deal_id", keep="any")
    spans = view["deal_versions"].with_columns(
        worth=cents(column_or_null(view, "deal_versions", "amount", pl.Float64)).fill_null(0),
        asked=asked,
        said_won=stage.is_in(list(WON)).fill_null(False),
        said=stage.is_in([*WON, *LOST]).fill_null(False),
    )
    spans = grouped(spans, view, "deal_versions", by).drop("status").sort("deal_id", "valid_from")
    same = {side: pl.col("deal_id") == pl.col("deal_id").shift(step) for side, step in BESIDE.items()}
    spans = spans.with_columns(same[side].fill_null(False).alias(side) for side in BESIDE)
    # Where a CRM names the end in the stage and logs no stage, a deal was never seen in another one.
    seen_open = (~pl.col("said")).cum_sum().over((~pl.col("before")).cum_sum()) > 0
    spans = spans.with_columns(ended=pl.col("said") & seen_open)
    spans = spans.with_columns(open=pl.col("asked") & ~pl.col("ended"))
    beside = ("group", "worth", "open", "ended", "said_won", "valid_from", "valid_to")
    near = [
        pl.when(side).then(pl.col(name).shift(step)).alias(f"{side}.{name}")
        for side, step in BESIDE.items()
        for name in beside
    ]
    return spans.with_columns(near).join(ends, on="deal_id", how="left")


def _joined(side: str) -> tuple[pl.Expr, pl.Expr]:
    """Whether the next span begins where this one ends (or the other way round), and whether in the same group."""
    meets = (
        pl.col("before.valid_to") == pl.col("valid_from")
        if side == "before"
        else pl.col("after.valid_from") == pl.col("valid_to")
    ).fill_null(False)
    return meets, meets & pl.col(f"{side}.group").eq_missing(pl.col("group"))


def _standing(spans: pl.DataFrame, step: str, instant: pl.Expr) -> pl.DataFrame:
    """What was open just before an instant."""
    return spans.filter(pl.col("open"), open_before(instant)).select("group", "worth", step=pl.lit(step))


def _entries(spans: pl.DataFrame, low: pl.Expr, high: pl.Expr) -> pl.DataFrame:
    """What came in or changed when a span began."""
    meets, same = _joined("before")
    change = pl.col("worth") - pl.col("before.worth")
    known = same & pl.col("before.open")
    step = (
        pl.when(known & (change > 0))
        .then(pl.lit("increased"))
        .when(known & (change < 0))
        .then(pl.lit("decreased"))
        .when(known)
        .then(None)
        .when("is_first")
        .then(pl.lit("new"))
        .when(meets & pl.col("before.ended"))
        .then(pl.lit("reopened"))
        .when(same)
        .then(pl.lit("pulled_in"))
        .otherwise(pl.lit("reassigned_in"))
    )
    began = spans.filter(pl.col("open"), pl.col("valid_from") >= low, pl.col("valid_from") < high)
    return began.select("group", worth=pl.when(known).then(change).otherwise("worth"), step=step).drop_nulls("step")


def _exits(spans: pl.DataFrame, low: pl.Expr, high: pl.Expr) -> pl.DataFrame:
    """What went out when a span ended; a change within the pipeline is told where the next one begins."""
    meets, same = _joined("after")
    closed = (pl.col("closed") == pl.col("valid_to")).fill_null(False)
    step = (
        pl.when(same & pl.col("after.open"))
        .then(None)
        .when(meets & pl.col("after.ended"))
        .then(pl.when("after.said_won").then(pl.lit("won")).otherwise(pl.lit("lost")))
        .when(~meets & closed)
        .then(pl.when(pl.col("status") == "won").then(pl.lit("won")).otherwise(pl.lit("lost")))
        .when(same)
        .then(pl.lit("pushed_out"))
        .otherwise(pl.lit("reassigned_out"))
    )
    ended = spans.filter(pl.col("open"), pl.col("valid_to") >= low, pl.col("valid_to") < high)
    return ended.select("group", worth=-pl.col("worth"), step=step).drop_nulls("step")


def _filled(spans: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Every step of every group that ever had a deal in the pipeline."""
    names = pl.DataFrame({"step": STEPS}).with_row_index("position", 1)
    every = spans.filter("open").select("group").unique().join(names, how="cross")
    sums = steps.group_by("group", "step").agg(deals=pl.len(), worth=pl.col("worth").sum())
    found = every.join(sums, on=["group", "step"], how="left", nulls_equal=True)
    filled = found.with_columns(pl.col("deals").fill_null(0), amount=money(pl.col("worth").fill_null(0)))
    return filled.sort("group", "position", nulls_last=True)
