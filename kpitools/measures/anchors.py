"""Anchors: where in time, relative to the period asked for, a measure or KPI is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, eq=False)
class Anchored:
    """A measure or KPI taken at some place in time relative to the period asked for."""

    source: Any
    place: Literal["period", "start", "end", "average", "to_date", "rolling"] = "period"
    shift: tuple[Literal["previous", "year_ago"], ...] = ()
    periods: int = 1

    @property
    def id(self) -> str:
        """A name that tells the anchors apart."""
        return ".".join(filter(None, (self.source.id, "" if self.place == "period" else self.place, *self.shift)))

    @property
    def at_start(self) -> Anchored:
        """As at the beginning of the period."""
        return replace(self, place="start")

    @property
    def at_end(self) -> Anchored:
        """As at the end of the period, or as far as it has been seen."""
        return replace(self, place="end")

    @property
    def average(self) -> Anchored:
        """The mean of the beginning and the end of the period."""
        return replace(self, place="average")

    @property
    def previous(self) -> Anchored:
        """In the period before; in the same part of it where the period is not over."""
        return replace(self, shift=(*self.shift, "previous"))

    @property
    def year_ago(self) -> Anchored:
        """In the same period of the year before."""
        return replace(self, shift=(*self.shift, "year_ago"))

    @property
    def to_date(self) -> Anchored:
        """From the first row on up to the end of the period."""
        return replace(self, place="to_date")

    def rolling(self, periods: int) -> Anchored:
        """Over the last so many periods, this one included."""
        return replace(self, place="rolling", periods=periods)


class Anchorable:
    """Gives the anchors to whatever can be taken at another time."""

    at_start = property(lambda self: Anchored(self).at_start, doc="As at the beginning of the period.")
    at_end = property(lambda self: Anchored(self).at_end, doc="As at the end of the period.")
    average = property(lambda self: Anchored(self).average, doc="Mean of the period's beginning and end.")
    previous = property(lambda self: Anchored(self).previous, doc="In the period before.")
    year_ago = property(lambda self: Anchored(self).year_ago, doc="In the same period of the year before.")
    to_date = property(lambda self: Anchored(self).to_date, doc="From the first row on.")

    def rolling(self, periods: int) -> Anchored:
        """Over the last so many periods."""
        return Anchored(self).rolling(periods)


@dataclass(frozen=True, eq=False)
class PeriodDays(Anchorable):
    """The days of the period, as far as it has been seen; for figures per year or per day."""

    id: str = "period_days"


period_days = PeriodDays()
