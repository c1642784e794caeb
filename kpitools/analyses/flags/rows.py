"""Tidy rows of one KPI over periods: the latest, those before, runs of periods, and the others of a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import polars as pl

GoesOn = Callable[[float | None, float], bool]


def latest(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the last period there is."""
    return rows.filter(pl.col("start") == pl.col("start").max())


def before_of(rows: pl.DataFrame, keys: list[str], against: str) -> pl.DataFrame:
    """The latest rows with the figure they are compared with as `other`, how far its interval reaches, and whether it
    is small, where its own row is at hand."""
    places = [*keys, "member"]
    now = latest(rows).with_columns(other=pl.col(against), other_start=pl.col(f"{against}_start"))
    beside = rows.select(*places, pl.col("start").alias("other_start"), *_reach())
    return now.join(beside, on=[*places, "other_start"], how="left", nulls_equal=True, maintain_order="left")


def earlier_of(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The latest rows with the last known figure of an earlier period as `other`."""
    places, last = [*keys, "member"], pl.col("start").max()
    earlier = rows.filter(pl.col("start") < last, pl.col("value").is_not_null()).sort("start")
    beside = earlier.select(*places, pl.col("value").alias("other"), *_reach())
    beside = beside.group_by(places, maintain_order=True).last()
    return latest(rows).join(beside, on=places, how="left", nulls_equal=True, maintain_order="left")


def _reach() -> list[pl.Expr]:
    return [
        (pl.col("upper") - pl.col("value")).alias("other_above"),
        (pl.col("value") - pl.col("lower")).alias("other_below"),
        pl.col("small").alias("other_small"),
        pl.col("n").alias("other_n"),
    ]


def runs(rows: pl.DataFrame, keys: list[str], goes_on: GoesOn, *, needs_before: bool) -> pl.DataFrame:
    """By group and member: `measured`, the length of the run that ends with the last period, and `other`, the figure
    before it."""
    places = [*keys, "member"]
    lists = rows.sort("start").group_by(places, maintain_order=True).agg("value")
    found = [run(values, goes_on, needs_before=needs_before) for values in lists["value"].to_list()]
    figures = pl.DataFrame(found, schema={"measured": pl.Float64, "other": pl.Float64}, orient="row")
    return pl.concat([lists.select(places), figures], how="horizontal")


def run(values: Sequence[float | None], goes_on: GoesOn, *, needs_before: bool) -> tuple[float | None, float | None]:
    """The length of the run at the end of some figures, and the figure before it; an unknown figure ends it.

    >>> run([5, 9, 7, 6], lambda before, now: before is not None and now < before, needs_before=True)
    (2.0, 9)
    >>> run([5, None], lambda before, now: True, needs_before=False)
    (None, None)
    """
    if not values or values[-1] is None or (needs_before and (len(values) < 2 or values[-2] is None)):
        return None, None
    length = 0
    for now, before in pairwise([*reversed(values), None]):
        if now is None or (needs_before and before is None) or not goes_on(before, now):
            break
        length += 1
    return float(length), values[-1 - length] if length < len(values) else None


def median_of_others(rows: pl.DataFrame, keys: list[str], *, fewest: int) -> pl.DataFrame:
    """The rows with the median of the other members of their group as `other`; null where those are too few."""
    groups = rows.partition_by(keys, maintain_order=True) if keys else [rows]
    done = [group.with_columns(pl.Series("other", _medians(group, fewest), pl.Float64)) for group in groups]
    return pl.concat(done) if done else rows.with_columns(other=pl.lit(None, pl.Float64))


def _medians(group: pl.DataFrame, fewest: int) -> list[float | None]:
    """For each row the median of the large samples among the others: one sort, then a step aside."""
    counts = group["value"].is_not_null() & ~group["small"]
    order = group["value"].rank("ordinal").cast(pl.Int64)
    known = group.filter(counts)["value"].sort().to_list()
    return [_without(known, place, fewest) for place in _places(order, counts)]


def _places(order: pl.Series, counts: pl.Series) -> Iterable[int | None]:
    """Where each row stands among those that count; None where it does not."""
    placed = pl.select(pl.when(counts).then(order)).to_series().rank("ordinal").to_list()
    return [None if place is None else place - 1 for place in placed]


def _without(known: Sequence[float], place: int | None, fewest: int) -> float | None:
    left = len(known) - (place is not None)
    if left < fewest:
        return None
    middle = {(left - 1) // 2, left // 2}
    values = [known[each + (place is not None and each >= place)] for each in middle]
    return sum(values) / len(values)
