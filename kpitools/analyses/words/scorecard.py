"""A scorecard in words: what changed, what did not, what stands outside its benchmark, what cannot be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import polars as pl

from kpitools.analyses.scorecard import NOT_DECLARED, Scorecard
from kpitools.analyses.words.figures import (
    MATURING,
    Change,
    Row,
    change,
    change_status,
    difference_words,
    figure_words,
    is_sample,
    same_figure,
    status_beside,
    too_few,
)
from kpitools.analyses.words.plain import listed
from kpitools.evaluation.within import looks_beyond
from kpitools.formats import format_date, format_value, is_figure
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """A KPI with its rows of this period and of the one before."""

    kpi: Kpi
    row: Row
    before: Row | None

    @cached_property
    def change(self) -> Change | None:
        """How the figure changed."""
        return change(self.kpi, self.row, self.before)

    @property
    def is_known(self) -> bool:
        """Whether there is a figure that can be judged."""
        return is_figure(self.row["value"]) and not (is_sample(self.kpi, self.row) and too_few(self.row))


def findings(card: Scorecard) -> list[str]:
    """The scorecard in at most five sentences; the first is about its first KPI that has a figure to judge.

    Args:
        card: as `analyses.scorecard.scorecard` gives it.
    """
    told, than = _told(card), _than(card)
    known = [each for each in told if each.is_known]
    if not known:
        return [f"There is no figure to judge in {card.period.name}.", *_unknown(told)]
    first, *others = known
    said = [figure_words(first.kpi, first.row, first.before, than=than)]
    said += _sampled(others, than)
    said += _others(others, than)
    said += _judged(known)
    return said + _unknown(told, not_first=first)


def missing_words(missing: Mapping[str, Sequence[str]]) -> list[str]:
    """What a scorecard was asked for and does not show, and why.

    Args:
        missing: KPI -> what the data lacks for it.

    >>> missing_words({"win_rate": ("deals.closed_at",), "forecast_accuracy": ("no such KPI in the catalogue yet",)})
    ['Not shown, for what the data lacks: Win rate (deals.closed_at).', 'Not in the catalogue yet: forecast accuracy.']
    """
    absent = [name.replace("_", " ") for name, lacking in missing.items() if tuple(lacking) == NOT_DECLARED]
    lacking = [
        f"{CATALOGUE[name].label if name in CATALOGUE else name} ({', '.join(columns)})"
        for name, columns in missing.items()
        if tuple(columns) != NOT_DECLARED
    ]
    return [
        *([f"Not shown, for what the data lacks: {'; '.join(lacking)}."] if lacking else []),
        *([f"Not in the catalogue yet: {', '.join(absent)}."] if absent else []),
    ]


def within_words(kpis: Iterable[Kpi], dimensions: Collection[str]) -> list[str]:
    """Which of the figures look at rows of others, and so are measured within the slice alone.

    Args:
        kpis: the KPIs shown.
        dimensions: what the slice is cut by; none where it is everything.

    >>> within_words([CATALOGUE["win_rate"], CATALOGUE["product_mix_ratio"]], ["team"])
    ['Measured within this slice alone, without the rows of others that count in the whole company: Product mix ratio.']
    """
    labels = [kpi.label for kpi in kpis if looks_beyond(kpi, dimensions)]
    told = "Measured within this slice alone, without the rows of others that count in the whole company"
    return [f"{told}: {listed(labels, most=len(labels))}."] if labels else []


def with_chance(card: Scorecard) -> pl.DataFrame:
    """The figures of the period; a change of a share or mean that may be chance is called neither better nor worse.

    Args:
        card: as `analyses.scorecard.scorecard` gives it.
    """
    rows = {row["kpi"]: row for row in card.now.frame.to_dicts()}
    previous = {
        each.kpi.id: change_status(each.kpi, each.row, each.before, each.row.get("previous_status"))
        for each in _told(card)
    }
    year_ago = {kpi.id: _year_ago_status(card, kpi, rows[kpi.id]) for kpi in card.kpis}
    said = {"previous_status": previous, "year_ago_status": year_ago}
    return card.now.frame.with_columns(
        pl.col("kpi").replace_strict(found, default=None, return_dtype=pl.String).alias(name)
        for name, found in said.items()
    )


def _year_ago_status(card: Scorecard, kpi: Kpi, row: Row) -> str | None:
    """Beside the year before: the trend has the sample behind that figure, unless it is of a part of the period."""
    status, then = row.get("year_ago_status"), card.period.year_ago()
    of_then = card.trend.of(kpi).filter(pl.col("start") == then.start).to_dicts() if then else []
    if of_then and same_figure(row, of_then[0], "year_ago"):
        return change_status(kpi, row, of_then[0], status)
    return status_beside(kpi, row, row.get("year_ago"), status)


def _told(card: Scorecard) -> list[Told]:
    before = {row["kpi"]: row for row in card.before.frame.to_dicts()} if card.before else {}
    rows = {row["kpi"]: row for row in card.now.frame.to_dicts()}
    beside = {id_: row for id_, row in before.items() if not is_figure(row["value"]) or same_figure(rows[id_], row)}
    return [Told(kpi, rows[kpi.id], beside.get(kpi.id)) for kpi in card.kpis]


def _than(card: Scorecard) -> str:
    """What the period before is called; where this one is not over, the same part of it."""
    previous = card.period.previous()
    over = bool(card.now.frame["complete"].all())
    if previous is None:
        return "the period before"
    if over or card.before is None or card.before.frame.is_empty():
        return previous.name
    return f"{previous.name} up to {format_date(card.before.frame.item(0, 'end') - ONE_DAY)}"


def _sampled(others: Iterable[Told], than: str) -> list[str]:
    """Shares and means: those that changed by more than chance explains, and those that did not."""
    changes = [(each, each.change) for each in others if each.change is not None and each.change.interval is not None]
    if not changes:
        return []
    clear = [
        f"{each.kpi.label} at {format_value(each.row['value'], each.kpi.unit)}, "
        f"{difference_words(each.kpi, found.difference, than)}"
        for each, found in changes
        if found.is_clear
    ]
    within = [each.kpi.label for each, found in changes if not found.is_clear]
    parts = [
        f"More than chance alone explains: {'; '.join(clear)}." if clear else "",
        f"Within what chance alone explains against {than}: {listed(within)}." if within else "",
    ]
    return [" ".join(filter(None, parts))]


def _others(others: Iterable[Told], than: str) -> list[str]:
    """Sums, ratios, and what has nothing to be compared with: what they are, and how far from before."""
    parts = [
        f"{each.kpi.label} {format_value(each.row['value'], each.kpi.unit)}"
        + (f" ({difference_words(each.kpi, each.change.difference, than)})" if each.change else "")
        for each in others
        if each.kpi.id not in MATURING and (each.change is None or each.change.interval is None)
    ]
    return [f"Of the others: {'; '.join(parts)}."] if parts else []


def _judged(known: Sequence[Told]) -> list[str]:
    """Figures outside their benchmark, as far as their intervals lie outside as well; else what their trend says."""
    outside = _statuses(each for each in known if each.row.get("judged_by") != "trend" and _is_outside(each))
    by_trend = _statuses(each for each in known if each.row.get("judged_by") == "trend" and each.kpi.id not in MATURING)
    parts = [
        f"Outside the usual range: {listed(outside)}." if outside else "",
        f"Without a benchmark, by their own trend of four periods: {listed(by_trend)}." if by_trend else "",
    ]
    return [" ".join(filter(None, parts))] if any(parts) else []


def _statuses(told: Iterable[Told]) -> list[str]:
    found = [(each.kpi.label, each.row.get("judgement") or each.row.get("benchmark_status")) for each in told]
    return [f"{label} ({status})" for label, status in found if status in ("better", "worse")]


def _is_outside(each: Told) -> bool:
    """Whether value and interval lie outside; not said where the period is not over, to be fair."""
    benchmark, row = each.kpi.benchmark, each.row
    if benchmark is None or each.kpi.id in MATURING:
        return False
    if not row["complete"] and not is_sample(each.kpi, row):
        return False
    low, high = (row["lower"], row["upper"]) if is_figure(row.get("lower")) else (row["value"], row["value"])
    return (benchmark.low is not None and high < benchmark.low) or (benchmark.high is not None and low > benchmark.high)


def _unknown(told: Iterable[Told], not_first: Told | None = None) -> list[str]:
    """What has no figure, too few cases, or had too little time yet."""
    shown = [each for each in told if is_figure(each.row["value"])]
    none = [each.kpi.label for each in told if not is_figure(each.row["value"])]
    few = [f"{each.kpi.label} ({each.row['n']})" for each in shown if not each.is_known]
    unripe = [
        f"{each.kpi.label} {format_value(each.row['value'], each.kpi.unit)}"
        for each in shown
        if each.is_known and each.kpi.id in MATURING and each is not not_first
    ]
    parts = [
        f"Can still change, so not compared: {listed(unripe)}." if unripe else "",
        f"Too few cases to judge: {listed(few)}." if few else "",
        f"No figure: {listed(none)}." if none else "",
    ]
    return [" ".join(filter(None, parts))] if any(parts) else []
