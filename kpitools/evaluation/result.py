"""What `evaluate` gives: one tidy frame, and the usual ways to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from kpitools.kpis.kpi import Kpi

#: Stands in a dimension's column for all of its groups together.
TOTAL = "(all)"


@dataclass(frozen=True, eq=False)
class Result:
    """Figures by group, period and KPI.

    Attributes:
        frame: the dimensions, `period`, `start`, `end` (the first day after), `complete`, `kpi`, `value`, `lower`,
            `upper`, `numerator`, `denominator`, `n`, `small`; per comparison its value, difference and status, for
            other periods the days compared, and for the benchmark its scope and the best band reached.
        kpis: the KPIs, in the order asked for.
        by: the dimensions.
    """

    frame: pl.DataFrame
    kpis: tuple[Kpi, ...]
    by: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Result of {len(self.kpis)} KPIs by {', '.join(self.by) or 'nothing'}\n{self.frame}"

    def _repr_html_(self) -> str:
        return self.frame._repr_html_()

    def of(self, kpi: Kpi) -> pl.DataFrame:
        """The rows of one KPI."""
        return self.frame.filter(pl.col("kpi") == kpi.id)

    def wide(self, values: str = "value") -> pl.DataFrame:
        """One row per group and period, one column per KPI."""
        index = [*self.by, "period"]
        columns = [pl.col(values).filter(pl.col("kpi") == kpi.id).first().alias(kpi.id) for kpi in self.kpis]
        return self.frame.group_by(index, maintain_order=True).agg(columns)

    def records(self) -> list[dict[str, object]]:
        """One plain record per group, period and KPI, dates as text; for JSON."""
        dates = [name for name, kind in self.frame.schema.items() if kind == pl.Date]
        return self.frame.with_columns(pl.col(dates).cast(pl.String)).to_dicts()


def columns(comparisons: Sequence[str]) -> list[str]:
    """The columns of a result beside its dimensions, in their order."""
    base = [
        "period",
        "start",
        "end",
        "complete",
        "kpi",
        "value",
        "lower",
        "upper",
        "numerator",
        "denominator",
        "n",
        "small",
    ]
    for name in comparisons:
        base += [name, f"{name}_difference", f"{name}_status"]
        base += [f"{name}_start", f"{name}_end"] if name in PERIODS else []
        base += [f"{name}_scope", f"{name}_band"] if name == "benchmark" else []
    return base


#: Comparisons with another period, and with something else.
PERIODS = ("previous", "year_ago", "same_point")
OTHERS = ("target", "benchmark", "peers")
