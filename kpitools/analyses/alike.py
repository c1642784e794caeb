"""Whom a rep is compared with: the others of the same role, segment and ramp stage, or of fewer of these."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach, dimension_expr, dimension_paths, telling

#: What peers have in common, the closest first -> the columns of the rep table that say so.
LIKENESS = {
    "role, segment and ramp stage": ("role", "segment", "ramp_stage"),
    "role and segment": ("role", "segment"),
    "role and ramp stage": ("role", "ramp_stage"),
    "role": ("role",),
}
#: Fewer peers with a closed deal than this say too little: a wider group is taken.
FEWEST = 5
#: Days after being hired during which a rep is ramping up.
RAMP_DAYS = 365
RAMPING, RAMPED = "first year", "later"


def ramp_stage() -> pl.Expr:
    """The stage by `tenure_days`; null where that is not known."""
    ramping = pl.when(pl.col("tenure_days") < RAMP_DAYS).then(pl.lit(RAMPING))
    return ramping.when(pl.col("tenure_days").is_not_null()).then(pl.lit(RAMPED))


def deals_held(view: Dataset) -> pl.DataFrame:
    """How many deals (`held`) of each `segment` each rep (`rep_id`) has; without segments, how many in all."""
    segment, deals = pl.lit(None, pl.String), view["deals"]
    if paths := dimension_paths(view, "deals", "segment"):
        paths = telling(deals, paths)
        deals, segment = attach(deals, "deals", paths, view.lookups), dimension_expr(paths)
    named = deals.select(rep_id="owner_rep_id", segment=segment)
    return named.group_by("rep_id", "segment").agg(held=pl.len()).collect().drop_nulls("rep_id")


def main_segments(held: pl.DataFrame) -> pl.DataFrame:
    """`rep_id` and `segment`: the one that most of a rep's deals are of; of two alike the first by name.

    >>> held = pl.DataFrame({"rep_id": ["a", "a", "a"], "segment": ["smb", "big", None], "held": [2, 2, 9]})
    >>> main_segments(held).row(0)
    ('a', 'big')
    """
    ranked = held.drop_nulls("segment").sort("held", "segment", descending=[True, False])
    return ranked.unique("rep_id", keep="first", maintain_order=True).select("rep_id", "segment")


def with_alike(table: pl.DataFrame) -> pl.DataFrame:
    """The rep table with `alike`, what each rep and the peers have in common, and `peers_n`, how many closed a deal.

    A rep is compared with those of the same role, segment and ramp stage. Where one of these is not known of the rep,
    or fewer than five of them closed a deal, it is left out: first the stage, then the segment.

    >>> reps = [{"rep": str(number), "segment": "smb" if number < 6 else "big", "n": 1} for number in range(8)]
    >>> table = with_alike(pl.DataFrame(reps).with_columns(role=pl.lit("ae"), ramp_stage=pl.lit(None, pl.String)))
    >>> table.select("alike", "peers_n").unique().sort("peers_n").rows()
    [('role and segment', 5), ('role', 7)]
    """
    sold = (pl.col("n") > 0).fill_null(False)
    counts = {alike: sold.sum().over(keys).cast(pl.Int64) - sold for alike, keys in LIKENESS.items()}
    enough = [
        pl.when(counts[alike] >= FEWEST, *(pl.col(key).is_not_null() for key in keys)).then(pl.lit(alike))
        for alike, keys in LIKENESS.items()
        if alike != "role"
    ]
    placed = table.with_columns(alike=pl.coalesce(*enough, pl.lit("role")))
    found = [pl.when(pl.col("alike") == alike).then(count) for alike, count in counts.items()]
    return placed.with_columns(peers_n=pl.coalesce(found))


def others(column: str) -> pl.Expr:
    """The sum of a column of the rep table over the peers of each rep, the rep left out."""
    sums = [pl.when(pl.col("alike") == alike).then(pl.col(column).sum().over(keys)) for alike, keys in LIKENESS.items()]
    return pl.coalesce(sums) - pl.col(column).fill_null(0)


def peer_groups(table: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the members of a group have in common, and all its members, for each group that a rep is compared with.

    A wider group holds reps who are compared within a closer one: they are peers there, but `alike` tells them apart.
    """
    for alike, keys in LIKENESS.items():
        if alike in table["alike"]:
            groups = table.partition_by(keys, maintain_order=True)
            yield from ((alike, group) for group in groups if alike in group["alike"])
