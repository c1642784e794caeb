"""How a number is written: the signs inside it, and half of a digit rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeGuard

from kpitools.errors import ReportError

NOTHING = "–"
LARGEST = 1e300
MINUS = "\N{MINUS SIGN}"


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


def format_number(value: float | Decimal, spec: str = ",") -> str:
    """A number without a unit, by Python's format specification, with the separators of the time.

    >>> format_number(1234567), format_number(0.125, ",.2f")
    ('1,234,567', '0.12')
    """
    signs = str.maketrans({",": _written.thousands, ".": _written.decimal})
    return format(value, spec).translate(signs)


def is_figure(value: object) -> TypeGuard[float]:
    """Whether there is a finite number to show."""
    return isinstance(value, int | float) and -LARGEST <= value <= LARGEST


def rounded(size: float, decimals: int) -> str:
    """Halves go up as people and spreadsheets round them: 63.15 is 63.2; no sign."""
    if size >= 1e15:
        return format_number(size, ",.0f")
    return format_number(Decimal(str(size)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), ",f")


def minus(value: float, digits: str) -> str:
    """The sign before the digits of a value: none before what was rounded to nothing."""
    return MINUS if value < 0 and any(digit in digits for digit in "123456789") else ""
