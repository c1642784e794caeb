"""From leaves to figures: the windows wanted, one collection of all queries, one wide row per group and moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from kpitools.evaluation.leaves import Leaf
from kpitools.evaluation.query import BY, ENTITY, Group, group_key, query
from kpitools.evaluation.windows import Moment, Window, shifted, windows
from kpitools.measures.measure import Anchored, Measure, PerEntity, PeriodDays
from kpitools.model.dataset import Dataset

Key = tuple[object, ...]


class Figures:
    """The figures of measures by group and moment, asked for first, then collected at once."""

    def __init__(self, data: Dataset, by: Sequence[str]) -> None:
        self._data, self._by = data, list(by)
        self._groups: dict[Key, Group] = {}
        self._frames: dict[Key, pl.DataFrame] = {}
        self._keys = [BY + name for name in by]

    def ask(self, leaves: Iterable[Leaf], moments: Sequence[Moment]) -> None:
        """Note what will be needed."""
        for leaf in leaves:
            for at in moments:
                self._ask(leaf.source, leaf.anchored, at, None)

    def collect(self) -> None:
        """Run the query of every table, all at once, on the streaming engine."""
        lazy = [query(group, self._data, self._by) for group in self._groups.values()]
        collected = pl.collect_all(lazy, engine="streaming")
        self._frames = dict(zip(self._groups, collected, strict=True))

    def wide(self, leaves: Iterable[Leaf], moments: Sequence[Moment]) -> pl.DataFrame:
        """One row per group and moment `m`; per leaf its value, n, spread and whether there was a window to ask."""
        base = self._skeleton(len(moments))
        for leaf in {leaf.key: leaf for leaf in leaves}.values():
            base = base.join(
                self._column(leaf, moments), on=[*self._keys, "m"], how="left", nulls_equal=True, maintain_order="left"
            )
            asked = [bool(self._windows(leaf.source, leaf.anchored, at)) for at in moments]
            base = base.with_columns(
                pl.col("m")
                .replace_strict(range(len(moments)), asked, return_dtype=pl.Boolean)
                .alias(f"{leaf.key}.asked")
            )
        return base

    def _ask(self, source: object, anchored: Anchored, at: Moment, entity: str | None) -> None:
        here = shifted(at, anchored.shift)
        if isinstance(source, PeriodDays) or here is None:
            return
        if isinstance(source, PerEntity):
            for inner in source.inputs.values():
                self._ask(inner.source, inner, here, source.entity)
        elif isinstance(source, Measure):
            key = group_key(source, entity)
            group = self._groups.setdefault(key, Group(entity=entity))
            group.add(source, windows(here, anchored, source.when.timing))

    def _windows(self, source: object, anchored: Anchored, at: Moment) -> list[Window]:
        here = shifted(at, anchored.shift)
        if here is None:
            return []
        timing = source.when.timing if isinstance(source, Measure) else "at"
        return windows(here, Anchored(source) if not isinstance(source, Measure) else anchored, timing)

    def _skeleton(self, moments: int) -> pl.DataFrame:
        """Every group that any query found, at every moment."""
        numbers = pl.DataFrame({"m": range(moments)}, schema={"m": pl.Int32})
        if not self._keys:
            return numbers
        found = [frame.select(self._keys) for frame in self._frames.values()]
        return pl.concat(found).unique().sort(self._keys, nulls_last=True).join(numbers, how="cross")

    def _column(self, leaf: Leaf, moments: Sequence[Moment]) -> pl.DataFrame:
        if isinstance(leaf.source, PeriodDays):
            return self._days(leaf, moments)
        parts = (
            self._of_entities(leaf.source, leaf, moments)
            if isinstance(leaf.source, PerEntity)
            else self._of_measure(leaf.source, leaf.anchored, moments, None)
        )
        return parts.select(
            *self._keys,
            "m",
            pl.col("value").alias(leaf.key),
            pl.col("n").alias(f"{leaf.key}.n"),
            pl.col("sd").alias(f"{leaf.key}.sd"),
        )

    def _of_measure(
        self, measure: Measure, anchored: Anchored, moments: Sequence[Moment], entity: str | None
    ) -> pl.DataFrame:
        """The values of one measure by group (and entity) and moment; of two windows the mean, none counting as 0."""
        key = group_key(measure, entity)
        placed = [
            (m, self._groups[key].windows[window], len(found))
            for m, at in enumerate(moments)
            for found in [self._windows(measure, anchored, at)]
            for window in found
        ]
        where = pl.DataFrame(placed, schema={"m": pl.Int32, "w": pl.Int32, "of": pl.Int32}, orient="row")
        if not placed:
            where = where.clear()
        keys = [*self._keys, *([ENTITY] if entity else []), "m"]
        has_spread = f"{measure.id}.sd" in self._frames.get(key, pl.DataFrame()).columns
        spread = pl.col(f"{measure.id}.sd") if has_spread else pl.lit(None, pl.Float64)
        if key not in self._frames:
            return pl.DataFrame(
                schema=dict.fromkeys(keys[:-1], pl.String)
                | {"m": pl.Int32, "value": pl.Float64, "n": pl.Int64, "sd": pl.Float64}
            )
        rows = self._frames[key].join(where, on="w").with_columns(sd=spread)
        rows = rows.with_columns(value=pl.col(measure.id), n=pl.col(f"{measure.id}.n"))
        if anchored.place != "average":
            return rows.select(*keys, "value", "n", "sd")
        known = pl.when(pl.col("value").count() > 0).then(pl.col("value").sum() / pl.col("of").first())
        return rows.group_by(keys, maintain_order=True).agg(
            value=known, n=pl.col("n").max(), sd=pl.lit(None, pl.Float64)
        )

    def _of_entities(self, source: PerEntity, leaf: Leaf, moments: Sequence[Moment]) -> pl.DataFrame:
        """Measures per entity side by side, 0 where an entity has no rows, then the aggregate over entities."""
        keys = [*self._keys, ENTITY, "m"]
        sides = []
        for name, inner in source.inputs.items():
            measure = inner.source
            moved = Anchored(measure, inner.place, (*leaf.anchored.shift, *inner.shift), inner.periods)
            side = self._of_measure(measure, moved, moments, source.entity)
            sides.append(side.select(*keys, pl.col("value").alias(name)))
        wide = pl.concat(sides, how="diagonal").group_by(keys, maintain_order=True).agg(pl.all().max())
        filled = wide.filter(pl.col(ENTITY).is_not_null()).with_columns(pl.col(list(source.inputs)).fill_null(0.0))
        aggregate = source.aggregate
        return filled.group_by([*self._keys, "m"], maintain_order=True).agg(
            value=aggregate.expr(), n=aggregate.n(), sd=pl.lit(None, pl.Float64)
        )

    def _days(self, leaf: Leaf, moments: Sequence[Moment]) -> pl.DataFrame:
        found = [shifted(at, leaf.anchored.shift) for at in moments]
        days = [float(at.days) if at else None for at in found]
        frame = pl.DataFrame({"m": range(len(moments)), leaf.key: days}, schema={"m": pl.Int32, leaf.key: pl.Float64})
        groups = self._skeleton(len(moments)).select(*self._keys, "m")
        nothing = [pl.lit(None, pl.Int64).alias(f"{leaf.key}.n"), pl.lit(None, pl.Float64).alias(f"{leaf.key}.sd")]
        return groups.join(frame, on="m").with_columns(nothing)
