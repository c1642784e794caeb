"""What many formulas share: percent of, change against, and KPIs derived from any other by one step."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl

from kpitools.kpis.kpi import Kpi, kpi
from kpitools.measures.anchors import Anchored
from kpitools.measures.measure import Measure


def percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A part as percent of a whole."""
    return 100 * part / whole


def change(now: pl.Expr, before: pl.Expr) -> pl.Expr:
    """The change from before to now, in percent of before."""
    return 100 * (now - before) / before


def growth(of: Kpi | Measure, *, over: Literal["previous", "year_ago"] = "previous") -> Kpi:
    """A KPI that is the growth of another, against the period before or the same one a year ago.

    >>> from kpitools.kpis.revenue import average_deal_size
    >>> growth(average_deal_size, over="year_ago").label
    'Growth of average deal size against a year ago'
    """
    against = {"previous": "the period before", "year_ago": "a year ago"}[over]

    def formula(now: Any = Anchored(of), before: Any = getattr(of, over)) -> pl.Expr:
        return change(now, before)

    return _derived(of, formula, f"{of.id}_growth_{over}", f"Growth of {_name(of)} against {against}", unit="percent")


def rolling(of: Measure, periods: int) -> Kpi:
    """A KPI that is a measure summed or averaged over its last so many periods.

    >>> from kpitools.measures.revenue import revenue
    >>> rolling(revenue, 4).label
    'Revenue over 4 periods'
    """

    def formula(value: Any = of.rolling(periods)) -> pl.Expr:
        return value

    return _derived(
        of, formula, f"{of.id}_over_{periods}", f"{_name(of).capitalize()} over {periods} periods", unit=of.unit
    )


def _name(of: Kpi | Measure) -> str:
    label = of.label if isinstance(of, Kpi) else of.id.replace("_", " ")
    return label[0].lower() + label[1:]


def _derived(of: Kpi | Measure, formula: Any, name: str, label: str, *, unit: str) -> Kpi:
    formula.__name__, formula.__doc__ = name, f"{label}."
    facts = (of.better, of.roles, of.timing, of.kind) if isinstance(of, Kpi) else ("none", (), "lagging", "outcome")
    better, roles, timing, kind = facts
    return kpi(unit=unit, better=better, roles=roles, timing=timing, kind=kind, label=label)(formula)  # type: ignore[arg-type]
