"""Small words: counts, ranges, lists and names inside a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpitools.analyses.chance import Interval
from kpitools.formats import format_value, markdown_text, unit_of

#: So many names a sentence lists before it says how many more there are.
MOST_NAMES = 5


def counted(n: float, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "deal"), counted(1204, "deal"), counted(2, "is", "are")
    ('1 deal', '1,204 deals', '2 are')
    """
    return f"{format_value(n, 'count')} {one if n == 1 else many or one + 's'}"


def between(lower: float, upper: float, unit: str) -> str:
    """Two bounds with their unit once.

    >>> between(44.1, 54.1, "percent")
    '44.1 to 54.1 %'
    """
    sign = unit_of(unit).sign
    return f"{format_value(lower, unit).removesuffix(sign).rstrip()} to {format_value(upper, unit)}"


def interval_words(interval: Interval, unit: str = "percent") -> str:
    """An interval as it stands in brackets."""
    return f"95 % interval {between(*interval, unit)}"


def listed(parts: Sequence[str], most: int = MOST_NAMES) -> str:
    """Some parts as a sentence lists them.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c"], most=2)
    ('a', 'a, b and c', 'a, b and 1 more')
    """
    shown = list(parts[:most])
    rest = [f"{len(parts) - most} more"] if len(parts) > most else []
    *first, last = [*shown, *rest]
    return f"{', '.join(first)} and {last}" if first else last


def total(column: pl.Series) -> float:
    """The sum of a column; 0 of nothing."""
    return float(column.sum() or 0)


def name(text: str | None) -> str:
    """A name from data, escaped; one that is missing is said to be missing."""
    return "(none)" if text is None else markdown_text(text)
