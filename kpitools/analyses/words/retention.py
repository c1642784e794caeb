"""Retention in words: only cells that are over have a say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from kpitools.analyses.chance import Interval, Share, apart, shares_differ_by
from kpitools.analyses.lifetime import ShiftedBetaGeometric
from kpitools.analyses.logrank import LogRank, chi_square_tail
from kpitools.analyses.retention import cohort_means
from kpitools.analyses.words.plain import counted, interval_words, listed, name, total
from kpitools.errors import EvaluationError
from kpitools.evaluation.intervals import CONFIDENCE, SMALL
from kpitools.formats import format_value
from kpitools.model.calendar import RegularCalendar, parse_period

#: A mean is told of so many cohorts: after a year, else at the oldest age that so many have come to.
ENOUGH_COHORTS = 3
#: Ends what is said of a model that does not fit.
CARE = ": read what it expects with care."
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


def survival_words(test: LogRank, many: int = 3) -> list[str]:
    """Which groups leave sooner or later than the others, by more than chance explains.

    Each group is held against all others together, the bar being higher the more groups there are (Bonferroni).

    Args:
        test: what `log_rank` found.
        many: so many have to have left, or been expected to, before a group is told of.
    """
    rows = test.groups.to_dicts()
    if test.p_value is None:
        return ["There are no two groups of which somebody left: nothing to compare."]
    clear = [row for row in rows if _leaves_otherwise(row, len(rows)) and max(row["left"], row["expected"]) >= many]
    together = f"log-rank test of {counted(len(rows), 'group')}, {chance_words(test.p_value)}"
    if not clear:
        return [f"No group leaves sooner or later than the others by more than chance explains ({together})."]
    told = [_sooner_or_later(row) for row in sorted(clear, key=lambda row: round(row["p_value"], 9))]
    return [*told, f"All groups together: {together}."]


def chance_words(p_value: float) -> str:
    """How often chance alone does as much.

    >>> chance_words(0.0312), chance_words(1e-9)
    ('p 0.031', 'p below 0.001')
    """
    return "p below 0.001" if p_value < 0.001 else f"p {p_value:.3f}"


def _leaves_otherwise(row: dict[str, Any], groups: int) -> bool:
    return row["p_value"] is not None and row["p_value"] * groups < 1 - CONFIDENCE


def _sooner_or_later(row: dict[str, Any]) -> str:
    way = "sooner" if row["left"] > row["expected"] else "later"
    due = f"{counted(row['left'], 'customer')} left where {format_value(row['expected'], 'number')} would have"
    return (
        f"{name(row['group'])} leaves {way} than the others: {due} at the rate of all ({chance_words(row['p_value'])})."
    )


def movement_words(moved: pl.DataFrame) -> list[str]:
    """What recurring revenue did in the last period that is over, and how much of the opening was kept.

    Args:
        moved: the frame of `revenue_retention`.
    """
    over = moved.filter(pl.col("complete"), pl.col("opening").is_not_null())
    if over.is_empty():
        return ["No period is over in which recurring revenue is known: there is no movement to tell."]
    row = over.row(-1, named=True)
    opening, closing = (format_value(row[end], "currency") for end in ("opening", "closing"))
    change = row["closing"] - row["opening"]
    way = "stayed the same" if not change else "grew" if change > 0 else "shrank"
    ends = f", {opening}" if not change else f" from {opening} to {closing}"
    said = f"In {row['period']} monthly recurring revenue {way}{ends}."
    if row["nrr"] is None:
        return [f"{said} There was none at its beginning of which a share could have been kept."]
    net, gross = (format_value(row[share], "percent") for share in ("nrr", "grr"))
    return [f"{said} Of what there was at its beginning, {net} was left with expansion and {gross} without."]


def contract_words(fit: pl.DataFrame, model: ShiftedBetaGeometric) -> list[str]:
    """How long contracts are expected to last, and whether the model goes with what was seen.

    Args:
        fit: the frame of `contract_fit`.
        model: the model.
    """
    first, fifth = (format_value(model.survival(age), "percent") for age in (1, 5))
    said = f"Of new customers, {first} are expected to renew once and {fifth} five times."
    if (last := fit.item(-1, "age")) < 5:
        said += (
            f" The last who were seen to leave left in term {last}: what is said of later ones is the model's alone."
        )
    said += " By the model all are about as likely to leave." if model.alike else ""
    told = fit.drop_nulls(["lower", "upper"])
    if told.is_empty():
        return [said, "Whether the model fits cannot be told: no term has an interval to hold it against."]
    outside = told.filter(~pl.col("modelled").is_between("lower", "upper"))
    if outside.is_empty():
        return [said, f"The model is within the 95 % interval of what was seen in {_all(told.height)}."]
    ages = listed([str(age) for age in outside["age"]])
    return [said, f"The model is outside the 95 % interval of what was seen after {ages} of {_all(told.height)}{CARE}"]


def value_words(values: pl.DataFrame) -> list[str]:
    """What today's customers are expected to bring by renewing, all together.

    Args:
        values: the frame of `contract_values`.
    """
    if values.is_empty():
        return ["No customer of today has a price: what renewals will bring cannot be told."]
    who, are = counted(values.height, "customer"), "is" if values.height == 1 else "are"
    year, brought = (format_value(amount, "currency") for amount in (12 * total(values["mrr"]), total(values["value"])))
    return [f"The {who} of today, at {year} a year, {are} expected to renew for {brought} in all, discounted."]


def _all(terms: int) -> str:
    return counted(terms, "term")


def repeat_words(fit: pl.DataFrame) -> list[str]:
    """Whether customers bought again as often as the model says: a chi-square test over the rows of the fit.

    Rows of which the model expects fewer than five are left out; four parameters were fitted.

    Args:
        fit: the frame of `repeats_fit`.
    """
    customers, never = int(fit["customers"].sum()), fit.row(0, named=True)
    said = f"{counted(never['customers'], 'customer')} of {format_value(customers, 'count')} never bought again; "
    said += f"the model has {format_value(never['modelled'], 'count')}."
    rows = fit.filter(pl.col("modelled") >= 5)
    away = rows.select(((pl.col("customers") - pl.col("modelled")) ** 2 / pl.col("modelled")).sum()).item()
    p_value = chi_square_tail(away, rows.height - 5)
    if p_value is None:
        return [said, "Whether the model fits cannot be told: too few customers bought again often."]
    told = f"differ from the model by more than chance explains ({chance_words(p_value)})"
    return [said, f"The counts {told}{CARE}" if p_value < 1 - CONFIDENCE else f"The counts do not {told}."]


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
