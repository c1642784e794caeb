"""The periods that can be chosen: calendar ones, and fiscal ones where the company's year starts in another month."""

from __future__ import annotations

from datetime import date
from typing import cast

import polars as pl

from kpitools.formats import MONTHS
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset
from kpitools.pages.options import COUNTED

MOST_PERIODS = 60


class Periods:
    """The periods that what is counted reaches into, by calendar: a rep's hiring ten years ago opens none."""

    def __init__(self, data: Dataset, fiscal_start: int) -> None:
        spans = data.describe()
        counted = [name for name in COUNTED if name in data][:1] or spans["table"].to_list()
        self._first = cast(date | None, spans.filter(pl.col("table").is_in(counted))["first"].min())
        self._last = data.last_day
        self._fiscal_start = fiscal_start

    def calendars(self, current: Period) -> dict[str, RegularCalendar]:
        """The calendars by their names for people; also the current period's, whatever it is."""
        known = [RegularCalendar(grain) for grain in ("week", "month", "quarter", "year")]
        if self._fiscal_start != 1:
            known += [RegularCalendar(grain, self._fiscal_start) for grain in ("quarter", "year")]
        return {_name(calendar): calendar for calendar in dict.fromkeys([*known, calendar_of(current)])}

    def listed(self, current: Period) -> dict[str, str]:
        """The periods of the current one's calendar by name, the latest first; the current one among them."""
        calendar = calendar_of(current)
        period = calendar.containing(max(self._last or current.start, current.start))
        found: dict[str, str] = {}
        while len(found) < MOST_PERIODS and period.end > (self._first or current.start):
            found[period.name] = period.text
            period = calendar.shift(period, -1)
        return found if current.text in found.values() else {**found, current.name: current.text}

    def nearest(self, calendar: RegularCalendar, current: Period) -> Period:
        """The period of another calendar that stands for the current one: at its end, or where the data ends in it."""
        last = min(current.last_day, self._last or current.last_day)
        return calendar.containing(max(current.start, last))

    def remark(self, period: Period, day: date) -> str:
        """What makes a page on this period empty, if anything: it had not begun on the day, or the data ends before."""
        if day < period.start:
            return f"{period.name} had not begun on the day this is seen from."
        if self._last is not None and period.start > self._last:
            return f"{period.name} begins after the last day of this data, {self._last.isoformat()}."
        return ""


def calendar_of(period: Period) -> RegularCalendar:
    """The calendar of a period that a text names."""
    assert isinstance(period.calendar, RegularCalendar)
    return period.calendar


def _name(calendar: RegularCalendar) -> str:
    """A calendar in words.

    >>> _name(RegularCalendar("month")), _name(RegularCalendar("quarter", 4))
    ('Months', 'Fiscal quarters from Apr')
    """
    if calendar.fiscal_start == 1:
        return f"{calendar.grain.capitalize()}s"
    return f"Fiscal {calendar.grain}s from {MONTHS[calendar.fiscal_start - 1]}"
