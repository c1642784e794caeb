"""Makes the reports of a batch while its slices are cut, and keeps the record of each as soon as it is there."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpitools.errors import ReportError
from kpitools.formats.whole import PART
from kpitools.reports.assets import write_assets
from kpitools.reports.bundle import bundle
from kpitools.reports.cut import forget
from kpitools.reports.prepare import Slices, facts_of
from kpitools.reports.record import Journal, Record
from kpitools.reports.result import Report
from kpitools.reports.reuse import Step
from kpitools.reports.run import Outcome, Task, make_report, remove
from kpitools.reports.workers import AHEAD, AHEAD_ELSEWHERE, DIED, Workers, do_all

if TYPE_CHECKING:
    from tqdm import tqdm

EMPTY = "Nothing happened in this period."
ENDINGS = (".html", ".ipynb", ".failed.ipynb", ".pdf", ".xlsx", ".log")


@dataclass
class Making:
    """The reports of a batch under way.

    Attributes:
        journal: keeps the record of each.
        out: where they go.
        state: of the batch, as `reuse.state_of` gives it.
        said: what all pages say of themselves.
        how: how each is made: the fields of a `Task` that are the same for all.
        retry_failed: whether only those are made that failed the last time.
        limit: how many are made at most.

    Raises:
        ReportError: the limit is none.
    """

    journal: Journal
    out: Path
    state: str
    said: Mapping[str, Any]
    how: Mapping[str, Any]
    retry_failed: bool = False
    limit: int | None = None
    steps: list[Step] = field(default_factory=list)
    _due: dict[str, Step] = field(default_factory=dict)
    _open: Counter[str | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ReportError(f"limit is {self.limit}; it is how many reports are made at most, 1 or more.")

    def intended(self, slices: Slices) -> tuple[Report, ...]:
        """What would be done, and why; nothing is."""
        for steps in slices:
            self._chosen(steps)
            _forget(steps)
        return tuple(_intended(step, step.job.stem in self._due) for step in self.steps)

    def run(
        self, slices: Slices, executor: Executor | None, own: Workers, at_once: int, progress: bool | None
    ) -> tuple[Report, ...]:
        """Make what has to be made.

        Args:
            slices: gives the steps of one slice after the other.
            executor: the caller's, if any.
            own: workers of our own.
            at_once: how many of these there are.
            progress: whether a bar is shown; only on a terminal where left out.

        Returns:
            What became of each report, in the plan's order.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        write_assets(self.how["look"], self.out)
        ahead = AHEAD_ELSEWHERE if executor else AHEAD * at_once
        with _whole_files_only(self.out), _bar(progress) as bar:
            for task, done in do_all(make_report, self._tasks(slices, bar), executor, own, ahead):
                self._finished(self._due[task.stem], done if isinstance(done, Outcome) else _lost(task, done))
                bar.update()
        return tuple(self._report(step) for step in self.steps)

    def _tasks(self, slices: Slices, bar: tqdm[Any]) -> Iterator[list[Task]]:
        for steps in slices:
            chosen = self._chosen(steps)
            bar.total += len(chosen)
            bar.refresh()
            if chosen:
                bundle()  # made once here rather than by every worker
            else:
                _forget(steps)
            yield [self._task(step) for step in chosen]

    def _chosen(self, steps: list[Step]) -> list[Step]:
        """Of a slice's reports those to make: they have to be, as the ones that failed, as the first so many."""
        due = [step for step in steps if step.reason and step.cut]
        if self.retry_failed:
            due = [step for step in due if step.record and step.record.outcome.status == "failed"]
        if self.limit is not None:
            due = due[: self.limit - len(self._due)]
        self.steps += steps
        self._due |= {step.job.stem: step for step in due}
        self._open.update(step.job.member for step in due)
        return due

    def _task(self, step: Step) -> Task:
        assert step.cut is not None
        job = step.job
        folder = step.cut.folder if job.template.peers else step.cut.apart
        facts = {
            **job.facts, **facts_of(step.cut), **self.said, "template": f"{job.template.name} {job.template.digest}",
        }  # fmt: skip
        return Task(job.template.path, folder, self.out, job.stem, job.parameters, facts, **self.how)

    def _finished(self, step: Step, outcome: Outcome) -> None:
        """Keep what came of a report, and take its slice away where it was the last that needed it."""
        self._keep(step, outcome)
        self._open[step.job.member] -= 1
        if not self._open[step.job.member]:
            _forget([step])

    def _keep(self, step: Step, outcome: Outcome) -> None:
        self.journal.add(step.job.stem, Record.of(step.key, outcome, self.out, self.state))

    def _report(self, step: Step) -> Report:
        """What became of a step."""
        stem = step.job.stem
        if not step.reason and step.record:
            self.journal.records[stem] = step.record.at(self.state)
            return Report(step.job, step.record.outcome, reused=True)
        if step.cut is None:
            remove(self.out, stem, *ENDINGS)
            self._keep(step, Outcome("empty", reason=EMPTY))
        elif stem not in self._due:
            return Report(step.job, Outcome("left", reason=f"Left for another run ({step.reason})."))
        return Report(step.job, self.journal.records[stem].outcome, reason=step.reason)


def _intended(step: Step, chosen: bool) -> Report:
    """What would be done for a report."""
    if not step.reason:
        status = "empty" if step.record and step.record.outcome.status == "empty" else "unchanged"
    elif step.cut is None:
        status = "empty"
    elif not chosen:
        status = "left"
    else:
        status = "new" if step.record is None else "changed"
    return Report(step.job, Outcome(status), reason=step.reason if step.cut else "")


def _forget(steps: list[Step]) -> None:
    """Take away the slice of some steps of one member."""
    if cut := steps[0].cut:
        forget(cut)


def _lost(task: Task, error: BaseException) -> Outcome:
    """A report whose process died or could not be asked."""
    remove(task.out, task.stem, *ENDINGS)
    reason = DIED if isinstance(error, BrokenExecutor) else f"{type(error).__name__}: {error}"
    return Outcome("failed", reason=reason, tries=2)  # `do_all` tries once more whatever was lost


@contextmanager
def _bar(progress: bool | None) -> Iterator[tqdm[Any]]:
    from tqdm import tqdm

    shown = None if progress is None else not progress  # None: only where there is a terminal
    with tqdm(total=0, desc="Reports", unit="report", file=sys.stderr, disable=shown) as bar:
        yield bar


@contextmanager
def _whole_files_only(folder: Path) -> Iterator[None]:
    """Half-written files of a batch that is stopped, or was killed, do not stay behind."""
    try:
        yield
    finally:
        for part in folder.glob(f".*{PART}"):
            part.unlink(missing_ok=True)
