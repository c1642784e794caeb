"""Data in memory as seen on a day, whole or of a slice: rows are told by their place, and columns read where they are.

Where each row's keys lead is found once. A day, a window of deals and a slice are then masks over the tables, and what
is asked of a part copies the columns that it reads and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl

from kpitools.model.asof import looks_beyond, stood
from kpitools.model.cut import Where
from kpitools.model.dataset import Dataset
from kpitools.model.frames import Frames
from kpitools.model.lookup import KEY, key_code
from kpitools.model.recent import Recent
from kpitools.model.tables import TABLES

#: Tables of which every row is part of one deal's story.
STORY = ("deal_changes", "deal_versions", "stage_history")
#: Columns that last for one step.
ROW, HERE, UNDATED, MINE = "row:number", "row:here", "row:undated", "row:mine"
#: So many masks of a day are kept.
MOST_MASKS = 32
#: A mask over the rows of a table.
Mask = pl.Series


class Since(NamedTuple):
    """The deals that were opened, open or decided from a day on; or only those that were opened from it on."""

    first: date
    opened: bool = False


class Held:
    """The tables of a dataset in memory, and where the keys of their rows lead.

    Args:
        data: a dataset; a table of it is read when it is first asked for.

    Attributes:
        all_shared: whether keys lead to the rows that count in every table, as far as that is known without reading.
    """

    def __init__(self, data: Dataset) -> None:
        pending = isinstance(data.frames, Frames)
        self.all_shared = not pending and all(data.frames.get(name) is frame for name, frame in data.lookups.items())
        self.whole = data.settled()
        self._rows: dict[tuple[str, bool], pl.DataFrame] = {}
        self._places: dict[tuple[str, str, bool], pl.Series] = {}
        self._heights: dict[str, int] = {}

    def shared(self, name: str) -> bool:
        """Whether keys lead to the rows of a table themselves; in the data of a report also to others."""
        return name in self.whole.frames and self.whole.lookups.get(name) is self.whole.frames[name]

    def rows(self, name: str, *, lookup: bool) -> pl.DataFrame:
        """The rows of a table that count, or those that keys lead to."""
        which = name, lookup and not self.shared(name)
        if which not in self._rows:
            self._rows[which] = (self.whole.lookups if which[1] else self.whole.frames)[name].collect()
        return self._rows[which]

    def height(self, name: str) -> int:
        """How many rows a table has, counted without reading it; none where there is no such table."""
        if name not in self._heights:
            rows = self.whole.frames.get(name)
            self._heights[name] = 0 if rows is None else int(rows.select(pl.len()).collect().item())
        return self._heights[name]

    def place(self, name: str, key: str, *, lookup: bool) -> pl.Series:
        """For each row of a table, the number of the row a key leads to; one beyond the last where it leads nowhere."""
        which = name, key, lookup and not self.shared(name)
        if which not in self._places:
            self._places[which] = self.led(self.rows(name, lookup=lookup), TABLES[name].foreign_keys[key], key)
        return self._places[which]

    def unfound(self) -> list[Callable[[], object]]:
        """What finds where keys lead that nobody asked for yet, a piece for each: those of the tables that were read,
        and of those that they lead to."""
        names = [name for name, lookup in self._rows if not lookup]
        for name in names:  # which grows meanwhile
            names += {*self._leading(name).values()}.difference(names)
        keys = [(name, key) for name in names for key in self._leading(name)]
        return [partial(self.place, *one, lookup=False) for one in keys if (*one, False) not in self._places]

    def _leading(self, name: str) -> dict[str, str]:
        """The keys of a table, with the tables they lead to, as far as these are there."""
        keys, has = TABLES[name].foreign_keys, self.whole.columns(name)
        return {key: parent for key, parent in keys.items() if key in has and parent in self.whole.frames}

    def led(self, rows: pl.DataFrame, parent: str, key: str) -> pl.Series:
        """The same of any rows with the key."""
        (parent_key,) = TABLES[parent].primary_key()
        parents = self.rows(parent, lookup=True).lazy().select(key_code(parent_key)).with_row_index(ROW)
        named = rows.lazy().select(key_code(key))
        found = named.join(parents.unique(KEY, keep="any"), on=KEY, how="left", maintain_order="left")
        row = pl.col(ROW).fill_null(self.rows(parent, lookup=True).height)
        return found.select(row).collect().to_series().rechunk()

    def windowed(self, name: str) -> bool:
        """Whether a window leaves out rows of a table: deals, where they are dated, and their story."""
        dated = self.shared("deals") and "created_at" in self.whole.columns("deals")
        return dated and (name == "deals" or name in STORY)

    def alive(self, name: str, since: Since, last: date) -> Mask | None:
        """The deals of a window that ends with a day, or the rows of their story; None for all rows.

        A deal is over after the day it closes. One without a date is left out: nothing can be told of it by time.
        """
        if not self.windowed(name):
            return None
        deals = self.rows("deals", lookup=False)
        inside = deals.select(_alive(deals, since, last)).to_series()
        return inside if name == "deals" else led_to(inside, self.place(name, "deal_id", lookup=False))


def _alive(deals: pl.DataFrame, since: Since, last: date) -> pl.Expr:
    first, created = pl.lit(since.first).cast(pl.Datetime("us")), pl.col("created_at")
    there = created < pl.lit(last).cast(pl.Datetime("us")) + timedelta(days=1)
    if since.opened:
        there &= created >= first
    elif "closed_at" in deals.columns:
        there &= pl.col("closed_at").is_null() | (pl.col("closed_at") >= first)
    return there.fill_null(False)


class Standing(NamedTuple):
    """A table on a day, its rows in their places: their values, those still hidden, which were there, which have no
    date, and which columns are not as in the table."""

    rows: pl.DataFrame
    hidden: list[pl.Expr]
    there: Mask
    undated: Mask
    changed: frozenset[str]

    def picked(self, mask: Mask, mine: Mask | None = None) -> pl.LazyFrame:
        """The rows of a mask, and of `MINE` whether each is in it; no column is copied before it is read."""
        beside = [mask.alias(HERE)] if mine is None else [mask.alias(HERE), mine.alias(MINE)]
        rows = self.rows.with_columns(beside).lazy().filter(pl.col(HERE)).drop(HERE)
        return rows.with_columns(self.hidden) if self.hidden else rows


class Seen:
    """The data as seen on a day.

    Args:
        held: the data in memory.
        as_of: the day or instant.
    """

    def __init__(self, held: Held, as_of: str) -> None:
        self._held = held
        self._data = held.whole.as_of(as_of)
        self._last = date.fromisoformat(as_of[:10])
        self._stands: dict[tuple[str, bool], Standing] = {}
        self._masks: Recent[tuple[str, Since | None, bool], Mask] = Recent(MOST_MASKS)
        self._asked: Recent[Hashable, Mask] = Recent(MOST_MASKS)
        self._places: dict[tuple[str, str, bool], pl.Series] = {}

    def rows(self, name: str, *, lookup: bool) -> pl.DataFrame:
        """The rows of a table in memory."""
        return self._held.rows(name, lookup=lookup)

    @property
    def all_shared(self) -> bool:
        """Whether keys lead to the rows that count, in every table."""
        return self._held.all_shared

    def windowed(self, name: str) -> bool:
        """Whether a window leaves out rows of a table."""
        return self._held.windowed(name)

    def everything(self, since: Since | None = None) -> Dataset:
        """All of the data, each table of it found when it is first read.

        Args:
            since: leave out the deals that were over before a day, or opened before it, and their story.
        """
        frames = {name: partial(self._visible, name, since, lookup=False) for name in self._data.frames}
        lookups = {name: partial(self._visible, name, since, lookup=True) for name in self._data.lookups}
        return self._data.part(Frames(frames), Frames(lookups))

    def _visible(self, name: str, since: Since | None, *, lookup: bool) -> pl.LazyFrame:
        return self.standing(name, lookup=lookup).picked(self.mask(name, since, lookup=lookup))

    def mask(self, name: str, since: Since | None, *, lookup: bool) -> Mask:
        """The rows that were there on the day, of deals and their story those that were alive since another."""
        return self._masks.get((name, since, lookup), partial(self._make_mask, name, since, lookup=lookup))

    def asked(self, name: str, where: Where, make: Callable[[], Mask]) -> Mask:
        """The rows of a table that a slice asks for, made where they are not known from before."""
        return self._asked.get((name, tuple((dimension, tuple(where[dimension])) for dimension in sorted(where))), make)

    def _make_mask(self, name: str, since: Since | None, *, lookup: bool) -> Mask:
        stands = self.standing(name, lookup=lookup)
        mask = stands.there | stands.undated if lookup else stands.there
        if since is None or (lookup and not self._held.shared(name)):
            return mask
        alive = self._held.alive(name, since, self._last)
        return mask if alive is None else mask & alive

    def place(self, name: str, key: str, *, lookup: bool) -> pl.Series:
        """For each row of a table, the number of the row that a key led to on the day."""
        stands = self.standing(name, lookup=lookup)
        if key not in stands.changed:
            return self._held.place(name, key, lookup=lookup)
        which = name, key, lookup
        if which not in self._places:
            rows = stands.rows.lazy().with_columns(stands.hidden).select(key).collect()
            self._places[which] = self._held.led(rows, TABLES[name].foreign_keys[key], key)
        return self._places[which]

    def standing(self, name: str, *, lookup: bool) -> Standing:
        """How a table stood on the day."""
        which = name, lookup and not self._held.shared(name)
        if which not in self._stands:
            self._stands[which] = self._stand(name, lookup=lookup)
        return self._stands[which]

    def _stand(self, name: str, *, lookup: bool) -> Standing:
        rows, cut = self._held.rows(name, lookup=lookup), self._data.seen_at
        assert cut is not None
        whole = self._held.whole
        if not looks_beyond(whole, name):
            found = stood(whole, name, rows.lazy(), cut)
            told = rows.select(found.inside.alias(HERE), found.undated.alias(UNDATED))
            hidden = found.hidden
        else:
            found = stood(whole, name, rows.lazy().with_row_index(ROW), cut)
            columns = [*found.changed, HERE, UNDATED]
            dated = found.frame.with_columns(found.inside.alias(HERE), found.undated.alias(UNDATED))
            told = dated.with_columns(found.hidden).select(ROW, *columns).collect().sort(ROW).drop(ROW)
            rows, hidden = rows.with_columns(told.drop(HERE, UNDATED)), []
        here, undated = (_filled(told[column], rows.height) for column in (HERE, UNDATED))
        return Standing(rows, hidden, here, undated, frozenset(found.changed))


def _filled(mask: Mask, height: int) -> Mask:
    """The mask without nulls; what a literal says is said of every row."""
    mask = mask.fill_null(False)
    return mask if mask.len() == height else mask.new_from_index(0, height)


def led_to(mask: Mask, place: pl.Series) -> Mask:
    """For each row, what is said of the row that a key leads to; of none, nothing is.

    Taken as bytes, and without a look at whether each place is one: of millions of rows that takes half the time.
    """
    said = np.append(mask.to_numpy(), False)
    return pl.Series(said.view(np.uint8).take(place.to_numpy(), mode="clip")).cast(pl.Boolean)
