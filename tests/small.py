"""Tables small enough to add up in the head, written as text."""

from __future__ import annotations

import polars as pl

from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import paths
from kpitools.model.tables import TABLES


def frames(text: str) -> dict[str, pl.DataFrame]:
    """The tables of a text: a head `deals: deal_id status`, then one line per row; `-` is null."""
    found: dict[str, list[list[str]]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if ":" in line.split()[0]:
            name, columns = line.split(":", 1)
            found[name] = [columns.split()]
        else:
            found[name].append(line.split())
    return {name: _frame(name, rows[0], rows[1:]) for name, rows in found.items()}


def dataset(text: str) -> Dataset:
    return Dataset.of(frames(text))


def figure(kpi: str, data: Dataset | str, period: str = "2026Q3", **more: object) -> float | None:
    """The one figure of a KPI."""
    data = dataset(data) if isinstance(data, str) else data
    return evaluate(kpi, data, periods=period, **more).frame["value"].item()


def by_group(kpi: str, data: Dataset | str, by: str, period: str = "2026Q3", **more: object) -> dict:
    """The figures of a KPI by the members of a dimension."""
    data = dataset(data) if isinstance(data, str) else data
    frame = evaluate(kpi, data, by=by, periods=period, **more).frame
    return dict(zip(frame[by], frame["value"], strict=True))


def _frame(name: str, columns: list[str], rows: list[list[str]]) -> pl.DataFrame:
    types = TABLES[name].columns()
    text = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    known = text.with_columns(pl.when(pl.col(column) != "-").then(column).alias(column) for column in columns)
    return known.select(_typed(column, types[column].dtype) for column in columns)


def _typed(column: str, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(column)
    if dtype == pl.Datetime:
        clock = pl.when(value.str.len_chars() == len("2026-07-01")).then(pl.lit("T00:00")).otherwise(pl.lit(""))
        return (value + clock).str.to_datetime("%FT%R", time_unit="us")
    if dtype == pl.Date:
        return value.str.to_date()
    if dtype == pl.Boolean:
        return value.replace_strict({"yes": True, "no": False}, default=None, return_dtype=pl.Boolean)
    return value.cast(dtype)


def leading_to(name: str) -> list[str]:
    """The KPIs of the catalogue that can be broken down by a dimension: the market belongs to no team."""
    return [kpi.id for kpi in CATALOGUE.values() if all(paths(measure.table.name, name) for measure in kpi.measures())]
