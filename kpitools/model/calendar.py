"""Calendars: consecutive half-open periods, and the words they are written in.

A calendar answers three questions: which period contains a day, which one lies n periods on, and which one
stood at the same place a year before. Comparing never guesses: where there is no such period, the answer is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol

from kpitools.errors import EvaluationError

MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Calendar(Protocol):
    """What every calendar can tell."""

    def containing(self, day: date) -> Period | None:
        """The period that contains the day."""

    def shift(self, period: Period, steps: int) -> Period | None:
        """The period so many steps later (earlier where negative)."""

    def year_ago(self, period: Period) -> Period | None:
        """The period at the same place of the year before."""


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, but not including, `end`.

    >>> quarter = parse_period("2026Q3")
    >>> quarter.start, quarter.end, quarter.days
    (datetime.date(2026, 7, 1), datetime.date(2026, 10, 1), 92)
    >>> str(quarter.previous()), str(quarter.year_ago()), quarter.name
    ('2026Q2', '2025Q3', 'Q3 2026')
    """

    start: date
    end: date
    label: str = field(compare=False)
    calendar: Calendar = field(compare=False, repr=False)
    name: str = field(compare=False, repr=False, default="")

    def __str__(self) -> str:
        return self.label

    @property
    def text(self) -> str:
        """A text that `parse_period` reads as this very period: of a fiscal one it says in which month the year starts.

        >>> parse_period("FY2026Q2", fiscal_start=4).text
        'FY2026Q2@4'
        """
        start = getattr(self.calendar, "fiscal_start", 1)
        return self.label if start == 1 else f"{self.label}@{start}"

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - timedelta(days=1)

    def previous(self) -> Period | None:
        """The period before this one."""
        return self.calendar.shift(self, -1)

    def year_ago(self) -> Period | None:
        """The same period of the year before; None where that year had none, as with 29 February."""
        return self.calendar.year_ago(self)

    def first_days(self, days: int) -> Period:
        """The first days of the period: itself where it has no more than that.

        >>> parse_period("2026-02").first_days(31).days, parse_period("2026-03").first_days(14).last_day
        (28, datetime.date(2026, 3, 14))
        """
        return replace(self, end=min(self.end, self.start + timedelta(days=days)))


@dataclass(frozen=True)
class RegularCalendar:
    """Days, ISO weeks, months, quarters or years; quarters and years may start in any month.

    A fiscal year carries the number of the calendar year in which it ends.

    >>> RegularCalendar("year", fiscal_start=4).containing(date(2026, 2, 1)).label
    'FY2026'
    """

    grain: str
    fiscal_start: int = 1

    def containing(self, day: date) -> Period:
        """The period that contains the day."""
        if self.grain == "day":
            return self._period(day)
        if self.grain == "week":
            return self._period(day - timedelta(days=day.weekday()))
        back = (day.month - self.fiscal_start) % MONTHS[self.grain]
        return self._period(add_months(day.replace(day=1), -back))

    def shift(self, period: Period, steps: int) -> Period:
        """The period so many steps later."""
        return self._period(self._step(period.start, steps))

    def year_ago(self, period: Period) -> Period | None:
        """The same day, ISO week, month, quarter or year of the year before."""
        year = period.start.year - 1
        try:
            if self.grain == "day":
                return self._period(period.start.replace(year=year))
            if self.grain == "week":
                iso = period.start.isocalendar()
                return self._period(date.fromisocalendar(iso.year - 1, iso.week, 1))
        except ValueError:  # 29 February, or week 53: the year before had none
            return None
        return self._period(add_months(period.start, -12))

    def _step(self, start: date, steps: int) -> date:
        if self.grain in MONTHS:
            return add_months(start, MONTHS[self.grain] * steps)
        return start + timedelta(days=steps * (7 if self.grain == "week" else 1))

    def _period(self, start: date) -> Period:
        label, name = self._words(start)
        return Period(start, self._step(start, 1), label, self, name)

    def _words(self, start: date) -> tuple[str, str]:
        iso = start.isocalendar()
        if self.grain == "day":
            return start.isoformat(), f"{start.day} {start:%B %Y}"
        if self.grain == "week":
            return f"{iso.year}-W{iso.week:02}", f"week {iso.week} of {iso.year}"
        if self.grain == "month":
            return f"{start:%Y-%m}", f"{start:%B %Y}"
        fiscal = self.fiscal_start != 1
        year = start.year + (fiscal and start.month >= self.fiscal_start)
        prefix, spoken = ("FY", "fiscal ") if fiscal else ("", "")
        if self.grain == "year":
            return f"{prefix}{year}", f"{spoken}{year}"
        quarter = (start.month - self.fiscal_start) % 12 // 3 + 1
        return f"{prefix}{year}Q{quarter}", f"Q{quarter} {spoken}{year}"


class ListedCalendar:
    """Periods as a company lists them: 4-4-5 weeks, trading seasons, school terms.

    Args:
        starts: label -> first day, in order; each period ends where the next begins.
        end: the day after the last period.
        years: label -> the label of the same period a year before; where it says nothing, there is none.

    Raises:
        EvaluationError: the first days do not rise.

    >>> terms = ListedCalendar({"spring": date(2026, 2, 1), "autumn": date(2026, 8, 1)}, end=date(2027, 1, 1))
    >>> [str(period) for period in terms], str(terms["autumn"].previous()), terms["autumn"].year_ago()
    (['spring', 'autumn'], 'spring', None)
    """

    def __init__(self, starts: Mapping[str, date], *, end: date, years: Mapping[str, str] | None = None) -> None:
        bounds = [*starts.values(), end]
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise EvaluationError(f"The first days of a calendar's periods must rise; these do not: {bounds}.")
        self._periods = {
            label: Period(start, stop, label, self, label)
            for (label, start), stop in zip(starts.items(), bounds[1:], strict=True)
        }
        self._order = list(self._periods)
        self._years = dict(years or {})

    def __iter__(self) -> Iterator[Period]:
        return iter(self._periods.values())

    def __getitem__(self, label: str) -> Period:
        if label not in self._periods:
            raise EvaluationError(f"This calendar has no period {label!r}; it has {', '.join(self._order)}.")
        return self._periods[label]

    def containing(self, day: date) -> Period | None:
        """The period that contains the day; None outside the list."""
        return next((period for period in self if period.start <= day < period.end), None)

    def shift(self, period: Period, steps: int) -> Period | None:
        """The period so many steps later; None outside the list."""
        place = self._order.index(period.label) + steps
        return self._periods[self._order[place]] if 0 <= place < len(self._order) else None

    def year_ago(self, period: Period) -> Period | None:
        """The period that was named as the same one a year before."""
        return self._periods.get(self._years.get(period.label, ""))


def weeks_calendar(year_starts: Sequence[date], *, pattern: Sequence[int] = (4, 4, 5)) -> ListedCalendar:
    """A 4-4-5 calendar (or 4-5-4, 5-4-4): twelve periods of whole weeks a year, a 53rd week in the last one.

    Args:
        year_starts: first day of each fiscal year and, last, the day after the final one.
        pattern: weeks of the three periods of a quarter.

    >>> calendar = weeks_calendar([date(2024, 12, 30), date(2025, 12, 29), date(2026, 12, 28)])
    >>> period = calendar["2026P03"]
    >>> period.start, period.days, str(period.year_ago())
    (datetime.date(2026, 2, 23), 35, '2025P03')
    """
    starts: dict[str, date] = {}
    years: dict[str, str] = {}
    for first, following in pairwise(year_starts):
        year = (first + (following - first) / 2).year
        day = first
        for number, weeks in enumerate(list(pattern) * 4, 1):
            starts[f"{year}P{number:02}"] = day
            years[f"{year}P{number:02}"] = f"{year - 1}P{number:02}"
            day += timedelta(weeks=weeks)
    return ListedCalendar(starts, end=year_starts[-1], years=years)


def add_months(day: date, months: int) -> date:
    """The day so many months later; the last of the month where that month is shorter.

    >>> add_months(date(2026, 3, 31), -1)
    datetime.date(2026, 2, 28)
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(years + (month == 11), (month + 1) % 12 + 1, 1)
    return date(years, month + 1, min(day.day, (following - timedelta(days=1)).day))


_MONTHS = tuple(map(str, range(1, 13)))
_FORMS = (
    (re.compile(r"(FY)?(\d{4})-?Q([1-4])"), "quarter"),
    (re.compile(r"(FY)?(\d{4})"), "year"),
    (re.compile(r"(\d{4})-W(\d{1,2})"), "week"),
    (re.compile(r"(\d{4})-(\d{2})"), "month"),
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), "day"),
)


def parse_period(text: str, *, fiscal_start: int = 1) -> Period:
    """The period that a text names.

    Args:
        text: `2026Q3`, `2026-09`, `2026-W37`, `2026-09-14`, `2026`, `FY2026` or `FY2026Q2`; `FY2026Q2@4` says itself
            that the fiscal year starts in April.
        fiscal_start: first month of the fiscal year, for the FY forms.

    Raises:
        EvaluationError: the text has none of these forms, or names no day that exists.

    >>> parse_period("FY2026Q2", fiscal_start=4).start
    datetime.date(2025, 7, 1)
    """
    named, _, start = text.strip().partition("@")
    fiscal_start = int(start) if start in _MONTHS else fiscal_start
    for form, grain in _FORMS:
        if found := form.fullmatch(named if start in ("", *_MONTHS) else text):
            try:
                return _read(grain, found.groups(), fiscal_start)
            except ValueError as error:
                raise EvaluationError(f"There is no period {text!r}: {error}.") from None
    raise EvaluationError(
        f"{text!r} is not a period. Write 2026Q3, 2026-09, 2026-W37, 2026-09-14, 2026, FY2026 or FY2026Q2, "
        "or a range of them such as 2025Q1..2026Q3."
    )


def _read(grain: str, parts: Sequence[str], fiscal_start: int) -> Period:
    if grain in ("quarter", "year"):
        month = fiscal_start if parts[0] else 1
        first = date(int(parts[1]) - (month > 1), month, 1)
        months = 3 * (int(parts[2]) - 1) if grain == "quarter" else 0
        return RegularCalendar(grain, month).containing(add_months(first, months))
    numbers = [int(part) for part in parts]
    if grain == "week":
        return RegularCalendar("week").containing(date.fromisocalendar(numbers[0], numbers[1], 1))
    return RegularCalendar(grain).containing(date(*numbers, *[1] * (3 - len(numbers))))


def parse_periods(text: str, *, fiscal_start: int = 1) -> list[Period]:
    """The periods of a range, both ends included, or the one period named.

    Raises:
        EvaluationError: not a period, two forms mixed, or the range runs backwards.

    >>> [str(period) for period in parse_periods("2025Q4..2026Q2")]
    ['2025Q4', '2026Q1', '2026Q2']
    """
    ends = [parse_period(part, fiscal_start=fiscal_start) for part in text.split("..")]
    first, last = ends[0], ends[-1]
    if len(ends) > 2 or first.calendar != last.calendar or last < first:
        raise EvaluationError(f"{text!r} is not a range of periods of one form, the earlier one first: 2025Q1..2026Q3.")
    return list(_through(first, last))


def periods_until(last: Period, count: int) -> list[Period]:
    """The last `count` periods up to and including `last`; fewer where the calendar begins later.

    >>> [str(period) for period in periods_until(parse_period("2026Q1"), 3)]
    ['2025Q3', '2025Q4', '2026Q1']
    """
    earlier = (last.calendar.shift(last, -steps) for steps in range(count - 1, -1, -1))
    return [period for period in earlier if period is not None]


def _through(first: Period, last: Period) -> Iterator[Period]:
    period: Period | None = first
    while period is not None and period <= last:
        yield period
        period = period.calendar.shift(period, 1)
