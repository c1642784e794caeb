"""Attributes: what the rows of another table say about a row, read by the measures that use them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from kpitools.errors import DeclarationError
from kpitools.model.dimensions import route_tables
from kpitools.model.tables import Table

#: Columns that evaluation adds to a table's rows: the day they are counted on (of a stock: the last day before the
#: boundary), the bounds of the period (`until`: as far as it has been seen), the share of a row's span that lies in
#: the period, and the last day seen.
CONTEXT = ("day", "period_start", "period_end", "until", "overlap", "seen_on")

#: Before a name in an attribute: the row's own column, where the source has one of that name as well.
OWN = "own:"


@dataclass(frozen=True, eq=False)
class Attribute:
    """What another table says about a row, up to the day it is counted: the last touch of a deal.

    The function returns an aggregate over the other table's rows of the same key; it may name columns of both.
    """

    id: str
    source: type[Table]
    on: str | None
    key: str | None
    definition: str
    build: Callable[[], pl.Expr]
    where: pl.Expr | None = None
    uses: tuple[Attribute, ...] = ()

    def __call__(self) -> pl.Expr:
        """The aggregate over the other table's rows, joined to the row they speak of."""
        return self.build().alias(self.id)

    @cached_property
    def source_columns(self) -> list[str]:
        """The columns of the source that it reads, its key included."""
        own = {name for name in self._roots if name in columns_of(self.source)}
        nested = {column for use in self.uses for column in use.row_columns if column not in CONTEXT}
        asked = set(self.where.meta.root_names()) if self.where is not None else set()
        return sorted(own | nested | asked | ({self.key} if self.key else set()))

    @cached_property
    def row_columns(self) -> list[str]:
        """The columns of the row that it reads, those that evaluation adds included."""
        nested = {column for use in self.uses for column in use.row_columns if column in CONTEXT}
        foreign = {name for name in self._roots if name not in columns_of(self.source)} - {use.id for use in self.uses}
        foreign = {name.removeprefix(OWN) for name in foreign}
        return sorted(foreign | nested | ({self.on} if self.on else set()))

    @cached_property
    def _roots(self) -> set[str]:
        return set(self().meta.root_names())


def attribute(
    source: type[Table],
    *,
    on: str | None,
    key: str | None = None,
    where: pl.Expr | None = None,
    uses: tuple[Attribute, ...] = (),
) -> Callable[[Callable[[], pl.Expr]], Attribute]:
    """Declare what the rows of another table with the same key say about a row.

    In the aggregate a name means the source's column where it has one, else the row's own; `OWN + name` is always the
    row's own.

    Args:
        source: the table whose rows are aggregated.
        on: the column of the row that is the key; None where every row of the source counts.
        key: that key's name in the source, dotted where it leads on; the same name unless said.
        where: which of the source's rows count at all, by columns of the source.
        uses: attributes of the source's rows that the aggregate reads.
    """

    def declare(build: Callable[[], pl.Expr]) -> Attribute:
        return Attribute(build.__name__, source, on, key or on, definition_of(build), build, where, uses)

    return declare


def reads(table: type[Table], columns: Iterable[str], uses: Iterable[Attribute]) -> Iterator[tuple[str, str]]:
    """Every (table, column) read for some columns of a table and for attributes of its rows, along keys and nested."""
    for column in columns:
        yield from route_tables(table.name, column)
    for use in uses:
        own = [column for column in use.source_columns if column not in CONTEXT]
        yield from reads(use.source, own, use.uses)


def definition_of(build: Callable[..., Any]) -> str:
    """The docstring, which is the definition.

    Raises:
        DeclarationError: there is none.
    """
    definition = inspect.getdoc(build)
    if not definition:
        raise DeclarationError(
            f"{build.__name__} has no docstring; say in one sentence what it means for the business."
        )
    return definition


def columns_of(table: type[Table]) -> list[str]:
    """The columns a table can have, derived ones included."""
    return [*table.column_names(), *table.derived]
