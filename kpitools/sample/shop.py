"""The web shop, a side-line in which customers order services without a seller."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import END, instant
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids

_OF_ORDERS = 0.35
_BOUNCES = 0.42
_CHANNELS = {"Website": 5, "Partner": 2, "Event": 1, "Referral": 1}


def sessions(orders: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Visits in the order of time: those that ended in an order, and so many others that few do."""
    draw = Draw(seed, "sessions")
    online = orders.filter(pl.col("deal_id").is_null(), channel="Website")
    bought = online.filter(draw.chance(online.height, _OF_ORDERS))
    n = bought.height
    began = pl.col("ordered_at") - pl.duration(minutes=pl.lit(draw.whole(n, 4, 40)))
    bought = bought.select("order_id", "channel", started_at=began, pages=pl.lit(draw.whole(n, 4, 20)))
    visits = pl.concat([bought, _others(round(n / truth.SHOP_CONVERSION) - n, draw)]).sort("started_at", "order_id")
    visitor = pl.lit(draw.whole(visits.height, 1, visits.height * 2 // 3)).cast(pl.String)
    return visits.with_columns(session_id=ids("W"), visitor_id=pl.format("V{}", visitor.str.zfill(5)))


def _others(n: int, draw: Draw) -> pl.DataFrame:
    pages = 2 + pl.lit(draw.waiting(n, 3)).floor().cast(pl.Int64)
    return pl.DataFrame({"minute": draw.whole(n, 0, END)}).select(
        order_id=pl.lit(None, pl.String),
        channel=pl.lit(draw.pick(n, _CHANNELS)),
        started_at=instant(pl.col("minute")),
        pages=pl.when(draw.chance(n, _BOUNCES)).then(1).otherwise(pages),
    )


def carts(sessions: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A cart of each visit that ordered, and of some that looked around and left it behind."""
    draw = Draw(seed, "carts")
    ordered = sessions["order_id"].is_not_null()
    looked = ~ordered & (sessions["pages"] > 2)
    left = int(ordered.sum()) * truth.CART_ABANDONMENT / (1 - truth.CART_ABANDONMENT)
    filled = sessions.filter(ordered | (looked & draw.chance(sessions.height, left / int(looked.sum()))))
    begun = pl.col("started_at") + pl.duration(minutes=pl.lit(draw.whole(filled.height, 1, 4)))
    return filled.select("session_id", "order_id", created_at=begun).with_columns(cart_id=ids("B", 4))
