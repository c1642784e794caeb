"""Benchmarks: what is usual, good and best elsewhere, by industry and size of company, as data in `benchmarks.csv`.

A KPI's first row there is its default; a scope's first row is the range that figures in this scope are compared with,
its other rows are further bands. Readings of one KPI share a row. A row without numbers says that there are none to be
had, and why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from kpitools.errors import UnknownNameError

Better = Literal["higher", "lower", "band", "none"]
Band = Literal["typical", "good", "top"]

BANDS: tuple[Band, ...] = get_args(Band)
#: The scope of a company's own numbers, which go before any other.
OWN = "own"
GENERAL = "general"
#: Industries that are part of a wider one, where the name does not say so.
WITHIN = {"saas": "software"}
#: How many days a period has for which a benchmark is meant; one of no such length is for any period.
LENGTHS = {"day": (1, 1), "quarter": (80, 100), "year": (300, 400)}
DATA = Path(__file__).with_name("benchmarks.csv")


@dataclass(frozen=True)
class Benchmark:
    """What is usual or good elsewhere: from `low` to `high`, either of which may be open.

    Attributes:
        low, high: in the unit of the KPI.
        scope: for which industry or company: `general`, `saas`, `saas_enterprise`, ...; a company's own is `own`.
        band: whether it is typical, good or what the best reach.
        per: `day`, `quarter` or `year` where it is for figures of such periods only.
        source: of the numbers, as in the sources' list.
        note: a word of caution.

    >>> at_least(30).judge(28.0, "higher"), between(3, 4).judge(3.5, "higher"), at_most(1).judge(0.5, "lower")
    ('worse', 'within', 'within')
    """

    low: float | None = None
    high: float | None = None
    scope: str = GENERAL
    band: Band = "good"
    per: str = ""
    source: str = ""
    note: str = ""

    @property
    def can_judge(self) -> bool:
        """Whether there is a number, and it is for the figure of a period (not, say, of a rep and day)."""
        return (self.low is not None or self.high is not None) and self.per in ("", *LENGTHS)

    def fits(self, days: int) -> bool:
        """Whether it is meant for figures of a period of so many days: a yearly churn is none for a quarter.

        >>> between(5, 7).fits(92), Benchmark(5, 7, per="year").fits(92), Benchmark(5, 7, per="year").fits(365)
        (True, False, True)
        """
        shortest, longest = LENGTHS.get(self.per, (0, days))
        return shortest <= days <= longest

    def judge(self, value: float | None, better: Better) -> str | None:
        """Where a value stands: better or worse than the range, or within it; of a band, outside is worse."""
        if value is None or better == "none":
            return None
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if not below and not above:
            return "within"
        good_side = {"higher": above, "lower": below, "band": False}[better]
        return "better" if good_side else "worse"

    def distance(self, value: float | None) -> float | None:
        """How far a value lies from the range; 0 within it."""
        if value is None:
            return None
        if self.low is not None and value < self.low:
            return value - self.low
        if self.high is not None and value > self.high:
            return value - self.high
        return 0.0


def at_least(low: float, scope: str = GENERAL) -> Benchmark:
    """A benchmark to reach."""
    return Benchmark(low, None, scope)


def at_most(high: float, scope: str = GENERAL) -> Benchmark:
    """A benchmark to stay under."""
    return Benchmark(None, high, scope)


def between(low: float, high: float, scope: str = GENERAL) -> Benchmark:
    """A benchmark range."""
    return Benchmark(low, high, scope)


@cache
def data() -> dict[str, tuple[Benchmark, ...]]:
    """Every benchmark by KPI, in the order of the file.

    >>> [(each.scope, each.band, each.low) for each in data()["lead_conversion_rate"]]
    [('general', 'typical', 2.0), ('real_estate', 'typical', 1.0), ('real_estate', 'top', 5.0)]
    """
    found: dict[str, tuple[Benchmark, ...]] = {}
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for kpi in row["kpi"].split(";"):
                found[kpi] = (*found.get(kpi, ()), _read(row))
    return found


def _read(row: dict[str, str]) -> Benchmark:
    low, high = (float(row[bound]) if row[bound] else None for bound in ("low", "high"))
    return Benchmark(low, high, row["scope"], row["band"], row["per"], row["source"], row["note"])  # type: ignore[arg-type]


def scopes() -> list[str]:
    """What can be chosen as a scope, sorted."""
    return sorted({each.scope for several in data().values() for each in several})


def check_scope(scope: str) -> None:
    """Refuse a scope that there is not.

    Raises:
        UnknownNameError: no benchmark is of that scope; the message names the nearest.
    """
    if scope not in (known := scopes()):
        raise UnknownNameError("scope of benchmarks", scope, known)


def in_scope(found: Sequence[Benchmark], scope: str) -> tuple[Benchmark, ...]:
    """Those of a scope: a company's own, else the scope's, else of a part of it, of a wider one, or in general.

    Numbers of another industry are never taken.

    >>> [in_scope(data()["net_revenue_retention"], scope)[0].scope for scope in ("saas", "saas_enterprise")]
    ['saas_smb', 'saas_enterprise']
    >>> in_scope(data()["net_revenue_retention"], "retail"), in_scope(data()["win_rate"], "retail")[0].scope
    ((), 'general')
    """
    parts = [each.scope for each in found if each.scope.startswith(f"{scope}_")]
    for place in (OWN, scope, *parts, *_wider(scope)):
        if chosen := tuple(each for each in found if each.scope == place and each.can_judge):
            return chosen
    return ()


def _wider(scope: str) -> Iterator[str]:
    while scope:
        scope = WITHIN.get(scope) or scope.rpartition("_")[0]
        yield scope or GENERAL


def reached(bands: Sequence[Benchmark], value: float | None, better: Better) -> str | None:
    """The best band that a value reaches, or `below` where it reaches none.

    >>> bands = [Benchmark(30, 50, band="typical"), Benchmark(60, band="top")]
    >>> [reached(bands, value, "higher") for value in (20.0, 55.0, 61.0)]
    ['below', 'typical', 'top']
    """
    if value is None or better == "none" or not bands:
        return None
    there = {each.band for each in bands if each.judge(value, better) != "worse"}
    return next((band for band in reversed(BANDS) if band in there), "below")
