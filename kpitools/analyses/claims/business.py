"""Claims about the whole: loyal staff, activity and pipeline, coverage and quota, retention and what customers cost."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from kpitools.analyses.chance import Share
from kpitools.analyses.claims.finding import Effect, correlation, ratio_of_shares, shares
from kpitools.analyses.view import last_day
from kpitools.evaluation.evaluate import evaluate
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset

Told = tuple[pl.DataFrame, Effect | None]
AFTER_DAYS = 180
QUARTERS = 8
ENOUGH_COVERAGE = 3.0
THIRDS = ("lowest third", "middle third", "highest third")


def loyal_staff(data: Dataset) -> Told:
    """Customers whose rep left against customers of reps who stayed: how many ended within half a year.

    Those whose rep stayed are followed from the middle of the time that the data covers.
    """
    seen = last_day(data) or date.min
    reps = data["reps"].select("rep_id", "left_at")
    owned = data["accounts"].filter(pl.col("became_customer_at").is_not_null())
    owned = owned.join(reps, left_on="owner_rep_id", right_on="rep_id")
    first = owned.select(pl.col("became_customer_at").min()).collect().item() or seen
    middle = first + (seen - first) / 2
    since = pl.coalesce("left_at", pl.lit(middle))
    there = (pl.col("became_customer_at") < since) & (pl.col("ended_at").is_null() | (pl.col("ended_at") >= since))
    rows = owned.filter(there, since <= seen - timedelta(AFTER_DAYS)).select(
        group=pl.when(pl.col("left_at").is_not_null()).then(pl.lit("rep left")).otherwise(pl.lit("rep stayed")),
        hit=(pl.col("ended_at") < since + pl.duration(days=AFTER_DAYS)).fill_null(False),
    )
    counts = rows.group_by("group").agg(some=pl.col("hit").sum(), of=pl.len()).collect()
    found = {row["group"]: Share(row["some"], row["of"]) for row in counts.iter_rows(named=True)}
    left, stayed = (found.get(name, Share(0, 0)) for name in ("rep left", "rep stayed"))
    figures = shares([("rep left", left.some, left.of), ("rep stayed", stayed.some, stayed.of)])
    return figures, ratio_of_shares(left, stayed)


def activity_makes_pipeline(data: Dataset) -> Told:
    """Reps' sales actions beside the pipeline they made, each as a share of the mean of their role in the quarter.

    Roles are kept apart: who opens doors all day owns few deals.
    """
    return _together(data, "activity_volume", "pipeline_generated", by="rep", alike=("role",))


def engagement_converts(data: Dataset) -> Told:
    """Teams' engagement of prospects beside their win rate, quarter by quarter."""
    return _together(data, "prospect_engagement_level", "win_rate", by="team")


def retention_saves_costs(data: Dataset) -> Told:
    """Teams' customer retention beside what a new customer costs them, quarter by quarter.

    Lifetime value is left out: its formula holds how long customers stay, so it rises with retention in any data.
    """
    return _together(data, "customer_retention_rate", "customer_acquisition_cost", by="team")


def coverage_is_enough(data: Dataset) -> Told:
    """Teams that began a quarter with three times their quota in open deals against the others: how many made it."""
    rows = _by_quarter(data, ["pipeline_coverage_ratio", "team_quota_attainment"], by="team").drop_nulls()
    covered = pl.col("pipeline_coverage_ratio") >= ENOUGH_COVERAGE
    counts = rows.group_by(covered.alias("covered")).agg(
        some=(pl.col("team_quota_attainment") >= 100).sum(), of=pl.len()
    )
    found = {row["covered"]: Share(row["some"], row["of"]) for row in counts.iter_rows(named=True)}
    enough, less = found.get(True, Share(0, 0)), found.get(False, Share(0, 0))
    figures = shares([("three times and more", enough.some, enough.of), ("less", less.some, less.of)])
    return figures, ratio_of_shares(enough, less)


def _together(data: Dataset, one: str, other: str, *, by: str, alike: tuple[str, ...] = ()) -> Told:
    """Two KPIs by group and quarter: thirds of the first with the mean of the second, and their correlation."""
    rows = _by_quarter(data, [one, other], by=by, alike=alike).drop_nulls()
    level = [(pl.col(name) / pl.col(name).mean().over("period", *alike)).alias(name) for name in (one, other)]
    compared = rows.with_columns(level).filter(pl.col(one).is_finite(), pl.col(other).is_finite())
    third = (pl.col(one).rank("ordinal") - 1) * 3 // pl.len()
    thirds = compared.with_columns(third=third).group_by("third").agg(value=100 * pl.col(other).mean(), n=pl.len())
    figures = thirds.sort("third").select(
        group=pl.col("third").replace_strict(dict(enumerate(THIRDS)), default=None, return_dtype=pl.String),
        value=pl.col("value"), lower=pl.lit(None, pl.Float64), upper=pl.lit(None, pl.Float64), n=pl.col("n"),
    )  # fmt: skip
    return figures.cast({"n": pl.Int64}), correlation(compared, one, other)


def _by_quarter(data: Dataset, kpis: list[str], *, by: str, alike: tuple[str, ...] = ()) -> pl.DataFrame:
    """The KPIs side by side, by group and quarter."""
    groups = (by, *alike)
    frame = evaluate(kpis, data, periods=_quarters(data), by=groups).frame.filter(pl.col(by).is_not_null())
    return frame.pivot("kpi", index=[*groups, "period"], values="value")


def _quarters(data: Dataset) -> list[Period]:
    """The last quarters that are over on the last day seen."""
    seen = last_day(data) or date.min
    here = RegularCalendar("quarter").containing(seen + timedelta(1))
    found: list[Period] = []
    while len(found) < QUARTERS and (before := here.previous()):
        found.append(before)
        here = before
    return found[::-1]
