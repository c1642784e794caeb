"""Coaching: whom managers take aside for six weeks, and when."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw
from kpitools.sample.rows import employed, ids, later, past

_COACHING_DAYS = 42
#: Share of the account executives that are coached at all: the others show what happens without it.
_COACHED = 0.6
#: Coaching that ends from here on is too recent for its effect to be seen; so much of what might be done is done.
_NO_EFFECT_YET = date(2026, 4, 4)
_RECENT = 0.05
#: What coaching aims at; the coached get better at both.
_FOCUS = {"win_rate": 1, "sales_per_rep": 2}


def coaching(reps: pl.DataFrame, deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Account executives coached by their manager for six weeks.

    Deals are as they are: of all the weeks in which somebody might have been coached, those are taken after which
    they got better than those who never are. The latest coaching has no effect to be seen yet.
    """
    draw = Draw(seed, "coaching")
    sellers = reps.filter(pl.col("role") == "ae").select("rep_id", "manager_rep_id", "hired_at", "left_at")
    sellers = sellers.with_columns(coached=draw.chance(sellers.height, _COACHED))
    might = _might_be_coached(sellers)
    too_early = might["ended_at"].ge(_NO_EFFECT_YET) & draw.chance(might.height, _RECENT)
    better = might["ended_at"].lt(_NO_EFFECT_YET) & _gets_better(might, _by_day(deals, sellers))
    chosen = _one_in_a_quarter(might.filter(better | too_early), draw).sort("started_at", "rep_id")
    return chosen.with_columns(
        coaching_id=ids("H", 4),
        coach_rep_id="manager_rep_id",
        ended_at=past(pl.col("ended_at")),
        focus_kpi=draw.pick(chosen.height, _FOCUS),
    )


def _might_be_coached(sellers: pl.DataFrame) -> pl.DataFrame:
    starts = pl.DataFrame({"started_at": pl.date_range(date(2023, 12, 4), truth.LAST_DAY, "2w", eager=True)})
    might = sellers.filter("coached").join(starts, how="cross", maintain_order="left_right")
    might = might.with_columns(ended_at=later("started_at", _COACHING_DAYS))
    return might.filter(employed(later("started_at", -60), "ended_at"))


def _by_day(deals: pl.DataFrame, sellers: pl.DataFrame) -> pl.DataFrame:
    """What each of them won on each day: money, deals, and of how many."""
    won = pl.col("status") == "won"
    closed = deals.filter(pl.col("closed_at").is_not_null()).group_by(
        rep_id="owner_rep_id", day=pl.col("closed_at").dt.date()
    )
    sums = closed.agg(money=pl.col("amount").filter(won).sum(), won=won.sum(), closed=pl.len())
    return sums.join(sellers.select("rep_id", "coached"), on="rep_id").sort("rep_id", "day")


def _gets_better(might: pl.DataFrame, by_day: pl.DataFrame) -> pl.Series:
    """Whether both the money and the share won grow by so much more than with those who are never coached."""
    low, high = truth.COACHED_LIFT
    own, others = by_day.drop("coached"), by_day.filter(~pl.col("coached")).drop("coached", "rep_id")
    grown, usual = _growth(might, own), _growth(might, others)
    better = [(grown[what] / usual[what]).is_between(low, high).fill_null(False) for what in grown.columns]
    return better[0] & better[1]


def _growth(might: pl.DataFrame, by_day: pl.DataFrame) -> pl.DataFrame:
    """`money` and `rate` from 90 to 180 days after each coaching, divided by those of the 90 days before it."""
    after, before = _in_90_days(might, by_day, "ended_at", 90), _in_90_days(might, by_day, "started_at", -90)
    return pl.DataFrame({what: after[what] / before[what] for what in ("money", "rate")})


def _in_90_days(might: pl.DataFrame, by_day: pl.DataFrame, anchor: str, days: int) -> pl.DataFrame:
    """Money and share won in the 90 days from so many days after the anchor on, one row for each of `might`."""
    span = might.select("rep_id", since=later(anchor, days)).with_row_index("row")
    joined = span.join(by_day, on="rep_id") if "rep_id" in by_day.columns else span.join(by_day, how="cross")
    inside = joined.filter(pl.col("day").is_between("since", later("since", 89)))
    sums = inside.group_by("row").agg(pl.col("money").sum(), rate=pl.col("won").sum() / pl.col("closed").sum())
    return span.join(sums, on="row", how="left", maintain_order="left")


def _one_in_a_quarter(might: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    quarter = pl.col("started_at").dt.truncate("1q")
    mixed = might.with_columns(quarter=quarter, luck=draw.uniform(might.height)).sort("luck")
    return mixed.unique(["rep_id", "quarter"], keep="first", maintain_order=True)
