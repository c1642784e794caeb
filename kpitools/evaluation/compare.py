"""Figures beside what they are compared with, and whether the difference is for the better."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from kpitools.kpis.kpi import Benchmark, Kpi

LEVEL = 1e-9
Targets = Mapping[str, float | Mapping[str, float]]


def judged(name: str, other: pl.Expr, kpi: Kpi) -> list[pl.Expr]:
    """The compared value, the difference to it, and better, worse or level by the KPI's direction."""
    difference = pl.col("value") - other
    return [other.alias(name), difference.alias(f"{name}_difference"), _status(difference, kpi).alias(f"{name}_status")]


def against_benchmark(kpi: Kpi) -> list[pl.Expr]:
    """The nearest bound of the benchmark, the distance from its range, and where the value stands."""
    benchmark = kpi.benchmark or Benchmark()
    value, low, high = pl.col("value"), benchmark.low, benchmark.high
    nearest = pl.lit(low if low is not None else high, pl.Float64)
    if low is not None and high is not None:
        nearest = pl.when(value > high).then(pl.lit(high, pl.Float64)).otherwise(pl.lit(low, pl.Float64))
    if kpi.benchmark is None:
        return [nearest.alias("benchmark"), *_nothing("benchmark")]
    distance = _mapped(benchmark.distance, pl.Float64)
    status = _mapped(lambda value: benchmark.judge(value, kpi.better), pl.String)
    return [nearest.alias("benchmark"), distance.alias("benchmark_difference"), status.alias("benchmark_status")]


def against_target(kpi: Kpi, targets: Targets, by: tuple[str, ...]) -> list[pl.Expr]:
    """The target set for the KPI, or for the group where each has its own."""
    target = targets.get(kpi.id)
    other = pl.lit(None, pl.Float64)
    if isinstance(target, Mapping) and by:
        other = pl.col(by[0]).replace_strict(dict(target), default=None, return_dtype=pl.Float64)
    elif target is not None and not isinstance(target, Mapping):
        other = pl.lit(float(target))
    return judged("target", other, kpi)


def _status(difference: pl.Expr, kpi: Kpi) -> pl.Expr:
    if kpi.better not in ("higher", "lower"):
        return pl.lit(None, pl.String)
    gain = difference if kpi.better == "higher" else -difference
    return (
        pl.when(gain.is_null()).then(None).when(gain > LEVEL).then(pl.lit("better"))
        .when(gain < -LEVEL).then(pl.lit("worse")).otherwise(pl.lit("level"))
    )  # fmt: skip


def _mapped(judge: Callable[[float | None], object], kind: type[pl.DataType]) -> pl.Expr:
    return pl.col("value").map_elements(judge, return_dtype=kind, skip_nulls=True)


def _nothing(name: str) -> list[pl.Expr]:
    return [pl.lit(None, pl.Float64).alias(f"{name}_difference"), pl.lit(None, pl.String).alias(f"{name}_status")]
