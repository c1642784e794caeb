"""`evaluate`: KPIs over a dataset, by group and period, seen from an instant, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.audit import require
from kpitools.evaluation.compare import against_benchmark, judged
from kpitools.evaluation.figures import Figures, worked_out
from kpitools.evaluation.leaves import leaves, parts, with_inputs
from kpitools.evaluation.peers import peers
from kpitools.evaluation.query import BY
from kpitools.evaluation.result import OTHERS, PERIODS, TOTAL, Result, columns
from kpitools.evaluation.targets import Goals, Targets, check_targets, goals
from kpitools.evaluation.windows import Moment, moment
from kpitools.kpis.benchmarks import check_scope
from kpitools.kpis.catalogue import find
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period, parse_periods
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import dimension


def evaluate(
    kpis: Kpi | str | Iterable[Kpi | str],
    data: Dataset,
    *,
    periods: str | Period | Sequence[Period],
    by: str | Sequence[str] = (),
    as_of: date | datetime | str | None = None,
    compare: str | Sequence[str] = (),
    targets: Targets | None = None,
    scope: str | None = None,
    totals: bool = False,
) -> Result:
    """The figures of KPIs, one row per group, period and KPI.

    Every group that any of the KPIs has rows for is there for every period; where there is nothing to count, the
    value is null. A total is worked out anew from the rows, never from the groups' figures.

    Args:
        kpis: KPIs, or names of those in the catalogue.
        data: the dataset.
        periods: `2026Q3`, a range `2025Q1..2026Q3`, or periods of any calendar.
        by: dimensions to break down by.
        as_of: the day (to its end) or instant from which the data is seen.
        compare: any of previous, year_ago, same_point (of the previous period), target, benchmark, peers.
        targets: KPI id -> target; or -> target by group of the first dimension (`(all)`: of all together) or by period;
            or -> by group and there by period. A quota whose measure is a KPI's id is a target too.
        scope: the industry or kind of company whose benchmarks count (`saas`, `retail`, ...); each KPI's default
            unless given.
        totals: add the total over all groups, named `(all)`.

    Raises:
        UnknownNameError: a KPI, dimension, comparison or scope there is not, or a target for nobody.
        EvaluationError: the data lacks what a KPI needs, or its rows cannot be broken down so.

    >>> from kpitools.kpis.conversion import win_rate
    >>> deals = pl.DataFrame({
    ...     "deal_id": ["a", "b", "c"], "status": ["won", "lost", "won"], "segment": ["smb", "smb", "mid_market"],
    ...     "closed_at": [datetime(2026, 7, 1), datetime(2026, 8, 1), datetime(2026, 9, 30)]})
    >>> result = evaluate(win_rate, Dataset.of({"deals": deals}), periods="2026Q3", by="segment")
    >>> result.frame.select("segment", "period", "value", "n").rows()
    [('mid_market', '2026Q3', 100.0, 1), ('smb', '2026Q3', 50.0, 2)]
    """
    chosen, groups, wanted = _kpis(kpis, scope), _names(by), _comparisons(compare)
    seen, asked, targets = data.as_of(as_of) if as_of is not None else data, _periods(periods), targets or {}
    require(chosen, seen)
    if "target" in wanted:
        check_targets(targets, data, groups, asked)
    moments = [moment(period, seen.seen_at) for period in asked]
    (frame,) = _evaluated(chosen, seen, groups, [Choice.of(moments, wanted)], targets)
    if totals and groups:
        fewer = tuple(name for name in wanted if name != "peers")
        (total,) = _evaluated(chosen, seen, (), [Choice.of(moments, fewer)], targets)
        named = total.with_columns(pl.lit(TOTAL).alias(name) for name in groups)
        frame = pl.concat([frame, named], how="diagonal").select(frame.columns)
    return Result(frame, chosen, groups)


def evaluate_each(
    kpis: Iterable[Kpi],
    data: Dataset,
    asked: Sequence[tuple[Sequence[Period], str | Sequence[str]]],
    *,
    targets: Targets | None = None,
) -> list[Result]:
    """What `evaluate` gives for each of several choices of periods and comparisons, each row read once for all.

    Args:
        kpis: KPIs.
        data: the dataset.
        asked: the periods and the comparisons of each.
        targets: as for `evaluate`.

    Raises:
        EvaluationError: the data lacks what a KPI needs.

    >>> from kpitools.kpis.conversion import win_rate
    >>> from kpitools.model.calendar import parse_periods
    >>> times = [datetime(2026, 7, 1)] * 2
    >>> deals = pl.DataFrame({"deal_id": ["a", "b"], "status": ["won", "lost"], "closed_at": times})
    >>> quarter, months = parse_periods("2026Q3"), parse_periods("2026-07..2026-08")
    >>> now, by_month = evaluate_each([win_rate], Dataset.of({"deals": deals}), [(quarter, "previous"), (months, ())])
    >>> now.frame.select("value", "previous").rows(), by_month.frame["value"].to_list()
    ([(50.0, None)], [50.0, None])
    """
    chosen, targets = tuple(kpis), targets or {}
    require(chosen, data)
    choices = [
        Choice.of([moment(period, data.seen_at) for period in periods], _comparisons(compare))
        for periods, compare in asked
    ]
    for (periods, _), choice in zip(asked, choices, strict=True):
        if "target" in choice.compare:
            check_targets(targets, data, (), list(periods))
    return [Result(frame, chosen, ()) for frame in _evaluated(chosen, data, (), choices, targets)]


class Choice(NamedTuple):
    """Moments asked for and what they are compared with; all moments whose figures that takes, those asked for first;
    and by comparison where among these each moment's other stands."""

    moments: list[Moment]
    compare: tuple[str, ...]
    asked: list[Moment]
    elsewhere: dict[str, list[int | None]]

    @classmethod
    def of(cls, moments: list[Moment], compare: tuple[str, ...]) -> Choice:
        """The choice with the moments of other periods that it is compared with, each once."""
        asked = list(moments)
        elsewhere: dict[str, list[int | None]] = {}
        for name in compare:
            if name in PERIODS:
                others = [at.shifted("year_ago" if name == "year_ago" else "previous") for at in moments]
                asked += [other for other in others if other is not None and other not in asked]
                elsewhere[name] = [asked.index(other) if other else None for other in others]
        return cls(moments, compare, asked, elsewhere)


def _evaluated(
    kpis: tuple[Kpi, ...], data: Dataset, by: tuple[str, ...], choices: Sequence[Choice], targets: Targets
) -> list[pl.DataFrame]:
    """The figures of several choices; all are worked out in one go."""
    needed = [each for kpi in kpis for each in leaves(kpi)]
    figures = Figures(data, by)
    for choice in choices:
        figures.ask(needed, choice.asked)
    figures.collect()
    return [_compared(figures.wide(needed, choice.asked), kpis, data, by, choice, targets) for choice in choices]


def _compared(
    wide: pl.DataFrame, kpis: tuple[Kpi, ...], data: Dataset, by: tuple[str, ...], choice: Choice, targets: Targets
) -> pl.DataFrame:
    compare = choice.compare
    tidy = _tidy(wide, kpis, choice.asked, by)
    frame = tidy.filter(pl.col("m") < len(choice.moments))
    for name, places in choice.elsewhere.items():
        frame = _beside(frame, tidy, name, places, choice.asked, kpis, by)
    frame = _judged(frame, kpis, compare, goals(targets, data, kpis, by) if "target" in compare else None, by)
    if "peers" in compare:
        frame = peers(frame, kpis, wide, data, by, choice.moments)
    return _without_empty(frame, by).select(*by, *columns(compare))


def _without_empty(frame: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """Leave out rows without a group (a company's quota has no team) that have no figure at all."""
    if not by:
        return frame
    nameless = pl.any_horizontal(pl.col(by).is_null())
    has_figure = pl.col("value").is_not_null().any().over(by)
    return frame.filter(~nameless | has_figure)


def _tidy(wide: pl.DataFrame, kpis: tuple[Kpi, ...], asked: list[Moment], by: tuple[str, ...]) -> pl.DataFrame:
    """One row per group, moment and KPI, in one query for all."""
    spans = pl.DataFrame(
        {
            "m": range(len(asked)),
            "period": [at.period.label for at in asked],
            "start": [at.period.start for at in asked],
            "end": [at.period.end for at in asked],
            "until": [at.until for at in asked],
            "complete": [at.complete for at in asked],
        },
        schema_overrides={"m": pl.Int32},
    )
    rows = wide.join(spans, on="m", maintain_order="left").lazy()
    keys = [*(pl.col(BY + name).alias(name) for name in by), pl.col("m")]
    found = [
        with_inputs(rows, kpi).select(
            *keys,
            pl.lit(kpi.id).alias("kpi"),
            *(part.alias(name) for name, part in parts(kpi).items()),
            *spans.columns[1:],
        )
        for kpi in kpis
    ]
    return worked_out(pl.concat(found))


def _beside(
    frame: pl.DataFrame,
    tidy: pl.DataFrame,
    name: str,
    places: list[int | None],
    asked: list[Moment],
    kpis: tuple[Kpi, ...],
    by: tuple[str, ...],
) -> pl.DataFrame:
    """The frame with each figure's value of another period, and the days that were compared."""
    spans = pl.DataFrame(
        {
            "m": range(len(places)),
            "other": places,
            f"{name}_start": [asked[place].period.start if place is not None else None for place in places],
            f"{name}_end": [asked[place].until if place is not None else None for place in places],
        },
        schema={"m": pl.Int32, "other": pl.Int32, f"{name}_start": pl.Date, f"{name}_end": pl.Date},
    )
    others = tidy.select(*by, "kpi", pl.col("m").alias("other"), pl.col("value").alias(name))
    joined = frame.join(spans, on="m", maintain_order="left")
    keys = [*by, "kpi", "other"]
    return joined.join(others, on=keys, how="left", nulls_equal=True, maintain_order="left").drop("other")


def _judged(
    frame: pl.DataFrame, kpis: tuple[Kpi, ...], compare: tuple[str, ...], goals: Goals | None, by: tuple[str, ...]
) -> pl.DataFrame:
    done = []
    for kpi in kpis:
        rows = frame.filter(pl.col("kpi") == kpi.id)
        for name in compare:
            if name in PERIODS:
                rows = rows.with_columns(judged(name, pl.col(name), kpi))
            elif name == "benchmark":
                rows = rows.with_columns(against_benchmark(kpi))
            elif goals is not None and name == "target":
                rows = rows.with_columns(goals.of(kpi, rows, by)).with_columns(judged(name, pl.col(name), kpi))
        done.append(rows)
    return pl.concat(done)


def _kpis(kpis: Kpi | str | Iterable[Kpi | str], scope: str | None) -> tuple[Kpi, ...]:
    several = [kpis] if isinstance(kpis, Kpi | str) else list(kpis)
    found = {kpi.id: kpi for kpi in (find(each) if isinstance(each, str) else each for each in several)}
    if not found:
        raise EvaluationError("No KPI was asked for; name one, such as win_rate.")
    if scope is None:
        return tuple(found.values())
    check_scope(scope)
    return tuple(kpi.in_scope(scope) for kpi in found.values())


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    names = (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        dimension(name)
    return names


def _comparisons(compare: str | Sequence[str]) -> tuple[str, ...]:
    names = (compare,) if isinstance(compare, str) else tuple(compare)
    for name in names:
        if name not in PERIODS + OTHERS:
            raise UnknownNameError("comparison", name, PERIODS + OTHERS)
    return names


def _periods(periods: str | Period | Sequence[Period]) -> list[Period]:
    if isinstance(periods, str):
        return parse_periods(periods)
    return [periods] if isinstance(periods, Period) else list(periods)
