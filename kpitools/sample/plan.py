"""What is planned and what it costs: quotas and the spend ledger."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw
from kpitools.sample.people import owner

#: A seller's goal in each quarter of the year, as a share of the year's mean.
_SEASON = {1: 0.9, 2: 0.9, 3: 0.9, 4: 1.3}
#: How the goals grow from year to year with the company.
_GROWTH = {2023: 0.6, 2024: 0.75, 2025: 1.1, 2026: 1.25}
_STRETCH = 1.1
_SALARY = {"manager": 11_500, "ae": 7_800, "sdr": 4_900, "am": 7_000}
_PER_HEAD = {"tools": 210, "training": 70, "travel": 340}
_MARKETING = {"Website": 26_000, "Outbound": 9_000, "Partner": 14_000, "Event": 21_000, "Referral": 5_000}
_OVERHEAD = 62_000
_COMMISSION = 0.06


def quotas(reps: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """Quarterly goals of account executives, account managers, teams and the company, a quarter beyond the data."""
    goals = _seller_quarters(reps).join(_usual(reps, deals), on="role", how="left", maintain_order="left")
    goals = goals.with_columns(goal=pl.col("usual") * pl.col("season") * pl.col("share"))
    own = goals.with_columns(owner_kind=pl.lit("rep"), owner_id="rep_id", amount=_thousands(pl.col("goal")))
    of_team = _thousands(0.95 * pl.col("goal").sum())
    team = goals.group_by("team", first="quarter", last="next").agg(amount=of_team)
    team = team.with_columns(owner_kind=pl.lit("team"), owner_id="team")
    company = team.group_by("first", "last").agg(pl.col("amount").sum())
    company = company.with_columns(owner_kind=pl.lit("company"), owner_id=pl.lit("company"))
    columns = ["owner_kind", "owner_id", "first", "last", "amount"]
    return _numbered(pl.concat([part.select(columns) for part in (own, team, company)]))


def _thousands(amount: pl.Expr) -> pl.Expr:
    return (amount / 1_000).round() * 1_000


def _numbered(goals: pl.DataFrame) -> pl.DataFrame:
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(5)
    return goals.sort("first", "owner_kind", "owner_id").with_columns(
        quota_id=pl.format("Q{}", number),
        measure=pl.lit("revenue"),
        starts_on="first",
        ends_on=pl.col("last") - pl.duration(days=1),
    )


def _quarters() -> pl.DataFrame:
    starts = pl.date_range(truth.FIRST_DAY, truth.LAST_DAY + timedelta(days=1), "1q", eager=True)
    return pl.DataFrame({"quarter": starts}).with_columns(
        next=pl.col("quarter").dt.offset_by("1q"),
        season=pl.col("quarter").dt.quarter().replace_strict(_SEASON)
        * pl.col("quarter").dt.year().replace_strict(_GROWTH),
    )


def _seller_quarters(reps: pl.DataFrame) -> pl.DataFrame:
    """The part of each quarter in which each seller with a goal is employed: `first`, `last` (excluded), `share`."""
    sellers = reps.filter(pl.col("role").is_in(["ae", "am"]))
    worked = sellers.join(_quarters(), how="cross", maintain_order="left_right").with_columns(
        first=pl.max_horizontal("quarter", "hired_at"), last=pl.min_horizontal("next", "left_at")
    )
    days = (pl.col("last") - pl.col("first")).dt.total_days()
    share = days / (pl.col("next") - pl.col("quarter")).dt.total_days()
    return worked.filter(days > 0).with_columns(share=share)


def _usual(reps: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """What a seller of each role wins in a usual quarter, the star and the ramping team left out, plus a stretch."""
    usual = (pl.col("rep_id") != truth.STAR_REP) & (pl.col("team") != truth.RAMPING_TEAM)
    worked = _seller_quarters(reps).filter(usual & (pl.col("quarter") <= truth.LAST_DAY))
    work = worked.group_by("role").agg(quarters=pl.col("share").sum())
    won = deals.filter(pl.col("status") == "won").select("amount", rep_id=owner(pl.col("until") - 1))
    booked = (
        won.join(reps.filter(usual), on="rep_id", maintain_order="left").group_by("role").agg(pl.col("amount").sum())
    )
    return work.join(booked, on="role").select("role", usual=_STRETCH * pl.col("amount") / pl.col("quarters"))


def costs(reps: pl.DataFrame, deals: pl.DataFrame, scale: int, seed: int) -> pl.DataFrame:
    """The ledger: one row per month, category and team or channel. Marketing grows with the scale."""
    draw = Draw(seed, "costs")
    months = pl.DataFrame({"month": pl.date_range(truth.FIRST_DAY, truth.LAST_DAY, "1mo", eager=True)})
    parts = [_of_staff(reps, months), _commission(reps, deals), _of_company(months, scale)]
    ledger = pl.concat(parts, how="diagonal").sort("month", "category", "team", "channel")
    steady = pl.col("category").is_in(["sales_salary", "commission"])
    swing = pl.when(steady).then(1.0).otherwise(draw.uniform(ledger.height, 0.8, 1.2))
    return ledger.with_columns(
        cost_id=pl.format("K{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)),
        spent_on=pl.col("month").dt.month_end(),
        initiative_id=pl.lit(None, dtype=pl.String),
        amount=(pl.col("amount") * swing).round(2),
    )


def _of_staff(reps: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Salaries, tools, training and travel of those employed at the end of each month."""
    end = pl.col("month").dt.month_end()
    paid = reps.join(months, how="cross", maintain_order="left_right").filter(
        (pl.col("hired_at") <= end) & (pl.col("left_at").is_null() | (pl.col("left_at") > end))
    )
    salary = pl.col("role").replace_strict(_SALARY, return_dtype=pl.Float64).sum()
    per_head = {category: (pl.len() * price).cast(pl.Float64) for category, price in _PER_HEAD.items()}
    wide = paid.group_by("month", "team").agg(sales_salary=salary, **per_head)
    return wide.unpivot(index=["month", "team"], variable_name="category", value_name="amount")


def _commission(reps: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    won = deals.filter(pl.col("status") == "won").select("amount", "closed_on", rep_id=owner(pl.col("until") - 1))
    by_team = won.join(reps.select("rep_id", "team"), on="rep_id", maintain_order="left")
    by_month = by_team.group_by("team", month=pl.col("closed_on").dt.truncate("1mo"))
    return by_month.agg(amount=(_COMMISSION * pl.col("amount")).sum()).with_columns(category=pl.lit("commission"))


def _of_company(months: pl.DataFrame, scale: int) -> pl.DataFrame:
    spent = pl.DataFrame({"channel": list(_MARKETING), "amount": [float(scale * cost) for cost in _MARKETING.values()]})
    marketing = months.join(spent, how="cross").with_columns(category=pl.lit("marketing"))
    overhead = months.with_columns(category=pl.lit("overhead"), amount=pl.lit(float(_OVERHEAD)))
    return pl.concat([marketing, overhead], how="diagonal")
