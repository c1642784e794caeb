"""Sales KPIs, each defined once as a Polars expression.

>>> import kpitools as kp
>>> import polars as pl
>>> deals = pl.DataFrame({"team": ["North", "North", "South"], "status": ["won", "lost", "open"]})
>>> deals.group_by("team", maintain_order=True).agg(kp.win_rate()).rows()
[('North', 50.0), ('South', None)]

Every KPI of the catalogue is an attribute of the package. Names are looked up when they are first used, so that
importing the package alone costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Public name -> the module it lives in.
_HOME = {
    "evaluate": "kpitools.evaluation.evaluate",
    "audit": "kpitools.evaluation.audit",
    "computable": "kpitools.evaluation.audit",
    "rows": "kpitools.evaluation.rows",
    "Result": "kpitools.evaluation.result",
    "load": "kpitools.intake",
    "check": "kpitools.intake",
    "Dataset": "kpitools.model.dataset",
    "Slice": "kpitools.model.slice",
    "Period": "kpitools.model.calendar",
    "RegularCalendar": "kpitools.model.calendar",
    "ListedCalendar": "kpitools.model.calendar",
    "weeks_calendar": "kpitools.model.calendar",
    "parse_period": "kpitools.model.calendar",
    "parse_periods": "kpitools.model.calendar",
    "periods_until": "kpitools.model.calendar",
    "DIMENSIONS": "kpitools.model.dimensions",
    "TABLES": "kpitools.model.tables",
    "measure": "kpitools.measures.measure",
    "per_entity": "kpitools.measures.measure",
    "attribute": "kpitools.measures.attribute",
    "period_days": "kpitools.measures.anchors",
    "count": "kpitools.measures.aggregates",
    "total": "kpitools.measures.aggregates",
    "mean": "kpitools.measures.aggregates",
    "median": "kpitools.measures.aggregates",
    "distinct": "kpitools.measures.aggregates",
    "days_between": "kpitools.measures.aggregates",
    "hours_between": "kpitools.measures.aggregates",
    "Kpi": "kpitools.kpis.kpi",
    "kpi": "kpitools.kpis.kpi",
    "Benchmark": "kpitools.kpis.benchmarks",
    "at_least": "kpitools.kpis.benchmarks",
    "at_most": "kpitools.kpis.benchmarks",
    "between": "kpitools.kpis.benchmarks",
    "growth": "kpitools.kpis.families",
    "rolling": "kpitools.kpis.families",
    "percent": "kpitools.kpis.families",
    "change": "kpitools.kpis.families",
    "CATALOGUE": "kpitools.kpis.catalogue",
    "find": "kpitools.kpis.catalogue",
    "KpiSet": "kpitools.kpis.sets",
    "SETS": "kpitools.kpis.sets",
    "with_judgement": "kpitools.evaluation.trend",
    "read_config": "kpitools.config",
    "make_reports": "kpitools.reports",
    "make_sample": "kpitools.sample",
    "KpitoolsError": "kpitools.errors",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if not name.startswith("_"):
        kpis = import_module("kpitools.kpis.catalogue").CATALOGUE
        if name in kpis:
            return kpis[name]
    raise AttributeError(f"kpitools has no {name!r}; `dir(kpitools)` lists its names, `kpitools.CATALOGUE` the KPIs.")


def __dir__() -> list[str]:
    return sorted({*__all__, *import_module("kpitools.kpis.catalogue").CATALOGUE})
