"""What comes before the first kernel: every slice cut and proved, and what there is to do told from what stands."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kpitools.formats import format_date
from kpitools.kpis.kpi import Kpi
from kpitools.model.dataset import Dataset
from kpitools.reports.comparison import comparison
from kpitools.reports.cut import (
    Aggregates,
    Cut,
    company_figures,
    cut_of,
    has_facts,
    require_facts,
    write_part,
)
from kpitools.reports.plan import Plan
from kpitools.reports.prove import Check, Tally, additive, measured, reconcile, tally
from kpitools.reports.record import Journal
from kpitools.reports.reuse import Step, key_of, reason, standing
from kpitools.reports.settings import Settings

WHOLE = "whole"
SCRATCH = "kpitools-"


@dataclass(frozen=True)
class Ask:
    """What is asked of a batch beside its plan.

    Attributes:
        settings: the company's own, as `read_settings` gives them.
        aggregates: computes the figures of the others.
        min_peers: members behind such a figure, at least.
        kpis: the catalogue with the company's own KPIs.
        parts: what all reports follow from, as `reuse.common` gives it.
        state: what the whole batch follows from, as `reuse.state_of` gives it.
        force: whether everything is made, as if nothing were there.
    """

    settings: Settings
    aggregates: Aggregates | None
    min_peers: int
    kpis: Mapping[str, Kpi]
    parts: Mapping[str, str]
    state: str
    force: bool = False


@dataclass(frozen=True)
class Ready:
    """All that has to be known before the first report is made.

    Attributes:
        steps: the reports of the plan, in its order.
        checks: the proof that the slices make up the whole.
        fingerprint: of the whole data.
        comparison: the members side by side, for the index.
        scratch: where the cuts are; None where nothing had to be cut.
    """

    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    fingerprint: str
    comparison: Mapping[str, Any]
    scratch: Path | None = None


@contextmanager
def prepared(data: Dataset, made: Plan, ask: Ask, journal: Journal, out: Path) -> Iterator[Ready]:
    """Everything cut and proved; of a batch that was made from this very state of all, what its manifest says.

    Raises:
        ReportError: there is nothing to report on, or `min_peers` is so small that a figure would be one member's own.
    """
    known = journal.before
    same = not ask.force and known.get("state") == ask.state
    if same and (stand := standing(made, journal.records, ask.state, out)):
        checks = tuple(Check(**{name: one[name] for name in Check.__match_args__}) for one in known["sums"])
        yield Ready(tuple(stand), checks, known["fingerprint"], known["comparison"])
        return
    seen = data.as_of(made.as_of)
    require_facts(seen, made)
    _forget_dead()
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        seen.write(scratch / WHOLE)  # the as-of view worked out once, instead of once per slice
        whole = Dataset.read(scratch / WHOLE)
        cuts, checks = _cut(whole, made, ask, scratch)
        steps = _steps(made, cuts, ask, journal, out)
        yield Ready(tuple(steps), checks, data.fingerprint(), comparison(whole, made, ask.kpis), scratch)


def _cut(whole: Dataset, made: Plan, ask: Ask, scratch: Path) -> tuple[dict[str | None, Cut | None], tuple[Check, ...]]:
    """The cut of each member that is asked for, None where nothing happened in it; and the proof over all members."""
    peers = company_figures(whole, made, ask.aggregates, ask.min_peers)
    sums = additive(ask.kpis.values(), whole, made.by)
    asked = {job.member for job in made.jobs}
    cuts: dict[str | None, Cut | None] = {}
    tallies: list[Tally] = []
    for member, part in whole.divided(made.by, made.members):
        if member in asked:
            folder = write_part(part, made, member, peers, scratch, ask.settings)
            part = Dataset.read(folder)  # what a notebook will read is what has to add up
            cuts[member] = cut_of(folder) if has_facts(part, made.period) else None
        tallies.append(_tally(part, made, sums))
    return cuts, tuple(reconcile(_tally(whole, made, sums), tallies))


def _tally(data: Dataset, made: Plan, sums: list[Kpi]) -> Tally:
    return tally(data, made.by) | measured(data, sums, made.period)


def _steps(made: Plan, cuts: Mapping[str | None, Cut | None], ask: Ask, journal: Journal, out: Path) -> Iterator[Step]:
    for job in made.jobs:
        cut, record = cuts[job.member], journal.records.get(job.stem)
        key = key_of(job, ask.parts, cut)
        why = "asked for" if ask.force and cut else reason(record, key, out)
        if cut and not job.template.peers:
            cut = replace(cut, folder=cut.apart)
        yield Step(job, key, record, cut, why)


def facts_of(cut: Cut) -> dict[str, str]:
    """What a page says of the data it was made from: its fingerprint and its age."""
    last = f"last dated {format_date(cut.last)}" if cut.last else "without a date"
    return {"fingerprint": cut.fingerprint, "age": last}


@contextmanager
def slices_apart(scratch: Path | None) -> Iterator[None]:
    """While notebooks run, the whole is gone, and the folder of the slices can be passed through but not listed."""
    if scratch is None:
        yield
        return
    shutil.rmtree(scratch / WHOLE)
    scratch.chmod(0o300)
    try:
        yield
    finally:
        scratch.chmod(0o700)


def _forget_dead() -> None:
    """Take away the slices that a batch left behind because it was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        number = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if number.isdigit() and not _runs(int(number)):
            with suppress(OSError):
                folder.chmod(0o700)
                shutil.rmtree(folder)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
