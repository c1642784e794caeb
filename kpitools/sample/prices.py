"""What customers pay from day to day, what each deal with them is therefore worth, and their subscriptions."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import END
from kpitools.sample.draw import Draw
from kpitools.sample.products import contract_value, is_service

_DOWNGRADES_PER_YEAR = 0.08


def price_steps(customers: pl.DataFrame, renewals: pl.DataFrame, growth: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Everything that moves, or would have moved, a customer's price: `before` and `after` it, one row each."""
    columns = ["account_id", "key", "on", "factor", "applies"]
    applies = pl.col("wins") & (pl.col("on") <= truth.LAST_DAY)
    own = growth.filter(pl.col("kind") != "cross_sell")
    steps = [deals.with_columns(applies=applies).select(columns) for deals in (renewals, own)]
    paying = customers.filter(pl.col("mrr") > 0)
    steps.append(_downgrades(paying, Draw(seed, "downgrades")).select(columns))
    frame = pl.concat(steps).join(paying.select("account_id", "mrr"), on="account_id", maintain_order="left")
    frame = frame.sort("account_id", "on", "key", maintain_order=True)
    move = pl.when("applies").then("factor").otherwise(1.0)
    after = pl.col("mrr") * move.cum_prod().over("account_id")
    return frame.with_columns(after=after.round(2), before=(after / move).round(2))


def _downgrades(paying: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Cuts without a deal."""
    until = pl.coalesce("ends_on", pl.lit(truth.LAST_DAY))
    days = pl.max_horizontal((until - pl.col("starts_on")).dt.total_days() - 90, 0)
    paying = paying.with_columns(days=days)
    n = draw.counts(paying["days"] / 365 * _DOWNGRADES_PER_YEAR)
    many = paying.filter(n > 0)
    wait = (pl.lit(draw.uniform(many.height)) * pl.col("days")).floor().cast(pl.Int64) + 90
    return many.with_columns(
        on=pl.col("starts_on") + pl.duration(days=wait),
        factor=draw.uniform(many.height, 0.6, 0.9),
        applies=pl.lit(True),
        key=pl.lit(None, dtype=pl.String),
    )


def priced_renewals(renewals: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """A renewal is worth a year at its price."""
    known = renewals.join(steps.select("key", "before"), on="key", how="left", maintain_order="left")
    return known.with_columns(annual_value=(12 * pl.col("before") * pl.col("factor")).round(2), once=pl.lit(0.0))


def priced_growth(growth: pl.DataFrame, steps: pl.DataFrame, seed: int) -> pl.DataFrame:
    """More of the same is worth what it adds in a year, another product a share of a usual contract."""
    known = growth.join(steps.select("key", "before"), on="key", how="left", maintain_order="left")
    other = contract_value(growth, Draw(seed, "cross-sold")) * (pl.col("factor") - 1)
    added = 12 * pl.col("before") * (pl.col("factor") - 1)
    value = pl.when(pl.col("kind") == "cross_sell").then(other).otherwise(added).round(2)
    return known.with_columns(
        annual_value=pl.when(is_service()).then(0.0).otherwise(value),
        once=pl.when(is_service()).then(value).otherwise(0.0),
        term=pl.when(~is_service()).then("term"),
    )


def subscription_spans(customers: pl.DataFrame, steps: pl.DataFrame, growth: pl.DataFrame) -> pl.DataFrame:
    """One row per span of constant price: account, product, deal, monthly price, first day, first day no longer."""
    paying = customers.filter(pl.col("mrr") > 0)
    lives = paying.select("account_id", "product_id", "ends_on")
    first = paying.select("account_id", "key", "mrr", "starts_on")
    moved = steps.filter(pl.col("applies") & (pl.col("after") != pl.col("before")))
    moved = moved.select("account_id", "key", mrr="after", starts_on="on")
    spans = pl.concat([first, moved]).join(lives, on="account_id", how="left", maintain_order="left")
    return pl.concat([_chained(spans), _cross_sold(customers, growth)])


def _chained(spans: pl.DataFrame) -> pl.DataFrame:
    """Each span ends where the next begins; of several on one day the last counts."""
    spans = spans.sort("account_id", "starts_on", maintain_order=True)
    spans = spans.unique(["account_id", "starts_on"], keep="last", maintain_order=True)
    spans = spans.filter(pl.col("ends_on").is_null() | (pl.col("starts_on") < pl.col("ends_on")))
    following = pl.col("starts_on").shift(-1).over("account_id")
    return spans.with_columns(ends_on=pl.coalesce(following, "ends_on"))


def _cross_sold(customers: pl.DataFrame, growth: pl.DataFrame) -> pl.DataFrame:
    """The subscriptions to further products."""
    won = pl.col("wins") & (pl.col("created") + pl.col("duration") < END)
    sold = growth.filter(won & (pl.col("kind") == "cross_sell") & ~is_service())
    mrr = (pl.col("annual_value") / 12).round(2)
    return sold.select("account_id", "key", mrr.alias("mrr"), pl.col("on").alias("starts_on"), "product_id", "ends_on")
