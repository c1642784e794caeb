"""`python -m tests.benchmarks.reports`: a batch of reports beside papermill and nbconvert doing the same by themselves.

The sample many times over, cut into many teams, three templates each. The others make the first reports only, in the
same run, and their time is multiplied by the count. `--many 2000` makes that many small reports in one batch instead,
and prints what the processes hold on the way.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.model.dataset import Dataset
from tests.benchmarks.catalogue import written
from tests.benchmarks.held import Held

PERIOD = "2026Q3"
TEMPLATES = ("scorecard", "funnel", "reps")
MIB = 1024 * 1024
#: A report as papermill and nbconvert make it: the template, its parameters, the notebook to write.
Work = tuple[str, dict[str, Any], str]


def main() -> None:
    """Make the batch, make it again, have the others make the first reports, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reports", description=__doc__)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--teams", type=int, default=50)
    parser.add_argument("--first", type=int, default=10, help="how many reports the others make")
    parser.add_argument("--templates", nargs="+", default=TEMPLATES)
    parser.add_argument("--many", type=int, help="make so many small reports instead, and watch the memory")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "kpitools-benchmarks")
    given = parser.parse_args()
    if given.many:
        many(given.many)
    else:
        compare(given)


def compare(given: argparse.Namespace) -> None:
    """One batch of ours, beside the ways of papermill and nbconvert."""
    from kpitools.reports import make_reports

    data = in_teams(written(given.folder, given.scale), given.teams)
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        asked: dict[str, Any] = {"out": out, "period": PERIOD, "templates": given.templates, "progress": False}
        with Held() as held:
            ours, batch = timed(lambda: make_reports(data, **asked))
        again, _ = timed(lambda: make_reports(data, **asked))
        count = batch.count("made")
        print(f"{count} reports made, {batch.count('failed')} failed: {ours:.1f} s, {ours / count:.2f} s a report")
        print(f"peak memory of all processes: {held.peak / MIB:,.0f} MiB")
        print(f"again, nothing changed: {again:.2f} s")
        floor(out, count, ours)
        work = first(data, given, Path(name))
        for way, seconds in others(work).items():
            print(f"{way}: {seconds / len(work):.2f} s a report, {seconds / len(work) * count / ours:.1f} x ours")


def in_teams(folder: Path, teams: int) -> Dataset:
    """The sample, its reps dealt out to so many teams."""
    frames = {path.stem: pl.scan_parquet(path) for path in folder.glob("*.parquet")}
    number = pl.int_range(pl.len()) % teams
    dealt = pl.format("Team {}", number.cast(pl.String).str.zfill(2))
    for name in ("reps", "costs"):
        frames[name] = frames[name].with_columns(team=pl.when(pl.col("team").is_not_null()).then(dealt))
    return Dataset.of(frames)


def floor(out: Path, count: int, ours: float) -> None:
    """What cannot be saved: the cells themselves and the pages' writing, on all cores."""
    from kpitools.reports.export import to_html

    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("*.ipynb"))]
    cells = sum(cell["metadata"]["papermill"]["duration"] for one in notebooks for cell in one["cells"])
    export = sum(timed(lambda one=one: to_html(one))[0] for one in notebooks[:10]) / 10 * count
    least = (cells + export) / (os.cpu_count() or 1)
    print(
        f"of which cells {cells / count:.2f} s and page {export / count:.2f} s a report: {ours / least:.2f} x the floor"
    )


def first(data: Dataset, given: argparse.Namespace, folder: Path) -> list[Work]:
    """The first reports of the batch, with their slices cut beforehand."""
    from kpitools.reports.cut import write_cut
    from kpitools.reports.plan import plan

    made = plan(data, period=PERIOD, templates=given.templates)
    jobs = [job for job in made.jobs if job.member][: given.first]
    whole = data.as_of(made.as_of)
    cuts = {member: write_cut(whole, made, member, None, folder) for member in {job.member for job in jobs}}
    return [
        (str(job.template.path), {**job.parameters, "data": str(cuts[job.member])}, str(folder / f"{job.stem}.ipynb"))
        for job in jobs
    ]


def others(work: Sequence[Work]) -> Mapping[str, float]:
    """Seconds that each other way takes for these reports; importing is not counted where a process is kept."""
    spawn, cores = multiprocessing.get_context("spawn"), os.cpu_count() or 1
    found = {"(a) papermill and nbconvert commands": timed(lambda: [by_command(*one) for one in work])[0]}
    for way, processes in (("(b) one process", 1), (f"(c) {cores} processes", cores)):
        with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
            list(pool.map(get_ready, range(processes)))
            found[way] = timed(lambda pool=pool: list(pool.map(by_interface, *zip(*work, strict=True))))[0]
    return found


def by_command(template: str, parameters: Mapping[str, Any], result: str) -> None:
    """As one types it."""
    beside = Path(sys.executable).parent
    values = json.dumps(parameters)
    run = [str(beside / "papermill"), "--no-progress-bar", template, result, "--parameters_yaml", values]
    subprocess.run(run, check=True, capture_output=True)
    subprocess.run([str(beside / "jupyter-nbconvert"), "--to", "html", result], check=True, capture_output=True)


def get_ready(_: int) -> None:
    """Import what `by_interface` needs; long enough for each process of a pool to be given one."""
    import nbconvert  # noqa: F401
    import papermill  # noqa: F401

    time.sleep(1)


def by_interface(template: str, parameters: Mapping[str, Any], result: str) -> None:
    """As one programs it."""
    import papermill
    from nbconvert.exporters import HTMLExporter

    papermill.execute_notebook(template, result, parameters, progress_bar=False)
    page, _ = HTMLExporter().from_filename(result)
    Path(result).with_suffix(".html").write_text(page, encoding="utf-8")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that work takes, and what it gives."""
    before = time.perf_counter()
    done = work()
    return time.perf_counter() - before, done


def many(count: int) -> None:
    """So many small reports in one batch, and what this process and its workers hold after each tenth of them."""
    from kpitools.reports import make_reports
    from tests.reports_kit import company, template

    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "templates", Path(name) / "out"
        template(folder)
        data = company(*(f"T{number:04}" for number in range(count)), deals=1)
        out.mkdir()
        with Held(lambda: sum(1 for _ in out.glob("deals-*.html")) / count) as held:
            seconds, batch = timed(lambda: make_reports(data, out=out, period=PERIOD, folder=folder, progress=False))
    print(f"{batch.count('made')} made, {batch.count('failed')} failed in {seconds:.0f} s")
    print(f"peak memory of all processes: {held.peak / MIB:,.0f} MiB")
    for tenth in range(1, 11):
        kept = sorted(held.at(tenth / 10).items())
        print(f"at {count * tenth // 10:5}: " + ", ".join(f"{role} {size / MIB:,.0f} MiB" for role, size in kept))


if __name__ == "__main__":
    main()
