"""What was sold: orders with their lines, subscriptions."""

from __future__ import annotations

import polars as pl

from kpitools.sample.clock import DAY, END, instant, minute
from kpitools.sample.draw import Draw
from kpitools.sample.people import holder, owner, take_seat
from kpitools.sample.products import LIST_PRICE, is_service

_REPEATS_PER_YEAR = 1.3
_REPEATED = {"P08": 1, "P09": 5, "P10": 4}
_KEPT = ["account_id", "deal_id", "rep_id", "channel", "product_id", "minute", "amount"]


def orders(deals: pl.DataFrame, customers: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """An order for each won deal, and the services customers order now and then; with the product of the first line."""
    draw = Draw(seed, "orders")
    frame = pl.concat([_of_deals(deals, draw).select(_KEPT), _repeats(customers, places, draw).select(_KEPT)])
    frame = frame.sort("minute", "account_id", "deal_id", "product_id")
    n = frame.height
    returned = pl.when(draw.chance(n, 0.08)).then(pl.col("amount") * draw.uniform(n, 0.02, 0.10)).otherwise(0.0)
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)
    return frame.with_columns(
        order_id=pl.format("O{}", number), ordered_at=instant(pl.col("minute")), deductions=returned.round(2)
    )


def _of_deals(deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    won = deals.filter(pl.col("status") == "won")
    soon = pl.col("until") + draw.whole(won.height, 0, 3 * DAY)
    return won.with_columns(minute=pl.min_horizontal(soon, END - 1), rep_id=owner(pl.col("until") - 1))


def _repeats(customers: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    since = pl.max_horizontal(minute(pl.col("starts_on")), 0)
    left = pl.min_horizontal(minute(pl.col("ends_on")), pl.lit(END))
    frame = customers.with_columns(since=since, room=left - since).filter(pl.col("room") > 0)
    n = draw.counts(frame["room"] / (260 * DAY) * _REPEATS_PER_YEAR)
    many = frame.filter(n > 0).with_columns(n=pl.int_ranges(0, n.filter(n > 0))).explode("n")
    size = pl.col("segment").replace_strict({"enterprise": 4, "mid_market": 2, "smb": 1})
    many = many.with_columns(
        minute=pl.col("since") + (pl.col("room") * pl.lit(draw.uniform(many.height))).floor().cast(pl.Int64),
        product_id=draw.pick(many.height, _REPEATED),
        role=pl.lit("am"),
        deal_id=pl.lit(None, dtype=pl.String),
        amount=size * pl.lit(draw.whole(many.height, 1, 5)),
    ).with_columns(amount=pl.col("amount") * pl.col("product_id").replace_strict(LIST_PRICE))
    return take_seat(many, places, at="minute", luck="luck").with_columns(rep_id=holder(pl.col("minute")))


def order_lines(orders: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The lines of each order: they add up to its amount, to the cent. Some software comes with a service."""
    draw = Draw(seed, "order lines")
    n = orders.height
    attached = ~is_service() & draw.chance(n, 0.35)
    main = pl.when(attached).then((pl.col("amount") * draw.uniform(n, 0.8, 0.95)).round(2)).otherwise("amount")
    frame = orders.with_columns(revenue=main, line_no=1, rest=(pl.col("amount") - main).round(2))
    second = frame.filter(pl.col("rest") > 0).with_columns(revenue="rest", line_no=2)
    second = second.with_columns(product_id=draw.pick(second.height, _REPEATED))
    lines = pl.concat([frame, second]).sort("order_id", "line_no")
    price = pl.col("product_id").replace_strict(LIST_PRICE)
    share = pl.when(is_service()).then(0.55).otherwise(0.2) * draw.uniform(lines.height, 0.8, 1.2)
    return lines.with_columns(
        quantity=(pl.col("revenue") / price).round().clip(1), cogs=(pl.col("revenue") * share).round(2)
    )


def subscription_table(spans: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """The spans in the order in which they began, with the deal that brought them."""
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)
    return (
        spans.join(deals.select("key", "deal_id"), on="key", how="left", maintain_order="left")
        .sort("starts_on", "account_id", "product_id", "deal_id")
        .with_columns(subscription_id=pl.format("S{}", number))
    )
