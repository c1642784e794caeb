"""Who is a customer from when to when: spans by account, from whichever table tells.

A span is live at a boundary (the morning of a day) if it began before it and had not ended by the evening before.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.analyses.view import cents, column_or_null, lacking, need
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

CUSTOMER = ("accounts.became_customer_at", "accounts.ended_at")
SUBSCRIBED = ("subscriptions.account_id", "subscriptions.starts_on", "subscriptions.ends_on")
PRICED = (*SUBSCRIBED, "subscriptions.mrr")
ORDERED = ("orders.account_id", "orders.ordered_at")
SOLD = (*ORDERED, "orders.amount")


def customer_spans(data: Dataset) -> pl.LazyFrame:
    """From becoming a customer to leaving: `account_id`, `starts`, `ends` (null while live), `worth` 1."""
    spans = data["accounts"].filter(pl.col("became_customer_at").is_not_null())
    return spans.select("account_id", starts="became_customer_at", ends="ended_at", worth=pl.lit(1, pl.Int64))


def subscription_spans(data: Dataset) -> pl.LazyFrame:
    """The spans of recurring price, `worth` their cents a month; free ones bring nothing and are left out."""
    mrr = cents(column_or_null(data, "subscriptions", "mrr", pl.Float64))
    paid = pl.col("worth") > 0 if "mrr" in data.columns("subscriptions") else pl.lit(True)
    spans = data["subscriptions"].filter(pl.col("starts_on").is_not_null(), pl.col("account_id").is_not_null())
    return spans.select("account_id", starts="starts_on", ends="ends_on", worth=mrr).filter(paid)


def order_spans(data: Dataset, periods: pl.DataFrame) -> pl.LazyFrame:
    """Orders as presence: an account is active in a period in which it bought, `worth` its amount in cents."""
    worth = cents(column_or_null(data, "orders", "amount", pl.Float64))
    day = pl.col("ordered_at").cast(pl.Date)
    orders = data["orders"].filter(pl.col("account_id").is_not_null(), pl.col("ordered_at").is_not_null())
    placed = orders.select("account_id", day.alias("day"), worth.alias("worth")).sort("day")
    spans = placed.join_asof(periods.lazy(), left_on="day", right_on="starts", strategy="backward")
    return spans.select("account_id", "starts", "ends", "worth")


def lives(data: Dataset, what: str) -> pl.LazyFrame:
    """One row per customer: `account_id`, `began`, `ended` (null while live).

    From accounts; where they do not say, from subscriptions: first start to last end, gaps in between not counted.

    Raises:
        EvaluationError: neither tells.
    """
    if lacking(data, CUSTOMER) and not lacking(data, SUBSCRIBED):
        ended = pl.when(pl.col("ends").is_not_null().all()).then(pl.col("ends").max())
        return subscription_spans(data).group_by("account_id").agg(began=pl.col("starts").min(), ended=ended)
    need(what, data, *CUSTOMER)
    return customer_spans(data).select("account_id", began="starts", ended="ends")


def live_at(boundary: pl.Expr) -> pl.Expr:
    """Whether a span is live at a boundary."""
    return (pl.col("starts") < boundary) & (pl.col("ends").is_null() | (pl.col("ends") >= boundary))


def period_frame(periods: list[Period]) -> pl.DataFrame:
    """Consecutive periods as rows: `period`, `starts`, `ends`."""
    rows: dict[str, list[str] | list[date]] = {
        "period": [period.label for period in periods],
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
    }
    return pl.DataFrame(rows, schema={"period": pl.String, "starts": pl.Date, "ends": pl.Date})
