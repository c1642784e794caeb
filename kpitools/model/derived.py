"""Columns and tables that follow from others; worked out once, at the door."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import polars as pl

from kpitools.model.versions import deal_versions

MONTHS_WITHOUT_TERM = 12
Columns = Collection[str]


def complete(frames: Mapping[str, pl.LazyFrame]) -> dict[str, pl.LazyFrame]:
    """The frames with every derived column and table that their own columns allow and that they lack."""
    done = {name: _with_derived(name, frame) for name, frame in frames.items()}
    if "deals" in done and "deal_versions" not in done:
        columns = done["deals"].collect_schema().names()
        if "created_at" in columns:
            done["deal_versions"] = deal_versions(done["deals"], columns, done.get("deal_changes"))
    return done


def _with_derived(name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    columns = frame.collect_schema().names()
    return frame.with_columns(DERIVATIONS[name](columns)) if name in DERIVATIONS else frame


def _accounts(columns: Columns) -> list[pl.Expr]:
    """The month in which the account became a customer, as text: `2025-03`."""
    if "became_customer_at" not in columns or "cohort" in columns:
        return []
    return [pl.col("became_customer_at").dt.strftime("%Y-%m").alias("cohort")]


def _activities(columns: Columns) -> list[pl.Expr]:
    """A booked meeting is on record from its booking on, any other touch from when it took place."""
    times = [column for column in ("scheduled_at", "at") if column in columns]
    return [pl.min_horizontal(times).alias("recorded_at")] if times and "recorded_at" not in columns else []


def _call_turns(columns: Columns) -> list[pl.Expr]:
    """Call and turn as one key."""
    known = {"call_id", "turn_no"} <= set(columns) and "turn_id" not in columns
    return [pl.format("{}/{}", "call_id", "turn_no").alias("turn_id")] if known else []


def _call_marks(columns: Columns) -> list[pl.Expr]:
    """The turn as one key; and, on the first mark of an item on a call, whether any of its marks was a hit.

    An item may be marked at several turns; this lets it count once.
    """
    derived = _call_turns(columns)
    if {"call_id", "item_id", "turn_no", "hit"} <= set(columns) and "achieved" not in columns:
        item = ("call_id", "item_id")
        first = pl.col("turn_no") == pl.col("turn_no").min().over(item)
        derived.append(pl.when(first).then(pl.col("hit").max().over(item)).alias("achieved"))
    return derived


def _costs(columns: Columns) -> list[pl.Expr]:
    """What the initiative costs in all; left to be counted as long as every cost of it is there."""
    return [] if "initiative_spent" in columns else [pl.lit(None, pl.Float64).alias("initiative_spent")]


def _holdings(columns: Columns) -> list[pl.Expr]:
    """The day of the account's next valuation: until then this one says what it holds, and what it has sold."""
    if "next_valued_on" in columns or not {"account_id", "as_of"} <= set(columns):
        return []
    days = pl.col("as_of").drop_nulls().unique().sort()
    following = days.gather(days.search_sorted(pl.col("as_of"), side="right"), null_on_oob=True)
    return [following.over("account_id").alias("next_valued_on")]


def _owned(columns: Columns) -> list[pl.Expr]:
    if not {"owner_kind", "owner_id"} <= set(columns):
        return []
    owners = {"rep_id": "rep", "team": "team"}
    return [
        pl.when(pl.col("owner_kind") == kind).then("owner_id").alias(column)
        for column, kind in owners.items()
        if column not in columns
    ]


def _reps(columns: Columns) -> list[pl.Expr]:
    """A label that tells two reps of one name apart."""
    if "label" in columns:
        return []
    if "name" not in columns:
        return [pl.col("rep_id").alias("label")]
    twice = pl.col("name").is_duplicated() & pl.col("name").is_not_null()
    label = pl.when(twice).then(pl.format("{} ({})", "name", "rep_id")).otherwise(pl.coalesce("name", "rep_id"))
    return [label.alias("label")]


def _deals(columns: Columns) -> list[pl.Expr]:
    """Contract length, twelve months where none is given, and the yearly value that follows from it."""
    derived = []
    months = pl.col("term_months") if "term_months" in columns else pl.lit(None, pl.Int64)
    months = pl.when(months > 0).then(months).otherwise(MONTHS_WITHOUT_TERM)
    if "closed_at" in columns and "contract_ends_at" not in columns:
        derived.append(pl.col("closed_at").dt.offset_by(pl.format("{}mo", months)).alias("contract_ends_at"))
    if "amount" in columns:
        yearly = pl.col("amount") / months * 12
        derived.append(
            (pl.coalesce("annual_value", yearly) if "annual_value" in columns else yearly).alias("annual_value")
        )
    return derived


DERIVATIONS: dict[str, Callable[[Columns], list[pl.Expr]]] = {
    "accounts": _accounts,
    "activities": _activities,
    "call_marks": _call_marks,
    "call_turns": _call_turns,
    "costs": _costs,
    "deals": _deals,
    "forecasts": _owned,
    "holdings": _holdings,
    "quotas": _owned,
    "reps": _reps,
}
