"""The past as it stood: no row, value, stage, owner or amount that came later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from kpitools.model.frames import Frames
from kpitools.model.lookup import attach, missing
from kpitools.model.tables import TABLES
from kpitools.model.versions import FOLLOWED, undo

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

#: The smallest step of time: `cut` is the first instant not seen, a change at it is undone.
MOMENT = timedelta(microseconds=1)


def seen_before(data: Dataset, cut: datetime) -> tuple[Frames, Frames]:
    """The rows and the look-up rows of a dataset as they were just before `cut`.

    A row without a date is in no as-of view; as a look-up (a rep without a hiring date) it still names what it names.
    """
    frames = {name: partial(_table, data, name, data.frames, cut, undated=False) for name in data.frames}
    lookups = {name: partial(_table, data, name, data.lookups, cut, undated=True) for name in data.lookups}
    return Frames(frames), Frames(lookups)


def looks_beyond(data: Dataset, name: str) -> bool:
    """Whether other tables say how a table stood."""
    return (name == "deals" and bool(_undone(data, name))) or any("." in path for path in _times(data, name))


class Stood(NamedTuple):
    """A table as it stood, all of its rows in sight: what is to be hidden, which rows were there, which have no date.

    Attributes:
        frame: the rows, with what other tables say of them.
        paths: columns of the frame that are not the table's own.
        changed: columns of the table that are not as they are now.
    """

    frame: pl.LazyFrame
    hidden: list[pl.Expr]
    inside: pl.Expr
    undated: pl.Expr
    paths: list[str]
    changed: list[str]


def stood(data: Dataset, name: str, frame: pl.LazyFrame, cut: datetime) -> Stood:
    """Rows of a table as they were just before `cut`."""
    table, columns, undone = TABLES[name], data.columns(name), _undone(data, name)
    if undone:
        frame = undo(frame, data.lookups["deal_changes"], undone, after=cut - MOMENT)
    known = {column: at for column, at in table.known_at.items() if column in columns and not missing(data, name, at)}
    told = {column: at for column, at in known.items() if _told(name, column, columns)}
    dated = table.dated if table.dated and not missing(data, name, table.dated) else None
    paths = [path for path in {*known.values(), dated} if path and "." in path]
    hidden = [_unknown_yet(name, column, at, cut) for column, at in told.items()]
    inside, undated = (pl.col(dated) < cut, pl.col(dated).is_null()) if dated else (pl.lit(True), pl.lit(False))
    changed = list(dict.fromkeys([*undone, *told]))
    return Stood(attach(frame, name, paths, data.lookups), hidden, inside, undated, paths, changed)


def _undone(data: Dataset, name: str) -> list[str]:
    """The columns whose log is read back."""
    logged = name == "deals" and "deal_changes" in data.lookups and "created_at" in data.columns(name)
    return [field for field in FOLLOWED if field in data.columns(name)] if logged else []


def _times(data: Dataset, name: str) -> list[str]:
    """Where it stands from when on a row was there and its values were known."""
    table, columns = TABLES[name], data.columns(name)
    paths = [at for column, at in table.known_at.items() if column in columns]
    return [path for path in [*paths, *([table.dated] if table.dated else [])] if not missing(data, name, path)]


def _table(
    data: Dataset, name: str, frames: Mapping[str, pl.LazyFrame], cut: datetime, *, undated: bool
) -> pl.LazyFrame:
    found = stood(data, name, frames[name], cut)
    there = found.frame.filter(found.inside | found.undated if undated else found.inside)
    return there.with_columns(found.hidden).drop(found.paths)


def _unknown_yet(name: str, column: str, at: str, cut: datetime) -> pl.Expr:
    before = TABLES[name].before_known.get(column, pl.lit(None))
    return pl.when(pl.col(at) >= cut).then(before).otherwise(pl.col(column)).alias(column)


def _told(name: str, column: str, columns: Collection[str]) -> bool:
    """Whether the columns that give the earlier value are there."""
    before = TABLES[name].before_known.get(column)
    return before is None or set(before.meta.root_names()) <= set(columns)
