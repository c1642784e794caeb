"""What a section of a page is given: the data of the slice, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.model.calendar import Period, RegularCalendar, parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice


@dataclass(frozen=True, eq=False)
class View:
    """A slice of the data, as a section sees it.

    Attributes:
        whole: everything the notebook holds; of a report, the slice alone.
        slice: the rows, period and as-of asked for.
        peers: figures of the others, where the notebook was handed any.
    """

    whole: Dataset
    slice: Slice
    peers: pl.DataFrame | None = None

    @classmethod
    def of(cls, whole: Dataset, chosen: Slice, peers: pl.DataFrame | None = None) -> View:
        """The view of a slice: the last quarter of the data where it names no period, seen from the period's end
        where it names no day.

        Raises:
            EvaluationError: a period or day that cannot be read, or data without any date.
        """
        period = parse_period(chosen.period) if chosen.period else _last_quarter(whole)
        filled = chosen.with_(period=str(period), as_of=chosen.as_of or period.last_day.isoformat())
        return cls(whole, filled, peers)

    @cached_property
    def data(self) -> Dataset:
        """The rows of the slice, as seen on its as-of day."""
        return self.whole.where(self.slice)

    @cached_property
    def period(self) -> Period:
        """The period of the slice."""
        return parse_period(str(self.slice.period))

    @property
    def as_of(self) -> str:
        """The day the data is seen on."""
        return str(self.slice.as_of)

    @property
    def day(self) -> date:
        """The as-of day as a date."""
        return date.fromisoformat(self.as_of[:10])


def _last_quarter(data: Dataset) -> Period:
    if data.last_day is None:
        raise EvaluationError("No row of this data has a date; name a period, such as 2026Q3.")
    return RegularCalendar("quarter").containing(data.last_day)
