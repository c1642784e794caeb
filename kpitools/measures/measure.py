"""Measures: named aggregates over one table that know when their rows happened.

A measure is declared as a function that returns an aggregate; the decorator says over which table, dated how, and
in what unit. Anchors (`.at_start`, `.previous`, ...) say where in time it is taken when a KPI asks for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from kpitools.errors import DeclarationError
from kpitools.measures.aggregates import Aggregate, recognised
from kpitools.measures.anchors import Anchorable, Anchored
from kpitools.measures.attribute import CONTEXT, Attribute, columns_of, definition_of, reads
from kpitools.model.dimensions import route_tables
from kpitools.model.tables import TABLES, Table

UNITS = (
    "currency", "percent", "count", "ratio", "days", "hours", "minutes", "seconds", "score", "probability",
    "currency_per_day", "date",
)  # fmt: skip
Unit = str

Timing = Literal["at", "alive", "during", "spread"]


@dataclass(frozen=True)
class When:
    """How the rows of a measure lie in time.

    at: dated by one column. alive: counted at a boundary if started before it and not ended by then.
    during: counted in each period they touch. spread: a plan, shared out over the days from first to last inclusive.
    """

    timing: Timing
    start: str
    end: str | None = None


@dataclass(frozen=True, eq=False)
class Measure(Anchorable):
    """A named aggregate over one table."""

    id: str
    table: type[Table]
    when: When
    unit: Unit
    definition: str
    build: Callable[..., Aggregate | pl.Expr]
    uses: tuple[Attribute, ...] = ()

    def __call__(self, **settings: Any) -> pl.Expr:
        """The measure as a Polars expression over any frame that has its columns."""
        return _as_aggregate(self.build(**settings)).expr().alias(self.id)

    @cached_property
    def aggregate(self) -> Aggregate:
        """The parts of the aggregate."""
        return _as_aggregate(self.build())

    @property
    def additive(self) -> bool:
        """Whether it may be summed over dimensions; over time only flows may."""
        return self.aggregate.additive

    @property
    def additive_over_time(self) -> bool:
        """Whether the figures of successive periods may be summed."""
        bounds = {"period_start", "period_end", "until"}
        return self.additive and self.when.timing in ("at", "spread") and not bounds & self._read

    @property
    def _read(self) -> set[str]:
        """What the aggregate itself reads, whatever adds it to the rows."""
        where = self.aggregate.where
        return {*self.aggregate.values.meta.root_names(), *(where.meta.root_names() if where is not None else ())}

    @cached_property
    def columns(self) -> list[str]:
        """The columns of its table that it reads, dotted along keys where they are another table's."""
        read = self._read | {self.when.start} | ({self.when.end} if self.when.end else set())
        for attribute in self.uses:
            read |= set(attribute.row_columns)
        added = set(CONTEXT).difference(columns_of(self.table))
        return sorted(read - added - {attribute.id for attribute in self.uses})

    @cached_property
    def reads(self) -> list[tuple[str, str]]:
        """Every (table, column) it is computed from, those of attributes and along keys included, each once."""
        return list(dict.fromkeys(reads(self.table, self.columns, self.uses)))


@dataclass(frozen=True, eq=False)
class PerEntity(Anchorable):
    """An aggregate over entities: measures taken per account (or rep, ...) first, then counted over those."""

    id: str
    entity: str
    inputs: dict[str, Anchored]
    unit: Unit
    definition: str
    build: Callable[[], Aggregate | pl.Expr]

    def __call__(self) -> pl.Expr:
        """The outer aggregate, over a frame that has one row per entity and a column per input."""
        return self.aggregate.expr().alias(self.id)

    @cached_property
    def aggregate(self) -> Aggregate:
        """The parts of the outer aggregate."""
        return _as_aggregate(self.build(**{name: pl.col(name) for name in self.inputs}))

    @property
    def additive(self) -> bool:
        """Never: one account may stand in two groups, and then its parts do not add up to the whole account."""
        return False

    additive_over_time = additive


def measure(
    table: type[Table],
    *,
    unit: Unit,
    at: str | None = None,
    alive: tuple[str, str | None] | None = None,
    during: tuple[str, str] | None = None,
    spread: tuple[str, str] | None = None,
    uses: tuple[Attribute, ...] = (),
) -> Callable[[Callable[..., Aggregate | pl.Expr]], Measure]:
    """Declare a measure: the function's name is its name, its docstring the definition, its result the aggregate.

    Args:
        table: whose rows are counted.
        unit: of the figure.
        at: the column that dates a row; may lead along a key (`order_id.ordered_at`).
        alive: first and last column of a row's life; counted at a boundary.
        during: the same; counted in each period it touches.
        spread: first and last day of a plan; shared out by days.
        uses: attributes the aggregate reads.

    Raises:
        DeclarationError: unknown unit or column, no docstring, not exactly one way to lie in time.
    """

    def declare(build: Callable[..., Aggregate | pl.Expr]) -> Measure:
        name = build.__name__
        made = Measure(name, table, _when(name, at, alive, during, spread), unit, definition_of(build), build, uses)
        check_unit(name, unit)
        for column in made.columns:
            check_column(name, table, column)
        return made

    return declare


def per_entity(*, on: str, unit: Unit) -> Callable[[Callable[..., Aggregate | pl.Expr]], PerEntity]:
    """Declare a per-entity measure: the function's defaults are measures, its arguments their values per entity.

    Args:
        on: the key column that all inputs' tables have, `account_id` or another.
        unit: of the figure.
    """

    def declare(build: Callable[..., Aggregate | pl.Expr]) -> PerEntity:
        check_unit(build.__name__, unit)
        return PerEntity(build.__name__, on, inputs_of(build), unit, definition_of(build), build)

    return declare


def inputs_of(build: Callable[..., Any]) -> dict[str, Anchored]:
    """The measures or KPIs that a formula's parameters default to.

    Raises:
        DeclarationError: a parameter without one.
    """
    inputs: dict[str, Anchored] = {}
    for name, parameter in inspect.signature(build).parameters.items():
        default = parameter.default
        if name in settings_of(build):
            continue
        if isinstance(default, Anchorable):
            default = Anchored(default)
        if not isinstance(default, Anchored):
            raise DeclarationError(
                f"{build.__name__}: the parameter {name!r} has no measure as its default; write {name}=won_deals."
            )
        _check_anchor(build.__name__, name, default)
        inputs[name] = default
    return inputs


def settings_of(build: Callable[..., Any]) -> dict[str, Any]:
    """The parameters that default to a number or a word: what a company may decide for itself, in `kpitools.toml`.

    >>> def stale_deals(days: int = 30): ...
    >>> settings_of(stale_deals)
    {'days': 30}
    """
    found = inspect.signature(build).parameters.items()
    return {name: one.default for name, one in found if isinstance(one.default, int | float | str)}


def _check_anchor(owner: str, name: str, anchored: Anchored) -> None:
    """A flow has no value at a boundary, a stock none over several periods."""
    source, instants = anchored.source, ("start", "end", "average")
    if isinstance(source, Measure):
        stock = source.when.timing == "alive"
        if (not stock and anchored.place in instants) or (stock and anchored.place in ("to_date", "rolling")):
            kind = "a stock, counted at a boundary" if stock else "a flow, counted over a period"
            raise DeclarationError(f"{owner}: {name} takes {source.id} at {anchored.place!r}, but it is {kind}.")
    elif anchored.place != "period":
        raise DeclarationError(f"{owner}: {name} takes {source.id} at {anchored.place!r}; only measures have that.")


def check_unit(name: str, unit: str) -> None:
    """Refuse a unit nobody can format."""
    if unit not in UNITS:
        raise DeclarationError(f"{name}: there is no unit {unit!r}; there are {', '.join(UNITS)}.")


def check_column(name: str, table: type[Table], column: str) -> None:
    """Refuse a column that the table, or the one a key leads to, does not have."""
    for owner, step in route_tables(table.name, column):
        if step not in columns_of(TABLES[owner]):
            raise DeclarationError(
                f"{name}: {owner} has no column {step!r}; it has {', '.join(columns_of(TABLES[owner]))}."
            )


def _when(name: str, at: str | None, alive: Any, during: Any, spread: Any) -> When:
    given: dict[Timing, Any] = {"at": at and (at,), "alive": alive, "during": during, "spread": spread}
    chosen = [(timing, columns) for timing, columns in given.items() if columns]
    if len(chosen) != 1:
        raise DeclarationError(f"{name}: say exactly one of at=, alive=, during=, spread=.")
    timing, columns = chosen[0]
    return When(timing, *columns)


def _as_aggregate(built: Aggregate | pl.Expr) -> Aggregate:
    return built if isinstance(built, Aggregate) else recognised(built)
