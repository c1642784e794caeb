"""The past as it stood: no row, value, stage, owner or amount that came later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

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


def _table(
    data: Dataset, name: str, frames: Mapping[str, pl.LazyFrame], cut: datetime, *, undated: bool
) -> pl.LazyFrame:
    frame, table, columns = frames[name], TABLES[name], data.columns(name)
    if name == "deals" and "deal_changes" in data.lookups and "created_at" in columns:
        fields = [field for field in FOLLOWED if field in columns]
        frame = undo(frame, data.lookups["deal_changes"], fields, after=cut - MOMENT)
    known = {column: at for column, at in table.known_at.items() if column in columns and not missing(data, name, at)}
    dated = table.dated if table.dated and not missing(data, name, table.dated) else None
    paths = [path for path in {*known.values(), dated} if path and "." in path]
    frame = attach(frame, name, paths, data.lookups)
    if dated:
        inside = pl.col(dated) < cut
        frame = frame.filter(inside | pl.col(dated).is_null() if undated else inside)
    hidden = [_unknown_yet(name, column, at, cut) for column, at in known.items() if _told(name, column, columns)]
    return frame.with_columns(hidden).drop(paths)


def _unknown_yet(name: str, column: str, at: str, cut: datetime) -> pl.Expr:
    before = TABLES[name].before_known.get(column, pl.lit(None))
    return pl.when(pl.col(at) >= cut).then(before).otherwise(pl.col(column)).alias(column)


def _told(name: str, column: str, columns: Collection[str]) -> bool:
    """Whether the columns that give the earlier value are there."""
    before = TABLES[name].before_known.get(column)
    return before is None or set(before.meta.root_names()) <= set(columns)
