"""Measures of web shops: visits and carts."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct
from kpitools.measures.measure import measure
from kpitools.model.tables import Carts, Sessions

ORDERED = pl.col("order_id").is_not_null()


@measure(Sessions, at="started_at", unit="count")
def visits() -> Aggregate:
    """Visits to the shop."""
    return count()


@measure(Sessions, at="started_at", unit="count")
def visits_with_order() -> Aggregate:
    """Visits to the shop that ended in an order."""
    return count(ORDERED)


@measure(Sessions, at="started_at", unit="count")
def visitors() -> Aggregate:
    """Different visitors of the shop."""
    return distinct("visitor_id")


@measure(Sessions, at="started_at", unit="count")
def visitors_with_order() -> Aggregate:
    """Different visitors of the shop who ordered on any of their visits."""
    return distinct("visitor_id", ORDERED)


@measure(Carts, at="created_at", unit="count")
def carts_filled() -> Aggregate:
    """Carts that somebody began to fill."""
    return count()


@measure(Carts, at="created_at", unit="count")
def carts_left() -> Aggregate:
    """Carts that have never become an order."""
    return count(~ORDERED)
