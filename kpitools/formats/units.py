"""How a figure is written in its unit: in a cell, as a difference, as an interval, on an axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kpitools.errors import UnknownNameError
from kpitools.formats.numbers import MINUS, NOTHING, is_figure, minus, rounded

STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


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
        "probability": Unit(2, title="0 to 1", axis="~f"),
        "ratio": Unit(2, title="ratio", axis=",~f"),
        "score": Unit(1, title="points", axis=",~f"),
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
    return f"{minus(value, number)}{before}{number}{_after(style.sign)}"


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
    low, high = (minus(end, text) + text for end in (lower, upper) for text in [rounded(abs(end), decimals)])
    return f"{low}{' to ' if lower < 0 else '–'}{high}{_after(style.sign)}"


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


def heading(label: str, unit: str) -> str:
    """What stands over or before figures that are written by `format_value`: the unit, where they do not bear it.

    >>> heading("Win rate", "percent"), heading("Quota", "currency"), heading("Amount won", "currency")
    ('Win rate', 'Quota (amount)', 'Amount won')
    """
    return label if unit_of(unit).sign else axis_title(label, unit)


def _digits(size: float, unit: str, decimals: int) -> str:
    fraction = not float(size).is_integer()
    if unit == "count":
        decimals = 1 if fraction and size < 100 else 0
    elif unit.startswith("currency") or unit == "number":
        decimals = 2 if fraction and size < 100 else 0
    elif unit == "score" and size < 1:
        decimals = 2
    text = rounded(size, decimals)
    return text[:-1] if unit == "ratio" and text.endswith("0") else text


def _shortened(size: float) -> str:
    """Three digits that count: 1.23 M, 12.3 k, 845 k; 999,999 is 1.00 M, not 1000 k."""
    scale, letter = next((step for step in STEPS if size >= step[0] * 0.9995), STEPS[-1])
    scaled = size / scale
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{rounded(scaled, decimals)} {letter}"


def _after(sign: str) -> str:
    return f" {sign}" if sign else ""
