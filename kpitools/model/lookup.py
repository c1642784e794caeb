"""Looking columns up along foreign keys, in as few joins as there are keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from kpitools.model.codes import code
from kpitools.model.dimensions import paths, route_tables
from kpitools.model.frames import Frames
from kpitools.model.tables import TABLES

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

#: A column that lasts for one join.
KEY = "key:code"


def attach(
    frame: pl.LazyFrame, table: str, columns: Iterable[str], lookups: Mapping[str, pl.LazyFrame]
) -> pl.LazyFrame:
    """The frame with each dotted column (`owner_rep_id.team`) joined on; a key without a row gives null."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for column in sorted(set(columns)):
        if "." in column:
            first, rest = column.split(".", 1)
            wanted[first].append(rest)
    for first, rests in wanted.items():
        parent = TABLES[table].foreign_keys[first]
        found = lookups.keyed(parent) if isinstance(lookups, Frames) else lookups[parent]
        rows = attach(found, parent, rests, lookups)
        (parent_key,) = TABLES[parent].primary_key()
        named = [key_code(parent_key), *(pl.col(rest).alias(f"{first}.{rest}") for rest in rests)]
        frame = frame.with_columns(key_code(first)).join(rows.select(named), on=KEY, how="left").drop(KEY)
    return frame


def key_code(column: str) -> pl.Expr:
    """The column of a key as its code, whatever kind of text column it is."""
    return code(pl.col(column).cast(pl.String)).alias(KEY)


def missing(data: Dataset, table: str, column: str) -> list[str]:
    """Which `table.column` of a path the dataset does not have; empty when it can be looked up."""
    steps = list(route_tables(table, column))
    return [f"{owner}.{name}" for owner, name in steps if name not in data.columns(owner)]


def dimension_paths(data: Dataset, table: str, name: str) -> list[str]:
    """The ways to a dimension that this dataset has the columns for."""
    return [path for path in paths(table, name) if not missing(data, table, path)]


def telling(frame: pl.LazyFrame, routes: list[str]) -> list[str]:
    """The ways that can give a value: those of keys that some row has, up to a column that every row has."""
    keys = {route: route.partition(".")[0] for route in routes}
    if len({*keys.values()}) == 1:
        return routes
    filled = frame.select(pl.col({*keys.values()}).count(), rows=pl.len()).collect().row(0, named=True)
    some = [route for route in routes if filled[keys[route]]] or routes[:1]
    return some[:1] if "." not in some[0] and filled[some[0]] == filled["rows"] else some


def dimension_expr(found: list[str]) -> pl.Expr:
    """A dimension's value: the first way that has one, as text."""
    return pl.coalesce([pl.col(path) for path in found]).cast(pl.String)
