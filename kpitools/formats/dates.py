"""How days and periods are written."""

from __future__ import annotations

import re
from datetime import date, timedelta

from kpitools.formats.numbers import NOTHING

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: A day that reads the same everywhere: day, month by name, year.
PLAIN = "d MMM y"
ISO = "y-MM-dd"
_PART = re.compile("d{1,2}|M{1,3}|y")
_written = PLAIN


def is_pattern(text: str) -> bool:
    """Whether days can be written so: each of day, month and year once, with signs between.

    >>> is_pattern("d.M.y"), is_pattern("MMM d, y"), is_pattern("d.M"), is_pattern("y年M月d日")
    (True, True, False, False)
    """
    parts = [part[0] for part in _PART.findall(text)]
    return sorted(parts) == ["M", "d", "y"] and not re.search("[^ .,/-]", _PART.sub("", text))


def write_dates(pattern: str) -> str:
    """From now on write days so, in this process; returns how they were written before."""
    global _written
    before, _written = _written, pattern
    return before


def format_date(day: date | None) -> str:
    """A day, in the way of the time.

    >>> format_date(date(2026, 9, 30))
    '30 Sep 2026'
    """
    return _as_written(day, _written) if day else NOTHING


def format_period_range(start: date, end: date) -> str:
    """The days of a half-open period, first and last day included.

    >>> format_period_range(date(2026, 7, 1), date(2026, 10, 1))
    '1 Jul – 30 Sep 2026'
    """
    last = end - timedelta(days=1)
    if start == last:
        return format_date(start)
    first = format_date(start)
    if _written == PLAIN:
        first = first.removesuffix(f" {last.year}")
    return f"{first} – {format_date(last)}"


def _as_written(day: date, pattern: str) -> str:
    parts = {"d": f"{day.day}", "dd": f"{day.day:02}", "M": f"{day.month}", "MM": f"{day.month:02}"}
    parts |= {"MMM": MONTHS[day.month - 1], "y": f"{day.year}"}
    return _PART.sub(lambda part: parts[part[0]], pattern)
