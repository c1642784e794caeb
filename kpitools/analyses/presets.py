"""Which KPIs a scorecard shows: those of the sets for a first look and by role. Some name KPIs that are yet to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kpitools.kpis.sets import GENERAL, ROLES

#: KPI ids by role, the most telling first; `general` is for a first look at any sales organisation.
PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: chosen.kpis for name, chosen in {**GENERAL, **ROLES}.items()}
)

#: What deals alone can tell: fills a general scorecard that would else show fewer than `FEWEST`.
FROM_DEALS = (
    "win_rate",
    "number_of_deals_closed",
    "average_deal_size",
    "median_sales_cycle_length",
    "pipeline_value",
)
FEWEST = 3
