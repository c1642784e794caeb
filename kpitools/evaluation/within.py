"""Which figures a slice measures otherwise than the whole does: those that look at rows the slice may not hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from kpitools.kpis.kpi import Kpi
from kpitools.measures.anchors import Anchorable
from kpitools.measures.attribute import Attribute
from kpitools.measures.measure import PerEntity
from kpitools.model.dimensions import paths
from kpitools.model.led import REFERENCE
from kpitools.model.tables import Table


def looks_beyond(kpi: Kpi, dimensions: Iterable[str]) -> bool:
    """Whether a KPI looks at rows that a slice by these dimensions may not hold: those of others.

    It ranks among all products, reads all deals that stood in a stage, or what others did with the same account. In a
    slice it is measured within the slice alone, and can differ from the slice's figure in a breakdown of the whole.
    Read off what its measures read: nothing is declared.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> [name for name in ("win_rate", "product_mix_ratio", "returning_buyer_share")
    ...     if looks_beyond(CATALOGUE[name], ["team"])]
    ['product_mix_ratio', 'returning_buyer_share']
    """
    by = list(dimensions)
    if by and any(isinstance(source, PerEntity) and _compares(source) for source in _sources(kpi)):
        return True
    return any(_reads_others(one.uses, one.table, name) for one in kpi.measures() for name in by)


def _sources(source: Anchorable) -> Iterator[Anchorable]:
    yield source
    if isinstance(source, Kpi | PerEntity):
        for anchored in source.inputs.values():
            yield from _sources(anchored.source)


def _compares(measure: PerEntity) -> bool:
    """Whether it sets each entity beside the others, as a rank does, before it adds them up."""
    one = measure.aggregate
    return one.statistic != "other" and not all(step.meta.is_row_separable() for step in _steps(one.values))


def _steps(expr: pl.Expr) -> Iterator[pl.Expr]:
    yield expr
    for inner in expr.meta.pop():
        yield from _steps(inner)


def _reads_others(uses: Iterable[Attribute], table: type[Table], name: str) -> bool:
    return any(not _is_told(use, table, name) or _reads_others(use.uses, use.source, name) for use in uses)


def _is_told(use: Attribute, table: type[Table], name: str) -> bool:
    """Whether a slice has all rows that an attribute aggregates for a row of its own."""
    if use.source.name in REFERENCE:
        return True
    if use.on is None or use.key is None:
        return False
    keys, theirs = table.primary_key(), use.source.primary_key()
    if any(_leads(table, key, name) and _leads(use.source, key, name) for key in {*keys} & {*theirs}):
        return True
    holds = keys == [use.on] or _leads(table, use.on, name)
    return holds and (theirs == [use.key] or use.key in use.source.part_of or _leads(use.source, use.key, name))


def _leads(table: type[Table], key: str, name: str) -> bool:
    """Whether rows belong to a slice by way of this key."""
    return any(path.startswith(f"{key}.") for path in paths(table.name, name))
