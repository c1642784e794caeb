"""The one place where a figure becomes text: tables, tooltips, axes and sentences all ask here.

Values are in the unit's own scale: percent is 0 to 100, days are days. A figure that does not exist is an en dash.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Protocol, TypeGuard

from kpitools.errors import ReportError, UnknownNameError

NOTHING = "–"
LARGEST = 1e300
MINUS = "\N{MINUS SIGN}"
#: Marks after which text is read the other way.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


class Benchmark(Protocol):
    """The range a KPI is expected in; either end may be open."""

    @property
    def low(self) -> float | None:
        """The least value that is expected."""

    @property
    def high(self) -> float | None:
        """The greatest value that is expected."""


class ShownKpi(Protocol):
    """What a chart or a table needs to know of a KPI."""

    @property
    def id(self) -> str:
        """The name it has in a result frame."""

    @property
    def label(self) -> str:
        """The name it has for people."""

    @property
    def unit(self) -> str:
        """One of `UNITS`."""

    @property
    def benchmark(self) -> Benchmark | None:
        """The range it is expected in, where there is one."""


@dataclass(frozen=True)
class Separators:
    """The signs inside a number.

    Attributes:
        decimal: between the whole part and the fraction: a point or a comma.
        thousands: between groups of three digits: a comma, a point, a space, an apostrophe, or nothing.

    Raises:
        ReportError: another sign, or the same for both.
    """

    decimal: str = "."
    thousands: str = ","

    def __post_init__(self) -> None:
        if self.decimal not in (".", ",") or self.thousands not in THOUSANDS or self.decimal == self.thousands:
            raise ReportError(
                f"Numbers cannot be written with {self.decimal!r} before the fraction and {self.thousands!r} between"
                " thousands; give a point or a comma, and another of comma, point, space, apostrophe or nothing."
            )


THOUSANDS = (",", ".", " ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'", "’", "")
_written = Separators()


def write_numbers(separators: Separators) -> Separators:
    """From now on write numbers so, in this process; returns how they were written before."""
    global _written
    before, _written = _written, separators
    return before


@contextmanager
def numbers_written(separators: Separators) -> Iterator[None]:
    """Write numbers so for a while.

    >>> with numbers_written(Separators(",", ".")):
    ...     format_value(1234.56, "days"), format_value(1234567, "currency", short=True), format_number(1234)
    ('1.234,6 d', '1,23 M', '1.234')
    >>> format_value(1234.56, "days")
    '1,234.6 d'
    """
    before = write_numbers(separators)
    try:
        yield
    finally:
        write_numbers(before)


def format_number(value: float | Decimal, spec: str = ",") -> str:
    """A number without a unit, by Python's format specification, with the separators of the time.

    >>> format_number(1234567), format_number(0.125, ",.2f")
    ('1,234,567', '0.12')
    """
    signs = str.maketrans({",": _written.thousands, ".": _written.decimal})
    return format(value, spec).translate(signs)


@dataclass(frozen=True)
class Unit:
    """How one unit is written: decimals, the sign behind a value, behind a difference, and in an axis title."""

    decimals: int
    sign: str = ""
    difference: str = ""
    title: str = ""
    axis: str = "~s"


UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        "count": Unit(0, axis=",~f"),
        "currency": Unit(0, title="amount"),
        "currency_per_day": Unit(0, "per day", "per day", "amount per day"),
        "days": Unit(1, "d", "d", "days", ",~f"),
        "hours": Unit(1, "h", "h", "hours", ",~f"),
        "minutes": Unit(1, "min", "min", "minutes", ",~f"),
        "number": Unit(2, axis=",~r"),
        "percent": Unit(1, "%", "pp", "%", ",~f"),
        "probability": Unit(2, axis="~f"),
        "ratio": Unit(2, axis=",~f"),
        "score": Unit(1, axis=",~f"),
        "seconds": Unit(1, "s", "s", "seconds", ",~f"),
    }
)


def unit_of(name: str) -> Unit:
    """How a unit is written; raises UnknownNameError for a unit nobody declared."""
    if name not in UNITS:
        raise UnknownNameError("unit", name, UNITS)
    return UNITS[name]


def format_value(value: float | None, unit: str, *, short: bool = False, currency: str = "") -> str:
    """A figure as text; `short` rounds large amounts, `currency` is a sign to put before an amount.

    >>> format_value(1234567, "currency"), format_value(1234567, "currency", short=True)
    ('1,234,567', '1.23 M')
    >>> format_value(63.1501, "percent"), format_value(51.78, "days"), format_value(None, "days")
    ('63.2 %', '51.8 d', '–')
    >>> format_value(-1200, "currency", currency="€")
    '−€ 1,200'
    """
    style = unit_of(unit)
    if not is_figure(value):
        return NOTHING
    number = _shortened(abs(value)) if short and abs(value) >= 1000 else _digits(abs(value), unit, style.decimals)
    before = f"{currency} " if currency and unit.startswith("currency") else ""
    return f"{_minus(value, number)}{before}{number}{_after(style.sign)}"


def format_difference(value: float | None, unit: str, *, short: bool = False, currency: str = "") -> str:
    """A change as text, always signed; percentages differ by percentage points.

    >>> format_difference(3.25, "percent"), format_difference(-1.5, "days"), format_difference(0, "count")
    ('+3.3 pp', '−1.5 d', '0')
    """
    if not is_figure(value):
        return NOTHING
    style = unit_of(unit)
    text = format_value(value, unit, short=short, currency=currency)
    text = text.removesuffix(_after(style.sign)) + _after(style.difference)
    return text if text.startswith(MINUS) or not any(digit in text for digit in "123456789") else f"+{text}"


def format_interval(lower: float | None, upper: float | None, unit: str) -> str:
    """Where the true figure may lie, in one go; rounded to whole numbers where the interval is wide enough.

    >>> format_interval(61.2, 66.4, "percent"), format_interval(0.12, 0.31, "ratio"), format_interval(None, 2, "days")
    ('61–66 %', '0.12–0.31', '–')
    >>> format_interval(-3.2, 5.1, "days")
    '−3 to 5 d'
    """
    if not (is_figure(lower) and is_figure(upper)):
        return NOTHING
    style = unit_of(unit)
    decimals = 0 if upper - lower >= 3 else max(style.decimals, 1)
    low, high = (_minus(end, text) + text for end in (lower, upper) for text in [_rounded(abs(end), decimals)])
    return f"{low}{' to ' if lower < 0 else '–'}{high}{_after(style.sign)}"


def format_benchmark(benchmark: Benchmark | None, unit: str) -> str:
    """A benchmark in words.

    >>> from kpitools.kpis.kpi import at_least, between
    >>> format_benchmark(at_least(30), "percent"), format_benchmark(between(20, 30), "percent")
    ('at least 30.0 %', '20.0 % to 30.0 %')
    """
    if benchmark is None:
        return ""
    low, high = (None if end is None else format_value(end, unit) for end in (benchmark.low, benchmark.high))
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else ""


def vega_format(unit: str) -> str:
    """The d3 format of an axis in this unit; the unit itself stands in the axis title.

    >>> vega_format("currency"), vega_format("percent")
    ('~s', ',~f')
    """
    return unit_of(unit).axis


def axis_title(label: str, unit: str) -> str:
    """A label with its unit.

    >>> axis_title("Win rate", "percent"), axis_title("Deals won", "count")
    ('Win rate (%)', 'Deals won')
    """
    title = unit_of(unit).title
    return f"{label} ({title})" if title and title not in label.casefold() else label


def format_date(day: date | None) -> str:
    """A day that reads the same everywhere.

    >>> format_date(date(2026, 9, 30))
    '30 Sep 2026'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if day else NOTHING


def format_period_range(start: date, end: date) -> str:
    """The days of a half-open period, first and last day included.

    >>> format_period_range(date(2026, 7, 1), date(2026, 10, 1))
    '1 Jul – 30 Sep 2026'
    """
    last = end - timedelta(days=1)
    if start == last:
        return format_date(start)
    first = format_date(start)
    return f"{first.removesuffix(f' {last.year}')} – {format_date(last)}"


def spreadsheet_safe(text: str) -> str:
    """Text that a spreadsheet shows instead of computing it: a leading formula sign gets an apostrophe.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("North")
    ("'=1+1", 'North')
    """
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r", "\n")) else text


def is_figure(value: object) -> TypeGuard[float]:
    """Whether there is a finite number to show."""
    return isinstance(value, int | float) and -LARGEST <= value <= LARGEST


def _digits(size: float, unit: str, decimals: int) -> str:
    fraction = not float(size).is_integer()
    if unit == "count":
        decimals = 1 if fraction and size < 100 else 0
    elif unit.startswith("currency") or unit == "number":
        decimals = 2 if fraction and size < 100 else 0
    elif unit == "score" and size < 1:
        decimals = 2
    text = _rounded(size, decimals)
    return text[:-1] if unit == "ratio" and text.endswith("0") else text


def _shortened(size: float) -> str:
    """Three digits that count: 1.23 M, 12.3 k, 845 k; 999,999 is 1.00 M, not 1000 k."""
    scale, letter = next((step for step in STEPS if size >= step[0] * 0.9995), STEPS[-1])
    scaled = size / scale
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{_rounded(scaled, decimals)} {letter}"


def _rounded(size: float, decimals: int) -> str:
    """Halves go up as people and spreadsheets round them: 63.15 is 63.2."""
    if size >= 1e15:
        return format_number(size, ",.0f")
    return format_number(Decimal(str(size)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), ",f")


def _minus(value: float, digits: str) -> str:
    return MINUS if value < 0 and any(digit in digits for digit in "123456789") else ""


def _after(sign: str) -> str:
    return f" {sign}" if sign else ""


def one_line(text: str) -> str:
    """Text from the data in one line, without control characters and marks that turn the direction of reading.

    Such a mark would turn the figures that a sentence says behind it: 12 would read as 21.

    >>> one_line("North\\r\\nBcc: all@example.com"), one_line("A\\u202eB")
    ('North Bcc: all@example.com', 'AB')
    """
    spaced = " ".join(text.split())
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in TURNING)


def markdown_text(text: str) -> str:
    r"""A name or message as Markdown that reads just so: nothing in it is markup, a link or HTML.

    >>> markdown_text("<b> *R&D* [x](javascript:1)")
    '\\<b\\> \\*R\\&D\\* \\[x\\]\\(javascript:1\\)'
    """
    return re.sub(r"([\\`*_{}\[\]()#+!|~$&<>-])", r"\\\1", one_line(text))
