"""Measures of what is held and earned for clients."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct, mean, recognised, total
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Holdings, PortfolioReturns

#: A valuation counts until the account's next one.
VALUED = ("as_of", "next_valued_on")
HELD = pl.col("market_value") > 0
FRESH_DAYS = 100
PERIODS_PER_YEAR = 12


def _fresh(days: int) -> pl.Expr:
    """A valuation that is not too old: nothing more is heard of an account that left."""
    return (pl.col("day") - pl.col("as_of")).dt.total_days() <= days


@measure(Holdings, alive=VALUED, unit="currency")
def assets_held(days: int = FRESH_DAYS) -> Aggregate:
    """Market value of what clients hold by their last valuation before the boundary, unless it is too old."""
    return total("market_value", _fresh(days))


@measure(Holdings, alive=VALUED, unit="count")
def positions(days: int = FRESH_DAYS) -> Aggregate:
    """Products held, client by client, by the last valuation before the boundary, unless it is too old."""
    return count(HELD & _fresh(days))


@measure(Holdings, alive=VALUED, unit="count")
def holders(days: int = FRESH_DAYS) -> Aggregate:
    """Clients that hold anything by their last valuation before the boundary, unless it is too old."""
    return distinct("account_id", HELD & _fresh(days))


@measure(PortfolioReturns, at="period_end", unit="percent")
def mean_excess_return() -> Aggregate:
    """Mean return beyond the risk-free rate."""
    return mean(pl.col("return_pct") - pl.col("risk_free_pct"))


@measure(PortfolioReturns, at="period_end", unit="percent")
def excess_return_deviation() -> Aggregate:
    """Standard deviation of the return beyond the risk-free rate."""
    return recognised((pl.col("return_pct") - pl.col("risk_free_pct")).std())


@measure(PortfolioReturns, at="period_end", unit="percent")
def market_excess_deviation() -> Aggregate:
    """Standard deviation of the market's return beyond the risk-free rate."""
    return recognised((pl.col("benchmark_pct") - pl.col("risk_free_pct")).std())


@measure(PortfolioReturns, at="period_end", unit="percent")
def mean_risk_free_return() -> Aggregate:
    """Mean risk-free return."""
    return mean("risk_free_pct")


#: A quarter's three returns say little: all are taken over the last four periods.
EXCESS = mean_excess_return.rolling(4)
DEVIATION = excess_return_deviation.rolling(4)
MARKET_DEVIATION = market_excess_deviation.rolling(4)
SAFE = mean_risk_free_return.rolling(4)


@per_entity(on="account_id", unit="ratio")
def mean_sharpe_ratio(
    excess=EXCESS,
    deviation=DEVIATION,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> Aggregate:
    """Mean over portfolios of excess return per unit of its deviation, for a year; one return alone has none."""
    return mean(excess / deviation * periods_per_year**0.5, deviation > 0)


@per_entity(on="account_id", unit="percent")
def mean_return_at_market_risk(
    excess=EXCESS,
    deviation=DEVIATION,
    market=MARKET_DEVIATION,
    safe=SAFE,
    periods_per_year: int = PERIODS_PER_YEAR,
) -> Aggregate:
    """Mean over portfolios of the yearly return they would have had at the market's risk."""
    return mean((safe + excess / deviation * market) * periods_per_year, (deviation > 0) & (market > 0))
