"""One lazy query per table and way of lying in time, for all measures together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.windows import PERIOD, Window, in_windows, near
from kpitools.measures.aggregates import Aggregate
from kpitools.measures.measure import CONTEXT, OWN, Attribute, Measure, columns_of
from kpitools.model.codes import code
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import KEY, attach, dimension_expr, dimension_paths, key_code
from kpitools.model.tables import TABLES

#: Group columns carry this mark, so that the dimension `stage` is not the column `stage`.
BY = "by:"
ENTITY = "entity"
#: A column that lasts for one join.
ROW = "row:number"
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


def _source(use: Attribute) -> tuple[object, ...]:
    """Attributes with the same source, key and nested attributes are aggregated together."""
    where = None if use.where is None else use.where.meta.serialize()
    return use.source.name, use.on, use.key, where, tuple(nested.id for nested in use.uses)


def query(group: Group, data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    """The figures of a group: its dimensions, entity, window `w`, and per measure value, n and spread."""
    stretches = _stretches(group)
    return _added_up(group, stretches, data, by) if stretches else _counted(group, data, by)


def _counted(group: Group, data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    routes = {name: _routes(data, group.some.table.name, name, group.some) for name in by}
    rows = placed(group, data, [path for found in routes.values() for path in found])
    keys: list[str | pl.Expr] = ["w", *(dimension_expr(found).alias(BY + name) for name, found in routes.items())]
    keys += [key_code(group.entity).alias(ENTITY)] if group.entity else []
    values = [_value(measure) for measure in group.measures.values() if measure.aggregate.statistic in HELD]
    return (
        rows.with_columns(values)
        .group_by(keys)
        .agg(part for measure in group.measures.values() for part in _parts(measure))
    )


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


def _added_up(group: Group, stretches: list[Window], data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    """The figures of windows from those of stretches: each row is looked at once."""
    inside = [
        (number, whole)
        for number, stretch in enumerate(stretches)
        for window, whole in group.windows.items()
        if window.start <= stretch.start and stretch.until <= window.until
    ]
    wholes = pl.LazyFrame(inside, schema={"w": pl.Int32, "whole": pl.Int32}, orient="row")
    parts = Group(group.measures, {stretch: number for number, stretch in enumerate(stretches)}, group.entity)
    found = _counted(parts, data, by).join(wholes, on="w").drop("w").rename({"whole": "w"})
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
    return _with_attributes(rows, group.uses, data, ids=group.some.table.primary_key())


def _windowed(group: Group, data: Dataset, columns: set[str]) -> pl.LazyFrame:
    """The rows with some columns, once for every window they count in."""
    some, context = group.some, group.context
    table, when = some.table.name, some.when
    columns = columns | {when.start, *([when.end] if when.end else [])}
    rows = attach(_own(data, table, columns), table, columns, data.lookups).filter(near(when, list(group.windows)))
    rows = in_windows(rows, when, list(group.windows), context)
    return rows.with_columns(pl.lit(_seen_on(data)).alias("seen_on")) if "seen_on" in context else rows


def _only_counted(measure: Measure) -> pl.Expr | None:
    """The rows that attributes are needed for: those that a mean counts, where that is known without attributes."""
    where = measure.aggregate.where
    if not measure.uses or where is None or measure.aggregate.statistic not in ("mean", "median"):
        return None
    return None if {use.id for use in measure.uses} & {*where.meta.root_names()} else where


def _with_attributes(
    rows: pl.LazyFrame, uses: Iterable[Attribute], data: Dataset, *, ids: Sequence[str] = ()
) -> pl.LazyFrame:
    """The rows with what other tables say about each; they are held, since each is met again by its number."""
    several: dict[tuple[object, ...], list[Attribute]] = {}
    for use in uses:
        several.setdefault(_source(use), []).append(use)
    held = _held(rows.with_row_index(ROW))
    told = [_told_rows(held, together, data, ids) for together in several.values()]
    return pl.concat([held.drop(ROW).lazy(), *(frame.lazy() for frame in told)], how="horizontal")


def _held(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")


def _told_rows(rows: pl.DataFrame, uses: list[Attribute], data: Dataset, ids: Sequence[str]) -> pl.DataFrame:
    """What another table says about each of the rows, in their order."""
    read = sorted({column for use in uses for column in use.row_columns})
    if _differ_by_row(uses, ids):
        return _in_place(_told(rows.select(ROW, *read), uses, data), rows.height)
    cases = _held(rows.lazy().select(read).unique().with_row_index(ROW))
    told = pl.concat([cases.drop(ROW), _in_place(_told(cases, uses, data), cases.height)], how="horizontal")
    found = rows.lazy().select(read).join(told.lazy(), on=read, how="left", nulls_equal=True, maintain_order="left")
    return _held(found.drop(read))


def _in_place(told: pl.DataFrame, height: int) -> pl.DataFrame:
    """What is told, by number of row, put where the row stands: quicker than to look each number up."""
    return pl.DataFrame(
        pl.repeat(None, height, dtype=told[name].dtype, eager=True).scatter(told[ROW], told[name]).alias(name)
        for name in told.columns
        if name != ROW
    )


def _differ_by_row(uses: list[Attribute], ids: Sequence[str]) -> bool:
    """Whether hardly any two rows are told the same, so that finding the different cases first is wasted."""
    on, own = uses[0].on, {column for use in uses for column in use.row_columns} - {*CONTEXT}
    return bool(ids) and on is not None and (on in ids or own != {on})


def _told(cases: pl.DataFrame, uses: list[Attribute], data: Dataset) -> pl.DataFrame:
    """What the rows of another table with the same key say about each case."""
    some, parts = uses[0], [use() for use in uses]
    read = {name for part in parts for name in part.meta.root_names()}
    source = _source_rows(some, {column for use in uses for column in use.source_columns}, data)
    theirs = sorted(read & {*source.collect_schema().names()})
    ours = [pl.col(name.removeprefix(OWN)).alias(name) for name in sorted(read.difference(theirs))]
    if some.on and some.key:
        source = source if cases[some.on].count() else source.clear()
        found = cases.lazy().select(ROW, key_code(some.on), *ours)
        pairs = found.join(source.select(key_code(some.key), *theirs), on=KEY)
    else:
        pairs = cases.lazy().select(ROW, *ours).join(source.select(theirs), how="cross")
    return _held(pairs.group_by(ROW).agg(parts))


def _source_rows(some: Attribute, columns: set[str], data: Dataset) -> pl.LazyFrame:
    """The rows of an attribute's source that speak, with the attributes of their own that are read."""
    name = some.source.name
    source = attach(_own(data, name, columns, lookup=True), name, columns, data.lookups)
    source = source.filter(some.where) if some.where is not None else source
    if any("seen_on" in nested.row_columns for nested in some.uses):
        source = source.with_columns(pl.lit(_seen_on(data)).alias("seen_on"))
    return _with_attributes(source, some.uses, data) if some.uses else source


def _parts(measure: Measure) -> list[pl.Expr]:
    aggregate = measure.aggregate
    if aggregate.statistic in HELD:
        aggregate = Aggregate(aggregate.statistic, pl.col(f"value:{measure.id}"))
    spread = aggregate.spread()
    parts = [aggregate.n().alias(f"{measure.id}.n"), aggregate.expr().alias(measure.id)]
    return [*parts, spread.alias(f"{measure.id}.sd")] if spread is not None else parts


def _own(data: Dataset, table: str, columns: Iterable[str], *, lookup: bool = False) -> pl.LazyFrame:
    """The table's rows with the columns, or first steps of paths, that are read; nothing else is scanned."""
    frame = (data.lookups if lookup else data.frames)[table]
    added = set(CONTEXT).difference(columns_of(TABLES[table]))
    return frame.select(sorted({column.split(".")[0] for column in columns} - added))


def _routes(data: Dataset, table: str, name: str, measure: Measure) -> list[str]:
    found = dimension_paths(data, table, name)
    if not found:
        able = ", ".join(data.dimensions(table)) or "nothing"
        raise EvaluationError(f"{measure.id} cannot be broken down by {name!r}: the rows of {table} lead to {able}.")
    return [found[0], *(path for path in found[1:] if _leads_on(data, table, path))]


def _leads_on(data: Dataset, table: str, path: str) -> bool:
    """Whether any row has the key that a path begins with: where none has, nothing is looked up along it."""
    return bool(data.frames[table].select(pl.col(path.split(".")[0]).is_not_null().any()).collect().item())


def _seen_on(data: Dataset) -> date | None:
    """The last day that is seen: of the as-of view, else of the data."""
    return data.last_day if data.seen_at is None else (data.seen_at - timedelta(microseconds=1)).date()
