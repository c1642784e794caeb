"""Targets: what a company has set itself, by KPI, group and period, in its settings or as quotas of a KPI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.leaves import grows_with_size, leaves
from kpitools.evaluation.result import TOTAL
from kpitools.kpis.kpi import Kpi
from kpitools.measures.anchors import PeriodDays
from kpitools.model.calendar import Period, parse_period
from kpitools.model.dataset import Dataset

#: KPI id -> target, or -> target by group or by period, or -> by group and there by period.
Targets = Mapping[str, float | Mapping[str, float | Mapping[str, float]]]
#: Whose quotas are the targets of the groups of a dimension; without a breakdown the company's.
OWNERS = {"team": "team", "rep": "rep", "rep_id": "rep"}
#: Dimensions whose members may have targets of their own, beside the one that is broken down by.
GROUPS = tuple(OWNERS)
Key = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Quota:
    """A target of a KPI for one owner, from its first day to its last."""

    starts_on: date
    ends_on: date
    amount: float

    def spans(self, start: date, end: date) -> bool:
        """Whether it is in force for all of a period."""
        return self.starts_on <= start and end <= self.ends_on + timedelta(days=1)

    def share(self, start: date, end: date) -> float | None:
        """Its part for a period by days; None where it has no day of it."""
        days = (min(end, self.ends_on + timedelta(days=1)) - max(start, self.starts_on)).days
        return self.amount * days / ((self.ends_on - self.starts_on).days + 1) if days > 0 else None


@dataclass(frozen=True)
class Goals:
    """Every target there is for the groups of one breakdown.

    Attributes:
        said: target by KPI, group and period; None for any group or period.
        quotas: the quotas of each KPI and group.
        everything: the group that is meant where nothing is broken down; None for a cut, which is one of many.
    """

    said: Mapping[Key, float]
    quotas: Mapping[tuple[str, str], list[Quota]]
    everything: str | None = TOTAL

    def of(self, kpi: Kpi, rows: pl.DataFrame, by: tuple[str, ...]) -> pl.Series:
        """The target of each row: said of group and period, of the group, of the period, of all; else its quota."""
        groups = rows[by[0]].to_list() if by else [self.everything] * rows.height
        asked = zip(groups, rows["period"], rows["start"], rows["end"], strict=True)
        shared = _is_shared_out(kpi)
        found = [self._one(kpi.id, *each, shared) for each in asked]
        return pl.Series("target", found, dtype=pl.Float64)

    def _one(self, kpi: str, group: str | None, period: str, start: date, end: date, shared: bool) -> float | None:
        for key in ((kpi, group, period), (kpi, group, None), (kpi, None, period), (kpi, None, None)):
            if key in self.said:
                return self.said[key]
        quotas = self.quotas.get((kpi, group), []) if group is not None else []
        if shared:
            shares = [share for quota in quotas if (share := quota.share(start, end)) is not None]
            return sum(shares) if shares else None
        return next((quota.amount for quota in reversed(quotas) if quota.spans(start, end)), None)


def goals(targets: Targets, data: Dataset, kpis: Iterable[Kpi], by: tuple[str, ...]) -> Goals:
    """The targets as they are said, and the quotas of these KPIs for the owners that the breakdown has."""
    said = {(kpi, group, period): value for kpi, group, period, value in _said(targets)}
    return Goals(said, _quotas(data, [kpi.id for kpi in kpis], by), None if data.is_part else TOTAL)


def check_targets(targets: Targets, data: Dataset, by: tuple[str, ...], periods: Iterable[Period]) -> None:
    """Refuse a target for a group or period that there is not. Of a cut nobody can tell: it lacks the other groups.

    Raises:
        UnknownNameError: no team or rep, and no member of the first dimension, is called so; or a period's name.
    """
    listed = {str(each) for period in periods for each in _listed(period)}
    said = [(group, period) for _, group, period, _ in _said(targets)]
    for period in {period for _, period in said if period is not None} - listed:
        parse_period(period)
    wanted = {group for group, _ in said if group is not None} - {TOTAL} - listed
    if not wanted or data.is_part:
        return
    known = {member for name in dict.fromkeys((*by[:1], *GROUPS)) for member in _members(data, name)}
    for group in sorted(wanted - known):
        raise UnknownNameError("team, rep or period to have a target", group, known)


def _said(targets: Targets) -> Iterator[tuple[str, str | None, str | None, float]]:
    for kpi, value in targets.items():
        if not isinstance(value, Mapping):
            yield kpi, None, None, float(value)
            continue
        for name, inner in value.items():
            if isinstance(inner, Mapping):
                yield from ((kpi, name, period, float(each)) for period, each in inner.items())
            elif _is_period(name):
                yield kpi, None, name, float(inner)
            else:
                yield kpi, name, None, float(inner)


def _is_period(text: str) -> bool:
    try:
        parse_period(text)
    except EvaluationError:
        return False
    return True


def _listed(period: Period) -> Iterable[Any]:
    """The periods of a calendar that lists them; the one itself of any other."""
    return period.calendar if isinstance(period.calendar, Iterable) else [period]


def _members(data: Dataset, name: str) -> list[str]:
    try:
        return data.members(name)
    except UnknownNameError:
        return []


def _quotas(data: Dataset, kpis: list[str], by: tuple[str, ...]) -> dict[tuple[str, str], list[Quota]]:
    owner = OWNERS.get(by[0]) if by else "company"
    columns = ("measure", "owner_kind", "owner_id", "starts_on", "ends_on", "amount")
    if owner is None or "quotas" not in data or not set(columns) <= set(data.columns("quotas")):
        return {}
    wanted = pl.col("measure").is_in(kpis) & (pl.col("owner_kind") == owner)
    rows = data["quotas"].filter(wanted).select(columns).sort("starts_on", "ends_on").collect()
    names = _labels(data) if by and by[0] == "rep" else {}
    found: dict[tuple[str, str], list[Quota]] = {}
    for measure, _, owner_id, *rest in rows.drop_nulls(["starts_on", "ends_on", "amount"]).iter_rows():
        group = TOTAL if owner == "company" else names.get(owner_id, owner_id)
        found.setdefault((measure, group), []).append(Quota(*rest))
    return found


def _labels(data: Dataset) -> dict[str, str]:
    reps = data.lookups.get("reps")
    return dict(reps.select("rep_id", "label").collect().iter_rows()) if reps is not None else {}


def _is_shared_out(kpi: Kpi) -> bool:
    """Whether a longer period has a larger figure, as of deals won; a target of a rate or a stock holds throughout."""
    flows = [each.source for each in leaves(kpi) if not isinstance(each.source, PeriodDays)]
    return all(flow.additive_over_time for flow in flows) and grows_with_size(kpi)
