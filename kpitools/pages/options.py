"""What can be chosen: the combinations of dimensions that rows have, with how many; told from memory once counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import and_

import polars as pl

from kpitools.formats import format_number
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach, dimension_expr, dimension_paths
from kpitools.model.recent import Recent
from kpitools.model.slice import Slice
from kpitools.pages.memory import Memory

#: The dimensions offered, where the data has them.
OFFERED = ("team", "manager", "rep", "segment", "region", "product_family", "stage")
#: Tables whose rows are counted: the first of them that the data has.
COUNTED = ("deals", "leads", "subscriptions", "orders", "activities", "accounts", "reps")
#: Tables whose members can be chosen although nothing counted is theirs: a rep before the first deal.
LISTED = ("accounts", "reps")
MOST_DAYS = 8
ROWS = "rows:counted"

Where = Mapping[str, tuple[str | None, ...]]


class Options:
    """The values that can be chosen beside others, each with the rows it leaves.

    Args:
        data: the data as seen on a day.
        names: the dimensions that are chosen from.
    """

    def __init__(self, data: Dataset, names: Sequence[str]) -> None:
        tables = [name for name in COUNTED if name in data][:1]
        tables += [name for name in LISTED if name in data and name not in tables]
        self.counted = tables[0].replace("_", " ") if tables else "rows"
        self._tables = [_counts(data, table, names, counted=place == 0) for place, table in enumerate(tables)]

    def of(self, name: str, where: Where) -> dict[str | None, int]:
        """The values of a dimension that rows have beside what is chosen of the others, by name; None comes last."""
        others = {other: values for other, values in where.items() if other != name}
        found = [_beside(table, others).group_by(name).agg(pl.col(ROWS).sum()) for table in self._reaching(where, name)]
        if not found:
            return {}
        counts = dict(pl.concat(found).group_by(name).agg(pl.col(ROWS).sum()).rows())
        counted = {value: rows for value, rows in counts.items() if value is not None or rows}
        return dict(sorted(counted.items(), key=lambda one: (one[0] is None, (one[0] or "").casefold(), one[0] or "")))

    def rows(self, where: Where) -> int:
        """How many rows that are counted a choice leaves."""
        return sum(int(_beside(table, where)[ROWS].sum()) for table in self._reaching(where))

    def holds(self, where: Where) -> bool:
        """Whether a choice leaves any row, counted or not."""
        return any(_beside(table, where).height for table in self._reaching(where))

    def why_none(self, where: Where) -> str:
        """What of a choice is there, and which of its parts leave nothing together.

        >>> deals = {"deal_id": ["a", "b"], "segment": ["smb", "large"], "stage": ["Demo", "Offer"]}
        >>> options = Options(Dataset.of({"deals": pl.DataFrame(deals)}), ["segment", "stage"])
        >>> options.why_none({"segment": ("smb",), "stage": ("Offer",)})
        'Deals of segment smb: 1, of stage Offer: 1, of both together: none.'
        """
        alone = {name: self.rows({name: values}) for name, values in where.items()}
        if gone := [name for name, rows in alone.items() if not rows]:
            return f"There are no {self.counted} of {_named(gone, where)}."
        pairs = (pair for pair in combinations(where, 2) if not self.rows({name: where[name] for name in pair}))
        names = next(pairs, tuple(where))
        told = [f"of {_named([name], where)}: {format_number(alone[name])}" for name in names]
        together = "both" if len(names) == 2 else "all"
        return f"{self.counted.capitalize()} {', '.join(told)}, of {together} together: none."

    def _reaching(self, where: Iterable[str], *more: str) -> list[pl.DataFrame]:
        return [table for table in self._tables if {*where, *more} <= set(table.columns)]


class OptionTables:
    """The options of a dataset by day, counted once for each of the last few days that were asked for."""

    def __init__(self, whole: Dataset, memory: Memory | None = None) -> None:
        self.whole = whole
        self._memory = memory
        self._made: Recent[tuple[str | None, tuple[str, ...]], Options] = Recent(MOST_DAYS)

    def on(self, as_of: str | None, where: Iterable[str] = ()) -> Options:
        """The options as seen on a day; also of dimensions in `where` that are not offered."""
        names = tuple(dict.fromkeys([*OFFERED, *sorted(where)]))
        return self._made.get((as_of, names), lambda: Options(self._seen(as_of), names))

    def _seen(self, as_of: str | None) -> Dataset:
        if as_of is None:
            return self.whole
        return self._memory.part(as_of, {}) if self._memory else self.whole.as_of(as_of)

    def members(self) -> dict[str, int]:
        """The dimensions worth choosing from, with how many values each ever has: those of more than one."""
        options = self.on(None)
        found = {name: len(options.of(name, {})) for name in OFFERED}
        return {name: values for name, values in found.items() if values > 1}


def _counts(data: Dataset, table: str, names: Sequence[str], *, counted: bool) -> pl.DataFrame:
    """One row per combination of the dimensions that the table's rows lead to."""
    routes = {name: found for name in names if (found := dimension_paths(data, table, name))}
    paths = [path for found in routes.values() for path in found]
    frame = attach(data.frames[table], table, paths, data.lookups).select(
        dimension_expr(found).alias(name) for name, found in routes.items()
    )
    rows = (pl.len() if counted else pl.lit(0)).cast(pl.Int64).alias(ROWS)
    counts = frame.group_by(list(routes)).agg(rows) if routes else frame.select(rows)
    return counts.with_columns(pl.col(list(routes)).cast(pl.Categorical)).collect()


def _beside(table: pl.DataFrame, where: Where) -> pl.DataFrame:
    conditions = [_is_one_of(name, values) for name, values in where.items()]
    return table.filter(reduce(and_, conditions)) if conditions else table


def _is_one_of(name: str, values: tuple[str | None, ...]) -> pl.Expr:
    value = pl.col(name)
    named = [value.eq_missing(pl.lit(one)) if one is not None else value.is_null() for one in values]
    return pl.any_horizontal(named)


def _named(names: Iterable[str], where: Where) -> str:
    return Slice({name: where[name] for name in names}).words()
