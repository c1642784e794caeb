"""Deals as they stood: spans in which nothing about an open deal changed, read back from its change log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl

#: The fields of a deal that its log follows, with their types.
FOLLOWED: dict[str, pl.DataType | type[pl.DataType]] = {
    "amount": pl.Float64,
    "expected_close_at": pl.Date,
    "stage": pl.String,
    "owner_rep_id": pl.String,
}


def deal_versions(deals: pl.LazyFrame, columns: Collection[str], changes: pl.LazyFrame | None) -> pl.LazyFrame:
    """The spans of every deal with a date: from `valid_from` up to `valid_to`, which is null while it is current."""
    fields = [field for field in FOLLOWED if field in columns]
    closed = pl.col("closed_at") if "closed_at" in columns else pl.lit(None, pl.Datetime("us"))
    if "expected_amount" in columns:
        deals = deals.with_columns(amount=pl.coalesce("expected_amount", "amount"))
    dated = deals.filter(pl.col("created_at").is_not_null()).select(
        "deal_id", "created_at", closed.alias("closed_at"), *fields
    )
    spans = _unchanged(dated) if changes is None else _replayed(dated, changes, fields)
    return spans.select(
        "deal_id",
        "created_at",
        *fields,
        "is_first",
        "valid_from",
        "valid_to",
        pl.lit("open").alias("status"),
    )


def _unchanged(deals: pl.LazyFrame) -> pl.LazyFrame:
    return deals.with_columns(valid_from="created_at", valid_to="closed_at", is_first=pl.lit(True))


def _replayed(deals: pl.LazyFrame, changes: pl.LazyFrame, fields: list[str]) -> pl.LazyFrame:
    """Lay the changes of each deal one after the other over what the deal was when it was created."""
    dates = deals.select("deal_id", "created_at", "closed_at")
    later = (
        changes.join(dates, on="deal_id")
        .filter(
            pl.col("changed_at") > pl.col("created_at"),
            pl.col("closed_at").is_null() | (pl.col("changed_at") < pl.col("closed_at")),
        )
        .group_by("deal_id", pl.col("changed_at").alias("valid_from"))
        .agg(_last_change(field) for field in fields)
        .join(dates, on="deal_id")
    )
    first = undo(deals, changes, fields, after=pl.col("created_at")).with_columns(
        pl.struct(pl.col(field).alias("value")).alias(field) for field in fields
    )
    first = first.with_columns(valid_from="created_at")
    return (
        pl.concat([first, later.select(first.collect_schema().names())])
        .sort("deal_id", "valid_from")
        .with_columns(pl.col(fields).forward_fill().over("deal_id"))
        .with_columns(pl.col(field).struct.field("value").alias(field) for field in fields)
        .with_columns(
            valid_to=pl.col("valid_from").shift(-1).over("deal_id").fill_null(pl.col("closed_at")),
            is_first=pl.col("valid_from") == pl.col("created_at"),
        )
    )


def _last_change(field: str) -> pl.Expr:
    """What the field was changed to last, as a struct: a change to nothing is a change, no change is null."""
    of_field = pl.col("field") == field
    value = parsed(pl.col("new_value").filter(of_field).sort_by(pl.col("changed_at").filter(of_field)).last(), field)
    return pl.when(of_field.any()).then(pl.struct(value.alias("value"))).alias(field)


def parsed(value: pl.Expr, field: str) -> pl.Expr:
    """A logged text as the field's own type."""
    if FOLLOWED[field] == pl.Date:
        return value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return value.cast(FOLLOWED[field], strict=False)


def undo(
    deals: pl.LazyFrame, changes: pl.LazyFrame, fields: Collection[str], *, after: pl.Expr | datetime
) -> pl.LazyFrame:
    """The deals with every change after an instant taken back: the first such change tells what stood before it."""
    instant = after if isinstance(after, pl.Expr) else pl.lit(after)
    undone = (
        changes.join(deals.select("deal_id", "created_at"), on="deal_id")
        .filter(pl.col("changed_at") > instant)
        .sort("changed_at")
        .group_by("deal_id", maintain_order=True)
        .agg(part for field in fields for part in _first_old(field))
    )
    joined = deals.join(undone, on="deal_id", how="left")
    restored = [
        pl.when(pl.col(f"{field}.changed").fill_null(False))
        .then(parsed(pl.col(f"{field}.old"), field))
        .otherwise(pl.col(field))
        .alias(field)
        for field in fields
    ]
    return joined.with_columns(restored).select(deals.collect_schema().names())


def _first_old(field: str) -> tuple[pl.Expr, pl.Expr]:
    of_field = pl.col("field") == field
    return (
        pl.col("old_value").filter(of_field).first().alias(f"{field}.old"),
        of_field.any().alias(f"{field}.changed"),
    )
