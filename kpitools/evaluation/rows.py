"""The rows behind a number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.audit import require
from kpitools.evaluation.query import Group, placed
from kpitools.evaluation.windows import Moment, moment, shifted, windows
from kpitools.kpis.catalogue import find
from kpitools.kpis.kpi import Kpi
from kpitools.measures.anchors import Anchored
from kpitools.measures.measure import Measure, PerEntity
from kpitools.model.calendar import parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice


def rows(kpi: Kpi | str, data: Dataset, chosen: Slice | str) -> dict[str, pl.DataFrame]:
    """The rows that a figure counts, by table, with a column per input that says which input counts the row.

    The inputs of a share or ratio are called `numerator` and `denominator`; others keep the formula's names, with
    `_counted` behind it where the table has a column of that name.

    Args:
        kpi: the KPI, or the name of one in the catalogue.
        data: the dataset.
        chosen: the slice, whose period must be one.

    Raises:
        EvaluationError: no period, or the data lacks what the KPI needs.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame(
    ...     {"deal_id": ["a", "b"], "status": ["won", "lost"], "closed_at": [datetime(2026, 7, 1)] * 2})
    >>> found = rows("win_rate", Dataset.of({"deals": deals}), "period=2026Q3")
    >>> found["deals"].select("deal_id", "numerator", "denominator").rows()
    [('a', True, True), ('b', False, True)]
    """
    kpi = find(kpi) if isinstance(kpi, str) else kpi
    chosen = Slice.parse(chosen) if isinstance(chosen, str) else chosen
    if not chosen.period:
        raise EvaluationError("Rows are those of one period; name it in the slice, as in team=North&period=2026Q3.")
    return rows_seen(kpi, data.where(chosen), chosen.period)


def rows_seen(kpi: Kpi, seen: Dataset, period: str) -> dict[str, pl.DataFrame]:
    """The same of a dataset that is cut to the slice, and seen from its day, already.

    Raises:
        EvaluationError: the data lacks what the KPI needs.
    """
    require([kpi], seen)
    at = moment(parse_period(period), seen.seen_at)
    marks: dict[str, list[tuple[str, pl.LazyFrame]]] = defaultdict(list)
    for name, measure, anchored, here in _counted(kpi, at, ""):
        marks[measure.table.name].append((name, _keys(measure, anchored, here, seen)))
    return {table: _marked(seen[table], found) for table, found in marks.items()}


def _counted(kpi: Kpi, at: Moment, prefix: str) -> Iterator[tuple[str, Measure, Anchored, Moment]]:
    """Every measure of a KPI at its moment, under the name of the input it serves."""
    named = dict(zip(kpi.inputs, ("numerator", "denominator"), strict=False)) if kpi.form != "plain" else {}
    for name, anchored in kpi.inputs.items():
        label = prefix + named.get(name, name)
        here = shifted(at, anchored.shift)
        if here is None:
            continue
        if isinstance(anchored.source, Kpi):
            yield from _counted(anchored.source, here, f"{label}.")
        elif isinstance(anchored.source, PerEntity):
            for inner_name, inner in anchored.source.inputs.items():
                inside = shifted(here, inner.shift)
                if inside:
                    yield f"{label}.{inner_name}", inner.source, inner, inside
        elif isinstance(anchored.source, Measure):
            yield label, anchored.source, anchored, here


def _keys(measure: Measure, anchored: Anchored, here: Moment, data: Dataset) -> pl.LazyFrame:
    """The keys of the rows that a measure counts."""
    group = Group()
    group.add(measure, windows(here, anchored, measure.when.timing))
    keys = measure.table.primary_key()
    return placed(group, data, keys).filter(measure.aggregate.counted()).select(keys).unique()


def _marked(table: pl.LazyFrame, found: list[tuple[str, pl.LazyFrame]]) -> pl.DataFrame:
    own = table.collect_schema().names()
    found = [(f"{name}_counted" if name in own else name, keys) for name, keys in found]
    for name, keys in found:
        on = keys.collect_schema().names()
        marked = keys.with_columns(pl.lit(True).alias(name))
        table = table.join(marked, on=on, how="left", maintain_order="left").with_columns(pl.col(name).fill_null(False))
    names = [name for name, _ in found]
    return table.filter(pl.any_horizontal(names)).collect()
