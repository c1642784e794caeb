"""What a batch will make: every template for every slice, all of it checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kpitools.errors import EvaluationError, ReportError, UnknownNameError
from kpitools.formats import format_date, format_period_range
from kpitools.model.calendar import Period, parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import dimension
from kpitools.model.slice import UNASSIGNED as UNASSIGNED_TEXT
from kpitools.model.slice import Slice
from kpitools.reports.names import UNASSIGNED, slug, slugs
from kpitools.reports.parameters import check_parameters
from kpitools.reports.templates import Template, find_all


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
        members: member -> slug, for every member of the dimension, asked for or not; None is "belongs to none".
    """

    by: str
    period: Period
    as_of: str
    members: Mapping[str | None, str]
    jobs: Sequence[Job]
    templates: Sequence[Template] = field(default=())


def plan(
    data: Dataset,
    *,
    period: str | Period,
    by: str = "team",
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
        period: the period reported on, such as `2026Q3`.
        by: the dimension whose members each get their reports.
        templates: names of templates; all there are where left out.
        only: members to make reports for; all where left out. `(unassigned)` stands for rows that belong to none.
        as_of: the day from whose end the data is seen; the last day of the period where left out.
        parameters: values for further parameters of the templates, by name.
        folder: where the templates lie, if not in the project's own folder.
        kpis: the company's own KPIs, which parameters may name.

    Raises:
        UnknownNameError: a dimension, member, template or parameter that there is not; the message names the nearest.
        ReportError: a parameter of the wrong type, no template at all, or two reports whose files would be the same.
        EvaluationError: a period or day that cannot be read.
    """
    dimension(by)
    span = parse_period(period) if isinstance(period, str) else period
    day = _day(as_of) if as_of else span.last_day.isoformat()
    chosen = find_all(templates, folder)
    if not chosen:
        raise ReportError("There is no template to make reports from; add notebooks to the folder of templates.")
    values = check_parameters(chosen, parameters or {}, kpis)
    names = slugs([*data.as_of(day).members(by), None])
    jobs = [
        _job(template, member, short, by, span, day, values[template.name])
        for member, short in names.items()
        if member in _asked(only, names, by)
        for template in chosen
    ]
    _check_stems(jobs, by)
    return Plan(by, span, day, names, jobs, chosen)


def _check_stems(jobs: Iterable[Job], by: str) -> None:
    """No report overwrites another: `reps` for "EMEA West" and `reps-emea` for "West" have one file name."""
    taken: dict[str, Job] = {}
    for job in jobs:
        other = taken.setdefault(job.stem, job)
        if other is not job:
            pair = " and ".join(f"{one.template.name} for {by} {one.member!r}" for one in (other, job))
            raise ReportError(f"The files of {pair} would both be named {job.stem}; rename one of the templates.")


def _day(as_of: date | str) -> str:
    try:
        return date.fromisoformat(str(as_of)).isoformat()
    except ValueError:
        raise EvaluationError(f"{as_of!r} is not a day; write as_of as 2026-09-30.") from None


def _asked(only: Iterable[str] | None, members: Mapping[str | None, str], by: str) -> set[str | None]:
    if only is None:
        return set(members)
    known = [UNASSIGNED_TEXT if name is None else name for name in members]
    for name in (only := list(only)):
        if name not in known:
            raise UnknownNameError(by.replace("_", " "), name, known)
    return {None if name == UNASSIGNED_TEXT else name for name in only}


def _job(
    template: Template, member: str | None, short: str, by: str, period: Period, day: str, values: Mapping[str, Any]
) -> Job:
    where = Slice({by: (member,)}, period.text, day)
    given: dict[str, Any] = {"slice": str(where), "period": period.text, "as_of": day}
    if "interactive" in template.parameters:
        given["interactive"] = False
    facts = {
        "title": template.title,
        "subject": f"{by.replace('_', ' ').capitalize()} {UNASSIGNED if member is None else member}",
        "slice": str(where),
        "period": period.name or str(period),
        "dates": format_period_range(period.start, period.end),
        "as_of": format_date(date.fromisoformat(day)),
    }
    stem = f"{slug(template.name)}-{short}-{slug(str(period))}"
    return Job(template, member, stem, {**given, **values}, facts)
