"""What every table of the sales model states about itself, beside its typed columns."""

from __future__ import annotations

from typing import ClassVar

import dataframely as dy
import polars as pl


class Table(dy.Schema):
    """One entity of the sales model.

    A subclass is a dataframely schema: columns with types, a primary key and row rules. Every column but
    the key may be missing from a user's data; what cannot be computed without it is told by `audit`.
    """

    #: The table's name: of its file, and in every message.
    name: ClassVar[str] = ""
    #: The column from which on a row exists for the as-of view; None for reference tables without a date.
    dated: ClassVar[str | None] = None
    #: Column -> the table whose key it holds.
    foreign_keys: ClassVar[dict[str, str]] = {}
    #: Keys that may also hold words of their own, and then lead nowhere: the stage after the last one is an outcome.
    words: ClassVar[dict[str, tuple[str, ...]]] = {}
    #: Column -> the column that says when the value became known; may lead along a key (`deal_id.created_at`).
    known_at: ClassVar[dict[str, str]] = {}
    #: Columns that are worked out from the others and never read from a file.
    derived: ClassVar[tuple[str, ...]] = ()
    #: Keys of the rows this one tells of: what it is not itself told apart by, it takes over from whichever it has.
    tells_of: ClassVar[tuple[str, ...]] = ()
    #: What others may look up in a row that is not theirs; empty for everything.
    shared: ClassVar[tuple[str, ...]] = ()
    #: Keys of rows this one is part of the story of: a touch on a deal is seen by whoever sees the deal.
    part_of: ClassVar[tuple[str, ...]] = ()
    #: Column -> its value while it was not yet known, where that is not null; left as it is if that cannot be told.
    before_known: ClassVar[dict[str, pl.Expr]] = {}


def one_of(*values: str) -> dy.String:
    """A text column that takes one of a few words. Not an Enum: one bad word would hide a row's other faults."""
    check = {"one_of": lambda column: column.is_in(list(values))}
    return dy.String(nullable=True, check=check, metadata={"one_of": values})


def key() -> dy.String:
    """An id that names the row."""
    return dy.String(primary_key=True)


def text(column: str | None = None) -> dy.String:
    """Free text, or the id of a row in another table; `column` where the column's name is taken by `Table`."""
    return dy.String(nullable=True, alias=column)


def money(*, minimum: float | None = 0) -> dy.Float64:
    """An amount in the one reporting currency."""
    return dy.Float64(nullable=True, min=minimum)


def number(*, minimum: float | None = 0, maximum: float | None = None) -> dy.Float64:
    """A quantity that need not be whole."""
    return dy.Float64(nullable=True, min=minimum, max=maximum)


def whole() -> dy.Int64:
    """A count, from 0 on."""
    return dy.Int64(nullable=True, min=0)


def flag() -> dy.Bool:
    """Yes, no, or not known."""
    return dy.Bool(nullable=True)


def day() -> dy.Date:
    """A calendar day."""
    return dy.Date(nullable=True)


def instant() -> dy.Datetime:
    """A point in time, UTC."""
    return dy.Datetime(nullable=True)


def not_before(later: str, earlier: str) -> pl.Expr:
    """The rule that `later` does not come before `earlier`, by calendar day; unknown days break nothing."""
    return pl.col(later).cast(pl.Date) >= pl.col(earlier).cast(pl.Date)
