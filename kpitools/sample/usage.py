"""What users did in the product: those of customers, and those of buyers who try it."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute, minute_of
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids

_MONTH = 21 * DAY
_USERS = {"enterprise": 4, "mid_market": 2, "smb": 1}
_FEATURES = {"Import": 4, "Reports": 5, "Alerts": 2, "Flows": 3, "Sharing": 2, "Audit log": 1, "Forecast": 1,
             "Connect": 2}  # fmt: skip
_KEPT = ["account_id", "deal_id", "user_id", "product_id", "feature", "minute", "is_value_event"]
_NO_DEAL = pl.lit(None, dtype=pl.String)


def usage(customers: pl.DataFrame, deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A sample of what users do, since it is measured, in the order of time."""
    parts = [
        _monthly(customers, Draw(seed, "usage")),
        _first_values(customers, Draw(seed, "first values")),
        _trials(deals, Draw(seed, "trials")),
    ]
    frame = pl.concat([part.select(_KEPT) for part in parts], how="vertical_relaxed")
    frame = frame.filter(pl.col("minute") < END).sort("minute", "account_id", "user_id", "feature", "deal_id")
    return frame.with_columns(usage_id=ids("U", 6), at=instant(pl.col("minute")))


def _monthly(customers: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Most users once a month, until a customer that leaves falls silent over its last months."""
    users = pl.col("segment").replace_strict(_USERS)
    months = pl.DataFrame({"begin": pl.int_range(minute_of(truth.TOOLS_DAY), END, _MONTH, eager=True)})
    rows = customers.with_columns(user=pl.int_ranges(1, users + 1)).explode("user")
    rows = rows.join(months, how="cross", maintain_order="left_right")
    rows = rows.with_columns(minute=pl.col("begin") + draw.whole(rows.height, 0, _MONTH))
    left = (pl.col("leaves") - pl.col("minute")) / (truth.WARNING_DAYS * 5 / 7 * DAY)
    active = truth.ACTIVE_USERS * pl.coalesce(left, pl.lit(1.0)).clip(0, 1)
    there = (pl.col("minute") >= pl.col("since")) & (pl.col("minute") < pl.col("until"))
    rows = rows.filter(there & (pl.lit(draw.uniform(rows.height)) < active))
    return rows.with_columns(
        deal_id=_NO_DEAL, feature=draw.pick(rows.height, _FEATURES), user_id=_user(), is_value_event=pl.lit(False)
    )


def _user() -> pl.Expr:
    return pl.format("{}-{}", pl.col("account_id").str.slice(2), "user")


def _minute(at: str) -> pl.Expr:
    """The working minute of a timestamp that lies in one."""
    return minute(pl.col(at).dt.date()) + (pl.col(at).dt.hour().cast(pl.Int64) - 9) * 60 + pl.col(at).dt.minute()


def _first_values(customers: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The first outcome a new customer gets: a first closing report, some days after it was won."""
    won = pl.col("won_on") >= truth.TOOLS_DAY
    rows = customers.filter(won)
    days = pl.col("segment").replace_strict(truth.VALUE_DAYS) * pl.lit(draw.spread(rows.height, 0.5))
    rows = rows.with_columns(minute=pl.col("since") + (days * 5 / 7 * DAY).cast(pl.Int64))
    reached = (pl.col("minute") < pl.col("until")) & pl.lit(draw.chance(rows.height, 0.9))
    return rows.filter(reached).with_columns(
        deal_id=_NO_DEAL, feature=pl.lit("Reports"), user=1, is_value_event=pl.lit(True)
    ).with_columns(user_id=_user())  # fmt: skip


def _tried(luck: pl.Series) -> pl.Expr:
    """One of the features that the proof of concept is about."""
    place = (pl.lit(luck) * pl.col("poc_features")).floor().cast(pl.Int64)
    return place.replace_strict(dict(enumerate(_FEATURES)), return_dtype=pl.String)


def _trials(deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Proofs of concept: those of deals that are won are used more, by more people."""
    began, ended = _minute("poc_start_at"), _minute("poc_end_at")
    rows = deals.filter(pl.col("poc_start_at") >= truth.TOOLS_DAY).drop("minute", strict=False)
    room = (pl.coalesce(ended, pl.lit(END)) - began).clip(1)
    often = pl.col("status").replace_strict(truth.TRIAL_USES) * room / DAY
    many = draw.counts(rows.select(often).to_series())
    rows = rows.filter(many > 0).with_columns(n=pl.int_ranges(0, many.filter(many > 0))).explode("n")
    n = rows.height
    seat = (pl.lit(draw.uniform(n)) * pl.min_horizontal("poc_seats", pl.lit(12))).floor().cast(pl.Int64)
    rows = rows.with_columns(
        minute=began + (room * pl.lit(draw.uniform(n))).floor().cast(pl.Int64),
        user=100 + seat,
        feature=_tried(draw.uniform(n)),
        is_value_event=pl.lit(False),
    )
    return rows.with_columns(user_id=_user())
