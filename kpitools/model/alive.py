"""The deals of a window: those that were opened, open or decided in it, and what is told of them alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from kpitools.model.frames import Frames, held, replaced

if TYPE_CHECKING:
    from kpitools.model.dataset import Dataset

#: Tables of which every row is part of one deal's story.
STORY = ("deal_changes", "deal_versions", "stage_history")


def alive(data: Dataset, first: date, last: date) -> tuple[Frames, Frames]:
    """The tables, with the deals that were alive on a day of a window; a deal without a date is left out."""
    if "deals" not in data or "created_at" not in data.columns("deals"):
        return replaced(data.frames, {}), replaced(data.lookups, {})
    there = pl.col("created_at") < pl.lit(last).cast(pl.Datetime("us")) + timedelta(days=1)
    if "closed_at" in data.columns("deals"):
        there &= pl.col("closed_at").is_null() | (pl.col("closed_at") >= pl.lit(first).cast(pl.Datetime("us")))
    deals = held(data["deals"].filter(there))
    own = {"deals": deals} | {name: held(_told(data[name], deals)) for name in STORY if name in data}
    shared = {name: frame for name, frame in own.items() if data.lookups[name] is data.frames[name]}
    others = {name: held(_told(data.lookups[name], deals)) for name in own.keys() - shared.keys()}
    return replaced(data.frames, own), replaced(data.lookups, shared | others)


def _told(rows: pl.LazyFrame, deals: pl.LazyFrame) -> pl.LazyFrame:
    return rows.join(deals.select("deal_id"), on="deal_id", how="semi", maintain_order="left")
