"""Makes a batch of reports: plans, cuts, runs, exports, proves, and writes the index."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.reports.catalogue import write_catalogue
from kpitools.reports.cut import Aggregates, company_figures, has_facts, require_facts, write_cut
from kpitools.reports.index import said, write_index
from kpitools.reports.plan import Job, Plan, plan
from kpitools.reports.prove import Check, Tally, reconcile, tally
from kpitools.reports.run import PART, Outcome, Task, make_report, remove
from kpitools.reports.workers import DIED, do_all

WHOLE = "whole"
EMPTY = "Nothing happened in this period."
VERSIONS = ("kpitools", "polars", "altair", "vl-convert-python", "papermill", "ipykernel")


@dataclass(frozen=True)
class Report:
    """What became of one planned report; `job.member` says whom it is for."""

    job: Job
    outcome: Outcome

    @property
    def status(self) -> str:
        """Whether it was made, is empty (nothing happened in its slice) or failed."""
        return self.outcome.status


@dataclass(frozen=True)
class Batch:
    """A finished batch: its reports in the plan's order, and the proof that the slices make up the whole."""

    plan: Plan
    out: Path
    reports: tuple[Report, ...]
    checks: tuple[Check, ...]

    @property
    def differences(self) -> tuple[Check, ...]:
        """The sums in which slices and whole disagree; none when all is well."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def ok(self) -> bool:
        """Whether no report failed and every sum agrees."""
        return not self.differences and all(report.status != "failed" for report in self.reports)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 where all is well, else 1."""
        return 0 if self.ok else 1

    def count(self, status: str) -> int:
        """How many reports were `made`, are `empty` or have `failed`."""
        return sum(report.status == status for report in self.reports)

    def summary(self) -> str:
        """What there is to say at the end: counts, failures with their reasons, differences with their figures."""
        counts = ", ".join(f"{self.count(status)} {status}" for status in ("made", "empty", "failed"))
        lines = [f"{counts} of {len(self.reports)} reports for {self.plan.period}: {self.out / 'index.html'}"]
        lines += [f"  {r.status} {r.job.stem}: {said(r.outcome)}" for r in self.reports if r.status != "made"]
        if self.differences:
            lines += ["The slices do not make up the whole:", *(f"  {check}" for check in self.differences)]
        return "\n".join(lines)


def make_reports(
    data: Dataset,
    *,
    out: Path | str,
    period: str | Period,
    by: str = "team",
    templates: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    as_of: date | str | None = None,
    parameters: Mapping[str, Any] | None = None,
    folder: Path | str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    aggregates: Aggregates | None = None,
    min_peers: int = 3,
    progress: bool | None = None,
    kpis: Mapping[str, Kpi] = CATALOGUE,
) -> Batch:
    """Make a notebook and a page for every template and every member of a dimension, with an index.

    Everything is checked before anything runs. A report that fails is marked, and the others are made. In a script of
    your own, call it under `if __name__ == "__main__":`, as its workers are fresh processes.

    Args:
        data: the dataset.
        out: the folder for pages, notebooks, `index.html` and `manifest.json`; made where it is missing.
        period: the period reported on, such as `2026Q3`.
        by: the dimension whose members each get their reports.
        templates: names of templates; all where left out.
        only: members to make reports for; all where left out.
        as_of: the day from whose end the data is seen; the last day of the period where left out.
        parameters: values for further parameters of the templates, by name.
        folder: where the templates lie, if not in the project's own folder.
        workers: how many reports at once; one per core where left out.
        executor: any `concurrent.futures` executor to run them on instead of processes here.
        aggregates: computes the company figures that each slice may be compared with.
        min_peers: figures with fewer members than this behind them are handed to nobody.
        progress: whether to show a progress bar; only on a terminal where left out.
        kpis: those of the catalogue page that the reports' definitions lead to.

    Raises:
        UnknownNameError: a dimension, member, template or parameter that there is not.
        ReportError: a wrong parameter, nothing to report on, or a template that is none.
        EvaluationError: a period or day that cannot be read.
        KeyboardInterrupt: on Ctrl-C, after kernels were ended; `out` then holds whole files only.
    """
    made = plan(
        data, period=period, by=by, templates=templates, only=only, as_of=as_of, parameters=parameters, folder=folder
    )
    seen = data.as_of(made.as_of)
    require_facts(seen, made)
    place = Path(out).resolve()
    place.mkdir(parents=True, exist_ok=True)
    at_once = workers or os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="kpi-", ignore_cleanup_errors=True) as name, _whole_files_only(place):
        scratch = Path(name)
        whole = _settled(seen, scratch)
        peers = company_figures(whole, made, aggregates, min_peers)
        folders, sums = _cut(whole, made, peers, scratch)
        checks = tuple(reconcile(tally(whole, by), sums))
        facts = {"fingerprint": whole.fingerprint(), "source": whole.source, "versions": versions()}
        tasks = _tasks(made, folders, place, facts, threads=max(1, (os.cpu_count() or 1) // at_once))
        with _slices_apart(scratch):
            outcomes = _run(tasks, executor, at_once, progress)
        reports = tuple(Report(job, outcomes.get(job.stem) or _empty(job, place)) for job in made.jobs)
        batch = Batch(made, place, reports, checks)
        write_index(batch, facts)
        write_catalogue(kpis, place)
    return batch


@contextmanager
def _whole_files_only(folder: Path) -> Iterator[None]:
    """Half-written files of a batch that is stopped do not stay behind."""
    try:
        yield
    finally:
        for part in folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)


@contextmanager
def _slices_apart(scratch: Path) -> Iterator[None]:
    """While notebooks run, the whole is gone, and the folder of the slices can be passed through but not listed."""
    shutil.rmtree(scratch / WHOLE)
    scratch.chmod(0o300)
    try:
        yield
    finally:
        scratch.chmod(0o700)


def _settled(data: Dataset, scratch: Path) -> Dataset:
    """The as-of view worked out once, instead of once per slice."""
    data.write(scratch / WHOLE)
    return Dataset.read(scratch / WHOLE)


def _cut(
    whole: Dataset, made: Plan, peers: pl.DataFrame | None, scratch: Path
) -> tuple[dict[str | None, Path], list[Tally]]:
    """The folder of each slice that is asked for and not empty, and the sums of all slices."""
    asked = {job.member for job in made.jobs}
    folders, sums = {}, []
    for member in made.members:
        if member in asked:
            folder = write_cut(whole, made, member, peers, scratch)
            part = Dataset.read(folder)
            if has_facts(part, made.period):
                folders[member] = folder
        else:
            part = whole.where({made.by: (member,)})
        sums.append(tally(part, made.by))
    return folders, sums


def _tasks(
    made: Plan, folders: Mapping[str | None, Path], out: Path, facts: Mapping[str, Any], *, threads: int
) -> list[Task]:
    return [
        Task(
            template=job.template.path,
            data=folders[job.member],
            out=out,
            stem=job.stem,
            parameters=job.parameters,
            facts={**job.facts, **facts, "template": f"{job.template.name} {job.template.digest}"},
            threads=threads,
        )
        for job in made.jobs
        if job.member in folders
    ]


def _run(tasks: Sequence[Task], executor: Executor | None, workers: int, progress: bool | None) -> dict[str, Outcome]:
    """What became of each task, by the stem of its files."""
    from tqdm import tqdm

    from kpitools.reports.bundle import bundle

    if tasks:
        bundle()  # made once here rather than by every worker
    outcomes = {}
    shown = None if progress is None else not progress  # None: only where there is a terminal
    with tqdm(total=len(tasks), desc="Reports", unit="report", file=sys.stderr, disable=shown) as bar:
        for task, done in do_all(make_report, tasks, executor, workers):
            outcomes[task.stem] = done if isinstance(done, Outcome) else _lost(task, done)
            bar.update()
    return outcomes


def _lost(task: Task, error: BaseException) -> Outcome:
    """A report whose process died or could not be asked."""
    remove(task.out, task.stem, ".html", ".ipynb", ".failed.ipynb")
    return Outcome("failed", reason=DIED if isinstance(error, BrokenExecutor) else f"{type(error).__name__}: {error}")


def _empty(job: Job, out: Path) -> Outcome:
    remove(out, job.stem, ".html", ".ipynb", ".failed.ipynb")
    return Outcome("empty", reason=EMPTY)


def versions() -> dict[str, str]:
    """The programs that make a report, with their versions."""
    return {name: version(name) for name in VERSIONS}
