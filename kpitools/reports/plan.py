"""What a batch will make: every template for every slice, all of it checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from kpitools.errors import ReportError, UnknownNameError
from kpitools.evaluation.result import TOTAL
from kpitools.formats import format_date, format_period_range
from kpitools.formats.filenames import slug
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import dimension
from kpitools.model.slice import UNASSIGNED as UNASSIGNED_TEXT
from kpitools.model.slice import Slice
from kpitools.reports.chosen import check_values, day_of, members_in, period_of
from kpitools.reports.names import UNASSIGNED, slugs
from kpitools.reports.parameters import check_parameters
from kpitools.reports.templates import Template, find_all

#: Dimension -> the values whose rows are meant.
Where = Mapping[str, tuple[str | None, ...]]
#: Stands for a dimension where a batch is about one slice that is not divided.
SLICE = "slice"


@dataclass(frozen=True)
class Job:
    """One report to make: a template for a slice.

    Attributes:
        member: the team (or segment, ...) it is for; None for the rows that belong to none.
        stem: the name of its files, without folder and ending.
        parameters: what its notebook is given, the data's place excepted.
        facts: what its page says about itself: title, subject, slice, period, dates, as_of.
    """

    template: Template
    member: str | None
    stem: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """All reports of a batch, and the slices that together make the whole.

    Attributes:
        by: the dimension whose members have a slice each; `SLICE` where the batch is about one slice, undivided.
        members: member -> slug, for every member of the dimension, asked for or not; None is "belongs to none".
        where: what the whole is cut to before it is divided; nothing where it is everything.
    """

    by: str
    period: Period
    as_of: str
    members: Mapping[str | None, str]
    jobs: Sequence[Job]
    templates: Sequence[Template] = field(default=())
    where: Where = field(default_factory=dict)

    @property
    def chosen(self) -> str:
        """What the whole was cut to, in the text form of a slice; empty where it is everything."""
        return str(Slice(self.where))

    @property
    def within(self) -> str:
        """What the whole was cut to before it was divided, in words; empty where it is everything, or not divided."""
        return Slice(self.where).words() if self.where and self.by != SLICE else ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the whole is divided by."""
        return () if self.by == SLICE else (self.by,)

    @property
    def cut_by(self) -> tuple[str, ...]:
        """All that a member's slice is cut by: what has no such dimension is in no slice."""
        return tuple(dict.fromkeys((*self.where, *self.dimensions)))

    def where_of(self, member: str | None) -> Where:
        """The rows of a member's slice."""
        return where_of(self.where, self.by, member)

    def targeted(self, member: str | None) -> tuple[str | None, ...]:
        """Whose own targets are those of a member's slice: nobody's where that is but a part of somebody."""
        return () if self.where else (TOTAL,) if self.by == SLICE else (member,)

    def parts(self, whole: Dataset) -> Iterator[tuple[str | None, Dataset]]:
        """Each member with its slice of the whole."""
        if self.by == SLICE:
            return ((member, whole) for member in self.members)
        return whole.divided(self.by, self.members)


def plan(
    data: Dataset,
    *,
    period: str | Period | None = None,
    by: str | None = None,
    slice: Slice | str = "",
    templates: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    as_of: date | str | None = None,
    parameters: Mapping[str, Any] | None = None,
    folder: Path | str | None = None,
    kpis: Iterable[str] = (),
) -> Plan:
    """Every report that is to be made.

    Args:
        data: the dataset; which members there are is seen as of `as_of`.
        period: the period reported on, such as `2026Q3`; that of the slice where left out.
        by: the dimension whose members each get their reports; team where left out, and no slice is given.
        slice: what the reports are about, if not everything; undivided where `by` is left out.
        templates: names of templates; all there are where left out.
        only: members to make reports for; all where left out. `(unassigned)` stands for rows that belong to none.
        as_of: the day from whose end the data is seen; that of the slice, else the last day of the period, where left
            out.
        parameters: values for further parameters of the templates, by name.
        folder: where the templates lie, if not in the project's own folder.
        kpis: the company's own KPIs, which parameters may name.

    Raises:
        UnknownNameError: a dimension, member, template or parameter that there is not; the message names the nearest.
        ReportError: a parameter of the wrong type, no template at all, two reports whose files would be the same, or a
            period or day that is not the slice's.
        EvaluationError: a period, day or slice that cannot be read.
    """
    chosen = Slice.parse(slice) if isinstance(slice, str) else slice
    by = by or (SLICE if chosen != Slice() else "team")
    if by != SLICE:
        dimension(by)
    span = period_of(period, chosen)
    day = day_of(as_of, chosen, span)
    found = find_all(templates, folder)
    if not found:
        raise ReportError("There is no template to make reports from; add notebooks to the folder of templates.")
    values = check_parameters(found, parameters or {}, kpis)
    members = _members(data.as_of(day), by, chosen)
    made = Plan(by, span, day, members, (), found, chosen.where)
    asked = _asked(only, members, by)
    jobs = [_job(one, member, made, values[one.name]) for member in members if member in asked for one in found]
    _check_stems(jobs, by)
    return replace(made, jobs=jobs)


def _members(seen: Dataset, by: str, chosen: Slice) -> dict[str | None, str]:
    """The members with their slugs; of a slice those that it has rows of."""
    check_values(seen, chosen)
    if by == SLICE:
        return slugs([Slice(chosen.where).words()])
    if not chosen.where:
        return slugs([*seen.members(by), None])
    found = slugs([*members_in(seen.where(chosen.where), by), None])
    return {member: f"{short}-{slug(Slice(chosen.where).words())}" for member, short in found.items()}


def where_of(where: Where, by: str, member: str | None) -> Where:
    """The rows of a member's slice, of what the whole was cut to."""
    return where if by == SLICE else {**where, by: (member,)}


def _check_stems(jobs: Iterable[Job], by: str) -> None:
    """No report overwrites another: `reps` for "EMEA West" and `reps-emea` for "West" have one file name."""
    taken: dict[str, Job] = {}
    for job in jobs:
        other = taken.setdefault(job.stem, job)
        if other is not job:
            pair = " and ".join(f"{one.template.name} for {by} {one.member!r}" for one in (other, job))
            raise ReportError(f"The files of {pair} would both be named {job.stem}; rename one of the templates.")


def _asked(only: Iterable[str] | None, members: Mapping[str | None, str], by: str) -> set[str | None]:
    if only is None:
        return set(members)
    known = [UNASSIGNED_TEXT if name is None else name for name in members]
    for name in (only := list(only)):
        if name not in known:
            raise UnknownNameError(by.replace("_", " "), name, known)
    return {None if name == UNASSIGNED_TEXT else name for name in only}


def _job(template: Template, member: str | None, made: Plan, values: Mapping[str, Any]) -> Job:
    where = Slice(made.where_of(member), made.period.text, made.as_of)
    given: dict[str, Any] = {"slice": str(where), "period": made.period.text, "as_of": made.as_of}
    if "interactive" in template.parameters:
        given["interactive"] = False
    facts = {
        "title": template.title,
        "subject": _subject(made, member),
        "slice": str(where),
        "period": made.period.name or str(made.period),
        "dates": format_period_range(made.period.start, made.period.end),
        "as_of": format_date(date.fromisoformat(made.as_of)),
    }
    stem = f"{slug(template.name)}-{made.members[member]}-{slug(str(made.period))}"
    return Job(template, member, stem, {**given, **values}, facts)


def _subject(made: Plan, member: str | None) -> str:
    """What a report is about, in words: `Team North, segment smb`."""
    if made.by == SLICE:
        whole = Slice(made.where).words()
        return f"{whole[0].upper()}{whole[1:]}"
    own = f"{made.by.replace('_', ' ').capitalize()} {UNASSIGNED if member is None else member}"
    return ", ".join(filter(None, (own, made.within)))
