"""One lazy query per table and way of lying in time, for all measures together."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from itertools import pairwise

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.windows import PERIOD, Window, in_windows, near
from kpitools.measures.measure import CONTEXT, Attribute, Measure
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach, dimension_expr, dimension_paths

#: Group columns carry this mark, so that the dimension `stage` is not the column `stage`.
BY = "by:"
ENTITY = "entity"
#: Columns that last for one join.
ROW, KEY = "code:row", "code:key"


@dataclass
class Group:
    """Measures of one table that lie in time the same way and are wanted per the same entity."""

    measures: dict[str, Measure] = field(default_factory=dict)
    windows: dict[Window, int] = field(default_factory=dict)
    entity: str | None = None

    @property
    def some(self) -> Measure:
        """Any of the measures: table, dating and sources of attributes are the same for all."""
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
        for window in wanted:
            self.windows.setdefault(as_read(measure, window), len(self.windows))


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
    """Measures with the same key are counted in one query: what they say of the same other rows is looked up once."""
    sources = tuple(dict.fromkeys(_source(use) for use in measure.uses))
    return measure.table.name, measure.when, entity, sources, measure.when.timing == "alive" and _reads_period(measure)


def _source(use: Attribute) -> tuple[object, ...]:
    """Attributes with the same source, key and nested attributes are aggregated together."""
    return use.source.name, use.on, use.key, tuple(nested.id for nested in use.uses)


def query(group: Group, data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    """The figures of a group: its dimensions, entity, window `w`, and per measure value, n and spread."""
    stretches = _stretches(group)
    return _added_up(group, stretches, data, by) if stretches else _counted(group, data, by)


def _counted(group: Group, data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    routes = {name: _routes(data, group.some.table.name, name, group.some) for name in by}
    rows = placed(group, data, [path for found in routes.values() for path in found])
    keys: list[str | pl.Expr] = ["w", *(dimension_expr(found).alias(BY + name) for name, found in routes.items())]
    keys += [pl.col(group.entity).alias(ENTITY)] if group.entity else []
    figures = rows.group_by(keys).agg(part for measure in group.measures.values() for part in _parts(measure))
    names = _names(group, by)
    for measure in group.measures.values():
        if measure.aggregate.statistic == "distinct":
            figures = figures.join(_different(rows, keys, names, measure), on=names, how="left", nulls_equal=True)
    return figures


def _names(group: Group, by: Sequence[str]) -> list[str]:
    return ["w", *(BY + name for name in by), *([ENTITY] if group.entity else [])]


def _stretches(group: Group) -> list[Window]:
    """Where windows overlap, as the last four quarters of each do, the stretches that counts can be added up from."""
    cuts = sorted({day for window in group.windows for day in (window.start, window.until)})
    counts = all(measure.aggregate.statistic == "count" for measure in group.measures.values())
    if not cuts or not counts or group.some.when.timing != "at" or group.context & {*PERIOD}:
        return []
    overlap = sum((window.until - window.start).days for window in group.windows) > (cuts[-1] - cuts[0]).days
    return [Window(start, end, end) for start, end in pairwise(cuts)] if overlap else []


def _added_up(group: Group, stretches: list[Window], data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    """The counts of windows from those of stretches: each row is looked at once."""
    inside = [
        (number, whole)
        for number, stretch in enumerate(stretches)
        for window, whole in group.windows.items()
        if window.start <= stretch.start and stretch.until <= window.until
    ]
    wholes = pl.LazyFrame(inside, schema={"w": pl.Int32, "whole": pl.Int32}, orient="row")
    parts = Group(group.measures, {stretch: number for number, stretch in enumerate(stretches)}, group.entity)
    found = _counted(parts, data, by).join(wholes, on="w").drop("w").rename({"whole": "w"})
    known = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in group.measures]
    return found.group_by(_names(group, by)).agg(*known, *(pl.col(f"{name}.n").sum() for name in group.measures))


def _different(rows: pl.LazyFrame, keys: list[str | pl.Expr], names: list[str], measure: Measure) -> pl.LazyFrame:
    """How many different values each group has: found apart, since a set per group takes longer than one for all."""
    values = rows.select(*keys, value=measure.aggregate.chosen).unique()
    return values.group_by(names).agg(pl.col("value").count().cast(pl.Float64).alias(measure.id))


def placed(group: Group, data: Dataset, beside: Iterable[str]) -> pl.LazyFrame:
    """The rows of a group's table, once per window they count in, with every column its measures read."""
    columns = {column for measure in group.measures.values() for column in measure.columns}
    uses = group.uses
    columns |= {*beside, *([group.entity] if group.entity else []), *(group.some.table.primary_key() if uses else [])}
    rows = _windowed(group, data, columns)
    if not uses:
        return rows
    # Looked up for a narrow copy of the rows: reading a few columns twice is cheaper than to hold all of them.
    needed, ids = _only_counted(group), group.some.table.primary_key()
    read = {*ids}.union(needed.meta.root_names() if needed is not None else (), *(use.row_columns for use in uses))
    cases = _windowed(group, data, read - {*CONTEXT})
    if needed is not None:
        rows, cases = rows.filter(needed), cases.filter(needed)
    return _with_attributes(rows, cases, uses, data, ids=[*ids, "w"])


def _windowed(group: Group, data: Dataset, columns: set[str]) -> pl.LazyFrame:
    """The rows with some columns, once for every window they count in."""
    some, context = group.some, group.context
    table, when = some.table.name, some.when
    columns = columns | {when.start, *([when.end] if when.end else [])}
    rows = attach(_own(data, table, columns), table, columns, data.lookups).filter(near(when, list(group.windows)))
    rows = in_windows(rows, when, list(group.windows), context)
    return rows.with_columns(pl.lit(_seen_on(data)).alias("seen_on")) if "seen_on" in context else rows


def _only_counted(group: Group) -> pl.Expr | None:
    """The rows that attributes are needed for: those that a mean counts, where that is known without attributes."""
    wheres = []
    for measure in group.measures.values():
        where = measure.aggregate.where
        told = {use.id for use in measure.uses}
        if (
            measure.aggregate.statistic not in ("mean", "median")
            or where is None
            or told & set(where.meta.root_names())
        ):
            return None
        wheres.append(where)
    return pl.any_horizontal(wheres)


def _with_attributes(
    rows: pl.LazyFrame, cases: pl.LazyFrame, uses: Iterable[Attribute], data: Dataset, *, ids: Sequence[str] = ()
) -> pl.LazyFrame:
    """The rows with what other tables say about each, found from the same rows with fewer columns."""
    several: dict[tuple[object, ...], list[Attribute]] = {}
    for use in uses:
        several.setdefault(_source(use), []).append(use)
    for together in several.values():
        read = sorted({column for use in together for column in use.row_columns})
        keys = list(ids) if _differ_by_row(together, ids) else read
        told = _told(cases, keys, together, data)
        rows = rows.with_columns(code(keys).alias(ROW)).join(told, on=ROW, how="left").drop(ROW)
    return rows


def _differ_by_row(uses: list[Attribute], ids: Sequence[str]) -> bool:
    """Whether hardly any two rows are told the same, so that finding the different cases first is wasted."""
    on, own = uses[0].on, {column for use in uses for column in use.row_columns} - {*CONTEXT}
    return bool(ids) and on is not None and (on in ids or own != {on})


def _told(cases: pl.LazyFrame, keys: list[str], uses: list[Attribute], data: Dataset) -> pl.LazyFrame:
    """What another table says about each case, a row or what several rows have alike, by the code of its keys."""
    some, parts = uses[0], [use() for use in uses]
    read = {name for part in parts for name in part.meta.root_names()}
    source = _source_rows(some, {column for use in uses for column in use.source_columns}, data)
    theirs = sorted(read & {*source.collect_schema().names()})
    found = cases.filter(pl.col(some.on).is_not_null()) if some.on else cases
    found = found.select(code(keys).alias(ROW), *sorted(read.difference(theirs)), *_coded(some.on))
    found = found if "w" in keys else found.unique(subset=ROW)
    source = source.select(*theirs, *_coded(some.key))
    pairs = found.join(source, on=KEY) if some.on else found.join(source, how="cross")
    return pairs.group_by(ROW).agg(parts)


def _source_rows(some: Attribute, columns: set[str], data: Dataset) -> pl.LazyFrame:
    """The rows of an attribute's source, with the attributes of their own that are read."""
    name = some.source.name
    source = attach(_own(data, name, columns, lookup=True), name, columns, data.lookups)
    if any("seen_on" in nested.row_columns for nested in some.uses):
        source = source.with_columns(pl.lit(_seen_on(data)).alias("seen_on"))
    return _with_attributes(source, source, some.uses, data)


def code(columns: Iterable[str]) -> pl.Expr:
    """One number of 128 bits for the values of several columns: to join and group by it is twice as fast as by text.

    Of a thousand million different values, that any two have the same number has a chance of 1 in 10^20.
    """
    parts = (
        pl.col(column).hash(2 * place).cast(pl.UInt128) * 2**64 + pl.col(column).hash(2 * place + 1)
        for place, column in enumerate(columns)
    )
    return reduce(operator.add, parts)


def _coded(key: str | None) -> list[pl.Expr]:
    return [code([key]).alias(KEY)] if key else []


def _parts(measure: Measure) -> list[pl.Expr]:
    aggregate = measure.aggregate
    spread = aggregate.spread()
    parts = [aggregate.n().alias(f"{measure.id}.n")]
    if aggregate.statistic != "distinct":
        parts.append(aggregate.expr().alias(measure.id))
    return [*parts, spread.alias(f"{measure.id}.sd")] if spread is not None else parts


def _own(data: Dataset, table: str, columns: Iterable[str], *, lookup: bool = False) -> pl.LazyFrame:
    """The table's rows with the columns, or first steps of paths, that are read; nothing else is scanned."""
    frame = (data.lookups if lookup else data.frames)[table]
    return frame.select(sorted({column.split(".")[0] for column in columns} - set(CONTEXT)))


def _routes(data: Dataset, table: str, name: str, measure: Measure) -> list[str]:
    found = dimension_paths(data, table, name)
    if not found:
        able = ", ".join(data.dimensions(table)) or "nothing"
        raise EvaluationError(f"{measure.id} cannot be broken down by {name!r}: the rows of {table} lead to {able}.")
    return found


def _seen_on(data: Dataset) -> date | None:
    """The last day that is seen: of the as-of view, else of the data."""
    return data.last_day if data.seen_at is None else (data.seen_at - timedelta(microseconds=1)).date()
