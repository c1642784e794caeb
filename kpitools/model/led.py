"""The rows that a slice's rows lead to: what else must be at hand to tell of them, and nothing beyond."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from kpitools.model.frames import Frames, Make, held
from kpitools.model.tables import TABLES

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

#: Lists that belong to the company rather than to a slice; whoever looks something up in them finds all.
REFERENCE = frozenset({"courses", "initiatives", "market", "playbook", "products", "stages"})
#: Of these the ones that are also counted as a whole. The size of a market is that of regions and product families; it
#: is no team's.
UNDIVIDED = REFERENCE - {"market"}

#: Children before the tables their keys lead to, so that one pass finds every row that is led to.
CHILDREN_FIRST = (
    "call_turns", "call_marks", "calls", "order_lines", "carts", "sessions", "claims", "policies", "cc_calls",
    "surveys", "tickets", "usage", "intent_signals", "holdings", "portfolio_returns", "enrolments", "projects",
    "quotes", "shares", "initiative_users", "deal_members", "deal_scores", "account_scores", "lead_scores",
    "orders", "subscriptions", "activities", "stage_history", "deal_changes", "deal_versions",
    "deals", "leads", "accounts", "quotas", "forecasts", "costs", "initiatives", "rep_hours", "coaching",
    "assessments", "listings", "reps", "market", "products", "stages", "courses", "playbook",
)  # fmt: skip


class Naming(NamedTuple):
    """Rows that name rows of another table: among which frames, of which table, in which column."""

    frames: Mapping[str, pl.LazyFrame]
    table: str
    column: str

    def keys(self, key: str) -> pl.LazyFrame:
        """The keys that they name, as the other table calls them."""
        return self.frames[self.table].select(pl.col(self.column).alias(key)).drop_nulls()


def led_to(data: Dataset, own: Frames) -> Frames:
    """The rows to look things up in, beside a slice's own rows; each table's are found when it is first read."""
    lookups = Frames({})
    for name in (table for table in CHILDREN_FIRST if table in data.lookups):
        make = _making(data, name, own, lookups)
        if make is not None:
            lookups.add(name, make)
    return lookups


def _making(data: Dataset, name: str, own: Frames, lookups: Frames) -> Make | None:
    """How a table's rows are found; None where no row of the slice can lead to any."""
    if name in REFERENCE:
        return partial(data.lookups.__getitem__, name)
    naming = _naming(data, name, own, lookups) if len(TABLES[name].primary_key()) == 1 else []
    parents = [(TABLES[name].foreign_keys[column], column) for column in TABLES[name].part_of]
    story = [(parent, column) for parent, column in parents if parent in own and column in data.columns(name)]
    return partial(_rows, data, name, own, naming, story) if naming or story or name in own else None


def _naming(data: Dataset, name: str, own: Frames, lookups: Frames) -> list[Naming]:
    """The rows of the slice, and the rows they lead to, that have keys of this table."""
    return [
        Naming(frames, child, column)
        for child in data.frames
        for column, target in TABLES[child].foreign_keys.items()
        if target == name and column in data.columns(child)
        for frames in (own, lookups)
        if child in frames
    ]


def _rows(data: Dataset, name: str, own: Frames, naming: list[Naming], story: list[tuple[str, str]]) -> pl.LazyFrame:
    if name in own and not naming and not story and data.lookups[name] is data.frames[name]:
        return own[name]  # nothing leads to others' rows
    keys = TABLES[name].primary_key()
    wanted = [own[name].select(keys)] if name in own else []
    wanted += _named(data, name, keys[0], naming) if naming else []
    wanted += [_of_story(data, name, parent, column, own) for parent, column in story]
    led = data.lookups[name].join(pl.concat(wanted).unique(), on=keys, how="semi")
    return held(_only_shared(led, data, name, own.get(name)))


def _named(data: Dataset, name: str, key: str, naming: list[Naming]) -> list[pl.LazyFrame]:
    """The keys that are named; of rows that name others of their own table (a rep's manager), those too."""
    found = [rows.keys(key) for rows in naming]
    selves = [column for column, target in TABLES[name].foreign_keys.items() if target == name]
    if name in data.frames and selves:
        led = data.lookups[name].join(pl.concat(found).unique(), on=key, how="semi")
        has = data.columns(name)
        found += [led.select(pl.col(column).alias(key)).drop_nulls() for column in selves if column in has]
    return found


def _of_story(data: Dataset, name: str, parent: str, column: str, own: Frames) -> pl.LazyFrame:
    """The keys of the rows that are part of the story of the slice's own rows."""
    (parent_key,) = TABLES[parent].primary_key()
    parents = own[parent].select(pl.col(parent_key).alias(column))
    return data.lookups[name].join(parents, on=column, how="semi").select(TABLES[name].primary_key())


def _only_shared(led: pl.LazyFrame, data: Dataset, name: str, own: pl.LazyFrame | None) -> pl.LazyFrame:
    """Of a row that the slice's rows lead to, but that is not the slice's own, only what others may see."""
    shared = TABLES[name].shared
    if not shared:
        return led
    keys = TABLES[name].primary_key()
    mine = (led.head(0) if own is None else own).select(keys).with_columns(mine=True)
    hidden = [pl.when("mine").then(column).alias(column) for column in data.columns(name) if column not in shared]
    return led.join(mine, on=keys, how="left").with_columns(hidden).drop("mine")
