"""Measures of forecasts: what was expected to be won when a period began."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, recognised
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.measures.sets import has, set_of
from kpitools.model.tables import Forecasts

LEVELS = ("rep", "team", "company")
OVER = pl.col("until") >= pl.col("period_end")


@attribute(Forecasts, on="starts_on", where=pl.col("amount").is_not_null())
def last_forecasts() -> pl.Expr:
    """The submissions that were each owner's last word for a span when the period began."""
    in_time = pl.col("made_at").cast(pl.Date) < pl.col("period_start")
    order = [pl.col(name).filter(in_time) for name in ("made_at", "forecast_id")]
    spans = pl.struct("owner_kind", "owner_id", "ends_on").filter(in_time).sort_by(order)
    ids = pl.col("forecast_id").filter(in_time).sort_by(order)
    return set_of(ids.filter(spans.is_last_distinct()))


@measure(Forecasts, spread=("starts_on", "ends_on"), unit="currency", uses=(last_forecasts,))
def forecast() -> Aggregate:
    """What was forecast for a period that is over, by the last forecasts made before it began, shared out by days:
    those of reps where there are any, else those of teams, else the company's."""
    counts = OVER & has("last_forecasts", pl.col("forecast_id"))
    share = pl.col("amount") * pl.col("overlap")

    def of(level: str) -> pl.Expr:
        return pl.when(counts & (pl.col("owner_kind") == level)).then(share)

    return recognised(pl.coalesce(*(pl.when(of(level).count() > 0).then(of(level).sum()) for level in LEVELS)))
