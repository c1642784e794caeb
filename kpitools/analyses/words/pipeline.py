"""The open pipeline in words."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.words.plain import counted, name, total
from kpitools.formats import format_value


def pipeline_words(frame: pl.DataFrame) -> list[str]:
    """How much is open, where most of it stands, and how much of it is old.

    Args:
        frame: the frame of `by_stage_and_age`.
    """
    if frame.is_empty():
        return ["No deal is open."]
    deals, amount = total(frame["deals"]), total(frame["amount"]) if frame["amount"].count() else None
    worth = f", worth {format_value(amount, 'currency')}" if amount is not None else ""
    stages = frame.group_by("stage", maintain_order=True).agg(pl.col("deals").sum())
    top = stages.sort("deals", descending=True, maintain_order=True).row(0, named=True)
    oldest = frame.filter(pl.col("age_position") == pl.col("age_position").max())
    share = format_value(100 * total(oldest["deals"]) / deals, "percent")
    where = f"Most stand in {name(top['stage'])}: {format_value(top['deals'], 'count')}."
    age = f"{share} are {oldest.item(0, 'age_band').replace(' days', ' days old')}."
    return [f"{counted(deals, 'deal is', 'deals are')} open{worth}.", *([where] if stages.height > 1 else []), age]
