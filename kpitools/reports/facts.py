"""What happened in a period: a slice in which nothing did gets no page, and of a whole in which nothing did no batch is
made."""

from __future__ import annotations

import polars as pl

from kpitools.errors import ReportError
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.slice import end_of

#: The tables whose rows are something that happened, and the columns between which such a row is alive, if it lasts.
FACTS = {
    "deals": ("created_at", "closed_at"),
    "activities": None,
    "leads": None,
    "orders": None,
    "subscriptions": ("starts_on", "ends_on"),
}


def has_facts(data: Dataset, period: Period, *, alive: bool = True) -> bool:
    """Whether anything happened in the period: a slice in which nothing did is empty and gets no page.

    Counted are deals, activities, leads, orders and subscriptions with any date in the period and, unless `alive`
    is False, deals that were open and subscriptions that ran in it.
    """
    tests = [_touches(data, table, period, alive) for table in FACTS if table in data.frames]
    return any(frame.item() for frame in pl.collect_all([test for test in tests if test is not None]))


def _touches(data: Dataset, table: str, period: Period, alive: bool) -> pl.LazyFrame | None:
    dates = _date_columns(data, table)
    if not dates:
        return None
    tests = [pl.col(name).cast(pl.Date).is_between(period.start, period.last_day) for name in dates]
    if alive and (span := FACTS[table]) and set(span) <= set(dates):
        start, end = (pl.col(name).cast(pl.Date) for name in span)
        tests.append((start < period.end) & (end.is_null() | (end >= period.start)))
    return data[table].select(pl.any_horizontal(tests).any())


def _date_columns(data: Dataset, table: str) -> list[str]:
    return [name for name, kind in data[table].collect_schema().items() if kind.is_temporal()]


def require_facts(data: Dataset, period: Period, as_of: str) -> None:
    """Stop a batch over a period in which nothing happened, before anything runs.

    Raises:
        ReportError: no fact is dated in the period; the message says which days there are.
    """
    if not any(name in data.frames for name in FACTS):
        raise ReportError(f"The data has none of the tables {', '.join(FACTS)}: there is nothing to report on.")
    if end_of(as_of).date() <= period.start:
        raise ReportError(f"As of {as_of} the period {period} has not begun; choose a later day.")
    if not has_facts(data, period, alive=False):
        raise ReportError(f"There is no data in {period} ({period.name}). {_span(data)}")


def _span(data: Dataset) -> str:
    days = (
        data.describe().filter(pl.col("table").is_in(list(FACTS))).select(pl.col("first").min(), pl.col("last").max())
    )
    first, last = days.row(0)
    return f"The data seen runs from {first} to {last}." if first else "No row of the data has a date."
