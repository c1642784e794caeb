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


def _activities(columns: Columns) -> list[pl.Expr]:
    """A booked meeting is on record from its booking on, any other touch from when it took place."""
    times = [column for column in ("scheduled_at", "at") if column in columns]
    return [pl.min_horizontal(times).alias("recorded_at")] if times and "recorded_at" not in columns else []


def _quotas(columns: Columns) -> list[pl.Expr]:
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
    "activities": _activities,
    "deals": _deals,
    "quotas": _quotas,
    "reps": _reps,
}
