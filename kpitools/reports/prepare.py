"""Cuts the slices of a batch one after the other, tells what there is to do for each, and proves that they make up the
whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from kpitools.formats import format_date
from kpitools.kpis.kpi import Kpi
from kpitools.model.dataset import Dataset
from kpitools.reports.changes import versions_of
from kpitools.reports.comparison import comparison
from kpitools.reports.cut import Aggregates, Cut, check_peers, company_figures, cut_of, write_part
from kpitools.reports.facts import has_facts, require_facts
from kpitools.reports.look import Look
from kpitools.reports.plan import SLICE, Job, Plan
from kpitools.reports.prove import Check, Sums, reconcile
from kpitools.reports.record import Journal
from kpitools.reports.reuse import Step, common, key_of, reason, standing, state_of
from kpitools.reports.settings import Settings
from kpitools.reports.workers import free_memory

WHOLE = "whole"
SCRATCH = "kpitools-"
#: Bytes in memory for each byte on disk, the rows of the slices beside those of the whole, at most.
UNPACKED = 40


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
        definitions: KPI id -> version of its definition.
        fingerprint: of the whole data, where it is known.
    """

    settings: Settings
    aggregates: Aggregates | None
    min_peers: int
    kpis: Mapping[str, Kpi]
    parts: Mapping[str, str]
    state: str
    force: bool
    definitions: Mapping[str, str]
    fingerprint: str


def asked(
    data: Dataset, made: Plan, *, settings: Settings, aggregates: Aggregates | None, min_peers: int,
    kpis: Mapping[str, Kpi], look: Look, formats: Iterable[str], data_version: str, force: bool,
) -> Ask:  # fmt: skip
    """What is asked of a batch, and the state of all that it follows from.

    Raises:
        ReportError: `min_peers` is so small that a figure would be one member's own.
    """
    if aggregates:
        check_peers(min_peers)
    definitions = versions_of(kpis)
    parts = common(settings, definitions, look, formats)
    fingerprint = "" if data_version else data.fingerprint()
    state = state_of(data_version or fingerprint, made, parts, aggregates, min_peers)
    return Ask(settings, aggregates, min_peers, kpis, parts, state, force, definitions, fingerprint)


@dataclass(frozen=True)
class Proof:
    """What is known once every slice was cut.

    Attributes:
        checks: each sum of the whole beside that of the slices.
        fingerprint: of the whole data.
        comparison: the members side by side, for the index.
    """

    checks: tuple[Check, ...]
    fingerprint: str
    comparison: Mapping[str, Any]


class Slices(Protocol):
    """The slices of a batch; `proof` is there once all were given."""

    @property
    def proof(self) -> Proof:
        """The proof that the slices make up the whole."""

    def __iter__(self) -> Iterator[list[Step]]:
        """The reports of one slice after the other, in the plan's order."""


@dataclass(frozen=True)
class Standing:
    """The slices of a batch of which every report stands as it is."""

    steps: Sequence[Step]
    proof: Proof

    def __iter__(self) -> Iterator[list[Step]]:
        """All of them at once."""
        return iter([list(self.steps)])


def standing_batch(made: Plan, ask: Ask, journal: Journal, out: Path) -> Standing | None:
    """The batch as it stands, where it was made from this very state of all: with what its manifest says."""
    known = journal.before
    if ask.force or known.get("state") != ask.state:
        return None
    steps = standing(made, journal.records, ask.state, out)
    if not steps:
        return None
    checks = tuple(Check(**{name: one[name] for name in Check.__match_args__}) for one in known["sums"])
    return Standing(steps, Proof(checks, known["fingerprint"], known["comparison"]))


@dataclass
class Cutting:
    """The slices of a batch, each cut when it is asked for."""

    data: Dataset
    made: Plan
    ask: Ask
    journal: Journal
    out: Path
    scratch: Path
    _proof: Proof | None = field(default=None, init=False)

    @property
    def proof(self) -> Proof:
        """The proof that the slices make up the whole."""
        assert self._proof is not None
        return self._proof

    def __iter__(self) -> Iterator[list[Step]]:
        """Cut what is asked for; add up everything."""
        whole, peers = self._whole()
        sums, jobs = Sums.of(whole, self.made, self.ask.kpis), _by_member(self.made.jobs)
        tallies = []
        for member, part in self.made.parts(whole):
            if member not in jobs:
                tallies.append(sums.in_(part))
                continue
            folder = write_part(part, self.made, member, peers, self.scratch, self.ask.settings)
            written = Dataset.read(folder)  # what a notebook will read is what has to add up
            tallies.append(sums.in_(written))
            cut = self._cut(folder, written)
            yield [self._step(job, cut) for job in jobs[member]]
        checks = tuple(reconcile(sums.in_(whole), tallies))
        fingerprint = self.ask.fingerprint or self.data.fingerprint()
        self._proof = Proof(checks, fingerprint, comparison(whole, self.made, self.ask.kpis))

    def _whole(self) -> tuple[Dataset, pl.DataFrame | None]:
        """What is divided, the as-of view worked out once instead of once per slice; and the figures of the others."""
        seen = self.data.as_of(self.made.as_of)
        place = Path(tempfile.mkdtemp(dir=self.scratch)) / WHOLE
        seen.where(self.made.where).write(place)
        whole = _at_hand(place)
        return whole, _peers(seen if self.made.where else whole, self.made, self.ask)

    def _cut(self, folder: Path, part: Dataset) -> Cut | None:
        if has_facts(part, self.made.period):
            return cut_of(folder)
        shutil.rmtree(folder.parent)
        return None

    def _step(self, job: Job, cut: Cut | None) -> Step:
        record, key = self.journal.records.get(job.stem), key_of(job, self.ask.parts, cut)
        return Step(job, key, record, cut, "asked for" if self.ask.force and cut else reason(record, key, self.out))


def _by_member(jobs: Sequence[Job]) -> Mapping[str | None, list[Job]]:
    found: dict[str | None, list[Job]] = defaultdict(list)
    for job in jobs:
        found[job.member].append(job)
    return dict(found)


@contextmanager
def cutting(data: Dataset, made: Plan, ask: Ask, journal: Journal, out: Path) -> Iterator[Cutting]:
    """The slices of a batch in which something may have to be made.

    Raises:
        ReportError: there is nothing to report on.
    """
    require_facts(data.as_of(made.as_of), made.period, made.as_of)
    _forget_dead()
    with _scratch() as scratch:
        yield Cutting(data, made, ask, journal, out, scratch)


def _at_hand(place: Path) -> Dataset:
    """The dataset of a folder, in memory where that has room for it: rows are looked up in it for every slice."""
    size = sum(path.stat().st_size for path in place.iterdir())
    whole = Dataset.read(place)
    return whole.settled() if size * UNPACKED < free_memory() else whole


def _peers(seen: Dataset, made: Plan, ask: Ask) -> pl.DataFrame | None:
    """The figures of the others, for each member of the whole; of a slice only where it is one member of something.

    Those of any other slice could be taken from those of a third, and the difference may be few.
    """
    if not made.where:
        return None if made.by == SLICE else company_figures(seen, made, ask.aggregates, ask.min_peers)
    (name, values), *further = made.where.items()
    if made.by != SLICE or further or len(values) > 1 or values[0] is None:
        return None
    figures = company_figures(seen, replace(made, by=name), ask.aggregates, ask.min_peers)
    if figures is None:
        return None
    (member,) = made.members
    return figures.filter(pl.col(name) == values[0]).with_columns(pl.lit(member).alias(SLICE))


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for slices, which can be passed through but not listed: who was handed one finds no other."""
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        scratch.chmod(0o300)
        try:
            yield scratch
        finally:
            scratch.chmod(0o700)


def facts_of(cut: Cut) -> dict[str, str]:
    """What a page says of the data it was made from: its fingerprint and its age."""
    last = f"last dated {format_date(cut.last)}" if cut.last else "without a date"
    return {"fingerprint": cut.fingerprint, "age": last}


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
