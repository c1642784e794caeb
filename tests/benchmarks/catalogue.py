"""`python -m tests.benchmarks.catalogue`: the whole catalogue by team and quarter, beside reading its columns."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import polars as pl

from kpitools.evaluation.audit import computable, divisible, needs
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset

PERIODS = "2023Q4..2026Q3"
GIB = 1024 * 1024


def main() -> None:
    """Write the sample so many times as large, then evaluate and read it, each in processes of their own."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.catalogue", description=__doc__)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "kpitools-benchmarks")
    parser.add_argument("--part", choices=["write", "evaluate", "read"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        folder = written(given.folder, given.scale)
        print(json.dumps({} if given.part == "write" else measured(given.part, folder)))
        return
    in_process("write", given)  # not here: what this process held, its children would be said to have held
    found = {part: [in_process(part, given) for _ in range(given.runs)] for part in ("evaluate", "read")}
    count = found["evaluate"][0]["kpis"]
    print(f"{count:.0f} KPIs by team and quarter, sample x {given.scale}, median of {given.runs}")
    seconds = {part: median(run["seconds"] for run in runs) for part, runs in found.items()}
    for part, runs in found.items():
        print(f"{part:9} {seconds[part]:7.2f} s {max(run['gib'] for run in runs):6.2f} GiB")
    print(f"evaluate / read: {seconds['evaluate'] / seconds['read']:.1f}")
    print(f"lines of code per KPI: {lines_per_kpi():.1f}")


def written(folder: Path, scale: int) -> Path:
    """The sample as Parquet files."""
    from kpitools.sample import make_sample

    place = folder / f"sample-{scale}"
    if not (place / "done").exists():
        place.mkdir(parents=True, exist_ok=True)
        for name, frame in make_sample(scale=scale).items():
            frame.write_parquet(place / f"{name}.parquet")
        (place / "done").touch()
    return place


def measured(part: str, folder: Path) -> dict[str, float]:
    """Seconds and peak memory of one part in this process."""
    data = Dataset.of({path.stem: pl.scan_parquet(path) for path in folder.glob("*.parquet")})
    kpis = divisible(data, ["team"], computable(data))
    before = time.perf_counter()
    if part == "evaluate":
        evaluate(kpis, data, periods=PERIODS, by="team")
    else:
        _read(data, [name for kpi in kpis for name in needs(kpi)])
    seconds = time.perf_counter() - before
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    return {"seconds": seconds, "gib": gib, "kpis": len(kpis)}


def _read(data: Dataset, names: list[str]) -> None:
    """Every column that is needed, once."""
    columns = defaultdict(set)
    for name in names:
        table, column = name.split(".")[:2]
        columns[table].add(column)
    for table, wanted in columns.items():
        data.frames[table].select(sorted(wanted & {*data.columns(table)})).collect(engine="streaming")


def in_process(part: str, given: argparse.Namespace) -> dict[str, float]:
    """The part in a process of its own."""
    words = ["--part", part, "--scale", str(given.scale), "--folder", str(given.folder)]
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.catalogue", *words], check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def lines_per_kpi() -> float:
    """Lines of the modules that declare measures and KPIs, docstrings and blank lines included, per KPI."""
    package = Path(__file__).parents[2] / "kpitools"
    declared = [*package.glob("measures/*.py"), *package.glob("kpis/*.py")]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in declared) / len(CATALOGUE)


if __name__ == "__main__":
    main()
