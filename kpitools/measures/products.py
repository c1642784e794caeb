"""Measures of products: units sold, what buyers say, and where a product stands among the others."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, mean, recognised, standing, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure, per_entity
from kpitools.measures.revenue import line_costs, line_revenue
from kpitools.measures.surveys import POSITIVE, RATED
from kpitools.model.tables import Market, OrderLines, Surveys

ABOUT_PRODUCT = pl.col("kind") == "product"


@measure(OrderLines, at="order_id.ordered_at", unit="count")
def units_sold() -> Aggregate:
    """Units on the order lines."""
    return total("quantity")


@measure(OrderLines, at="order_id.ordered_at", unit="count")
def priced_lines() -> Aggregate:
    """Order lines whose revenue is known."""
    return count(pl.col("revenue").is_not_null())


@measure(OrderLines, at="order_id.ordered_at", unit="count")
def counted_lines() -> Aggregate:
    """Order lines whose quantity is known."""
    return count(pl.col("quantity").is_not_null())


@measure(OrderLines, at="order_id.ordered_at", unit="count")
def costed_lines() -> Aggregate:
    """Order lines whose cost is known."""
    return count(pl.col("cogs").is_not_null())


@measure(Surveys, at="answered_at", unit="count")
def product_answers() -> Aggregate:
    """Survey answers about products of which it is known from which score on they are positive."""
    return count(ABOUT_PRODUCT & RATED)


@measure(Surveys, at="answered_at", unit="count")
def positive_product_answers() -> Aggregate:
    """Survey answers about products that are positive."""
    return count(ABOUT_PRODUCT & POSITIVE)


@attribute(Market, on="product_id.family", key="product_family")
def market_of_family() -> pl.Expr:
    """What the market of the product's family is worth in the period, shared out by days."""
    first, last = pl.col("starts_on"), pl.col("ends_on").dt.offset_by("1d")
    shared = pl.min_horizontal(last, "until") - pl.max_horizontal(first, "period_start")
    days = pl.max_horizontal(shared.dt.total_days(), 0)
    return (pl.col("total_revenue") * days / (last - first).dt.total_days()).sum()


@measure(OrderLines, at="order_id.ordered_at", unit="currency", uses=(market_of_family,))
def family_market() -> Aggregate:
    """The market of the family that a product belongs to."""
    return recognised(pl.col("market_of_family").max())


@per_entity(on="product_id", unit="score")
def revenue_standing(revenue=line_revenue, priced=priced_lines) -> Aggregate:
    """Where products stand among all by revenue, from 0 to 100."""
    return mean(standing(pl.when(priced > 0).then(revenue)))


@per_entity(on="product_id", unit="score")
def units_standing(units=units_sold, counted=counted_lines) -> Aggregate:
    """Where products stand among all by units sold, from 0 to 100."""
    return mean(standing(pl.when(counted > 0).then(units)))


@per_entity(on="product_id", unit="score")
def margin_standing(revenue=line_revenue, cost=line_costs, costed=costed_lines) -> Aggregate:
    """Where products stand among all by margin, from 0 to 100; those without known cost are left out."""
    return mean(standing(pl.when((revenue > 0) & (costed > 0)).then((revenue - cost) / revenue)))


@per_entity(on="product_id", unit="score")
def share_standing(revenue=line_revenue, priced=priced_lines, market=family_market) -> Aggregate:
    """Where products stand among all by their share of the market of their family, from 0 to 100."""
    return mean(standing(pl.when((priced > 0) & (market > 0)).then(revenue / market)))


@per_entity(on="product_id", unit="score")
def feedback_standing(positive=positive_product_answers, answers=product_answers) -> Aggregate:
    """Where products stand among all by the share of positive answers, from 0 to 100."""
    return mean(standing(pl.when(answers > 0).then(positive / answers)))
