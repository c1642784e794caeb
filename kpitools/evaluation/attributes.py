"""What other tables say about rows: the last touch of a deal, what a rep sold within the days of a quota."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from kpitools.measures.attribute import CONTEXT, OWN, Attribute, columns_of
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import KEY, attach, key_code
from kpitools.model.tables import TABLES

#: Columns that last for one join.
ROW, SAME = "row:number", "row:same"


def with_attributes(
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
    return frame.collect()


def _told_rows(rows: pl.DataFrame, uses: list[Attribute], data: Dataset, ids: Sequence[str]) -> pl.DataFrame:
    """What another table says about each of the rows, in their order."""
    read = sorted({column for use in uses for column in use.row_columns})
    if not read:  # the same is told of every row
        rows, read = rows.with_columns(pl.lit(0).alias(SAME)), [SAME]
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
    return pairs.group_by(ROW).agg(parts).collect(engine="streaming")  # the pairs, which may be many, are never held


def _source_rows(some: Attribute, columns: set[str], data: Dataset) -> pl.LazyFrame:
    """The rows of an attribute's source that speak, with the attributes of their own that are read."""
    name = some.source.name
    source = attach(own_columns(data, name, columns, lookup=True), name, columns, data.lookups)
    source = source.filter(some.where) if some.where is not None else source
    if any("seen_on" in nested.row_columns for nested in some.uses):
        source = source.with_columns(pl.lit(seen_on(data)).alias("seen_on"))
    return with_attributes(source, some.uses, data) if some.uses else source


def _source(use: Attribute) -> tuple[object, ...]:
    """Attributes with the same source, key and nested attributes are aggregated together."""
    where = None if use.where is None else use.where.meta.serialize()
    return use.source.name, use.on, use.key, where, tuple(nested.id for nested in use.uses)


def own_columns(data: Dataset, table: str, columns: Iterable[str], *, lookup: bool = False) -> pl.LazyFrame:
    """The table's rows with the columns, or first steps of paths, that are read; nothing else is scanned."""
    frame = (data.lookups if lookup else data.frames)[table]
    added = set(CONTEXT).difference(columns_of(TABLES[table]))
    return frame.select(sorted({column.split(".")[0] for column in columns} - added))


def seen_on(data: Dataset) -> date | None:
    """The last day that is seen: of the as-of view, else of the data."""
    return data.last_day if data.seen_at is None else (data.seen_at - timedelta(microseconds=1)).date()
