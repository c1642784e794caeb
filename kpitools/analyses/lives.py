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


def months_after(began: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The day so many months later; the last of the month where that has no such day.

    >>> days = pl.DataFrame({"day": [date(2025, 1, 31), date(2024, 2, 29)]})
    >>> days.select(months_after(pl.col("day"), pl.lit(1))).to_series().to_list()
    [datetime.date(2025, 2, 28), datetime.date(2024, 3, 29)]
    """
    number = 12 * began.dt.year() + began.dt.month().cast(pl.Int32) - 1 + months
    first = pl.date(number // 12, number % 12 + 1, 1)
    day = pl.min_horizontal(began.dt.day(), first.dt.month_end().dt.day())
    return first + pl.duration(days=day - 1)


def units_between(began: pl.Expr, day: pl.Expr, months: int) -> pl.Expr:
    """How many units of so many months are over on the evening of a day, by the calendar: a year is up on its day.

    >>> days = pl.DataFrame({"day": [date(2025, 2, 27), date(2025, 2, 28)]})
    >>> days.select(units_between(pl.lit(date(2024, 2, 29)), pl.col("day"), 12)).to_series().to_list()
    [0, 1]
    """
    apart = 12 * (day.dt.year() - began.dt.year()) + day.dt.month().cast(pl.Int32) - began.dt.month().cast(pl.Int32)
    units = apart // months
    return units - (months_after(began, units * months) > day).cast(pl.Int32)


def months_between(began: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Months by the calendar from one day to another, the last as the share of its days: a year is 12 of them.

    >>> days = pl.DataFrame({"day": [date(2025, 1, 1), date(2025, 1, 15)]})
    >>> days.select(months_between(pl.lit(date(2024, 1, 1)), pl.col("day")).round(3)).to_series().to_list()
    [12.0, 12.452]
    """
    whole = units_between(began, day, 1)
    start, end = months_after(began, whole), months_after(began, whole + 1)
    return whole + (day - start).dt.total_days() / (end - start).dt.total_days()


def period_frame(periods: list[Period]) -> pl.DataFrame:
    """Consecutive periods as rows: `period`, `starts`, `ends`."""
    rows: dict[str, list[str] | list[date]] = {
        "period": [period.label for period in periods],
        "starts": [period.start for period in periods],
        "ends": [period.end for period in periods],
    }
    return pl.DataFrame(rows, schema={"period": pl.String, "starts": pl.Date, "ends": pl.Date})
