"""Which KPIs the data at hand allows, and what is missing for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.measures.attribute import CONTEXT, Attribute
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import dimension_paths, missing


def audit(data: Dataset, kpis: Iterable[Kpi] | None = None) -> pl.DataFrame:
    """One row per KPI: whether it can be computed, and the tables and columns that are missing where it cannot.

    >>> data = Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"], "status": ["open"]})})
    >>> audit(data).filter(kpi="win_rate").select("computable", "missing").row(0)
    (False, ['deals.closed_at'])
    """
    rows = []
    for kpi in CATALOGUE.values() if kpis is None else kpis:
        lacking = lacks(kpi, data)
        rows.append(
            {"kpi": kpi.id, "label": kpi.label, "area": kpi.area, "computable": not lacking, "missing": lacking}
        )
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "kpi": pl.String,
        "label": pl.String,
        "area": pl.String,
        "computable": pl.Boolean,
        "missing": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema=schema)


def unlocks(data: Dataset, kpis: Iterable[Kpi] | None = None) -> pl.DataFrame:
    """What one more table or column would make computable, the most useful first.

    One row per missing table or `table.column`: `unlocks`, how many KPIs lack nothing else; `waiting`, how many lack
    it, alone or beside others; `kpis`, the labels of those it unlocks; and `areas`, what stays in the dark without it.

    >>> from kpitools.kpis.catalogue import find
    >>> data = Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"], "status": ["open"]})})
    >>> unlocks(data, [find("win_rate")]).select("missing", "unlocks", "waiting").rows()
    [('deals.closed_at', 1, 1)]
    """
    lacking = audit(data, kpis).filter(~pl.col("computable"))
    alone = lacking.filter(pl.col("missing").list.len() == 1).explode("missing")
    found = alone.group_by("missing").agg(
        unlocks=pl.len().cast(pl.Int64), kpis=pl.col("label").sort(), areas=pl.col("area").unique().sort()
    )
    waiting = lacking.explode("missing").group_by("missing").agg(waiting=pl.len().cast(pl.Int64))
    together = waiting.join(found, on="missing", how="left").with_columns(pl.col("unlocks").fill_null(0))
    ranked = together.sort("unlocks", "waiting", "missing", descending=[True, True, False])
    return ranked.select("missing", "unlocks", "waiting", "kpis", "areas")


def lacks(kpi: Kpi, data: Dataset) -> list[str]:
    """The `table.column` names a KPI needs and the data does not have; a whole table by its name alone.

    A table that a slice has no rows of its own of, only such as others lead to, is not there to be counted.
    """
    counted = dict.fromkeys(measure.table.name for measure in kpi.measures())
    found = dict.fromkeys(
        name for measure in kpi.measures() for name in _lacking(measure.table.name, measure.columns, measure.uses, data)
    )
    at_hand = data.frames.keys() | data.lookups.keys()
    absent = {table for name in found if (table := name.split(".")[0]) not in at_hand}
    absent |= {table for table in counted if table not in data.frames}
    named = dict.fromkeys([*found, *(table for table in counted if table in absent)])
    return list(dict.fromkeys(name.split(".")[0] if name.split(".")[0] in absent else name for name in named))


def require(kpis: Iterable[Kpi], data: Dataset) -> None:
    """Stop where the data lacks what a KPI needs.

    Raises:
        EvaluationError: it does; the message lists what is missing per KPI.
    """
    lacking = {kpi.id: found for kpi in kpis if (found := lacks(kpi, data))}
    if lacking:
        told = "; ".join(f"{name} needs {', '.join(found)}" for name, found in lacking.items())
        raise EvaluationError(
            f"This data does not have what is needed: {told}. `audit(data)` lists what can be computed."
        )


def computable(data: Dataset, kpis: Iterable[Kpi] | None = None) -> list[Kpi]:
    """The KPIs that the data allows."""
    return [kpi for kpi in (CATALOGUE.values() if kpis is None else kpis) if not lacks(kpi, data)]


def divisible(data: Dataset, by: Iterable[str], kpis: Iterable[Kpi] | None = None) -> list[Kpi]:
    """The KPIs that can be broken down by some dimensions: the market belongs to no team.

    >>> from kpitools.kpis.catalogue import find
    >>> deals = pl.DataFrame({"deal_id": ["a"], "status": ["won"], "segment": ["smb"]})
    >>> [kpi.id for kpi in divisible(Dataset.of({"deals": deals}), ["segment"], [find("win_rate"), find("cac")])]
    ['win_rate']
    """
    wanted, chosen = list(by), CATALOGUE.values() if kpis is None else kpis
    return [kpi for kpi in chosen if all(leads_to(kpi, data, name) for name in wanted)]


def leads_to(kpi: Kpi, data: Dataset, name: str) -> bool:
    """Whether the rows of every measure of a KPI lead to a dimension."""
    return all(dimension_paths(data, measure.table.name, name) for measure in kpi.measures())


def needs(kpi: Kpi) -> list[str]:
    """The `table.column` names a KPI is computed from."""
    return list(dict.fromkeys(".".join(read) for measure in kpi.measures() for read in measure.reads))


def _lacking(table: str, columns: Iterable[str], uses: Iterable[Attribute], data: Dataset) -> Iterator[str]:
    for column in columns:
        yield from missing(data, table, column)
    for use in uses:
        own = [column for column in use.source_columns if column not in CONTEXT]
        yield from _lacking(use.source.name, own, use.uses, data)
