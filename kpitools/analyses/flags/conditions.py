"""When a figure is a warning: conditions over the tidy rows of one KPI, each with settings that a company may change.

A condition reads the rows of its KPI, the latest period last, and gives one row per group (and member) with `measured`,
the number tested, `limit`, what it was tested against, `other`, the figure it was compared with, and `fires`: null
where there is nothing to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import polars as pl

from kpitools.analyses.flags.rows import before_of, earlier_of, latest, median_of_others, runs
from kpitools.evaluation.intervals import SMALL

#: Differences smaller than this are rounding.
LEVEL = 1e-9
#: What a condition adds to the latest rows.
JUDGED = ("value", "other", "measured", "limit", "n", "small", "clear", "fires")
#: A spread is said of no fewer members than these.
FEWEST = 3
NOTHING = pl.lit(None, pl.Float64)
Kind = Literal["level", "change", "streak", "spread", "mismatch"]


class Condition(Protocol):
    """What every condition can tell."""

    kind: ClassVar[Kind]

    @property
    def periods(self) -> int:
        """How many periods it looks at."""

    @property
    def is_set(self) -> bool:
        """Whether it has a limit to judge by."""

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The latest rows with `JUDGED`."""


@dataclass(frozen=True)
class Bounds:
    """Limits: fires `below` the one, `above` the other, or on `reaching` a third."""

    below: float | None = None
    above: float | None = None
    reaching: float | None = None
    periods: ClassVar[int] = 1

    @property
    def is_set(self) -> bool:
        """Whether it has a limit to judge by."""
        return any(limit is not None for limit in (self.below, self.above, self.reaching))

    def tested(self, rows: pl.DataFrame, clear: pl.Expr | None = None) -> pl.DataFrame:
        """The rows, whose `measured` is there, with `limit`, `fires` and whether chance could explain it."""
        measured, (low, high, reached) = pl.col("measured"), map(_limit, (self.below, self.above, self.reaching))
        is_low, is_high = measured < low - LEVEL, (measured > high + LEVEL) | (measured >= reached - LEVEL)
        fires = pl.when(measured.is_not_null()).then(is_low.fill_null(False) | is_high.fill_null(False))
        limit = pl.when(is_low.fill_null(False)).then(low).otherwise(pl.coalesce(high, reached, low))
        judged = rows.with_columns(fires=fires if self.is_set else pl.lit(None, pl.Boolean), limit=limit)
        return judged.with_columns(clear=pl.lit(None, pl.Boolean) if clear is None else clear)


@dataclass(frozen=True)
class Level(Bounds):
    """A figure beyond a limit; `benchmark` is the share of the KPI's own benchmark that is the limit instead."""

    kind: ClassVar[Kind] = "level"
    benchmark: float | None = None

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The latest figures against the limit."""
        now = latest(rows).with_columns(measured="value", other=NOTHING)
        return self.tested(now, _outside(pl.col("limit")))


@dataclass(frozen=True)
class Change(Bounds):
    """A change beyond a limit: in percent of the figure before, or in the KPI's own `points`.

    `against` is the period before, the same a year ago, or the last one there was a figure for; a figure under `least`
    is too small to matter, however much it changed.
    """

    kind: ClassVar[Kind] = "change"
    against: Literal["previous", "year_ago", "last"] = "previous"
    points: bool = False
    least: float | None = None

    @property
    def periods(self) -> int:  # type: ignore[override]
        """How many periods it looks at."""
        return 6 if self.against == "last" else 2

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The latest figures against earlier ones; small where either is, or where both count few."""
        both = earlier_of(rows, keys) if self.against == "last" else before_of(rows, keys, self.against)
        both = both.with_columns(measured=_difference(self.points))
        small = pl.col("small") | pl.col("other_small").fill_null(False) | _few("n", "other_n")
        matters = pl.lit(True) if self.least is None else pl.col("value") >= self.least - LEVEL
        return self.tested(both, _differs()).with_columns(small=small, fires=pl.col("fires") & matters)


@dataclass(frozen=True)
class Streak:
    """So many whole periods running: falling, rising, or each at a level (`below` or `reaching`)."""

    kind: ClassVar[Kind] = "streak"
    running: int = 3
    way: Literal["falling", "rising", "below", "reaching"] = "falling"
    level: float | None = None

    @property
    def periods(self) -> int:
        """How many periods it looks at: with those before a streak, up to six."""
        return max(6, self.running + 1)

    @property
    def is_set(self) -> bool:
        """Whether it has a limit to judge by."""
        return self.way in ("falling", "rising") or self.level is not None

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """How long the run is that ends with the latest whole period, and where it began."""
        whole = rows.filter(pl.col("complete"))
        counted = runs(whole, keys, self._goes_on, needs_before=self.level is None)
        now = latest(whole).join(counted, on=[*keys, "member"], how="left", nulls_equal=True, maintain_order="left")
        limit = pl.lit(float(self.running))
        return now.with_columns(limit=limit, fires=pl.col("measured") >= limit, clear=pl.lit(None, pl.Boolean))

    def _goes_on(self, before: float | None, now: float) -> bool:
        if self.way == "below":
            return self.level is not None and now < self.level - LEVEL
        if self.way == "reaching":
            return self.level is not None and now >= self.level - LEVEL
        step = now - before if before is not None else 0.0
        return step < -LEVEL if self.way == "falling" else step > LEVEL


@dataclass(frozen=True)
class Swing(Bounds):
    """Uneven from period to period: the standard deviation of its changes, each in percent of the figure before, or
    (`of_mean`) as a multiple of the mean change. Only whole periods count, and at least three changes."""

    kind: ClassVar[Kind] = "change"
    of_mean: bool = False
    periods: ClassVar[int] = 6

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """How much the changes of the periods up to the latest differ."""
        whole, groups = rows.filter(pl.col("complete")), [*keys, "member"]
        before = pl.col("value").shift(1).over(groups, order_by="start")
        step = pl.col("value") - before
        changes = whole.with_columns(step=step if self.of_mean else pl.when(before > 0).then(100 * step / before))
        spread, mean = pl.col("step").std(), pl.col("step").mean().abs()
        size = pl.when(mean > LEVEL).then(spread / mean) if self.of_mean else spread
        known = changes.group_by(groups).agg(measured=pl.when(pl.col("step").count() >= FEWEST).then(size))
        now = latest(whole).join(known, on=groups, how="left", nulls_equal=True, maintain_order="left")
        return self.tested(now.with_columns(other=NOTHING))


@dataclass(frozen=True)
class Outlier(Bounds):
    """One member far from the others: in percent of their median, or in the KPI's own `points`.

    Members with a small sample are judged, but no measure for others. Where members have few cases as a rule, so that
    one more or less makes a difference, the flag is on a small sample.
    """

    kind: ClassVar[Kind] = "spread"
    points: bool = False

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The latest figure of every member against the median of all others in its group."""
        now = median_of_others(latest(rows).filter(pl.col("member").is_not_null()), keys, fewest=FEWEST - 1)
        usual = pl.col("n").median().over(keys) if keys else pl.col("n").median()
        now = now.with_columns(measured=_difference(self.points), usual=usual)
        return self.tested(now, _outside(pl.col("other"))).with_columns(small=pl.col("small") | _few("n", "usual"))


@dataclass(frozen=True)
class Uneven(Bounds):
    """Figures of the members of a group that lie far apart: their coefficient of variation, of large samples only."""

    kind: ClassVar[Kind] = "spread"

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """One row per group: n is how many members were compared."""
        now = latest(rows).filter(pl.col("member").is_not_null())
        value = pl.when(~pl.col("small")).then("value")
        known = (value.count() >= FEWEST) & (value.mean() > 0)
        facts = [pl.col("period").first(), pl.lit(None, pl.String).alias("member"), value.mean().alias("other")]
        measured = pl.when(known).then(value.std() / value.mean()).alias("measured")
        grouped = now.group_by(keys, maintain_order=True) if keys else now.group_by(pl.lit(0).alias("all"))
        found = grouped.agg(*facts, measured, n=value.count().cast(pl.Int64))
        return self.tested(found.with_columns(value=NOTHING, small=pl.lit(False)))


@dataclass(frozen=True)
class Holds(Bounds):
    """One member that has more than its share, in percent, of what all members have together."""

    kind: ClassVar[Kind] = "spread"

    def judge(self, rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The latest figure of every member as a share of its group."""
        now = latest(rows).filter(pl.col("member").is_not_null(), pl.col("value").is_not_null())
        whole = pl.col("value").sum()
        several = pl.len() > 1
        if keys:
            whole, several = whole.over(keys), several.over(keys)
        share = pl.when(several & (whole > 0)).then(100 * pl.col("value") / whole)
        return self.tested(now.with_columns(other=whole, measured=share))


@dataclass(frozen=True)
class Mismatch:
    """Two KPIs of which both conditions hold: the `first` should have brought about better of the `second`."""

    kind: ClassVar[Kind] = "mismatch"
    first: Condition
    second: Condition

    @property
    def periods(self) -> int:
        """How many periods it looks at."""
        return max(self.first.periods, self.second.periods)

    @property
    def is_set(self) -> bool:
        """Whether both have a limit to judge by."""
        return self.first.is_set and self.second.is_set

    def judge_both(self, first: pl.DataFrame, second: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
        """The second's rows, with the first's figures `beside`; fires where both do."""
        places = [*keys, "member"]
        figures = ("value", "other", "measured", "limit")
        one = self.first.judge(first, keys).select(
            *places, *(pl.col(name).alias(f"beside_{name}") for name in figures),
            *(pl.col(name).alias(f"first_{name}") for name in ("n", "small", "fires")),
        )  # fmt: skip
        both = self.second.judge(second, keys).join(one, on=places, how="inner", nulls_equal=True)
        return both.with_columns(
            fires=pl.col("fires") & pl.col("first_fires"),
            small=pl.col("small") | pl.col("first_small"),
            n=pl.min_horizontal("n", "first_n"),
        )


def _limit(value: float | None) -> pl.Expr:
    return pl.lit(value, pl.Float64)


def _difference(points: bool) -> pl.Expr:
    gap = pl.col("value") - pl.col("other")
    return gap if points else pl.when(pl.col("other") > 0).then(100 * gap / pl.col("other"))


def _few(*counts: str) -> pl.Expr:
    """Whether all of several numbers of cases are small."""
    return (pl.max_horizontal(counts) < SMALL).fill_null(False)


def _outside(limit: pl.Expr) -> pl.Expr:
    """Whether a limit lies outside the figure's interval; null where it has none."""
    return (limit < pl.col("lower")) | (limit > pl.col("upper"))


def _differs() -> pl.Expr:
    """Whether two figures differ by more than chance explains, from the reach of both intervals."""
    gap = pl.col("value") - pl.col("other")
    down = ((pl.col("value") - pl.col("lower")) ** 2 + pl.col("other_above") ** 2).sqrt()
    up = ((pl.col("upper") - pl.col("value")) ** 2 + pl.col("other_below") ** 2).sqrt()
    return pl.when(gap < 0).then(gap + up < 0).otherwise(gap - down > 0)
