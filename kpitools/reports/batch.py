"""Makes a batch of reports: plans, cuts, runs what has to be made, exports, proves, and writes the index."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from kpitools.formats import written_as
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.reports.catalogue import NAME as CATALOGUE_PAGE
from kpitools.reports.catalogue import write_catalogue
from kpitools.reports.changes import changed_definitions, held_against, largest, sentences
from kpitools.reports.cut import Aggregates
from kpitools.reports.index import write_index
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.making import Making
from kpitools.reports.plan import Plan, plan
from kpitools.reports.prepare import Ask, Proof, Slices, asked, cutting, standing_batch
from kpitools.reports.record import Journal
from kpitools.reports.result import Batch, Report
from kpitools.reports.reuse import surely_due
from kpitools.reports.run import get_ready
from kpitools.reports.settings import Settings
from kpitools.reports.summary import write_summary
from kpitools.reports.workers import Workers
from kpitools.reports.workers import at_once as workers_for

VERSIONS = ("kpitools", "polars", "altair", "vl-convert-python", "papermill", "ipykernel")


def make_reports(
    data: Dataset,
    *,
    out: Path | str,
    period: str | Period | None = None,
    by: str | None = None,
    slice: Slice | str = "",
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
        period: the period reported on, such as `2026Q3`; that of the slice where left out.
        by: the dimension whose members each get their reports; team where left out, and no slice is given.
        slice: what the reports are about, if not everything, as a value or as the text that a notebook's controls
            show: one report per template. With `by` too, those rows are cut out first and then divided.
        templates: names of templates; all where left out.
        only: members to make reports for; all where left out. That the slices make up the whole is proved anyway.
        as_of: the day from whose end the data is seen; that of the slice, else the period's last, where left out.
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
        ReportError: a wrong parameter, nothing to report on, a template that is none, a period or day that is not the
            slice's, or a system on which no kernel starts.
        EvaluationError: a period, day or slice that cannot be read.
        KeyboardInterrupt: on Ctrl-C, after kernels were ended; `out` then holds whole files only.
    """
    began, place = time.monotonic(), Path(out).resolve()
    at_once, formats = workers_for(workers, memory_limit), tuple(formats)
    how = {
        "kernel": kernel, "limit": time_limit, "memory": memory_limit, "look": look, "formats": formats,
        "threads": max(1, (os.cpu_count() or 1) // at_once),
    }  # fmt: skip
    with written_as(look.conventions):
        made = plan(
            data, period=period, by=by, slice=slice, templates=templates, only=only, as_of=as_of,
            parameters=parameters, folder=folder, kpis=kpis,
        )  # fmt: skip
        ask = asked(
            data, made, settings=settings or {}, aggregates=aggregates, min_peers=min_peers, kpis=kpis, force=force,
            look=look, formats=formats, data_version=data_version,
        )  # fmt: skip
        journal = Journal(place)
        before = held_against(journal.before, made, ask.state, ask.definitions)
        said = _said(data, ask, before, kpis)
        making = Making(journal, place, ask.state, said, how, retry_failed, limit)
        stand = standing_batch(made, ask, journal, place)
        slices = nullcontext(stand) if stand else cutting(data, made, ask, journal, place)
        if dry_run:
            return _listed(made, making, slices)
        soon = 0 if stand or executor else min(surely_due(made, ask.parts, journal.records), limit or at_once, at_once)
        reports, proof = _made(making, slices, executor, at_once, soon, progress)
        if not stand or not (place / CATALOGUE_PAGE).is_file():
            write_catalogue(kpis, place, look)
        batch = Batch(made, place, reports, proof.checks, time.monotonic() - began)
        _sign_off(batch, journal, _facts(batch, proof, journal, ask, said, before), look)
        return batch


def _said(data: Dataset, ask: Ask, before: Mapping[str, Any], kpis: Mapping[str, Kpi]) -> dict[str, Any]:
    """What all pages of a batch say of themselves."""
    changed = changed_definitions(before, ask.definitions, kpis)
    return {"source": data.source, "versions": versions(), "changed": changed}


def _listed(made: Plan, making: Making, slices: AbstractContextManager[Slices]) -> Batch:
    """What a batch would do; nothing is done."""
    with slices as found:
        reports = making.intended(found)
        return Batch(made, making.out, reports, found.proof.checks)


def _made(
    making: Making, slices: AbstractContextManager[Slices], executor: Executor | None, at_once: int, soon: int,
    progress: bool | None,
) -> tuple[tuple[Report, ...], Proof]:  # fmt: skip
    """Make the reports while slices are cut; `soon` workers get ready before the first is."""
    with slices as found, Workers(at_once) as own:
        own.start(soon, get_ready, making.how["kernel"], making.how["threads"])
        reports = making.run(found, executor, own, at_once, progress)
        return reports, found.proof


def _sign_off(batch: Batch, journal: Journal, facts: Mapping[str, Any], look: Look) -> None:
    """Say what became of the batch; the manifest first, as the journal may go once it is there."""
    write_index(batch, facts, look)
    journal.close()
    write_summary(batch)


def _facts(
    batch: Batch, proof: Proof, journal: Journal, ask: Ask, said: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """What the index and the manifest say beside the reports; the next batch reads here what stands."""
    said = {**said, "state": ask.state, "definitions": ask.definitions}
    now = {"period": str(batch.plan.period), "as_of": batch.plan.as_of, "comparison": proof.comparison, **said}
    return {
        **said,
        "counts": {status: batch.count(status) for status in ("made", "reused", "empty", "failed", "left")},
        "fingerprint": proof.fingerprint,
        "comparison": proof.comparison,
        "changes": sentences(largest(before, now), said["changed"]),
        "before": before,
        "records": journal.standing(),
    }


def versions() -> dict[str, str]:
    """The programs that make a report, with their versions."""
    return {name: installed(name) for name in VERSIONS}
