"""One lazy query per table and way of lying in time, for all measures together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.windows import Window, day_frame, window_frame
from kpitools.measures.measure import CONTEXT, Attribute, Measure
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach, dimension_expr, dimension_paths

#: Group columns carry this mark, so that the dimension `stage` is not the column `stage`.
BY = "by:"
ENTITY = "entity"
MIDNIGHT = pl.Datetime("us")


@dataclass
class Group:
    """Measures of one table that lie in time the same way and are wanted per the same entity."""

    measures: dict[str, Measure] = field(default_factory=dict)
    windows: dict[Window, int] = field(default_factory=dict)
    entity: str | None = None

    def add(self, measure: Measure, wanted: Iterable[Window]) -> None:
        """Count the measure, too, in these windows."""
        self.measures[measure.id] = measure
        for window in wanted:
            self.windows.setdefault(window, len(self.windows))


def group_key(measure: Measure, entity: str | None) -> tuple[object, ...]:
    """Measures with the same key are counted in one query."""
    return measure.table.name, measure.when, entity, tuple(use.id for use in measure.uses)


def query(group: Group, data: Dataset, by: Sequence[str]) -> pl.LazyFrame:
    """The figures of a group: its dimensions, entity, window `w`, and per measure value, n and spread."""
    some = next(iter(group.measures.values()))
    routes = {name: _routes(data, some.table.name, name, some) for name in by}
    rows = placed(group, data, [path for found in routes.values() for path in found])
    keys = ["w", *(dimension_expr(found).alias(BY + name) for name, found in routes.items())]
    keys += [pl.col(group.entity).alias(ENTITY)] if group.entity else []
    return rows.group_by(keys).agg(part for measure in group.measures.values() for part in _parts(measure))


def placed(group: Group, data: Dataset, beside: Iterable[str]) -> pl.LazyFrame:
    """The rows of a group's table, once per window they count in, with every column its measures read."""
    some = next(iter(group.measures.values()))
    table = some.table.name
    columns = {column for measure in group.measures.values() for column in measure.columns}
    columns |= {*beside, *([group.entity] if group.entity else [])}
    rows = _in_windows(_own(data, table, columns), data, some, list(group.windows))
    rows = attach(rows, table, columns - {some.when.start}, data.lookups)
    rows = rows.with_columns(pl.lit(_seen_on(data)).alias("seen_on")) if _reads(group, "seen_on") else rows
    if some.uses and (needed := _only_counted(group)) is not None:
        rows = rows.filter(needed)
    for use in some.uses:
        rows = with_attribute(rows, use, data)
    return rows


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


def with_attribute(rows: pl.LazyFrame, use: Attribute, data: Dataset) -> pl.LazyFrame:
    """The rows with what another table says about each; worked out once per different key and day."""
    table = use.source.name
    own = [column for column in use.row_columns if column != use.on]
    source = attach(_own(data, table, use.source_columns, lookup=True), table, use.source_columns, data.lookups)
    for nested in use.uses:
        context = [pl.lit(_seen_on(data)).alias("seen_on")] if "seen_on" in nested.row_columns else []
        source = with_attribute(source.with_columns(context), nested, data)
    if use.on is None:
        cases = rows.select(own).unique()
        told = cases.join(source, how="cross").group_by(own).agg(use())
        return rows.join(told, on=own, how="left")
    source = source.rename({use.key: use.on}) if use.key != use.on and use.key else source
    cases = rows.select(use.on, *own).filter(pl.col(use.on).is_not_null()).unique()
    told = cases.join(source, on=use.on).group_by(use.on, *own).agg(use())
    return rows.join(told, on=[use.on, *own], how="left")


def _parts(measure: Measure) -> list[pl.Expr]:
    aggregate = measure.aggregate
    spread = aggregate.spread()
    parts = [aggregate.expr().alias(measure.id), aggregate.n().alias(f"{measure.id}.n")]
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


def _reads(group: Group, column: str) -> bool:
    for measure in group.measures.values():
        parts = (measure.aggregate.values, measure.aggregate.where)
        if any(part is not None and column in part.meta.root_names() for part in parts):
            return True
        if any(column in use.row_columns for use in measure.uses):
            return True
    return False


def _seen_on(data: Dataset) -> date | None:
    """The last day that is seen: of the as-of view, else of the data."""
    return data.last_day if data.seen_at is None else (data.seen_at - timedelta(microseconds=1)).date()


def _in_windows(rows: pl.LazyFrame, data: Dataset, measure: Measure, found: list[Window]) -> pl.LazyFrame:
    """The rows once for every window they count in."""
    when, table = measure.when, measure.table.name
    if when.timing == "at":
        rows = attach(rows, table, [when.start], data.lookups)
        return rows.with_columns(day=pl.col(when.start).cast(pl.Date)).join(day_frame(found).lazy(), on="day")
    start, end = pl.col(when.start), pl.col(when.end) if when.end else pl.lit(None, pl.Date)
    cases = rows.join(window_frame(found).lazy(), how="cross")
    if when.timing == "alive":
        boundary = pl.col("boundary").cast(MIDNIGHT)
        alive = (start.cast(MIDNIGHT) < boundary) & (end.is_null() | (end.cast(MIDNIGHT) >= boundary))
        return cases.filter(alive).with_columns(day=pl.col("boundary").dt.offset_by("-1d"))
    if when.timing == "during":
        return cases.filter(
            start.cast(MIDNIGHT) < pl.col("until").cast(MIDNIGHT),
            end.is_null() | (end.cast(MIDNIGHT) >= pl.col("period_start").cast(MIDNIGHT)),
        )
    after = end.dt.offset_by("1d")
    inside = (pl.min_horizontal(after, "period_end") - pl.max_horizontal(start, "period_start")).dt.total_days()
    whole = (after - start).dt.total_days()
    return cases.with_columns(overlap=inside / whole, day=end).filter(pl.col("overlap") > 0)
