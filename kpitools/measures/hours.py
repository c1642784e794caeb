"""Measures of what selling takes: the hours of the staff and the money spent on the sales force."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, total
from kpitools.measures.measure import measure
from kpitools.model.tables import Costs, RepHours

SALES_FORCE = ("sales_salary", "commission", "tools", "training", "travel")


@measure(RepHours, at="day", unit="hours")
def hours_worked() -> Aggregate:
    """Hours worked."""
    return total("hours_worked")


@measure(RepHours, at="day", unit="hours")
def hours_selling() -> Aggregate:
    """Hours spent with buyers."""
    return total("hours_selling")


@measure(RepHours, at="day", unit="hours")
def hours_on_administration() -> Aggregate:
    """Hours spent on administration."""
    return total("hours_admin")


@measure(Costs, at="spent_on", unit="currency")
def sales_force_costs() -> Aggregate:
    """Pay with commissions, tools, training and travel of the sales force."""
    return total("amount", pl.col("category").is_in(SALES_FORCE))
