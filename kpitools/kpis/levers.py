"""Causes and levers, looked up: by red flag, else by KPI, else by area."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kpitools.kpis.advice import Advice
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.levers_by_area import AREAS, INDUSTRIES
from kpitools.kpis.levers_by_kpi import FLAGS, KPIS

ADVICE: Mapping[str, Advice] = MappingProxyType({**AREAS, **INDUSTRIES, **KPIS, **FLAGS})


def advice(*names: str) -> Advice:
    """The advice of the first of these flags, KPIs or areas that has its own; none where no one has.

    >>> advice("lead_response_time").levers[0]
    'Route each inquiry to one named person the moment it arrives, with an alarm when it waits.'
    """
    return next((ADVICE[name] for name in names if name in ADVICE), Advice((), ()))


def advice_of(kpi: Kpi) -> Advice:
    """What is said of a KPI, else of its area."""
    return advice(kpi.id, kpi.area)
