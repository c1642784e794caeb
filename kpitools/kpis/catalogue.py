"""The catalogue: every KPI by its id, in the order of the areas. An ordinary mapping; declaring registers nothing."""

from __future__ import annotations

from types import ModuleType

from kpitools.errors import UnknownNameError
from kpitools.kpis import (
    acquisition,
    activity,
    conversation,
    conversion,
    customer_value,
    cycle_time,
    efficiency,
    forecast,
    growth,
    industry_call_center,
    industry_edtech,
    industry_financial,
    industry_insurance,
    industry_manufacturing,
    industry_real_estate,
    industry_retail,
    industry_saas,
    industry_services,
    pipeline,
    predictive,
    product,
    rep,
    retention,
    revenue,
    satisfaction,
    team,
)
from kpitools.kpis.kpi import Kpi


def kpis_of(module: ModuleType) -> dict[str, Kpi]:
    """The KPIs a module declares, by id."""
    found = (value for value in vars(module).values() if isinstance(value, Kpi))
    return {kpi.id: kpi for kpi in found if kpi.formula.__module__ == module.__name__}


AREAS = (
    revenue,
    growth,
    pipeline,
    conversion,
    cycle_time,
    acquisition,
    retention,
    customer_value,
    product,
    activity,
    conversation,
    rep,
    team,
    efficiency,
    forecast,
    satisfaction,
    predictive,
    industry_saas,
    industry_manufacturing,
    industry_services,
    industry_financial,
    industry_real_estate,
    industry_call_center,
    industry_insurance,
    industry_retail,
    industry_edtech,
)
CATALOGUE: dict[str, Kpi] = {name: kpi for module in AREAS for name, kpi in kpis_of(module).items()}


def find(name: str, catalogue: dict[str, Kpi] | None = None) -> Kpi:
    """The KPI of that id, label or alias, whatever the case.

    Raises:
        UnknownNameError: there is none; the message names the nearest.

    >>> find("NRR").id, find("Win rate").id
    ('net_revenue_retention', 'win_rate')
    """
    kpis = CATALOGUE if catalogue is None else catalogue
    if name in kpis:
        return kpis[name]
    wanted = name.casefold()
    for kpi in kpis.values():
        if wanted in (alias.casefold() for alias in (kpi.id, kpi.label, *kpi.aliases)):
            return kpi
    raise UnknownNameError("KPI", name, kpis)
