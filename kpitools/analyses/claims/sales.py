"""Claims about leads and deals: fast answers, follow-ups, referred customers."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from kpitools.analyses.chance import Mean, Share, means_differ_by
from kpitools.analyses.claims.finding import GROUPS, Effect, ratio_of_shares, shares
from kpitools.analyses.view import last_day
from kpitools.evaluation.intervals import t_quantile
from kpitools.model.dataset import Dataset

Told = tuple[pl.DataFrame, Effect | None]
RIPE_DAYS = 90
FOLLOW_UPS = ("0 to 1", "2 to 4", "5 to 7", "8 and more")


def fast_answers(data: Dataset) -> Told:
    """Leads answered within an hour against those answered after a day: how many got a deal.

    Only leads old enough to have been worked on, and answered: whoever was never answered may not have been worth it.
    """
    ripe = (last_day(data) or date.min) - timedelta(RIPE_DAYS)
    hours = (pl.col("first_response_at") - pl.col("created_at")).dt.total_seconds() / 3600
    group = pl.when(hours <= 1).then(pl.lit("within an hour")).when(hours <= 24).then(pl.lit("within a day"))
    rows = data["leads"].filter(pl.col("created_at").cast(pl.Date) <= ripe, hours >= 0)
    found = _counted(rows.select(group=group.otherwise(pl.lit("after a day")), hit=pl.col("deal_id").is_not_null()))
    ordered = [found.get(name, Share(0, 0)) for name in ("within an hour", "within a day", "after a day")]
    names = ("within an hour", "within a day", "after a day")
    figures = shares([(name, share.some, share.of) for name, share in zip(names, ordered, strict=True)])
    return figures, ratio_of_shares(ordered[0], ordered[2])


def follow_ups(data: Dataset) -> Told:
    """Deals with five to seven follow-ups before they closed against deals with fewer: how many were won."""
    closed = data["deals"].filter(pl.col("status").is_in(["won", "lost"]), pl.col("kind") == "new")
    closed = closed.select("deal_id", "closed_at", hit=pl.col("status") == "won")
    touches = data["activities"].filter("is_follow_up", pl.col("deal_id").is_not_null())
    counted = (
        touches.join(closed, on="deal_id").filter(pl.col("at") <= pl.col("closed_at"))
        .group_by("deal_id").agg(n=pl.len())
    )  # fmt: skip
    n = pl.col("n").fill_null(0)
    low = pl.when(n < 2).then(pl.lit(FOLLOW_UPS[0])).when(n < 5).then(pl.lit(FOLLOW_UPS[1]))
    group = low.when(n < 8).then(pl.lit(FOLLOW_UPS[2])).otherwise(pl.lit(FOLLOW_UPS[3]))
    found = _counted(closed.join(counted, on="deal_id", how="left").select("hit", group=group))
    ordered = [found.get(name, Share(0, 0)) for name in FOLLOW_UPS]
    figures = shares([(name, share.some, share.of) for name, share in zip(FOLLOW_UPS, ordered, strict=True)])
    fewer = Share(ordered[0].some + ordered[1].some, ordered[0].of + ordered[1].of)
    return figures, ratio_of_shares(ordered[2], fewer) if ordered[2].of and fewer.of else None


def referred(data: Dataset) -> Told:
    """Won deals with accounts that another customer introduced against all other won deals: days to close."""
    accounts = data["accounts"].select("account_id", referred=pl.col("referred_by_account_id").is_not_null())
    won = data["deals"].filter(pl.col("status") == "won", pl.col("kind") == "new").join(accounts, on="account_id")
    days = (pl.col("closed_at").cast(pl.Date) - pl.col("created_at").cast(pl.Date)).dt.total_days()
    found = won.group_by("referred").agg(value=days.mean(), sd=days.cast(pl.Float64).std(), n=days.count())
    means = {row["referred"]: _mean(row) for row in found.collect().iter_rows(named=True)}
    named = [("referred", means.get(True)), ("others", means.get(False))]
    rows = [(name, m.value, m.lower, m.upper, m.n) for name, m in named if m]
    figures = pl.DataFrame(rows, schema=GROUPS, orient="row")
    one, other = (mean for _, mean in named)
    if not one or not other:
        return figures, None
    low, high = means_differ_by(one, other)
    return figures, Effect("difference", one.value - other.value, low, high, min(one.n, other.n), "days")


def _mean(row: dict[str, float]) -> Mean | None:
    n = int(row["n"])
    if n < 2:
        return None
    reach = t_quantile(n - 1) * row["sd"] / n**0.5
    return Mean(row["value"], row["value"] - reach, row["value"] + reach, n)


def _counted(rows: pl.LazyFrame) -> dict[str, Share]:
    found = rows.group_by("group").agg(some=pl.col("hit").sum(), of=pl.len()).collect()
    return {row["group"]: Share(row["some"], row["of"]) for row in found.iter_rows(named=True)}
