"""The slice that a batch is about where it is not about everything: as it is copied from the controls of a notebook."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.errors import EvaluationError, ReportError, UnknownNameError
from kpitools.model.calendar import Period, parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.led import UNDIVIDED
from kpitools.model.lookup import attach, dimension_expr, dimension_paths
from kpitools.model.slice import Slice


def period_of(asked: str | Period | None, chosen: Slice) -> Period:
    """The period asked for, else that of the slice.

    Raises:
        EvaluationError: one of them cannot be read.
        ReportError: there is neither, or they are not the same.

    >>> str(period_of(None, Slice.parse("team=North&period=2026Q3")))
    '2026Q3'
    """
    given = [parse_period(one) if isinstance(one, str) else one for one in (asked, chosen.period) if one]
    if not given:
        raise ReportError("There is no period to report on; give one such as 2026Q3, or a slice that names one.")
    if (given[0].start, given[0].end) != (given[-1].start, given[-1].end):
        raise ReportError(f"The period asked for is {given[0]}, but the slice names {given[-1]}; leave one out.")
    return given[0]


def day_of(asked: date | str | None, chosen: Slice, period: Period) -> str:
    """The day asked for from whose end the data is seen, else that of the slice, else the period's last.

    Raises:
        EvaluationError: one of them is not a day.
        ReportError: they are not the same.
    """
    given = [_day(one) for one in (asked, chosen.as_of) if one] or [period.last_day.isoformat()]
    if given[0] != given[-1]:
        raise ReportError(f"as_of is {given[0]}, but the slice names {given[-1]}; leave one out.")
    return given[0]


def _day(as_of: date | str) -> str:
    try:
        return date.fromisoformat(str(as_of)).isoformat()
    except ValueError:
        raise EvaluationError(f"{as_of!r} is not a day; write as_of as 2026-09-30.") from None


def check_values(data: Dataset, chosen: Slice) -> None:
    """Refuse a dimension or a value that the data has not.

    Raises:
        UnknownNameError: there is one; the message names the nearest.
    """
    for name, values in chosen.where.items():
        known = data.members(name)
        for value in values:
            if value is not None and value not in known:
                raise UnknownNameError(name.replace("_", " "), value, known)


def members_in(data: Dataset, by: str) -> list[str]:
    """The members of a dimension that rows of a slice belong to, sorted; the rows that name all of them may be gone."""
    routes = {name: dimension_paths(data, name, by) for name in sorted(data.frames.keys() - UNDIVIDED)}
    named = [
        attach(data.frames[name], name, paths, data.lookups).select(member=dimension_expr(paths)).unique()
        for name, paths in routes.items()
        if paths
    ]
    if not named:
        return []
    return pl.concat(named).drop_nulls().unique().sort("member").collect()["member"].to_list()
