"""Scores as a model would have given them: how likely deals are won, customers leave, leads become customers.

What came of each row is known; its score is drawn so that of all rows with one score that share came true.
Where it is not known yet, chance decides what the score makes of it.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw

#: Scores of customers and leads are kept from here on.
_SCORED_SINCE = date(2024, 10, 1)
_HORIZON = 90
_ROUNDS, _WEEKS_BETWEEN = 3, 8
#: A lead that has not become a customer within these days hardly will.
_MATURE = 270


def deal_scores(deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each open deal on the Monday after it was opened, and every eight weeks later for some time."""
    rounds = pl.DataFrame({"round": range(_ROUNDS)})
    monday = pl.col("created_at").dt.truncate("1w").dt.offset_by("1w6h")
    scored = deals.join(rounds, how="cross", maintain_order="left_right").with_columns(
        scored_at=monday + pl.duration(weeks=_WEEKS_BETWEEN * pl.col("round"))
    )
    was_open = pl.col("closed_at").is_null() | (pl.col("closed_at") > pl.col("scored_at"))
    scored = scored.filter(was_open & _has_come())
    came = pl.when(pl.col("status") != "open").then(pl.col("status") == "won")
    groups = ["round", "segment", pl.col("kind") == "new"]
    return _scored(scored, came, groups, "win_probability", Draw(seed, "deal scores")).sort("scored_at", "deal_id")


def account_scores(accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Every customer on the first day of each quarter: will it leave within 90 days?"""
    runs = pl.DataFrame({"run": pl.date_range(_SCORED_SINCE, truth.LAST_DAY, "1q", eager=True)})
    stays = pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col("run"))
    scored = accounts.join(runs, how="cross", maintain_order="left_right").filter(
        (pl.col("became_customer_at") < pl.col("run")) & stays
    )
    scored = scored.with_columns(scored_at=pl.col("run").cast(pl.Datetime("us")).dt.offset_by("6h"))
    came = (pl.col("ended_at") <= pl.col("run") + pl.duration(days=_HORIZON)).fill_null(False)
    draw = Draw(seed, "account scores")
    return _scored(scored, came, ["segment"], "churn_probability", draw).sort("scored_at", "account_id")


def lead_scores(leads: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each lead in the morning after it came in: will it become a customer?"""
    next_day = pl.col("created_at").dt.truncate("1d").dt.offset_by("1d6h")
    scored = leads.with_columns(scored_at=next_day).filter(_has_come(), pl.col("created_at") >= _SCORED_SINCE)
    old = pl.col("created_at") < pl.lit(truth.LAST_DAY) - pl.duration(days=_MATURE)
    known = pl.col("customer_at").is_not_null() | pl.col("disqualified_at").is_not_null() | old
    came = pl.when(known).then(pl.col("customer_at").is_not_null())
    return _scored(scored, came, ["channel"], "conversion_probability", Draw(seed, "lead scores")).sort("lead_id")


def _has_come() -> pl.Expr:
    return pl.col("scored_at").dt.date() <= truth.LAST_DAY


def _scored(frame: pl.DataFrame, came: pl.Expr, groups: list, name: str, draw: Draw) -> pl.DataFrame:
    """The chance of each row given what a signal says of it: the usual chance of its group, moved by the signal."""
    n, sharp = frame.height, truth.SCORE_SHARPNESS
    usual = came.mean().over(groups).clip(0.01, 0.99)
    truly = pl.coalesce(came, pl.lit(draw.uniform(n)) < usual)
    signal = pl.lit(draw.spread(n, 1.0)).log() + sharp * truly.cast(pl.Float64)
    odds = usual / (1 - usual) * (sharp * signal - sharp**2 / 2).exp()
    return frame.with_columns((odds / (1 + odds)).round(3).clip(0.001, 0.999).alias(name))
