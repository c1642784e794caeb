"""Cutting a dataset to a slice: the rows of the slice, and beside them only what those rows lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.model.dimensions import dimension
from kpitools.model.lookup import attach, dimension_expr, dimension_paths
from kpitools.model.tables import TABLES

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

Frames = dict[str, pl.LazyFrame]
Where = Mapping[str, Sequence[str | None]]

#: Lists that belong to the company rather than to a slice; kept whole.
REFERENCE = frozenset({"courses", "initiatives", "market", "playbook", "products", "stages"})

#: Whose a row is, while a table is divided, and whoever has no row of it.
WHOSE, OTHER = "cut:whose", object()

#: Children before the tables their keys lead to, so that one pass finds every row that is led to.
CHILDREN_FIRST = (
    "call_turns", "call_marks", "calls", "order_lines", "carts", "sessions", "claims", "policies", "cc_calls",
    "surveys", "tickets", "usage", "intent_signals", "holdings", "portfolio_returns", "enrolments", "projects",
    "quotes", "shares", "initiative_users", "deal_members", "deal_scores", "account_scores", "lead_scores",
    "orders", "subscriptions", "activities", "stage_history", "deal_changes", "deal_versions",
    "deals", "leads", "accounts", "quotas", "forecasts", "costs", "initiatives", "rep_hours", "coaching",
    "assessments", "listings", "reps", "market", "products", "stages", "courses", "playbook",
)  # fmt: skip


def cut(data: Dataset, where: Where) -> tuple[Frames, Frames]:
    """The rows of the slice by table, and the rows to look things up in.

    A table that a dimension does not reach (costs, for a segment) cannot be divided and is left out; products
    and stages stay whole. Look-up rows are the slice's own, the ones their keys lead to (the account of a deal,
    though another team owns it), and touches on the slice's deals and leads, whoever made them.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: no table of this data can be divided by it.
    """
    for name in where:
        _must_divide(data, name)
    own = _reference(data)
    for name in sorted(data.frames.keys() - REFERENCE):
        routes = [dimension_paths(data, name, wanted) for wanted in where]
        if all(routes):
            whole = _totalled(data, name)
            own[name] = _held(_filtered(data, name, whole, dict(zip(where, routes, strict=True)), where))
    return own, _led_to(data, own)


def divided(data: Dataset, name: str, members: Iterable[str | None]) -> Iterator[tuple[str | None, Frames, Frames]]:
    """The cuts to one member after the other, each table read and divided once for all of them.

    The rows of all members are held meanwhile.

    Raises:
        UnknownNameError: there is no such dimension.
        EvaluationError: no table of this data can be divided by it.
    """
    _must_divide(data, name)
    routes = {table: dimension_paths(data, table, name) for table in sorted(data.frames.keys() - REFERENCE)}
    parts = {table: _by_member(data, table, found) for table, found in routes.items() if found}
    for member in members:
        own = _reference(data)
        own |= {table: by_member[member if member in by_member else OTHER].lazy() for table, by_member in parts.items()}
        yield member, own, _led_to(data, own)


def _reference(data: Dataset) -> Frames:
    return {name: frame for name, frame in data.frames.items() if name in REFERENCE}


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


def _held(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows worked out once: every later step and every query would else do it again."""
    return frame.collect().lazy()


def _must_divide(data: Dataset, name: str) -> None:
    dimension(name)
    if not any(dimension_paths(data, table, name) for table in data.frames):
        able = sorted({d for table in data.frames for d in data.dimensions(table)})
        raise EvaluationError(f"This data has no {name.replace('_', ' ')}; it can be divided by {', '.join(able)}.")


def _filtered(
    data: Dataset, table: str, frame: pl.LazyFrame, routes: Mapping[str, list[str]], where: Where
) -> pl.LazyFrame:
    paths = [path for found in routes.values() for path in found]
    conditions = [_is_one_of(dimension_expr(routes[name]), values) for name, values in where.items()]
    return (
        attach(frame, table, paths, data.lookups).filter(conditions).drop([path for path in set(paths) if "." in path])
    )


def _is_one_of(value: pl.Expr, values: Sequence[str | None]) -> pl.Expr:
    named = value.is_in([one for one in values if one is not None]).fill_null(False)
    return named | value.is_null() if None in values else named


def _led_to(data: Dataset, own: Frames) -> Frames:
    lookups: Frames = {}
    for name in (table for table in CHILDREN_FIRST if table in data.lookups):
        if name in REFERENCE:
            lookups[name] = data.lookups[name]
            continue
        keys = TABLES[name].primary_key()
        wanted = [own[name].select(keys)] if name in own else []
        if len(keys) == 1:
            wanted += _referring(data, name, keys[0], own, lookups)
        wanted += _belonging(data, name, keys, own)
        if len(wanted) == 1 and name in own and data.lookups[name] is data.frames[name]:
            lookups[name] = own[name]  # nothing leads to others' rows
        elif wanted:
            led = data.lookups[name].join(pl.concat(wanted).unique(), on=keys, how="semi")
            lookups[name] = _held(_only_shared(led, data, name, own.get(name)))
    return lookups


def _only_shared(led: pl.LazyFrame, data: Dataset, name: str, own: pl.LazyFrame | None) -> pl.LazyFrame:
    """Of a row that the slice's rows lead to, but that is not the slice's own, only what others may see."""
    shared = TABLES[name].shared
    if not shared:
        return led
    keys = TABLES[name].primary_key()
    mine = (led.head(0) if own is None else own).select(keys).with_columns(mine=True)
    hidden = [pl.when("mine").then(column).alias(column) for column in data.columns(name) if column not in shared]
    return led.join(mine, on=keys, how="left").with_columns(hidden).drop("mine")


def _referring(data: Dataset, name: str, key: str, own: Frames, lookups: Frames) -> list[pl.LazyFrame]:
    """The keys of this table that rows of the slice, or rows they lead to, name."""
    found = []
    for child in data.frames:
        for column, target in TABLES[child].foreign_keys.items():
            if target == name and column in data.columns(child):
                rows = [frames[child] for frames in (own, lookups) if child in frames]
                found += [frame.select(pl.col(column).alias(key)).drop_nulls() for frame in rows]
    if name in data.frames and (selves := [c for c, t in TABLES[name].foreign_keys.items() if t == name]) and found:
        led = data.lookups[name].join(pl.concat(found).unique(), on=key, how="semi")
        has: Collection[str] = data.columns(name)
        found += [led.select(pl.col(column).alias(key)).drop_nulls() for column in selves if column in has]
    return found


def _belonging(data: Dataset, name: str, keys: list[str], own: Frames) -> list[pl.LazyFrame]:
    """The rows that are part of the story of the slice's own rows."""
    found = []
    for column in TABLES[name].part_of:
        parent = TABLES[name].foreign_keys[column]
        if parent in own and column in data.columns(name):
            (parent_key,) = TABLES[parent].primary_key()
            parents = own[parent].select(pl.col(parent_key).alias(column))
            found.append(data.lookups[name].join(parents, on=column, how="semi").select(keys))
    return found
