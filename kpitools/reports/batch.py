"""Makes a batch of reports: plans, cuts, runs what has to be made, exports, proves, and writes the index."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from kpitools.errors import ReportError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.reports.assets import write_assets
from kpitools.reports.catalogue import NAME as CATALOGUE_PAGE
from kpitools.reports.catalogue import write_catalogue
from kpitools.reports.changes import changed_definitions, held_against, largest, sentences, versions_of
from kpitools.reports.cut import Aggregates
from kpitools.reports.index import write_index
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.plan import plan
from kpitools.reports.prepare import Ask, Ready, facts_of, prepared, slices_apart
from kpitools.reports.record import Journal, Record
from kpitools.reports.result import Batch, Report
from kpitools.reports.reuse import Step, common, state_of
from kpitools.reports.run import PART, Outcome, Task, make_report, remove
from kpitools.reports.settings import Settings
from kpitools.reports.summary import write_summary
from kpitools.reports.workers import DIED, do_all
from kpitools.reports.workers import at_once as workers_for

EMPTY = "Nothing happened in this period."
VERSIONS = ("kpitools", "polars", "altair", "vl-convert-python", "papermill", "ipykernel")
ENDINGS = (".html", ".ipynb", ".failed.ipynb", ".pdf", ".xlsx", ".log")


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
    settings: Settings | None = None,
    data_version: str = "",
    force: bool = False,
    retry_failed: bool = False,
    limit: int | None = None,
    dry_run: bool = False,
    kernel: str = "fork",
    time_limit: float | None = None,
    memory_limit: int | None = None,
    look: Look = PLAIN,
    formats: Iterable[str] = (),
) -> Batch:
    """Make a notebook and a page for every template and every member of a dimension, with an index.

    Everything is checked before anything runs. A report that fails is marked, and the others are made. One that
    stands already, with nothing changed that it follows from, is not made again. In a script of your own, call it
    under `if __name__ == "__main__":`, as its workers are fresh processes.

    Args:
        data: the dataset.
        out: the folder for pages, notebooks, `index.html`, `manifest.json` and `summary.json`; made where missing.
        period: the period reported on, such as `2026Q3`.
        by: the dimension whose members each get their reports.
        templates: names of templates; all where left out.
        only: members to make reports for; all where left out. That the slices make up the whole is proved anyway.
        as_of: the day from whose end the data is seen; the last day of the period where left out.
        parameters: values for further parameters of the templates, by name.
        folder: where the templates lie, if not in the project's own folder.
        workers: how many reports at once; one per core where left out.
        executor: any `concurrent.futures` executor to run them on instead of processes here.
        aggregates: computes the company figures that each slice may be compared with.
        min_peers: figures with fewer members than this behind them are handed to nobody.
        progress: whether to show a progress bar; only on a terminal where left out.
        kpis: the catalogue, with the company's own KPIs, settings and benchmarks.
        settings: the company's own settings, as `kpitools.reports.settings.read_settings` gives them.
        data_version: a text that differs whenever the data does; the data's fingerprint where left out.
        force: make every report, whether or not anything changed.
        retry_failed: make only the reports that failed the last time.
        limit: make only so many of the reports that have to be made, the first of them; the others are left.
        dry_run: make nothing; the reports of the batch then say what would be done (`new`, `changed`, `unchanged`,
            `empty`, `left`) and why.
        kernel: `fork` (from a process that has imported what templates need) or `stock` (started afresh).
        time_limit: seconds that a report may take.
        memory_limit: bytes that a report's kernel may hold.
        look: how pages look.
        formats: what is made beside each page, of `pdf` and `xlsx`.

    Raises:
        UnknownNameError: a dimension, member, template or parameter that there is not.
        ReportError: a wrong parameter, nothing to report on, or a template that is none.
        EvaluationError: a period or day that cannot be read.
        KeyboardInterrupt: on Ctrl-C, after kernels were ended; `out` then holds whole files only.
    """
    began = time.monotonic()
    if limit is not None and limit < 1:
        raise ReportError(f"limit is {limit}; it is how many reports are made at most, 1 or more.")
    made = plan(
        data, period=period, by=by, templates=templates, only=only, as_of=as_of, parameters=parameters, folder=folder,
        kpis=kpis,
    )  # fmt: skip
    place = Path(out).resolve()
    formats = tuple(formats)
    at_once = workers_for(workers, memory_limit)
    definitions = versions_of(kpis)
    parts = common(settings or {}, definitions, look, formats)
    state = state_of(data_version or data.fingerprint(), made, parts, aggregates, min_peers)
    ask = Ask(settings or {}, aggregates, min_peers, kpis, parts, state, force)
    journal = Journal(place)
    before = held_against(journal.before, made, state, definitions)
    changed = changed_definitions(before, definitions, kpis)
    with prepared(data, made, ask, journal, place) as ready:
        chosen = _chosen(ready.steps, retry_failed, limit)
        if dry_run:
            return Batch(made, place, tuple(_intended(step, chosen) for step in ready.steps), ready.checks)
        place.mkdir(parents=True, exist_ok=True)
        said = {"source": data.source, "versions": versions(), "changed": changed}
        how = {
            "kernel": kernel, "limit": time_limit, "memory": memory_limit, "look": look, "formats": formats,
            "threads": max(1, (os.cpu_count() or 1) // at_once),
        }  # fmt: skip
        with _whole_files_only(place), slices_apart(ready.scratch):
            done = _Done(journal, place, state)
            done.run([(step, _task(step, place, said, how)) for step in chosen], executor, at_once, progress)
            reports = tuple(done.report(step, chosen) for step in ready.steps)
        write_assets(look, place)
        if ready.scratch or not (place / CATALOGUE_PAGE).is_file():
            write_catalogue(kpis, place)
        batch = Batch(made, place, reports, ready.checks, time.monotonic() - began)
        known = {**said, "state": state, "definitions": definitions}
        _sign_off(batch, journal, _facts(batch, ready, journal, known, before))
    return batch


def _sign_off(batch: Batch, journal: Journal, facts: Mapping[str, Any]) -> None:
    """Say what became of the batch; the manifest first, as the journal may go once it is there."""
    write_index(batch, facts)
    journal.close()
    write_summary(batch)


def _chosen(steps: Sequence[Step], retry_failed: bool, limit: int | None) -> list[Step]:
    """The reports to make: of those that have to be, the ones that failed, the first so many."""
    due = [step for step in steps if step.reason and step.cut]
    if retry_failed:
        due = [step for step in due if step.record and step.record.outcome.status == "failed"]
    return due[:limit]


def _task(step: Step, out: Path, said: Mapping[str, Any], how: Mapping[str, Any]) -> Task:
    assert step.cut is not None
    job = step.job
    facts = {**job.facts, **facts_of(step.cut), **said, "template": f"{job.template.name} {job.template.digest}"}
    return Task(job.template.path, step.cut.folder, out, job.stem, job.parameters, facts, **how)


def _intended(step: Step, chosen: Sequence[Step]) -> Report:
    """What would be done for a report."""
    if not step.reason:
        status = "empty" if step.record and step.record.outcome.status == "empty" else "unchanged"
    elif step.cut is None:
        status = "empty"
    elif step not in chosen:
        status = "left"
    else:
        status = "new" if step.record is None else "changed"
    return Report(step.job, Outcome(status), reason=step.reason if step.cut else "")


@dataclass(frozen=True)
class _Done:
    """Runs what is to be made and keeps the record of each report as soon as it is there."""

    journal: Journal
    out: Path
    state: str

    def run(
        self, due: Sequence[tuple[Step, Task]], executor: Executor | None, workers: int, progress: bool | None
    ) -> None:
        from tqdm import tqdm

        from kpitools.reports.bundle import bundle

        if due:
            bundle()  # made once here rather than by every worker
        steps = {task.stem: step for step, task in due}
        shown = None if progress is None else not progress  # None: only where there is a terminal
        with tqdm(total=len(due), desc="Reports", unit="report", file=sys.stderr, disable=shown) as bar:
            for task, done in do_all(make_report, [task for _, task in due], executor, workers):
                outcome = done if isinstance(done, Outcome) else _lost(task, done)
                self._keep(steps[task.stem], outcome)
                bar.update()

    def _keep(self, step: Step, outcome: Outcome) -> None:
        self.journal.add(step.job.stem, Record.of(step.key, outcome, self.out, self.state))

    def report(self, step: Step, chosen: Sequence[Step]) -> Report:
        """What became of a step."""
        stem = step.job.stem
        if not step.reason and step.record:
            self.journal.records[stem] = step.record.at(self.state)
            return Report(step.job, step.record.outcome, reused=True)
        if step.cut is None:
            remove(self.out, stem, *ENDINGS)
            self._keep(step, Outcome("empty", reason=EMPTY))
        elif step not in chosen:
            return Report(step.job, Outcome("left", reason=f"Left for another run ({step.reason})."))
        return Report(step.job, self.journal.records[stem].outcome, reason=step.reason)


def _lost(task: Task, error: BaseException) -> Outcome:
    """A report whose process died or could not be asked."""
    remove(task.out, task.stem, *ENDINGS)
    reason = DIED if isinstance(error, BrokenExecutor) else f"{type(error).__name__}: {error}"
    return Outcome("failed", reason=reason, tries=2)  # `do_all` tries once more whatever was lost


def _facts(
    batch: Batch, ready: Ready, journal: Journal, said: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """What the index and the manifest say beside the reports; the next batch reads here what stands."""
    now = {"period": str(batch.plan.period), "as_of": batch.plan.as_of, "comparison": ready.comparison, **said}
    return {
        **said,
        "counts": {status: batch.count(status) for status in ("made", "reused", "empty", "failed", "left")},
        "fingerprint": ready.fingerprint,
        "comparison": ready.comparison,
        "changes": sentences(largest(before, now), said["changed"]),
        "before": before,
        "records": journal.standing(),
    }


@contextmanager
def _whole_files_only(folder: Path) -> Iterator[None]:
    """Half-written files of a batch that is stopped, or was killed, do not stay behind."""
    try:
        yield
    finally:
        for part in folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """The programs that make a report, with their versions."""
    return {name: installed(name) for name in VERSIONS}
