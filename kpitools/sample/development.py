"""What the team does with its time, and what it knows: timesheets and knowledge tests."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw
from kpitools.sample.rows import employed, ids, later, quarters

_WEEK_OF_WORK = (37, 44)
_ADMIN_SHARE = 0.24
_FREE_FOR_PROJECTS = 40
_TOPICS = {"Products": 4, "Pricing": 2, "Competitors": 2, "Security": 1}
_POINTS = 20


def rep_hours(reps: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The timesheets of all sellers: a week at a time, entered on its Friday.

    Account managers run the projects: they alone have hours to bill. Sales development reps answer the hotline.
    """
    draw = Draw(seed, "rep hours")
    fridays = pl.DataFrame({"day": pl.date_range(date(2023, 10, 6), truth.LAST_DAY, "1w", eager=True)})
    sheets = reps.filter("is_seller").join(fridays, how="cross", maintain_order="left_right")
    sheets = sheets.filter(employed(later("day", -4), "day"))
    sheets = sheets.with_columns(hours_worked=draw.whole(sheets.height, *_WEEK_OF_WORK).cast(pl.Float64))
    return _of_projects(_of_selling(sheets, draw), draw)


def _of_selling(sheets: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n, admin = sheets.height, pl.col("team") == truth.ADMIN_TEAM
    selling = pl.when(admin).then(truth.ADMIN_TEAM_SELLING_SHARE).otherwise(truth.SELLING_SHARE)
    less = truth.SELLING_SHARE - selling
    handling = pl.when(pl.col("role") == "sdr").then(truth.HANDLING_SHARE + pl.lit(draw.uniform(n, -0.06, 0.06)))
    return sheets.with_columns(
        hours_selling=(pl.col("hours_worked") * (selling + pl.lit(draw.uniform(n, -0.08, 0.08)))).round(),
        hours_admin=(pl.col("hours_worked") * (_ADMIN_SHARE + less + pl.lit(draw.uniform(n, -0.06, 0.06)))).round(),
        hours_handling=(pl.col("hours_worked") * handling).round(),
    )


def _of_projects(sheets: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = sheets.height
    free = pl.when(pl.col("role") == "am").then(float(_FREE_FOR_PROJECTS))
    billed = (free * (truth.BILLED_SHARE + pl.lit(draw.uniform(n, -0.15, 0.15)))).round()
    planned = (billed * pl.lit(draw.uniform(n, 0.9, 1.1))).round()
    return sheets.with_columns(hours_available=free, hours_billable=billed, hours_billable_planned=planned)


def assessments(reps: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A test of each seller in each quarter."""
    draw = Draw(seed, "assessments")
    asked = quarters().join(reps.filter("is_seller"), how="cross", maintain_order="left_right")
    asked = asked.with_columns(taken_at=later("starts_on", draw.whole(asked.height, 30, 85)))
    asked = asked.filter(employed(later("taken_at", -14), "taken_at"))
    n = asked.height
    knows = pl.when(pl.col("team") == truth.UNSCHOOLED_TEAM).then(truth.UNSCHOOLED_KNOWLEDGE).otherwise(truth.KNOWLEDGE)
    score = ((knows + pl.lit(draw.uniform(n, -0.2, 0.2))) * _POINTS).round()
    return asked.sort("taken_at", "rep_id").with_columns(
        assessment_id=ids("X"),
        topic=draw.pick(n, _TOPICS),
        score=score,
        max_score=pl.lit(float(_POINTS)),
    )
