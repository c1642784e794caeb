"""Where in time a figure is taken: periods as far as they have been seen, and the windows measures are counted in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from kpitools.measures.anchors import Anchored
from kpitools.measures.measure import Timing
from kpitools.model.calendar import Period

BEGINNING = date(1970, 1, 1)


@dataclass(frozen=True)
class Moment:
    """A period as far as it has been seen: up to `until`, the first day not counted."""

    period: Period
    until: date

    @property
    def complete(self) -> bool:
        """Whether the period is over."""
        return self.until >= self.period.end

    @property
    def days(self) -> int:
        """The days seen of it."""
        return max(0, (self.until - self.period.start).days)

    def shifted(self, how: str) -> Moment | None:
        """The period before or the one a year ago; the same number of its first days where this one is not over."""
        period = self.period.previous() if how == "previous" else self.period.year_ago()
        if period is None:
            return None
        return Moment(period, period.end if self.complete else period.first_days(self.days).end)


@dataclass(frozen=True)
class Window:
    """What one figure is counted in: rows dated from `start` up to `until`, or alive at `boundary`."""

    start: date
    end: date
    until: date
    boundary: date | None = None

    @property
    def bare(self) -> Window:
        """Its boundary and nothing else."""
        assert self.boundary
        return Window(self.boundary, self.boundary, self.boundary, self.boundary)


def moment(period: Period, seen_at: datetime | None) -> Moment:
    """The period as far as data seen before `seen_at` reaches into it."""
    if seen_at is None:
        return Moment(period, period.end)
    seen = (
        seen_at.date()
        if seen_at == datetime.combine(seen_at.date(), datetime.min.time())
        else seen_at.date() + timedelta(1)
    )
    return Moment(period, min(period.end, seen))


def shifted(at: Moment, shifts: Iterable[str]) -> Moment | None:
    """The moment after several shifts."""
    here: Moment | None = at
    for how in shifts:
        here = here.shifted(how) if here else None
    return here


def windows(at: Moment, anchored: Anchored, timing: Timing) -> list[Window]:
    """The windows of a measure at a moment: two for an average, none where the calendar has no such period."""
    period = at.period
    if timing == "alive":
        boundaries = {"start": [period.start], "average": [period.start, at.until]}.get(anchored.place, [at.until])
        return [Window(period.start, period.end, at.until, min(boundary, at.until)) for boundary in boundaries]
    start: date | None = period.start
    if anchored.place == "to_date":
        start = BEGINNING
    if anchored.place == "rolling":
        first = period.calendar.shift(period, 1 - anchored.periods)
        start = first.start if first else None
    return [Window(start, period.end, at.until)] if start else []


def window_frame(found: list[Window]) -> pl.DataFrame:
    """The windows as rows, with the columns that measures may read."""
    return pl.DataFrame(
        {
            "w": range(len(found)),
            "period_start": [window.start for window in found],
            "period_end": [window.end for window in found],
            "until": [window.until for window in found],
            "boundary": [window.boundary for window in found],
        },
        schema={"w": pl.Int32, "period_start": pl.Date, "period_end": pl.Date, "until": pl.Date, "boundary": pl.Date},
    )


def day_frame(found: list[Window]) -> pl.DataFrame:
    """Every day of every window, to be joined to the day of a row; a day may lie in several windows."""
    last = pl.col("until").dt.offset_by("-1d")
    days = window_frame(found).filter(pl.col("until") > pl.col("period_start"))
    return days.with_columns(day=pl.date_ranges("period_start", last)).explode("day").drop("boundary")
