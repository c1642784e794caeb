"""Whether two ways to the figures agree, figure by figure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from kpitools.evaluation.figures import Figures
from kpitools.evaluation.leaves import Leaf, leaves
from kpitools.evaluation.query import BY
from kpitools.evaluation.windows import moment
from kpitools.kpis.catalogue import find
from kpitools.measures.anchors import PeriodDays
from kpitools.measures.measure import Measure
from kpitools.model.calendar import parse_periods
from kpitools.model.dataset import Dataset
from tests.benchmarks.compared import KPIS

TOLERANCE = 1e-9


def needed() -> list[Leaf]:
    """What the KPIs of the catalogue rest on, each once, the length of the period apart."""
    found = {leaf.key: leaf for name in KPIS for leaf in leaves(find(name))}
    return [leaf for leaf in found.values() if not isinstance(leaf.source, PeriodDays)]


def of_package(data: Dataset, periods: str) -> pl.DataFrame:
    """The figures as `evaluate` makes its KPIs of, one row each."""
    asked = [moment(period, None) for period in parse_periods(periods)]
    figures = Figures(data, ("team",))
    figures.ask(needed(), asked)
    figures.collect()
    wide = figures.wide(needed(), asked).rename({BY + "team": "team"})
    quarters = pl.DataFrame({"m": range(len(asked)), "quarter": [at.period.start for at in asked]}).cast(
        {"m": pl.Int32}
    )
    wide = wide.join(quarters, on="m")
    return _tidy([wide.select("team", "quarter", *(pl.col(leaf.key).alias(leaf.anchored.id) for leaf in needed()),
                              *_beside(wide))])  # fmt: skip


def differences(package: pl.DataFrame, frames: Iterable[pl.DataFrame], quarters: list[date]) -> pl.DataFrame:
    """The figures that differ, and those that one side lacks."""
    other = _tidy(frames).filter(pl.col("quarter").is_in(quarters))
    both = package.join(
        other, on=["team", "quarter", "name"], how="full", coalesce=True, nulls_equal=True, suffix="_other"
    )
    here, there = pl.col("value").fill_null(0), pl.col("value_other").fill_null(0)
    far = (here - there).abs() > TOLERANCE * pl.max_horizontal(here.abs(), there.abs(), 1.0)
    return both.filter(far).sort("name", "team", "quarter")


def missing(frames: Iterable[pl.DataFrame]) -> list[str]:
    """The leaves that frames have no column for."""
    have = {column for frame in frames for column in frame.columns}
    wanted = {leaf.anchored.id for leaf in needed()} | {f"{name}.sd" for name in _means()}
    return sorted(wanted - have)


def _means() -> list[str]:
    sources = [leaf for leaf in needed() if isinstance(leaf.source, Measure)]
    return [leaf.anchored.id for leaf in sources if leaf.source.aggregate.statistic == "mean"]


def _beside(wide: pl.DataFrame) -> list[pl.Expr]:
    found = []
    for leaf in needed():
        if isinstance(leaf.source, Measure) and leaf.source.aggregate.statistic in ("mean", "median"):
            found.append(pl.col(f"{leaf.key}.n").alias(f"{leaf.anchored.id}.n"))
        if leaf.anchored.id in _means():
            found.append(pl.col(f"{leaf.key}.sd").alias(f"{leaf.anchored.id}.sd"))
    return found


def _tidy(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    parts = []
    for frame in frames:
        values = [column for column in frame.columns if column not in ("team", "quarter")]
        cast = frame.select("team", pl.col("quarter").cast(pl.Date), pl.col(values).cast(pl.Float64))
        parts.append(cast.unpivot(index=["team", "quarter"], variable_name="name", value_name="value"))
    names = {leaf.anchored.id for leaf in needed()}
    known = names | {f"{name}.sd" for name in _means()} | {f"{name}.n" for name in _means()}
    return pl.concat(parts).filter(pl.col("name").is_in(known)).drop_nulls("value")
