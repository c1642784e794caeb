"""Retention in words: only cells that are over have a say."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from kpitools.analyses.chance import Interval, Share, apart, shares_differ_by
from kpitools.analyses.retention import cohort_means
from kpitools.analyses.words.plain import counted, interval_words, listed, name, total
from kpitools.errors import EvaluationError
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_value
from kpitools.model.calendar import RegularCalendar, parse_period

#: A mean is told of so many cohorts: after a year, else at the oldest age that so many have come to.
ENOUGH_COHORTS = 3
YEAR = {"month": 12, "quarter": 4, "year": 1}


def retention_words(cells: pl.DataFrame) -> list[str]:
    """How much is left after a year, or as long as can be told, which cohorts differ from the others, what is not over.

    Args:
        cells: the frame of `cohorts`.
    """
    over = cells.filter(pl.col("complete"), pl.col("age") > 0)
    if over.is_empty():
        return ["No cohort has been seen for a whole period after its first yet: there is no retention to tell."]
    unit = _unit(cells.item(0, "cohort"))
    heads = bool((cells["base"] == cells["size"]).all())
    said = [_mean(over, unit, heads=heads)]
    if heads:
        said.append(_different(over, unit))
    unfinished = cells.filter(~pl.col("complete")).height
    if unfinished:
        said.append(f"{counted(unfinished, 'cell is', 'cells are')} not over yet: empty, and in no mean.")
    return said


def _mean(over: pl.DataFrame, unit: str, *, heads: bool) -> str:
    means = cohort_means(over)
    seen = means.filter(pl.col("cohorts") >= ENOUGH_COHORTS)
    after_a_year = seen.filter(pl.col("age") == YEAR.get(unit, 0))
    row = next(frame for frame in (after_a_year, seen, means) if frame.height).row(-1, named=True)
    who = "customers" if heads else "the revenue they brought at first"
    told = f"{format_value(row['value'], 'percent')} of {who} {'were' if heads else 'was'} still there "
    told += f"{counted(row['age'], unit)} after the one they began in ({counted(row['cohorts'], 'cohort')}"
    if not heads:
        return f"{told}, weighted by size)."
    share = Share(row["retained"], row["base"])
    counts = f"{format_value(share.some, 'count')} of {format_value(share.of, 'count')}"
    return f"{told}, {counts}; {interval_words(share.interval())})."


def _different(over: pl.DataFrame, unit: str) -> str:
    """The cohorts that kept clearly more or fewer than the others: the clearest first, and then without it."""
    compared = len(_all_beside_others(over))
    if not compared:
        return "There are too few cohorts of one age to compare them."
    told: list[str] = []
    while clear := [case for case in _all_beside_others(over) if apart(_difference(case, compared))]:
        found = max(clear, key=lambda case: min(map(abs, _difference(case, compared))))
        shares = f"{format_value(found.own.percent, 'percent')} against {format_value(found.others.percent, 'percent')}"
        told.append(f"{name(found.cohort)} ({shares} of the others after {counted(found.age, unit)})")
        over = over.filter(pl.col("cohort") != found.cohort)
    whom = counted(compared, "cohort")
    if not told:
        return f"No cohort differs from the others by more than chance explains, of {whom} that can be compared."
    differ = f"{counted(len(told), 'differs', 'differ')} from the others by more than chance explains"
    return f"Of {whom}, {differ}: {listed(told)}."


@dataclass(frozen=True)
class Beside:
    """A cohort and all others together at one age."""

    cohort: str
    age: int
    own: Share
    others: Share


def _difference(case: Beside, comparisons: int) -> Interval:
    return shares_differ_by(case.own, case.others, comparisons)


def _all_beside_others(over: pl.DataFrame) -> list[Beside]:
    starts = over["cohort_start"].unique().sort()
    return [found for start in starts if (found := _beside_others(over, start))]


def _beside_others(over: pl.DataFrame, start: object) -> Beside | None:
    """A cohort at the oldest age at which there are enough others."""
    for row in over.filter(pl.col("cohort_start") == start).sort("age", descending=True).to_dicts():
        others = over.filter(pl.col("age") == row["age"], pl.col("cohort_start") != start)
        if others.height >= ENOUGH_COHORTS - 1 and row["base"] >= SMALL and total(others["base"]) >= SMALL:
            rest = Share(total(others["retained"]), total(others["base"]))
            return Beside(row["cohort"], row["age"], Share(row["retained"], row["base"]), rest)
    return None


def _unit(cohort: str) -> str:
    try:
        calendar = parse_period(cohort).calendar
    except EvaluationError:
        return "period"
    return calendar.grain if isinstance(calendar, RegularCalendar) else "period"
