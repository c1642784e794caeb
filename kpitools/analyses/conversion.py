"""How many deals are won, three ways beside each other, and how long that takes; from lead to won deal.

The three differ in what they do with deals that are still open, which is the most that can go wrong in a conversion.
"""

from __future__ import annotations

import polars as pl

from kpitools.analyses.funnel import FUNNEL, decided_steps
from kpitools.analyses.incidence import LOST, WON, aalen_johansen, ages_reached, at_age
from kpitools.analyses.outcomes import OUTCOMES, by_outcome
from kpitools.analyses.view import (
    AsOf,
    Schema,
    choose,
    column_or_null,
    grouped,
    inside,
    last_day,
    need,
    one_period,
    percent,
    seen,
    shaped,
)
from kpitools.errors import EvaluationError
from kpitools.evaluation.intervals import wilson
from kpitools.measures.aggregates import days_between
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

NAIVE, MATURED, CENSORED = "naive", "matured", "censoring-aware"
#: Days in which a deal may be won, where nothing else is asked for.
WINDOW = 90
QUARTERS = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}

WAYS: Schema = {
    "group": pl.String,
    "way": pl.String,
    "within": pl.Int64,
    "deals": pl.Int64,
    "won": pl.Int64,
    "lost": pl.Int64,
    "still_open": pl.Int64,
    "conversion": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "share_open": pl.Float64,
}
INCIDENCE: Schema = {
    "group": pl.String,
    "age": pl.Int64,
    "won": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "lost": pl.Float64,
    "still_open": pl.Float64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
    "other": pl.Int64,
}
TIMES: Schema = {
    "group": pl.String,
    "within": pl.Int64,
    "conversion": pl.Float64,
    **dict.fromkeys(QUARTERS, pl.Int64),
}


def incidence(
    data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None, reopened: str = "last"
) -> pl.DataFrame:
    """What share of the deals opened in a period is won by each age, whatever is still open.

    Args:
        data: deals with created_at, closed_at and status. A closed deal without a closing day is left out.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension to break down by: one curve each.
        reopened: by which outcome a re-opened deal counts, as for `funnel`.

    Returns:
        group, age (days since the deal was opened), won (percent) with its interval lower and upper, lost, still_open
        (percent), at_risk, events (won at that age), other (lost then).

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension or outcome.
    """
    return shaped(aalen_johansen(opened_deals(seen(data, as_of), period, by, reopened)), INCIDENCE, by="group")


def conversion(
    data: Dataset,
    *,
    period: str | Period,
    as_of: AsOf = None,
    by: str | None = None,
    within: int = WINDOW,
    reopened: str = "last",
) -> pl.DataFrame:
    """The share of the deals opened in a period that is won, reckoned three ways.

    `naive`: won by now, of all deals, as if those still open had failed; at whatever age. `matured`: won within the
    window, of the deals that have been there for the whole of it: everyone had the same time. `censoring-aware`: the
    cumulative incidence at the end of the window (Aalen-Johansen): all deals count, each as long as it was seen, and
    lost is the other way to end. It takes deals opened lately to go on as the earlier ones did.

    Args:
        data: deals with created_at, closed_at and status. A closed deal without a closing day is left out.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension to break down by, in the column `group`.
        within: the window in days since the deal was opened; its last day counts.
        reopened: by which outcome a re-opened deal counts, as for `funnel`.

    Returns:
        [group,] way, within (days; null of the naive way), deals, won, lost, still_open (deals; of the last two ways
        at the end of the window, or when last seen), conversion (percent) with its interval lower and upper (Wilson;
        of the curve), share_open (percent of the deals still open: now, or of the last two ways at the end of the
        window). Null where no deal was seen long enough.

    Raises:
        EvaluationError: the data lacks what is needed, cannot be broken down so, or the window is not a day or more.
        UnknownNameError: no such dimension or outcome.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c", "d"], "status": ["won", "lost", "open", "open"],
    ...     "created_at": [datetime(2026, 7, day) for day in (1, 1, 1, 20)],
    ...     "closed_at": [datetime(2026, 7, 11), datetime(2026, 7, 6), None, None]})
    >>> found = conversion(Dataset.of({"deals": deals}), period="2026Q3", as_of="2026-07-31", within=30)
    >>> found.select("way", "deals", "won", "still_open", pl.col("conversion", "share_open").round(1)).rows()
    [('naive', 4, 1, 2, 25.0, 50.0), ('matured', 3, 1, 1, 33.3, 33.3), ('censoring-aware', 4, 1, 2, 25.0, 50.0)]
    """
    days(within)
    opened = opened_deals(seen(data, as_of), period, by, reopened)
    cut = _cut(opened, within)
    ends = at_age(aalen_johansen(opened), within)
    ends = ends.select("group", "lower", "upper", conversion="won", share_open="still_open")
    aware = _counts(cut).join(ends, on="group", nulls_equal=True)
    ways = {NAIVE: _shares(_counts(opened)), MATURED: _shares(_counts(cut, pl.col("seen") >= within)), CENSORED: aware}
    window = pl.when(pl.col("way") != NAIVE).then(within)
    named = [frame.with_columns(way=pl.lit(way)).with_columns(within=window) for way, frame in ways.items()]
    rows = pl.concat([shaped(frame, WAYS, by="group") for frame in named])
    order = pl.Enum([*ways])
    return shaped(rows.sort("group", pl.col("way").cast(order), nulls_last=True), WAYS, by)


def time_to_win(
    data: Dataset,
    *,
    period: str | Period,
    as_of: AsOf = None,
    by: str | None = None,
    within: int = WINDOW,
    reopened: str = "last",
) -> pl.DataFrame:
    """How long it takes to win a deal, from the curve: deals still open make it no shorter.

    The mean or median of the deals won so far leaves out those that take long. Here the half is half of what will have
    been won by the end of the window.

    Args:
        data: deals with created_at, closed_at and status.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        by: a dimension to break down by, in the column `group`.
        within: the window in days since the deal was opened.
        reopened: by which outcome a re-opened deal counts, as for `funnel`.

    Returns:
        [group,] within, conversion (percent won within the window), quartile_1, median, quartile_3 (days by which a
        quarter, half and three quarters of these were won); null where no deal was seen long enough or none was won.

    Raises:
        EvaluationError: the data lacks what is needed, cannot be broken down so, or the window is not a day or more.
        UnknownNameError: no such dimension or outcome.
    """
    days(within)
    curve = aalen_johansen(opened_deals(seen(data, as_of), period, by, reopened))
    end = at_age(curve, within).select("group", "won")
    ends = curve.join(end.rename({"won": "final"}), on="group", nulls_equal=True, maintain_order="left")
    reached = ages_reached(ends, QUARTERS, of=pl.col("final"))
    found = end.join(reached, on="group", nulls_equal=True, maintain_order="left")
    return shaped(found.with_columns(within=pl.lit(within), conversion="won"), TIMES, by)


def lead_funnel(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """How far the leads of a period have come: to a qualified lead, a deal, a won deal.

    A lead that came to a later step has come through those before it. One that is neither won nor lost (disqualified,
    or its deal lost) is still open where it stands.

    Args:
        data: leads with created_at and deal_id, deals with status; for the step in between also leads.sql_at.
        period: the leads that came in on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension of leads to break down by, in the column `group`.

    Returns:
        The columns of `funnel`, for the steps Lead, Qualified, Deal and Won; the amount is that of the deals.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.
    """
    view = seen(data, as_of)
    need("From lead to won deal", view, "leads.created_at", "leads.deal_id", "deals.status")
    steps = ["Lead", *(["Qualified"] if "sql_at" in view.columns("leads") else []), "Deal", "Won"]
    numbers = pl.DataFrame({"stage": steps, "position": range(1, len(steps) + 1), "step": range(len(steps))})
    leads = grouped(view["leads"], view, "leads", by).filter(inside("created_at", one_period(period)))
    out = column_or_null(view, "leads", "disqualified_at", pl.Datetime).is_not_null()
    qualified = column_or_null(view, "leads", "sql_at", pl.Datetime).is_not_null()
    leads = leads.select("group", "deal_id", out=out, qualified=qualified)
    deals = view["deals"].select("deal_id", "status", column_or_null(view, "deals", "amount", pl.Float64))
    last = len(steps) - 1
    step = pl.when(pl.col("status") == WON).then(last).when(pl.col("status").is_not_null()).then(last - 1)
    status = pl.coalesce("status", pl.when("out").then(pl.lit(LOST)).otherwise(pl.lit("open")))
    placed = leads.join(deals, on="deal_id", how="left").with_columns(
        step=step.otherwise(pl.col("qualified").cast(pl.Int32)).cast(pl.Int64), status=status, skipped=False
    )
    return shaped(decided_steps(placed.collect(), numbers), FUNNEL, by)


def opened_deals(view: Dataset, period: str | Period, by: str | None, reopened: str) -> pl.DataFrame:
    """The deals opened in a period: `group`, `age` in days, how it `ended` (null while open), days `seen` since."""
    choose("outcome", reopened, OUTCOMES)
    need("Conversion", view, "deals.created_at", "deals.closed_at", "deals.status")
    view = by_outcome(view, reopened)
    deals = grouped(view["deals"], view, "deals", by).filter(inside("created_at", one_period(period)))
    closed = pl.col("status") != "open"
    deals = deals.with_columns(ended=pl.when(closed).then("status"), seen=days_between("created_at", _today(view)))
    age = pl.when(closed).then(days_between("created_at", "closed_at")).otherwise("seen")
    aged = deals.select(pl.col("group").cast(pl.String), age.alias("age"), "ended", "seen")
    return aged.filter(pl.col("age") >= 0).collect()


def _today(view: Dataset) -> pl.Expr:
    return pl.lit(last_day(view), pl.Date)


def _cut(opened: pl.DataFrame, within: int) -> pl.DataFrame:
    """The deals as they were at the end of the window."""
    inside_it = pl.col("age") <= within
    return opened.with_columns(ended=pl.when(inside_it).then("ended"), age=pl.min_horizontal("age", within))


def _counts(opened: pl.DataFrame, counted: pl.Expr | None = None) -> pl.DataFrame:
    """Per group what became of the deals; a group none of whose deals is counted has a row of zeros."""
    who = pl.lit(True) if counted is None else counted
    parts = {"won": pl.col("ended") == WON, "lost": pl.col("ended") == LOST, "still_open": pl.col("ended").is_null()}
    sums = {name: (part.fill_null(False) & who).sum() for name, part in parts.items()}
    return opened.group_by("group").agg(**sums).with_columns(deals=pl.sum_horizontal(*parts))


def _shares(counts: pl.DataFrame) -> pl.DataFrame:
    lower, upper = wilson(pl.col("won").cast(pl.Float64), pl.col("deals").cast(pl.Float64))
    share, share_open = (percent(pl.col(name), pl.col("deals")) for name in ("won", "still_open"))
    return counts.with_columns(conversion=share, lower=lower, upper=upper, share_open=share_open)


def days(within: int) -> None:
    """Stop at a window that is not a day or more."""
    if within < 1:
        raise EvaluationError(f"The window is {within} days; it must be a whole day or more, such as {WINDOW}.")
