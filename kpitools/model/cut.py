"""Cutting a dataset to a slice: the rows of the slice, and beside them only what those rows lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.model.dimensions import dimension
from kpitools.model.frames import Frames, Make, held
from kpitools.model.led import UNDIVIDED, led_to
from kpitools.model.lookup import attach, dimension_expr, dimension_paths, telling
from kpitools.model.tables import TABLES

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

Where = Mapping[str, Sequence[str | None]]

#: Whose a row is, while a table is divided, and whoever has no row of it.
WHOSE, OTHER = "cut:whose", object()


def cut(data: Dataset, where: Where) -> tuple[Frames, Frames]:
    """The rows of the slice by table, and the rows to look things up in; each table is cut when it is first read.

    A table that a dimension does not reach (costs, for a segment) cannot be divided and is left out; products
    and stages stay whole. Look-up rows are the slice's own, the ones their keys lead to (the account of a deal,
    though another team owns it), and touches on the slice's deals and leads, whoever made them.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: no table of this data can be divided by it.
    """
    makers = {
        name: partial(data.frames.__getitem__, name)
        if name in UNDIVIDED
        else partial(filtered, data, name, routes, where)
        for name, routes in divisible_by(data, where).items()
    }
    own = Frames(makers)
    return own, led_to(data, own)


def divisible_by(data: Dataset, where: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """The tables that a slice has rows of, each with the ways to every dimension; products and stages with none.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: no table of this data can be divided by it.
    """
    for name in where:
        _must_divide(data, name)
    found = {name: {wanted: dimension_paths(data, name, wanted) for wanted in where} for name in sorted(data.frames)}
    return {
        name: {} if name in UNDIVIDED else routes
        for name, routes in found.items()
        if name in UNDIVIDED or all(routes.values())
    }


def divided(data: Dataset, name: str, members: Iterable[str | None]) -> Iterator[tuple[str | None, Frames, Frames]]:
    """The cuts to one member after the other, each table read and divided once for all of them.

    The rows of all members are held meanwhile.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: no table of this data can be divided by it.
    """
    _must_divide(data, name)
    routes = {table: dimension_paths(data, table, name) for table in sorted(data.frames.keys() - UNDIVIDED)}
    parts = {table: _by_member(data, table, found) for table, found in routes.items() if found}
    for member in members:
        makers = _reference(data)
        makers |= {
            table: by_member[member if member in by_member else OTHER].lazy for table, by_member in parts.items()
        }
        own = Frames(makers)
        yield member, own, led_to(data, own)


def _reference(data: Dataset) -> dict[str, Make]:
    return {name: partial(data.frames.__getitem__, name) for name in data.frames if name in UNDIVIDED}


def _by_member(data: Dataset, table: str, routes: list[str]) -> dict[object, pl.DataFrame]:
    """The rows of a table by the member they belong to; of any other there is none."""
    rows = attach(_totalled(data, table), table, routes, data.lookups).with_columns(dimension_expr(routes).alias(WHOSE))
    found = rows.drop(path for path in set(routes) if "." in path).collect()
    parts = found.partition_by(WHOSE, as_dict=True, maintain_order=True, include_key=False)
    return {member: part for (member,), part in parts.items()} | {OTHER: found.drop(WHOSE).clear()}


def _totalled(data: Dataset, name: str) -> pl.LazyFrame:
    """The table's rows; each cost with what its initiative costs in all, whoever paid."""
    frame = data.frames[name]
    if name != "costs" or not {"initiative_id", "amount"} <= set(data.columns(name)):
        return frame
    spent = pl.when(pl.col("initiative_id").is_not_null()).then(pl.col("amount").sum().over("initiative_id"))
    return frame.with_columns(initiative_spent=pl.coalesce("initiative_spent", spent))


def _must_divide(data: Dataset, name: str) -> None:
    dimension(name)
    if not any(dimension_paths(data, table, name) for table in data.frames):
        able = sorted({d for table in data.frames for d in data.dimensions(table)})
        raise EvaluationError(f"This data has no {name.replace('_', ' ')}; it can be divided by {', '.join(able)}.")


def filtered(data: Dataset, table: str, routes: Mapping[str, list[str]], where: Where) -> pl.LazyFrame:
    """The rows of a table that are of the slice, along the ways to its dimensions."""
    frame = _totalled(data, table)
    for name, values in where.items():
        frame = _kept(data, table, frame, routes[name], values)
    return held(frame)


def _kept(
    data: Dataset, table: str, frame: pl.LazyFrame, routes: list[str], values: Sequence[str | None]
) -> pl.LazyFrame:
    """The rows of some values of a dimension. Where one key leads to it, those of the rows that it leads to."""
    routes = telling(frame, routes)
    (key, *others) = {route.partition(".")[0] for route in routes}
    if others or None in values or any("." not in route for route in routes):
        rows = attach(frame, table, routes, data.lookups).filter(_is_one_of(dimension_expr(routes), values))
        return rows.drop({route for route in routes if "." in route})
    parent = TABLES[table].foreign_keys[key]
    (parent_key,) = TABLES[parent].primary_key()
    further = [route.partition(".")[2] for route in routes]
    wanted = _kept(data, parent, data.lookups[parent], further, values)
    return frame.join(
        wanted, left_on=pl.col(key).cast(pl.String), right_on=pl.col(parent_key).cast(pl.String), how="semi"
    )


def _is_one_of(value: pl.Expr, values: Sequence[str | None]) -> pl.Expr:
    named = value.is_in([one for one in values if one is not None]).fill_null(False)
    return named | value.is_null() if None in values else named
