"""What a cell says: one text for the page, the terminal and a screen reader alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from kpitools.formats import (
    NOTHING,
    format_date,
    format_difference,
    format_interval,
    format_value,
    heading,
    is_figure,
    one_line,
)

STATUS = {"better": "✓", "worse": "✗", "level": "=", "within chance": "≈", "within": "✓", "below": "▼", "above": "▲"}
BARS = "▁▂▃▄▅▆▇█"
TO_THE_RIGHT = ("number", "comparison", "interval", "sample")


def cell_text(kind: str, value: Any, unit: str) -> str:
    """A cell as one line of text."""
    return WRITERS[kind](value, unit)


def parts(value: Any) -> list[Any]:
    """The up to three parts of a cell; a lone value is the first."""
    return [*(value if isinstance(value, list) else [value]), None, None, None][:3]


def comparison_text(value: Any, unit: str) -> str:
    """Another figure, how far away from it this one is, and whether that is good.

    >>> comparison_text([60, 3.2, "better"], "percent")
    '60.0 % (+3.2 pp ✓ better)'
    """
    other, difference, status = parts(value)
    if not is_figure(difference):
        return format_value(other, unit)
    return f"{format_value(other, unit)} ({f'{format_difference(difference, unit)} {status_text(status)}'.strip()})"


def status_text(status: Any) -> str:
    """A status as sign and word, so that colour is never the only sign.

    >>> status_text("better")
    '✓ better'
    """
    return f"{STATUS.get(status, '')} {status}".strip() if isinstance(status, str) else ""


def spark_text(values: Any) -> str:
    """A trend as a row of bars; a missing figure is a blank.

    >>> spark_text([1, 2, None, 8])
    '▁▂ █'
    """
    known = spark_figures(values)
    if not known:
        return NOTHING
    low, span = min(known), (max(known) - min(known)) or 1
    return "".join(BARS[round((v - low) / span * (len(BARS) - 1))] if is_figure(v) else " " for v in values)


def spark_words(values: Any, unit: str) -> str:
    """A trend in words.

    >>> spark_words([50, 64, 63.2], "percent")
    'Trend over 3 periods: from 50.0 % to 63.2 %, lowest 50.0 %, highest 64.0 %'
    """
    known = spark_figures(values)
    if not known:
        return "No trend"
    first, last, low, high = (format_value(v, unit) for v in (known[0], known[-1], min(known), max(known)))
    return f"Trend over {len(values)} periods: from {first} to {last}, lowest {low}, highest {high}"


def spark_figures(values: Any) -> list[float]:
    """The figures among the cells of a trend."""
    return [value for value in values if is_figure(value)] if isinstance(values, list) else []


def date_text(value: Any) -> str:
    """A day in words; what is no day stays as it is."""
    try:
        return format_date(date.fromisoformat(value[:10])) if value else NOTHING
    except (TypeError, ValueError):
        return plain_text(value)


def plain_text(value: Any) -> str:
    """Any value as one line."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(str(value))


def row_name(value: Any, unit: str) -> str:
    """The name of a row, with the unit of its figures where they do not bear it.

    >>> row_name("Average deal size", "currency"), row_name("Win rate", "percent")
    ('Average deal size (amount)', 'Win rate')
    """
    return heading(plain_text(value), unit)


def interval_text(value: Any, unit: str) -> str:
    """A lower and an upper end."""
    lower, upper, _ = parts(value)
    return format_interval(lower, upper, unit)


def sample_text(value: Any, unit: str) -> str:
    """A number of cases, and whether they are few."""
    cases, small, _ = parts(value)
    return f"{format_value(cases, 'count')}{' (small)' if small else ''}"


def benchmark_text(value: Any, unit: str) -> str:
    """What is expected, and where the figure stands."""
    words, status, _ = parts(value)
    return f"{plain_text(words)} {status_text(status)}".strip()


WRITERS: Mapping[str, Callable[[Any, str], str]] = {
    "text": lambda value, unit: plain_text(value),
    "number": format_value,
    "comparison": comparison_text,
    "interval": interval_text,
    "sample": sample_text,
    "status": lambda value, unit: status_text(value) or NOTHING,
    "benchmark": benchmark_text,
    "spark": lambda value, unit: spark_text(value),
    "date": lambda value, unit: date_text(value),
}
