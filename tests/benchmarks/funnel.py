"""`python -m tests.benchmarks.funnel`: the funnel over a million stage events beside the bare counts by hand in Polars.

Both read the same Parquet files. The package's figures have intervals and the times in each stage; by hand there are
deals, amount, open and lost per step and no more. The two take turns in one process, each first every other time, so
that a busy minute of the machine hits both alike. Read the ratio; the seconds are those of the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import polars as pl

from kpitools.analyses.funnel import funnel
from kpitools.analyses.stage_times import stage_times
from kpitools.model.calendar import Period, parse_period
from kpitools.model.dataset import Dataset
from kpitools.sample import make_sample

PERIOD = replace(parse_period("2026Q3"), start=date(2023, 10, 1), label="2023Q4..2026Q3")
COUNTS = ("entered", "amount", "still_open", "lost")


def main() -> None:
    """Generate, check that both agree, time, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.funnel", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = generated(Path(folder), given.events)
        check(data)
        ways: dict[str, Callable[[], object]] = {
            "by hand": lambda: by_hand(data, PERIOD),
            "funnel": lambda: funnel(data, period=PERIOD),
            "stage_times": lambda: stage_times(data, period=PERIOD),
        }
        taken = timed(ways, given.runs)
    events = f"{given.events:,} stage events, {given.runs} runs"
    print(f"Five steps, {events}: fastest and median seconds, and both as multiples of the counts by hand")
    for way, seconds in taken.items():
        fastest, middle = (of(seconds) / of(taken["by hand"]) for of in (min, median))
        print(f"{way:12}{min(seconds):7.3f} s{median(seconds):7.3f} s{fastest:7.2f}{middle:7.2f}")


def generated(folder: Path, events: int) -> Dataset:
    """The sample so many times over, each copy with deals of its own."""
    sample = make_sample()
    copies = pl.DataFrame({"copy": range(-(-events // sample["stage_history"].height))})
    own = pl.format("{}-{}", "copy", "deal_id").alias("deal_id")
    for name in ("deals", "stage_history"):
        rows = copies.join(sample[name], how="cross").with_columns(own).drop("copy")
        rows.write_parquet(folder / f"{name}.parquet")
    frames = {name: pl.scan_parquet(folder / f"{name}.parquet") for name in ("deals", "stage_history")}
    return Dataset.of(frames | {"stages": sample["stages"].lazy()})


def by_hand(data: Dataset, period: Period) -> pl.DataFrame:
    """The counts of each step as one would write them for these tables."""
    names = data["stages"].sort("position").collect()["stage"].to_list()
    last = len(names)
    step = pl.col("stage").replace_strict(names, range(last), return_dtype=pl.Int8)
    visits = data["stage_history"].select("deal_id", step=step)
    furthest = visits.group_by("deal_id").agg(pl.col("step").max())
    opened = data["deals"].filter(pl.col("created_at").cast(pl.Date).is_between(period.start, period.end, "left"))
    won = pl.col("status") == "won"
    deals = opened.select("deal_id", "status", "amount").join(furthest, on="deal_id", how="left")
    placed = deals.with_columns(step=pl.when(won).then(last).otherwise(pl.col("step").fill_null(0)))
    still_open, lost = ((pl.col("status") == status).sum() for status in ("open", "lost"))
    here = placed.group_by("step").agg(
        entered=pl.len(), amount=pl.col("amount").sum(), still_open=still_open, lost=lost
    )
    onward = pl.col("entered", "amount").cum_sum(reverse=True)
    return here.sort("step").with_columns(onward).select(COUNTS).collect()


def check(data: Dataset) -> None:
    """Stop where the two do not agree."""
    ours, theirs = funnel(data, period=PERIOD).select(COUNTS), by_hand(data, PERIOD)
    counts = [name for name in COUNTS if name != "amount"]
    same = ours.height == theirs.height == 6 and ours.select(counts).rows() == theirs.select(counts).rows()
    if not same or ((ours["amount"] - theirs["amount"]).abs() > 0.01).any():
        sys.exit(f"The funnel and the counts by hand differ: {ours} {theirs}")
    print(f"{ours.height * len(COUNTS)} figures agree, amounts to the cent.")


def timed(ways: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """The seconds of each way in each run, after one run that does not count."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for run in range(runs + 1):
        for way in sorted(ways, reverse=bool(run % 2)):
            before = time.perf_counter()
            ways[way]()
            taken[way] += [time.perf_counter() - before] if run else []
    return taken


if __name__ == "__main__":
    main()
