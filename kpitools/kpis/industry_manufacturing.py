"""KPIs of manufacturing."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import projects, purchases, revenue, trials


@kpi(unit="percent", better="higher", roles=("ae", "manager"), timing="leading", kind="outcome", form="proportion")
def technical_win_rate(won=trials.technical_wins, evaluated=trials.technical_evaluations) -> pl.Expr:
    """Share of the technical evaluations finished in the period after which the buyer chose our solution.

    Whether the deal is won as well is another matter: see the win rate after a technical win.

    Source: [003].
    """
    return percent(won, evaluated)


@kpi(unit="percent", better="higher", roles=("ae", "manager"), timing="lagging", kind="outcome", form="proportion")
def win_rate_after_technical_win(
    won=trials.won_deals_after_technical_win, closed=trials.closed_deals_after_technical_win
) -> pl.Expr:
    """Share of the deals closed in the period that were won, of those whose engineers had chosen our solution.

    Source: own, beside the technical win rate of [003].
    """
    return percent(won, closed)


@kpi(
    unit="days",
    better="lower",
    roles=("am", "manager"),
    timing="lagging",
    kind="outcome",
    aliases=("Implementation Time",),
)
def implementation_timeline(days=projects.mean_days_to_live) -> pl.Expr:
    """Mean days from closing a deal to its solution being live, for the implementations that went live in the period.

    Source: [003].
    """
    return days


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Repeat Purchase Rate",),
)
def reorder_rate(again=purchases.repeat_buyers, buyers=revenue.buyers) -> pl.Expr:
    """Share of the customers who ordered in the period that ordered more than once.

    Source: [003], reading (a), the rate that the name promises.
    """
    return percent(again, buyers)


@kpi(unit="ratio", better="higher", roles=("am", "manager"), timing="lagging", kind="outcome", form="ratio")
def orders_per_customer(orders=revenue.orders_placed, buyers=revenue.buyers) -> pl.Expr:
    """Orders in the period per customer who ordered.

    Source: [003], reorder rate, reading (b), the frequency that the description means.
    """
    return orders / buyers


@kpi(
    unit="ratio",
    better="none",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Product Mix",),
)
def product_mix_ratio(part=revenue.line_revenue, whole=purchases.whole_line_revenue) -> pl.Expr:
    """Share of a group in the revenue of all order lines, from 0 to 1: by product family it is the product mix.

    Any other dimension gives that one's mix; without one it is 1.

    Source: [003].
    """
    return part / whole


@kpi(unit="ratio", better="none", roles=("manager", "executive"), timing="lagging", kind="outcome")
def product_mix_concentration(squares=purchases.squared_family_shares) -> pl.Expr:
    """How far revenue rests on few product families: 1 where one brings everything, a quarter where four bring alike.

    The squares of the families' shares, added up; lines without a known family are left out.

    Source: [003], product mix ratio as one number.
    """
    return squares
