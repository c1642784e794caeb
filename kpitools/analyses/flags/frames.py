"""The rows that rules are judged over: one evaluation for all rules that look at the same members and periods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from kpitools.analyses.flags.rules import COHORT, SINGLE, Rule
from kpitools.analyses.retention import GRAINS, cohorts
from kpitools.analyses.stages import open_stages
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.intervals import SMALL, wilson
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import ListedCalendar, Period, add_months, periods_until
from kpitools.model.dataset import Dataset

COMPARED = ("previous", "year_ago")
FIGURES = ("value", "lower", "upper", "n", "small")
TIMES = ("period", "start", "end", "complete")
BESIDE = tuple(f"{name}{part}" for name in COMPARED for part in ("", "_start"))
#: A period of so many days is a year.
YEAR_DAYS = 300
#: How many of the latest cohorts are compared, each at the age of a year.
COHORTS = 8
YEAR_OF = {"month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True)
class Source:
    """What rules that are evaluated together have in common."""

    by: tuple[str, ...]
    over: str | None
    yearly: bool
    as_then: bool

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions to break down by."""
        return (*self.by, *([self.over] if self.over else []))


def source_of(rule: Rule, by: Iterable[str], period: Period, able: Iterable[str]) -> Source:
    """Where a rule's rows come from; `able` are the dimensions that its KPIs can be broken down by."""
    keys = [name for name in by if name != rule.over]
    if rule.within and rule.within in able and rule.within not in keys:
        keys.append(rule.within)
    return Source(tuple(keys), rule.over, rule.yearly and period.days < YEAR_DAYS, rule.as_then)


def rows(source: Source, kpis: list[Kpi], data: Dataset, period: Period, periods: int) -> pl.DataFrame:
    """The tidy rows of some KPIs: the keys, `member`, `kpi`, period, figures, and those of other periods."""
    if source.over == COHORT:
        return _named(of_cohorts(data, period, kpis[0].id), source)
    if source.as_then:
        return _named(_as_then(kpis, data, periods_until(period, periods), source.dims), source)
    asked = _years_to(period) if source.yearly else periods_until(period, periods)
    return _named(evaluate(kpis, data, periods=asked, by=source.dims, compare=COMPARED).frame, source)


def _named(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The frame with its member in one column; a single deal or customer is no sample, however few its rows."""
    member = pl.col(source.over) if source.over else pl.lit(None, pl.String)
    found = frame.select(*source.by, member.alias("member"), "kpi", *TIMES, *FIGURES, *BESIDE)
    if source.over not in SINGLE:
        return found
    bare = {"lower": pl.lit(None, pl.Float64), "upper": pl.lit(None, pl.Float64), "n": pl.lit(None, pl.Int64)}
    return found.filter(pl.col("member").is_not_null()).with_columns(**bare, small=pl.lit(False))


def _as_then(kpis: list[Kpi], data: Dataset, periods: list[Period], dims: tuple[str, ...]) -> pl.DataFrame:
    """The figures of each period as they stood at its end."""
    views = [_until(data, period) for period in periods]
    frames = [evaluate(kpis, view, periods=each, by=dims).frame for view, each in zip(views, periods, strict=True)]
    frame = pl.concat(frames)
    keys = [*dims, "kpi"]
    before = frame.select(
        *keys, "value", "start", until=pl.col("end"),
    ).rename({"value": "previous", "start": "previous_start", "until": "start"})  # fmt: skip
    nothing = [pl.lit(None, pl.Float64).alias("year_ago"), pl.lit(None, pl.Date).alias("year_ago_start")]
    return frame.join(before, on=[*keys, "start"], how="left", nulls_equal=True).with_columns(nothing)


def _until(data: Dataset, period: Period) -> Dataset:
    """The data as seen at the end of a period, or as it is seen where that is earlier."""
    over = data.seen_at is None or data.seen_at.date() > period.last_day
    return data.as_of(period.last_day) if over else data


def _years_to(period: Period) -> list[Period]:
    """The year up to the end of a period, and the year before."""
    ends = [add_months(period.end, -12 * years) for years in (2, 1)]
    last = [f"year to {end - timedelta(days=1)}" for end in (ends[1], period.end)]
    return list(ListedCalendar(dict(zip(last, ends, strict=True)), end=period.end))


def of_cohorts(data: Dataset, period: Period, kpi: str) -> pl.DataFrame:
    """The latest cohorts of customers at the age of a year: which share of each was still there."""
    grain = getattr(period.calendar, "grain", "")
    grain = grain if grain in GRAINS else "quarter"
    cells = cohorts(_until(data, period), grain=grain, fiscal_start=getattr(period.calendar, "fiscal_start", 1))
    aged = cells.filter(pl.col("age") == YEAR_OF[grain], pl.col("complete")).sort("cohort_start").tail(COHORTS)
    lower, upper = wilson(pl.col("retained"), pl.col("base"))
    nothing = {name: pl.lit(None, pl.Date if name.endswith("start") else pl.Float64) for name in BESIDE}
    return aged.select(
        pl.col("cohort").alias(COHORT),
        pl.lit(kpi).alias("kpi"),
        pl.lit(period.label).alias("period"),
        pl.lit(period.start).alias("start"),
        pl.lit(period.end).alias("end"),
        pl.lit(True).alias("complete"),
        "value",
        lower=lower,
        upper=upper,
        n=pl.col("size"),
        small=pl.col("size") < SMALL,
        **nothing,
    )


def half_of_stages(data: Dataset, which: str) -> list[str]:
    """The earlier or the later half of the stages; of an odd number the middle one is early."""
    stages = open_stages(data)["stage"].to_list()
    middle = (len(stages) + 1) // 2
    return stages[:middle] if which == "early" else stages[middle:]
