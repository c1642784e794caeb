"""Company figures to compare a slice with: of all other members together, never of one."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpitools.analyses.presets import FROM_DEALS
from kpitools.evaluation.others import peer_figures
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.sets import SETS
from kpitools.model.dataset import Dataset
from kpitools.reports.plan import Plan


def company_aggregates(data: Dataset, plan: Plan, kpis: Mapping[str, Kpi] = CATALOGUE) -> pl.DataFrame:
    """The figures that scorecards compare with, for every member: KPI, value of the others, how many they are."""
    roles = {job.parameters.get("role", job.template.parameters.get("role")) for job in plan.jobs}
    presets = (*(chosen.kpis for name, chosen in SETS.items() if name in roles), FROM_DEALS)
    names = dict.fromkeys(name for preset in presets for name in preset if name in kpis)
    return peer_figures([kpis[name] for name in names], data, by=plan.by, period=plan.period, as_of=plan.as_of)
