"""`python -m tests.benchmarks.survival`: forty Kaplan-Meier curves with intervals, beside lifelines in the same run."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
import polars as pl

from kpitools.analyses.survival import kaplan_meier

with warnings.catch_warnings(action="ignore"):  # what it imports warns of itself
    from lifelines import KaplanMeierFitter

EXACT = 1e-9
FIGURES = ("survival", "lower", "upper")


def main() -> None:
    """Generate, hold against each other, time, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.survival", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--curves", type=int, default=40)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    lives = generated(given.rows, given.curves)
    print(f"{compared(lives):,} figures of {given.curves} curves over {given.rows:,} rows equal to {EXACT:g}")
    taken = [(_seconds(kaplan_meier, lives), _seconds(by_lifelines, lives)) for _ in range(given.runs)]
    ours, theirs = (median(seconds) for seconds in zip(*taken, strict=True))
    print(f"kaplan_meier {ours:.3f} s, lifelines {theirs:.3f} s: {ours / theirs:.2f} x")


def generated(rows: int, curves: int) -> pl.DataFrame:
    """Customers of so many groups, each with its own rate of leaving, seen for up to four years, in whole days."""
    draw = np.random.default_rng(1)
    group = draw.integers(0, curves, rows)
    stay = np.ceil(draw.exponential(400 + 30 * group))
    seen = draw.integers(1, 4 * 365, rows)
    return pl.DataFrame({"group": group, "age": np.minimum(stay, seen).astype(np.int64), "ended": stay <= seen})


def by_lifelines(lives: pl.DataFrame) -> dict[int, KaplanMeierFitter]:
    """The curve of each group with its log-log interval, as lifelines has it."""
    groups = {part.item(0, "group"): part for part in lives.partition_by("group")}
    return {
        name: KaplanMeierFitter().fit(part["age"].to_numpy(), part["ended"].to_numpy()) for name, part in groups.items()
    }


def compared(lives: pl.DataFrame) -> int:
    """How many figures were held against each other; stops where two differ."""
    curves, count = kaplan_meier(lives), 0
    for name, fitted in by_lifelines(lives).items():
        ours = curves.filter(pl.col("group") == name, pl.col("survival").is_between(0, 100, closed="none"))
        bounds = fitted.confidence_interval_survival_function_.loc[ours["age"].to_list()].to_numpy()
        theirs = np.column_stack([fitted.survival_function_at_times(ours["age"].to_list()).to_numpy(), bounds])
        np.testing.assert_allclose(ours.select(FIGURES).to_numpy() / 100, theirs, rtol=0, atol=EXACT)
        count += theirs.size
    return count


def _seconds(work: Callable[[pl.DataFrame], object], lives: pl.DataFrame) -> float:
    started = time.perf_counter()
    work(lives)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
