"""Where in time a figure is taken: periods as far as they have been seen, and the windows measures are counted in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from kpitools.measures.anchors import Anchored
from kpitools.measures.measure import Timing, When
from kpitools.model.calendar import Period

BEGINNING = date(1970, 1, 1)
MIDNIGHT = pl.Datetime("us")
#: The columns of a window that measures may read.
PERIOD = ("period_start", "period_end", "until")


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


def _window_of_day(found: list[Window], days: pl.DataFrame) -> pl.Expr:
    """The one window that a day lies in, read off a list of all days: a join would copy every row."""
    if days.is_empty():
        return pl.lit(None, pl.Int32)
    first, last = min(window.start for window in found), max(window.until for window in found)
    every = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    number = every.join(days, on="day", how="left", maintain_order="left")["w"]
    inside = pl.col("day").is_between(first, last)
    place = pl.when(inside).then((pl.col("day") - pl.lit(first)).dt.total_days()).otherwise(0)
    return pl.when(inside).then(pl.lit(number).gather(place))


def near(when: When, found: list[Window]) -> pl.Expr:
    """The rows that may lie in one of the windows, so that what is joined to each is joined to few."""
    if not found or when.timing == "spread":
        return pl.lit(bool(found))
    start, ends = pl.col(when.start), [window.boundary or window.until for window in found]
    if when.timing == "at":
        return (start >= min(window.start for window in found)) & (start < max(ends))
    starts = [window.boundary or window.start for window in found]
    end = pl.col(when.end) if when.end else pl.lit(None, pl.Date)
    return (start < max(ends)) & (end.is_null() | (end >= min(starts)))


def in_windows(rows: pl.LazyFrame, when: When, found: list[Window], context: set[str]) -> pl.LazyFrame:
    """The rows once for every window they count in, with those columns of the window that are read."""
    needed = ["w", *sorted(context & {*PERIOD})]
    if when.timing == "at":
        dated, days = rows.with_columns(day=pl.col(when.start).cast(pl.Date)), day_frame(found)
        if needed == ["w"] and days["day"].is_unique().all():
            return dated.with_columns(w=_window_of_day(found, days)).filter(pl.col("w").is_not_null())
        return dated.join(days.lazy().select("day", *needed), on="day")
    start, end = pl.col(when.start), pl.col(when.end) if when.end else pl.lit(None, pl.Date)
    cases = rows.join(window_frame(found).lazy(), how="cross")
    if when.timing == "alive":
        boundary = pl.col("boundary").cast(MIDNIGHT)
        alive = (start.cast(MIDNIGHT) < boundary) & (end.is_null() | (end.cast(MIDNIGHT) >= boundary))
        return cases.filter(alive).with_columns(day=pl.col("boundary").dt.offset_by("-1d"))
    if when.timing == "during":
        return cases.filter(
            start.cast(MIDNIGHT) < pl.col("until").cast(MIDNIGHT),
            end.is_null() | (end.cast(MIDNIGHT) >= pl.col("period_start").cast(MIDNIGHT)),
        )
    after = end.dt.offset_by("1d")
    inside = (pl.min_horizontal(after, "period_end") - pl.max_horizontal(start, "period_start")).dt.total_days()
    whole = (after - start).dt.total_days()
    return cases.with_columns(overlap=inside / whole, day=end).filter(pl.col("overlap") > 0)
