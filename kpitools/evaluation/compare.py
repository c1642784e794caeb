"""Figures beside what they are compared with, and whether the difference is for the better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from kpitools.kpis.benchmarks import Benchmark, reached
from kpitools.kpis.kpi import Kpi

LEVEL = 1e-9


def judged(name: str, other: pl.Expr, kpi: Kpi) -> list[pl.Expr]:
    """The compared value, the difference to it, and better, worse or level by the KPI's direction."""
    difference = pl.col("value") - other
    return [other.alias(name), difference.alias(f"{name}_difference"), _status(difference, kpi).alias(f"{name}_status")]


def against_benchmark(kpi: Kpi) -> list[pl.Expr]:
    """The nearest bound of the benchmark, the distance from its range, where the value stands, and the band it reaches.

    A benchmark for a year says nothing of a quarter: figures of other periods than it is meant for are not judged.
    """
    benchmark = kpi.benchmark or Benchmark()
    value, low, high = pl.col("value"), benchmark.low, benchmark.high
    nearest = pl.lit(low if low is not None else high, pl.Float64)
    if low is not None and high is not None:
        nearest = pl.when(value > high).then(pl.lit(high, pl.Float64)).otherwise(pl.lit(low, pl.Float64))
    scope = pl.lit(benchmark.scope if kpi.benchmark else None, pl.String)
    distance = _where_it_fits(kpi, _mapped(benchmark.distance, pl.Float64))
    band = _where_it_fits(kpi, _mapped(lambda value: reached(kpi.bands, value, kpi.better), pl.String))
    found = {"": nearest, "_difference": distance, "_status": benchmark_status(kpi), "_scope": scope, "_band": band}
    return [column.alias(f"benchmark{name}") for name, column in found.items()]


def benchmark_status(kpi: Kpi) -> pl.Expr:
    """Better or worse than the benchmark, or within it; null without one, or of a period it is not meant for."""
    benchmark = kpi.benchmark or Benchmark()
    return _where_it_fits(kpi, _mapped(lambda value: benchmark.judge(value, kpi.better), pl.String))


def _status(difference: pl.Expr, kpi: Kpi) -> pl.Expr:
    if kpi.better not in ("higher", "lower"):
        return pl.lit(None, pl.String)
    gain = difference if kpi.better == "higher" else -difference
    return (
        pl.when(gain.is_null()).then(None).when(gain > LEVEL).then(pl.lit("better"))
        .when(gain < -LEVEL).then(pl.lit("worse")).otherwise(pl.lit("level"))
    )  # fmt: skip


def _mapped(judge: Callable[[Any], object], kind: type[pl.DataType], of: pl.Expr | None = None) -> pl.Expr:
    return (pl.col("value") if of is None else of).map_elements(judge, return_dtype=kind, skip_nulls=True)


def _where_it_fits(kpi: Kpi, judged: pl.Expr) -> pl.Expr:
    if kpi.benchmark is None:
        return pl.when(False).then(judged)
    days = (pl.col("end") - pl.col("start")).dt.total_days()
    return pl.when(_mapped(kpi.benchmark.fits, pl.Boolean, days)).then(judged)
