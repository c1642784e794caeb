"""KPIs as a table, and all about one, for the catalogue notebook."""

from __future__ import annotations

from collections.abc import Iterable

from kpitools.analyses.about import facts
from kpitools.formats import format_benchmark
from kpitools.kpis.kpi import Kpi
from kpitools.tables import Column, Table

__all__ = ["facts", "overview"]


def overview(kpis: Iterable[Kpi], *, caption: str = "KPIs") -> Table:
    """KPIs as a table: name, area, benchmark, what it is.

    Args:
        kpis: which, in this order.
        caption: the heading.
    """
    rows = [
        {
            "kpi": kpi.label,
            "area": kpi.area.replace("_", " "),
            "benchmark": format_benchmark(kpi.benchmark, kpi.unit),
            "definition": kpi.definition,
        }
        for kpi in kpis
    ]
    names = {"kpi": "KPI", "area": "Area", "benchmark": "Benchmark", "definition": "What it is"}
    return Table(caption, [Column(key, label) for key, label in names.items()], rows)
