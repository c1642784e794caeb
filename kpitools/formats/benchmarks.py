"""What a KPI is to its readers, and the range it is expected in."""

from __future__ import annotations

from typing import Protocol

from kpitools.formats.units import format_value


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
