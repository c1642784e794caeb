"""Satisfaction KPIs: what customers say."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import brand, revenue, surveys


@kpi(
    unit="score",
    better="higher",
    roles=("executive", "am", "manager"),
    timing="leading",
    kind="quality",
    label="Net promoter score (NPS)",
    aliases=("NPS", "Net Promoter Score"),
)
def net_promoter_score(points=surveys.mean_recommendation) -> pl.Expr:
    """Share of promoters (9 or 10 of 10) less the share of detractors (0 to 6) among those who said in the period how
    likely they are to recommend: from -100 to 100.

    Source: [000].
    """
    return points


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager", "am"),
    timing="leading",
    kind="quality",
    form="proportion",
    label="Customer satisfaction score (CSAT)",
    aliases=("CSAT", "Customer Satisfaction", "Customer Feedback", "Customer Satisfaction Score"),
)
def customer_satisfaction_score(good=surveys.good_ratings, rated=surveys.ratings) -> pl.Expr:
    """Share of the customers' ratings of the period that are good ones: from the score on that counts as satisfied.

    A share of answers, not their mean: the benchmarks are of that kind.

    Source: [003].
    """
    return percent(good, rated)


@kpi(unit="score", better="higher", roles=("executive",), timing="lagging", kind="quality")
def price_premium_score(
    asked=brand.compared_revenue, market=brand.revenue_at_market_price, level: float = 0.5
) -> pl.Expr:
    """Own prices beside the market's, from 0 to 100: 50 at the market's price, 100 at half as much again, 0 at half.

    Compared line by line, so that it is not the mix of products that makes the price.

    Source: [001], a part of brand equity.
    """
    return 100 * (asked / pl.when(market > 0).then(market) - level).clip(0, 1)


@kpi(unit="percent", better="higher", roles=("executive",), timing="lagging", kind="quality", form="proportion")
def brand_awareness(aware=surveys.brand_known, asked=surveys.brand_answers) -> pl.Expr:
    """Share of those asked in the period who know the brand.

    Source: [001], a part of brand equity.
    """
    return percent(aware, asked)


@kpi(unit="percent", better="higher", roles=("executive",), timing="lagging", kind="quality", form="proportion")
def returning_buyer_share(returning=brand.returning_buyers, buyers=revenue.buyers) -> pl.Expr:
    """Share of the accounts ordering in the period that had ordered before, in it or earlier.

    Source: [001], a part of brand equity.
    """
    return percent(returning, buyers)


@composite(
    weights={"price": 1.0, "aware": 1.0, "returning": 1.0},
    better="higher",
    roles=("executive",),
    timing="lagging",
    kind="quality",
    aliases=("Brand Equity",),
)
def brand_equity_index(price=price_premium_score, aware=brand_awareness, returning=returning_buyer_share) -> None:
    """What the brand is worth, from 0 to 100: the mean of the price it allows, how many know it, and how many come
    back. A part that is not known is left out.

    Source: [001].
    """
