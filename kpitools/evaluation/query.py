"""One lazy query per table and way of lying in time, for all measures together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.attributes import own_columns, seen_on, with_attributes
from kpitools.evaluation.windows import PERIOD, Window, in_windows, near
from kpitools.measures.aggregates import Aggregate
from kpitools.measures.attribute import CONTEXT, Attribute
from kpitools.measures.measure import Measure
from kpitools.model.codes import code
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach, dimension_expr, dimension_paths, key_code

#: Group columns carry this mark, so that the dimension `stage` is not the column `stage`.
BY = "by:"
ENTITY = "entity"
#: Whose a row is, while it counts for the others.
OWNER = "by:owner"
#: Statistics for which all values of a group, not only a sum so far, may have to be held.
HELD = ("mean", "median", "distinct")


@dataclass
class Group:
    """Measures of one table that lie in time the same way and are wanted per the same entity."""

    measures: dict[str, Measure] = field(default_factory=dict)
    windows: dict[Window, int] = field(default_factory=dict)
    entity: str | None = None
    asked: dict[str, set[Window]] = field(default_factory=dict)

    @property
    def some(self) -> Measure:
        """Any of the measures: table, dating and the rows needed are the same for all."""
        return next(iter(self.measures.values()))

    @property
    def uses(self) -> list[Attribute]:
        """The attributes that the measures read, each once."""
        return list({use.id: use for measure in self.measures.values() for use in measure.uses}.values())

    @property
    def context(self) -> set[str]:
        """The columns that evaluation adds to rows, as far as the measures read them."""
        return set().union(*(reads(measure) for measure in self.measures.values()))

    def add(self, measure: Measure, wanted: Iterable[Window]) -> None:
        """Count the measure, too, in these windows."""
        self.measures[measure.id] = measure
        asked = self.asked.setdefault(measure.id, set())
        for window in wanted:
            self.windows.setdefault(as_read(measure, window), len(self.windows))
            asked.add(as_read(measure, window))


def reads(measure: Measure) -> set[str]:
    """The columns that evaluation adds to rows and the measure reads, itself or through its attributes."""
    aggregate = measure.aggregate
    names = {
        *aggregate.values.meta.root_names(),
        *(aggregate.where.meta.root_names() if aggregate.where is not None else []),
    }
    return {*CONTEXT} & names.union(*(use.row_columns for use in measure.uses))


def as_read(measure: Measure, window: Window) -> Window:
    """The window, without the period around it where a stock reads nothing of it: one's end is the next one's start."""
    return window if window.boundary is None or _reads_period(measure) else window.bare


def _reads_period(measure: Measure) -> bool:
    return bool(reads(measure) & {*PERIOD})


def group_key(measure: Measure, entity: str | None) -> tuple[object, ...]:
    """Measures with the same key are counted in one query: their rows are found, and looked up for, once."""
    needed = _only_counted(measure)
    by_period = measure.when.timing == "alive" and _reads_period(measure)
    return measure.table.name, measure.when, entity, by_period, None if needed is None else needed.meta.serialize()


def query(group: Group, data: Dataset, by: Sequence[str], members: Sequence[str | None] | None = None) -> pl.LazyFrame:
    """The figures of a group: its dimensions, entity, window `w`, and per measure value, n and spread.

    Args:
        group: the measures.
        data: the dataset.
        by: the dimensions.
        members: of the one dimension; where given, the figures beside a member are those of all rows but its own.
    """
    stretches = _stretches(group)
    return _added_up(group, stretches, data, by, members) if stretches else _counted(group, data, by, members)


def _counted(
    group: Group, data: Dataset, by: Sequence[str], members: Sequence[str | None] | None = None
) -> pl.LazyFrame:
    routes = {name: _routes(data, group.some.table.name, name, group.some) for name in by}
    rows = placed(group, data, [path for found in routes.values() for path in found])
    keys: list[str | pl.Expr] = ["w", *(dimension_expr(found).alias(BY + name) for name, found in routes.items())]
    keys += [key_code(group.entity).alias(ENTITY)] if group.entity else []
    values = [_value(measure) for measure in group.measures.values() if measure.aggregate.statistic in HELD]
    rows = rows.with_columns(values)
    if members is not None:
        (name,) = by
        rows, keys[1] = _beside_others(rows, keys[1], members), BY + name
    return rows.group_by(keys).agg(part for measure in group.measures.values() for part in _parts(measure))


def _beside_others(rows: pl.LazyFrame, whose: str | pl.Expr, members: Sequence[str | None]) -> pl.LazyFrame:
    """Every row once for each member that it is not of."""
    own = pl.col(whose) if isinstance(whose, str) else whose
    name = own.meta.output_name()
    each = pl.LazyFrame({name: members}, schema={name: pl.String})
    return rows.with_columns(own.alias(OWNER)).join(each, how="cross").filter(pl.col(OWNER).ne_missing(pl.col(name)))


def _value(measure: Measure) -> pl.Expr:
    """What a mean, a median or a distinct count needs of a row, worked out before the rows of a group are held."""
    chosen = measure.aggregate.chosen
    return (code(chosen) if measure.aggregate.statistic == "distinct" else chosen).alias(f"value:{measure.id}")


def _names(group: Group, by: Sequence[str]) -> list[str]:
    return ["w", *(BY + name for name in by), *([ENTITY] if group.entity else [])]


def _stretches(group: Group) -> list[Window]:
    """Where windows overlap, as the last four quarters of each do, the stretches that they can be added up from."""
    if not group.windows or group.some.when.timing != "at" or group.context & {*PERIOD}:
        return []
    cuts = sorted({day for window in group.windows for day in (window.start, window.until)})
    stretches = [Window(start, end, end) for start, end in pairwise(cuts)]
    overlap = sum((window.until - window.start).days for window in group.windows) > (cuts[-1] - cuts[0]).days
    return stretches if overlap and all(_in_parts(measure, group, cuts) for measure in group.measures.values()) else []


def _in_parts(measure: Measure, group: Group, cuts: list[date]) -> bool:
    """Whether the measure can be added up, or is asked for in windows that no cut divides."""
    inside = (cuts.index(window.until) - cuts.index(window.start) for window in group.asked[measure.id])
    return measure.aggregate.statistic in ("count", "total") or all(parts <= 1 for parts in inside)


def _added_up(
    group: Group, stretches: list[Window], data: Dataset, by: Sequence[str], members: Sequence[str | None] | None
) -> pl.LazyFrame:
    """The figures of windows from those of stretches: each row is looked at once."""
    inside = [
        (number, whole)
        for number, stretch in enumerate(stretches)
        for window, whole in group.windows.items()
        if window.start <= stretch.start and stretch.until <= window.until
    ]
    wholes = pl.LazyFrame(inside, schema={"w": pl.Int32, "whole": pl.Int32}, orient="row")
    parts = Group(group.measures, {stretch: number for number, stretch in enumerate(stretches)}, group.entity)
    found = _counted(parts, data, by, members).join(wholes, on="w").drop("w").rename({"whole": "w"})
    names = _names(group, by)
    figures = pl.exclude(*names, "^.*[.]n$")
    known = pl.when(figures.count() > 0).then(figures.sum())
    return found.group_by(names).agg(known, pl.col("^.*[.]n$").sum())


def placed(group: Group, data: Dataset, beside: Iterable[str]) -> pl.LazyFrame:
    """The rows of a group's table, once per window they count in, with every column its measures read."""
    columns = {column for measure in group.measures.values() for column in measure.columns}
    columns |= {*beside, *([group.entity] if group.entity else [])}
    rows = _windowed(group, data, columns)
    if not group.uses:
        return rows
    needed = _only_counted(group.some)
    rows = rows.filter(needed) if needed is not None else rows
    return with_attributes(rows, group.uses, data, ids=group.some.table.primary_key())


def _windowed(group: Group, data: Dataset, columns: set[str]) -> pl.LazyFrame:
    """The rows with some columns, once for every window they count in."""
    some, context = group.some, group.context
    table, when = some.table.name, some.when
    columns = columns | {when.start, *([when.end] if when.end else [])}
    rows = attach(own_columns(data, table, columns), table, columns, data.lookups).filter(
        near(when, list(group.windows))
    )
    rows = in_windows(rows, when, list(group.windows), context)
    return rows.with_columns(pl.lit(seen_on(data)).alias("seen_on")) if "seen_on" in context else rows


def _only_counted(measure: Measure) -> pl.Expr | None:
    """The rows that attributes are needed for: those that a mean counts, where that is known without attributes."""
    where = measure.aggregate.where
    if not measure.uses or where is None or measure.aggregate.statistic not in ("mean", "median"):
        return None
    return None if {use.id for use in measure.uses} & {*where.meta.root_names()} else where


def _parts(measure: Measure) -> list[pl.Expr]:
    aggregate = measure.aggregate
    if aggregate.statistic in HELD:
        aggregate = Aggregate(aggregate.statistic, pl.col(f"value:{measure.id}"))
    spread = aggregate.spread()
    parts = [aggregate.n().alias(f"{measure.id}.n"), aggregate.expr().alias(measure.id)]
    return [*parts, spread.alias(f"{measure.id}.sd")] if spread is not None else parts


def _routes(data: Dataset, table: str, name: str, measure: Measure) -> list[str]:
    found = dimension_paths(data, table, name)
    if not found:
        able = ", ".join(data.dimensions(table)) or "nothing"
        raise EvaluationError(f"{measure.id} cannot be broken down by {name!r}: the rows of {table} lead to {able}.")
    return [found[0], *(path for path in found[1:] if _leads_on(data, table, path))]


def _leads_on(data: Dataset, table: str, path: str) -> bool:
    """Whether any row has the key that a path begins with: where none has, nothing is looked up along it."""
    return bool(data.frames[table].select(pl.col(path.split(".")[0]).is_not_null().any()).collect().item())
