"""`python -m tests.benchmarks.reps`: the rep table with pooled rates and ranks, for 2,000 reps."""

from __future__ import annotations

import argparse
import random
import time
from datetime import date
from itertools import pairwise
from statistics import median

import polars as pl

from kpitools.analyses.discoveries import discoveries
from kpitools.analyses.ranks import standing
from kpitools.analyses.reps import rep_table
from kpitools.model.dataset import Dataset

PERIOD = "2026Q3"


def main() -> None:
    """Generate, time, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reps", description=__doc__)
    parser.add_argument("--reps", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    data = generated(given.reps)
    taken = [_seconds(data) for _ in range(given.runs + 1)][1:]
    steps = ("rep table", "pooling and ranks", "discoveries")
    for step, seconds in zip(steps, zip(*taken, strict=True), strict=True):
        print(f"{step}: {median(seconds):.2f} s")
    print(f"rep table with pooling, {given.reps:,} reps: {median(sum(each[:2]) for each in taken):.2f} s")


def generated(reps: int) -> Dataset:
    """So many reps of two roles, three segments and two ramp stages with 5 to 60 deals each, and a quota.

    A few sell to a segment that hardly anybody else does, so that wider groups are compared as well.
    """
    draw = random.Random(1)
    names = [f"r{number}" for number in range(reps)]
    staff = {
        "rep_id": names,
        "name": names,
        "role": [draw.choice(("ae", "am")) for _ in names],
        "hired_at": [date(2026 - (draw.random() > 0.2), 2, 1) for _ in names],
    }
    sold_to = dict.fromkeys(names, "rare") | {name: draw.choice(("smb", "mid", "big")) for name in names[4:]}
    owners = [name for name in names for _ in range(draw.randint(5, 60))]
    chance = {name: draw.betavariate(6, 14) for name in names}
    deals = {
        "deal_id": [str(number) for number in range(len(owners))],
        "owner_rep_id": owners,
        "status": ["won" if draw.random() < chance[name] else "lost" for name in owners],
        "segment": [sold_to[name] for name in owners],
        "amount": [float(draw.randint(10, 1000)) for _ in owners],
    }
    dated = pl.DataFrame(deals).with_columns(
        created_at=pl.lit(date(2026, 5, 1)).cast(pl.Datetime("us")),
        closed_at=pl.lit(date(2026, 8, 1)).cast(pl.Datetime("us")),
    )
    quotas = pl.DataFrame({"quota_id": names, "owner_id": names}).with_columns(
        owner_kind=pl.lit("rep"), starts_on=date(2026, 7, 1), ends_on=date(2026, 9, 30), amount=5000.0
    )
    return Dataset.of({"reps": pl.DataFrame(staff), "deals": dated, "quotas": quotas})


def _seconds(data: Dataset) -> list[float]:
    started = [time.perf_counter()]
    table = rep_table(data, period=PERIOD)
    started.append(time.perf_counter())
    standing(table)
    started.append(time.perf_counter())
    discoveries(table)
    started.append(time.perf_counter())
    return [after - before for before, after in pairwise(started)]


if __name__ == "__main__":
    main()
