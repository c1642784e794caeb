"""How recurring revenue came from what it was to what it is, account by account, to the cent."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpitools.analyses.lives import PRICED, live_at, subscription_spans
from kpitools.analyses.survival import account_groups
from kpitools.analyses.view import EVERYTHING, AsOf, Schema, money, need, percent, seen, shaped
from kpitools.evaluation.windows import Moment, moment
from kpitools.model.calendar import Period, parse_periods
from kpitools.model.dataset import Dataset

MOVES = ("new", "expansion", "contraction", "churn", "reactivation")
MOVEMENTS: Schema = {
    "group": pl.String,
    "period": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "complete": pl.Boolean,
    **dict.fromkeys(("opening", *MOVES, "closing"), pl.Float64),
}


def mrr_movements(
    data: Dataset, *, periods: str | Sequence[Period], as_of: AsOf = None, by: str | None = None
) -> pl.DataFrame:
    """Recurring revenue from the opening to the closing of each period: opening + the five movements = closing.

    Each account is compared at both ends, so that what it upgraded and downgraded in between is one movement.

    Args:
        data: subscriptions with account_id, mrr, starts_on and ends_on.
        periods: `2026Q3`, a range `2025Q1..2026Q3`, or periods.
        as_of: the day (to its end) or instant from which the data is seen; a period that is not over closes then.
        by: a dimension of accounts: the movements of each group, which add up to those of all.

    Returns:
        group (with `by`), period, start, end, complete, opening, new (never live before), expansion, contraction and
        churn (both negative), reactivation (live at some earlier time, not at the opening), closing. Figures of a
        period that has not begun are null.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.

    >>> from datetime import date
    >>> spans = pl.DataFrame({"subscription_id": ["s", "t"], "account_id": ["a", "b"], "mrr": [100.0, 40.0],
    ...     "starts_on": [date(2026, 1, 1), date(2026, 7, 2)], "ends_on": [date(2026, 8, 1), None]})
    >>> moved = mrr_movements(Dataset.of({"subscriptions": spans}), periods="2026Q3")
    >>> moved.select("opening", "new", "churn", "closing").row(0)
    (100.0, 40.0, -100.0, 40.0)
    """
    view = seen(data, as_of)
    need("Recurring revenue", view, *PRICED)
    wanted = parse_periods(periods) if isinstance(periods, str) else list(periods)
    spans = subscription_spans(view).collect()
    if spans.is_empty():
        return shaped(pl.DataFrame(schema=MOVEMENTS), MOVEMENTS, by)
    spans = _with_groups(spans, view, by)
    windows = _windows([moment(period, view.seen_at) for period in wanted])
    sums = _by_account(spans, windows).group_by("group", "period").agg(_movements())
    rows = spans.select("group").unique().sort("group").join(windows, how="cross", maintain_order="left_right")
    joined = rows.join(sums, on=["group", "period"], how="left", nulls_equal=True, maintain_order="left")
    known = pl.when(pl.col("until") > pl.col("start"))
    amounts = [known.then(money(pl.col(name).fill_null(0))).alias(name) for name in ("opening", *MOVES, "closing")]
    return shaped(joined.with_columns(amounts), MOVEMENTS, by)


def revenue_retention(movements: pl.DataFrame) -> pl.DataFrame:
    """The movements with what the opening revenue of each period became: net and gross revenue retention beside them.

    What comes back from an account that was not live at the opening is in neither.

    Args:
        movements: the frame of `mrr_movements`.

    Returns:
        the frame with nrr (opening, expansion, contraction and churn, as a percentage of the opening) and grr (the
        same without expansion); null where nothing was open.

    >>> moved = pl.DataFrame({"opening": [200.0], "expansion": [30.0], "contraction": [-10.0], "churn": [-40.0]})
    >>> revenue_retention(moved).select("nrr", "grr").row(0)
    (90.0, 75.0)
    """
    opening = pl.col("opening")
    gross = opening + pl.col("contraction") + pl.col("churn")
    return movements.with_columns(nrr=percent(gross + pl.col("expansion"), opening), grr=percent(gross, opening))


def _with_groups(spans: pl.DataFrame, data: Dataset, by: str | None) -> pl.DataFrame:
    if by is None:
        return spans.with_columns(group=pl.lit(EVERYTHING))
    return spans.join(account_groups(data, by).collect(), on="account_id", how="left")


def _windows(moments: list[Moment]) -> pl.DataFrame:
    rows = [(at.period.label, at.period.start, at.period.end, at.until, at.complete) for at in moments]
    days = dict.fromkeys(("start", "end", "until"), pl.Date)
    return pl.DataFrame(rows, schema={"period": pl.String, **days, "complete": pl.Boolean}, orient="row")


def _by_account(spans: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """What each account paid at both ends of each period, and whether it had paid before the period."""
    crossed = spans.join(windows, how="cross")
    ends = {"opening": pl.col("start"), "closing": pl.col("until")}
    live = {name: pl.when(live_at(day)).then("worth").otherwise(0).sum() for name, day in ends.items()}
    return crossed.group_by("group", "period", "account_id").agg(
        **live, known=(pl.col("starts") < pl.col("start")).any()
    )


def _movements() -> list[pl.Expr]:
    opening, closing = pl.col("opening"), pl.col("closing")
    change, begins = closing - opening, opening == 0
    moves = {
        "new": begins & ~pl.col("known"),
        "expansion": ~begins & (change > 0),
        "contraction": ~begins & (change < 0) & (closing > 0),
        "churn": ~begins & (closing == 0),
        "reactivation": begins & pl.col("known"),
    }
    sums = [change.filter(where).sum().alias(name) for name, where in moves.items()]
    return [opening.sum(), *sums, closing.sum()]
