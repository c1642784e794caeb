"""`python -m tests.benchmarks`: all KPIs by team and quarter, the package beside Polars by hand and beside DuckDB.

Each contestant runs in a process of its own, one after the other and again, so that each has its own peak of memory
and a busy minute of the machine hits all alike. Read the ratios; the seconds are those of the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import polars as pl

QUARTERS = pl.date_range(date(2023, 10, 1), date(2026, 7, 1), "3mo", eager=True).to_list()
PERIODS, AFTER = "2023Q4..2026Q3", date(2026, 10, 1)
SMALL = 20_000
SAMPLE = Path("data/sample")
GIB = 1024 * 1024


def main() -> None:
    """Generate, check that all agree on a small size, time, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--deals", type=int, default=5_000_000, help="deals; four times as many activities")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contestant")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "kpitools-benchmarks")
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contestant:
        run(given.contestant, given.folder)
        return
    check(given.folder)
    contest(given.folder, deals=given.deals, runs=given.runs)
    imports(runs=max(5, given.runs))
    report()


def evaluated(folder: Path) -> object:
    from kpitools.evaluation.evaluate import evaluate
    from tests.benchmarks.compared import KPIS
    from tests.benchmarks.generate import dataset

    return evaluate(KPIS, dataset(folder), periods=PERIODS, by="team").frame


def by_hand(folder: Path) -> object:
    from tests.benchmarks import by_hand

    return by_hand.figures(folder, QUARTERS, AFTER)


def by_sql(folder: Path) -> object:
    from tests.benchmarks import by_sql

    return by_sql.figures(folder, QUARTERS, AFTER)


CONTESTANTS: dict[str, Callable[[Path], object]] = {"evaluate": evaluated, "by hand": by_hand, "DuckDB": by_sql}


def run(name: str, folder: Path) -> None:
    """One contestant in this process: its seconds, imports not counted, and the peak of its memory."""
    CONTESTANTS[name](folder.parent / f"deals-{SMALL}")
    before, worked = time.perf_counter(), time.process_time()
    CONTESTANTS[name](folder)
    found = {"seconds": time.perf_counter() - before, "cpu": time.process_time() - worked}
    print(json.dumps(found | {"gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB}))


def check(folder: Path) -> None:
    """Stop where the contestants do not agree."""
    from tests.benchmarks.generate import dataset, generated
    from tests.benchmarks.same import differences, missing, of_package

    small = generated(folder, deals=SMALL)
    package = of_package(dataset(small), PERIODS)
    for name in ("by hand", "DuckDB"):
        frames: list[pl.DataFrame] = CONTESTANTS[name](small)  # type: ignore[assignment]
        wrong = differences(package, frames, QUARTERS)
        if missing(frames) or wrong.height:
            sys.exit(f"evaluate and {name} differ: {missing(frames)} {wrong}")
    print(f"{package.height} figures agree over {SMALL} deals: evaluate, Polars by hand, DuckDB.")


def contest(folder: Path, *, deals: int, runs: int) -> None:
    """The contestants in turn; seconds and memory of each, and the ratios the package is judged by."""
    from tests.benchmarks.generate import generated

    target = generated(folder, deals=deals)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    for _ in range(runs):
        for name, results in found.items():
            results.append(_in_process(name, target))
            seconds, cpu, gib = results[-1].values()
            print(f"  {name:9} {seconds:7.1f} s {cpu:7.1f} s of the processors {gib:5.2f} GiB", flush=True)
    print(f"All KPIs by team and quarter, {deals} deals, {runs} runs each")
    print(f"{'':10}{'fastest':>10}{'median':>10}{'processors':>12}{'peak memory':>14}")
    for name, results in found.items():
        seconds, cpu, peak = ([result[part] for result in results] for part in ("seconds", "cpu", "gib"))
        print(f"{name:10}{min(seconds):8.1f} s{median(seconds):8.1f} s{min(cpu):10.1f} s{max(peak):10.2f} GiB")
    for name in ("by hand", "DuckDB"):
        ways: list[tuple[str, Callable[[list[float]], float]]] = [("seconds", min), ("seconds", median), ("cpu", min)]
        fastest, middle, cpu = (_ratio(found, name, part, of) for part, of in ways)
        print(f"evaluate / {name}: {fastest:.2f} (fastest), {middle:.2f} (median), {cpu:.2f} (processors)")


def _ratio(found: dict[str, list[dict[str, float]]], name: str, part: str, of: Callable[[list[float]], float]) -> float:
    ours, theirs = ([result[part] for result in found[each]] for each in ("evaluate", name))
    return of(ours) / of(theirs)


def _in_process(name: str, target: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks", "--contestant", name, "--folder", str(target)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def imports(*, runs: int) -> None:
    """What `import kpitools` costs beside `import polars`: by itself, and with all that evaluating needs."""
    found: dict[str, list[float]] = {
        "import polars": [],
        "import kpitools": [],
        "from kpitools import CATALOGUE, evaluate": [],
    }
    for _ in range(runs):
        for statement, seconds in found.items():
            before = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            seconds.append(time.perf_counter() - before)
    for statement, seconds in found.items():
        beside = median(seconds) / median(found["import polars"])
        print(f"{statement}: {median(seconds):.2f} s, {beside:.2f} of polars (median of {runs} processes)")


def report() -> None:
    """Seconds, peak memory and size per page of the reports of the sample by team."""
    asked = ["report", "--data", str(SAMPLE), "--period", "2026Q3", "--by", "team"]
    with tempfile.TemporaryDirectory() as out:
        before = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "kpitools", *asked, "--out", out], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - before
        pages = [path.stat().st_size for path in Path(out).rglob("*.html")]
    if status or not pages:
        sys.exit(f"kpitools {' '.join(asked)} failed.")
    sizes = f"{min(pages) / 1e6:.2f} to {max(pages) / 1e6:.2f} MB each"
    peak = f"{used.ru_maxrss / GIB:.2f} GiB in the largest process"
    print(f"report by team: {len(pages)} pages in {seconds:.1f} s, {sizes}, {peak}")


if __name__ == "__main__":
    main()
