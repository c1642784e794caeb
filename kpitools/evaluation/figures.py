"""From leaves to figures: the windows wanted, one collection of all queries, one wide row per group and moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import polars as pl

from kpitools.evaluation.leaves import Leaf
from kpitools.evaluation.query import BY, ENTITY, Group, as_read, group_key, query
from kpitools.evaluation.windows import Moment, Window, shifted, windows
from kpitools.measures.aggregates import Aggregate
from kpitools.measures.anchors import Anchored, PeriodDays
from kpitools.measures.measure import Measure, PerEntity
from kpitools.model.dataset import Dataset

Key = tuple[object, ...]

#: Sums are added up in whatever order threads finish; beyond these digits that order shows.
DIGITS = 12
ROUNDED = pl.col(pl.Float64).round_sig_figs(DIGITS)
#: A table that is read twice is read twice: keeping what is read for the second time takes more memory than it saves.
APART = pl.QueryOptFlags(comm_subplan_elim=False)
AS_WRITTEN = pl.QueryOptFlags.none()


def worked_out(frame: pl.LazyFrame) -> pl.DataFrame:
    """What few rows give: to look for a better plan, or to share it out among threads, takes longer than the plan."""
    return frame.collect(engine="in-memory", optimizations=AS_WRITTEN)


class Figures:
    """The figures of measures by group and moment, asked for first, then collected at once.

    Where the `members` of the one dimension are given, the figures beside a member are those of all the others.
    """

    def __init__(self, data: Dataset, by: Sequence[str], members: Sequence[str | None] | None = None) -> None:
        self._data, self._by, self._members = data, list(by), members
        self._groups: dict[Key, Group] = {}
        self._frames: dict[Key, pl.DataFrame] = {}
        self._keys = [BY + name for name in by]

    def ask(self, leaves: Iterable[Leaf], moments: Sequence[Moment]) -> None:
        """Note what will be needed."""
        for leaf in leaves:
            for at in moments:
                self._ask(leaf.source, leaf.anchored, at, None)

    def collect(self) -> None:
        """Run the queries one after the other: at once they take longer and more memory."""
        for key, group in self._groups.items():
            found = query(group, self._data, self._by, self._members).collect(optimizations=APART)
            self._frames[key] = found.with_columns(ROUNDED)

    def wide(self, leaves: Iterable[Leaf], moments: Sequence[Moment]) -> pl.DataFrame:
        """One row per group and moment `m`; per leaf its value, n, spread and whether there was a window to ask."""
        each = {leaf.key: leaf for leaf in leaves}
        per_entity = [(leaf, leaf.source) for leaf in each.values() if isinstance(leaf.source, PerEntity)]
        entities = self._of_entities(per_entity, moments)
        base = self._skeleton(len(moments)).lazy()
        for leaf in each.values():
            column = self._column(leaf, moments, entities)
            base = base.join(column, on=[*self._keys, "m"], how="left", nulls_equal=True, maintain_order="left")
        asked = {
            f"{leaf.key}.asked": [bool(self._windows(leaf.source, leaf.anchored, at)) for at in moments]
            for leaf in each.values()
        }
        numbers = pl.LazyFrame({"m": range(len(moments)), **asked}, schema_overrides={"m": pl.Int32})
        return worked_out(base.join(numbers, on="m", how="left", maintain_order="left"))

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
        found = [frame.select(self._keys).unique() for frame in self._frames.values()]
        return pl.concat(found).unique().sort(self._keys, nulls_last=True).join(numbers, how="cross")

    def _column(self, leaf: Leaf, moments: Sequence[Moment], entities: dict[str, pl.DataFrame]) -> pl.LazyFrame:
        if isinstance(leaf.source, PeriodDays):
            return self._days(leaf, moments).lazy()
        if isinstance(leaf.source, PerEntity):
            return entities[leaf.key].lazy()
        parts = self._of_measure(leaf.source, leaf.anchored, moments, None)
        return parts.select(*self._keys, "m", *_named(leaf, pl.col("value"), pl.col("n"), pl.col("sd")))

    def _of_measure(
        self, measure: Measure, anchored: Anchored, moments: Sequence[Moment], entity: str | None
    ) -> pl.LazyFrame:
        """The values of one measure by group (and entity) and moment; of two windows the mean, none counting as 0."""
        key, keys = group_key(measure, entity), [*self._keys, *([ENTITY] if entity else []), "m"]
        figures = {"value": pl.Float64, "n": pl.Int64, "sd": pl.Float64}
        if key not in self._frames:
            kinds = {**dict.fromkeys(keys, pl.String), ENTITY: pl.UInt128, "m": pl.Int32}
            return pl.LazyFrame(schema={**{name: kinds[name] for name in keys}, **figures})
        frame, where = self._frames[key], self._places(measure, anchored, moments, entity)
        nothing = pl.lit(None, pl.Float64)
        spread = pl.col(f"{measure.id}.sd") if f"{measure.id}.sd" in frame.columns else nothing
        rows = frame.lazy().join(where.lazy(), on="w")
        rows = rows.select(*keys, "of", value=pl.col(measure.id), n=pl.col(f"{measure.id}.n"), sd=spread)
        if anchored.place != "average":
            return rows.drop("of")
        known = pl.when(pl.col("value").count() > 0).then(pl.col("value").sum() / pl.col("of").first())
        return rows.group_by(keys).agg(value=known, n=pl.col("n").max(), sd=nothing)

    def _places(
        self, measure: Measure, anchored: Anchored, moments: Sequence[Moment], entity: str | None
    ) -> pl.DataFrame:
        """Which windows `w` make the figure of which moment `m`, and of how many they are."""
        numbers = self._groups[group_key(measure, entity)].windows
        placed = [
            (m, numbers[as_read(measure, window)], len(found))
            for m, at in enumerate(moments)
            for found in [self._windows(measure, anchored, at)]
            for window in found
        ]
        return pl.DataFrame(placed, schema={"m": pl.Int32, "w": pl.Int32, "of": pl.Int32}, orient="row")

    def _of_entities(
        self, leaves: Iterable[tuple[Leaf, PerEntity]], moments: Sequence[Moment]
    ) -> dict[str, pl.DataFrame]:
        """The figures per entity: those that rest on the same measures together, since entities are many."""
        alike: dict[Key, list[tuple[Leaf, PerEntity]]] = defaultdict(list)
        for leaf, source in leaves:
            inputs = tuple((name, inner.id, inner.periods) for name, inner in source.inputs.items())
            alike[source.entity, leaf.anchored.shift, inputs].append((leaf, source))
        keys, found = [*self._keys, "m"], dict[str, pl.DataFrame]()
        for several in alike.values():
            parts = [part for leaf, source in several for part in _over_entities(leaf, source)]
            leaf, source = several[0]
            among = [_among_all(source) for _, source in several if source.aggregate.statistic == "mean"]
            rows = self._side_by_side(source, leaf, moments).with_columns(among).sort(ENTITY)
            # sums of the same figures in the same order, so that the last digit is the same each time
            frame = rows.group_by(keys, maintain_order=True).agg(parts).collect().with_columns(ROUNDED)
            found |= {leaf.key: frame.select(*keys, *_columns(leaf)) for leaf, _ in several}
        return found

    def _side_by_side(self, source: PerEntity, leaf: Leaf, moments: Sequence[Moment]) -> pl.LazyFrame:
        """The measures of every entity beside each other, 0 where an entity has no rows or they say nothing."""
        keys, sides = [*self._keys, ENTITY, "m"], []
        for name, inner in source.inputs.items():
            moved = Anchored(inner.source, inner.place, (*leaf.anchored.shift, *inner.shift), inner.periods)
            side = self._of_measure(inner.source, moved, moments, source.entity)
            sides.append(side.select(*keys, pl.col("value").alias(name)))
        wide = pl.concat(sides, how="diagonal").filter(pl.col(ENTITY).is_not_null())
        return wide.group_by(keys).agg(pl.all().max()).with_columns(pl.col(list(source.inputs)).fill_null(0.0))

    def _days(self, leaf: Leaf, moments: Sequence[Moment]) -> pl.DataFrame:
        found = [shifted(at, leaf.anchored.shift) for at in moments]
        days = [float(at.days) if at else None for at in found]
        frame = pl.DataFrame({"m": range(len(moments)), leaf.key: days}, schema={"m": pl.Int32, leaf.key: pl.Float64})
        groups = self._skeleton(len(moments)).select(*self._keys, "m")
        nothing = [pl.lit(None, pl.Int64).alias(f"{leaf.key}.n"), pl.lit(None, pl.Float64).alias(f"{leaf.key}.sd")]
        return groups.join(frame, on="m").with_columns(nothing)


def _columns(leaf: Leaf) -> list[str]:
    return [leaf.key, f"{leaf.key}.n", f"{leaf.key}.sd"]


def _among_all(source: PerEntity) -> pl.Expr:
    """What a mean over entities takes the mean of; it may compare each with all the others of the moment."""
    return source.aggregate.chosen.over("m").alias(f"value:{source.id}")


def _over_entities(leaf: Leaf, source: PerEntity) -> list[pl.Expr]:
    aggregate = source.aggregate
    if aggregate.statistic == "mean":
        aggregate = Aggregate("mean", pl.col(f"value:{source.id}"))
    return _named(leaf, aggregate.expr(), aggregate.n(), pl.lit(None, pl.Float64))


def _named(leaf: Leaf, value: pl.Expr, n: pl.Expr, spread: pl.Expr) -> list[pl.Expr]:
    """The columns of a leaf: its figure, the rows behind it, and their standard deviation."""
    return [part.alias(name) for part, name in zip((value, n, spread), _columns(leaf), strict=True)]
