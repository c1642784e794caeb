"""KPIs of financial services."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.kpi import kpi
from kpitools.measures import investments, purchases


@kpi(
    unit="currency",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    label="Assets under management (AUM)",
    aliases=("AUM", "Assets Under Management"),
)
def assets_under_management(held=investments.assets_held) -> pl.Expr:
    """Market value at the end of the period of all assets held for clients.

    Each account counts with its last valuation up to then: all it held on that day, and nothing it no longer held. A
    valuation older than 100 days does not count, since a client who left is not valued any more.

    Source: [003].
    """
    return held


@kpi(
    unit="ratio",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Cross-sell ratio",
    aliases=("Products per Client",),
)
def cross_sell_ratio(held=investments.positions, clients=investments.holders) -> pl.Expr:
    """Products held per client at the end of the period, by each client's last valuation.

    Source: [003], reading (b), the one its benchmark explains.
    """
    return held / clients


@kpi(unit="ratio", better="higher", roles=("am", "executive"), timing="lagging", kind="outcome", form="ratio")
def products_added_per_client(added=purchases.products_added, clients=purchases.earlier_clients) -> pl.Expr:
    """Products bought for the first time in the period per client that had bought before.

    Source: [003], cross-sell ratio, reading (a), by additional products sold.
    """
    return added / clients


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "am"),
    timing="lagging",
    kind="outcome",
    label="Risk-adjusted return",
    aliases=("M2", "Modigliani Risk-Adjusted Performance"),
)
def risk_adjusted_return(adjusted=investments.mean_return_at_market_risk) -> pl.Expr:
    """Mean yearly return of portfolios, each brought to the market's level of risk: the risk-free rate, plus the
    Sharpe ratio times the deviation of the market.

    Over the last four periods, so by quarter over a year; monthly returns unless set otherwise.

    Source: [003], reading (b), a percentage a year as its benchmark is.
    """
    return adjusted


@kpi(unit="ratio", better="higher", roles=("executive", "am"), timing="lagging", kind="outcome")
def sharpe_ratio(ratio=investments.mean_sharpe_ratio) -> pl.Expr:
    """Mean over portfolios of the yearly return beyond the risk-free rate, per unit of its deviation.

    Over the last four periods, so by quarter over a year; monthly returns unless set otherwise.

    Source: [003], risk-adjusted return, reading (a), which has no unit.
    """
    return ratio
