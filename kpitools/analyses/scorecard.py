"""The core figures of one slice: a few KPIs of a role, beside the period before, the year before and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from kpitools.analyses.presets import FEWEST, FROM_DEALS
from kpitools.analyses.view import AsOf, choose, one_period, seen
from kpitools.errors import EvaluationError
from kpitools.evaluation.audit import lacks
from kpitools.evaluation.evaluate import evaluate_each
from kpitools.evaluation.result import Result
from kpitools.evaluation.targets import Targets
from kpitools.evaluation.trend import with_judgement
from kpitools.evaluation.windows import moment
from kpitools.kpis.catalogue import CATALOGUE, find
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.sets import SETS
from kpitools.model.calendar import Period, periods_until
from kpitools.model.dataset import Dataset

COMPARED = ("previous", "year_ago", "benchmark")
NOT_DECLARED = ("no such KPI in the catalogue yet",)


@dataclass(frozen=True, eq=False)
class Scorecard:
    """The figures of a scorecard.

    Attributes:
        period: the period it is about.
        kpis: the KPIs shown, in their order.
        now: the figures of the period beside those of the period before, the year before, and the benchmark; judged by
            the benchmark, else by the trend.
        before: the figures of the period before (of its first days, where the period is not over), with intervals.
        trend: the figures of the last periods up to this one.
        missing: KPI id -> what the data lacks for it.
    """

    period: Period
    kpis: tuple[Kpi, ...]
    now: Result
    before: Result | None
    trend: Result
    missing: Mapping[str, tuple[str, ...]]


def scorecard(
    data: Dataset,
    *,
    period: str | Period,
    role: str | None = None,
    kpis: Iterable[Kpi | str] | None = None,
    as_of: AsOf = None,
    trend: int = 8,
    catalogue: Mapping[str, Kpi] = CATALOGUE,
    targets: Targets | None = None,
) -> Scorecard:
    """The KPIs of a role as far as the data can give them.

    Args:
        data: the dataset.
        period: the period to show.
        role: one of `SETS` (a role, an industry, a rhythm of review, ...), else the general set; where the data gives
            fewer than three of a set, it is filled up from what deals alone can tell.
        kpis: KPIs to show instead of a set; none means the set.
        as_of: the day (to its end) or instant from which the data is seen.
        trend: how many periods the trend goes back, this one included.
        catalogue: the KPIs by id, with the company's own settings.
        targets: the company's own targets, to compare with.

    Raises:
        UnknownNameError: no such role, or a KPI of `kpis` that is not in the catalogue.
        EvaluationError: the data can give none of the KPIs; the message says what is missing for each.
    """
    view, chosen = seen(data, as_of), one_period(period)
    shown, missing = can_be_shown(view, role, kpis, catalogue)
    compared = (*COMPARED, "target") if targets else COMPARED
    at = moment(chosen, view.seen_at).shifted("previous")
    earlier = [at.period.first_days((at.until - at.period.start).days)] if at else []
    asked = [([chosen], compared), (periods_until(chosen, max(trend, 1)), ()), (earlier, ())]
    now, history, before = evaluate_each(shown, view, asked, targets=targets)
    return Scorecard(
        period=chosen,
        kpis=shown,
        now=with_judgement(now, history),
        before=before if at else None,
        trend=history,
        missing=missing,
    )


def can_be_shown(
    data: Dataset,
    role: str | None = None,
    kpis: Iterable[Kpi | str] | None = None,
    catalogue: Mapping[str, Kpi] = CATALOGUE,
) -> tuple[tuple[Kpi, ...], dict[str, tuple[str, ...]]]:
    """The KPIs that a scorecard shows, and by KPI what the data lacks for the others; arguments and errors are those of
    `scorecard`.
    """
    names, found, is_preset = _asked(role, tuple(kpis or ()), dict(catalogue))
    missing = {name: NOT_DECLARED for name in names if name not in found} | _lacking(found, data)
    shown = [kpi for name, kpi in found.items() if name not in missing]
    if is_preset and len(shown) < FEWEST:
        shown += [
            kpi
            for kpi in (catalogue[name] for name in FROM_DEALS)
            if kpi not in shown and not _lacking({kpi.id: kpi}, data)
        ]
    if not shown:
        told = "; ".join(f"{name}: {', '.join(lacking)}" for name, lacking in missing.items())
        raise EvaluationError(f"This data gives no figure of this scorecard. Missing for {told}.")
    return tuple(shown), missing


def joined(one: Scorecard, other: Scorecard, kpis: Iterable[Kpi]) -> Scorecard:
    """One scorecard of two over the same period, with these KPIs of them in this order."""
    order = tuple(kpis)

    def beside(here: Result, there: Result) -> Result:
        rows = pl.concat([here.frame, there.frame])
        return Result(pl.concat([rows.filter(pl.col("kpi") == kpi.id) for kpi in order]), order, ())

    before = beside(one.before, other.before) if one.before and other.before else None
    now, trend = beside(one.now, other.now), beside(one.trend, other.trend)
    return Scorecard(one.period, order, now, before, trend, {**one.missing, **other.missing})


def _asked(
    role: str | None, kpis: tuple[Kpi | str, ...], catalogue: dict[str, Kpi]
) -> tuple[list[str], dict[str, Kpi], bool]:
    """The names asked for, the KPIs behind those that are declared, and whether it is a set of ours."""
    if kpis:
        given = {kpi.id: kpi for kpi in (find(each, catalogue) if isinstance(each, str) else each for each in kpis)}
        return list(given), given, False
    choose("role", role or "general", SETS)
    names = list(SETS[role or "general"].kpis)
    return names, {name: catalogue[name] for name in names if name in catalogue}, True


def _lacking(kpis: Mapping[str, Kpi], data: Dataset) -> dict[str, tuple[str, ...]]:
    """What the data lacks by KPI; a table that a cut could not divide is lacking as a whole."""
    found = {}
    for name, kpi in kpis.items():
        gone = dict.fromkeys(measure.table.name for measure in kpi.measures() if measure.table.name not in data)
        columns = [column for column in lacks(kpi, data) if column.split(".")[0] not in gone]
        if gone or columns:
            found[name] = (*gone, *columns)
    return found
