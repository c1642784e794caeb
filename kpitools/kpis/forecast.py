"""Forecast KPIs: how near what was forecast came to what happened."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import change
from kpitools.kpis.kpi import kpi
from kpitools.measures import deals, forecasts


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "ae", "executive"),
    timing="lagging",
    kind="quality",
    label="Sales forecast accuracy",
    aliases=("Forecast Accuracy",),
)
def forecast_accuracy(forecast=forecasts.forecast, won=deals.won_amount) -> pl.Expr:
    """How near the contract value won in the period came to the last forecast made before the period began: 100 less
    the difference in percent of what was won, and 0 where it was further off than that.

    Taken from the forecasts of reps where there are any, else of teams, else of the company. Unknown while the period
    is not over, and where nothing was won.

    Source: [000], [003].
    """
    return (100 - pl.when(won > 0).then(change(forecast, won)).abs()).clip(lower_bound=0)


@kpi(unit="percent", better="band", roles=("manager", "ae", "executive"), timing="lagging", kind="quality")
def forecast_bias(forecast=forecasts.forecast, won=deals.won_amount) -> pl.Expr:
    """By how much the last forecast made before the period began lay above what was then won, in percent of that;
    below 0 where it lay under it.

    Source: [000], the signed side of forecast accuracy.
    """
    return change(forecast, won)
