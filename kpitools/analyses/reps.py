"""Reps side by side: what each won, how sure that is, and what the others of the same role did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from kpitools.analyses.view import AsOf, Schema, column_or_null, need, one_period, percent, seen, shaped
from kpitools.errors import UnknownNameError
from kpitools.evaluation.audit import lacks
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.intervals import SMALL
from kpitools.evaluation.windows import Moment, moment
from kpitools.kpis.activity import activity_volume
from kpitools.kpis.conversion import win_rate, win_rate_by_value
from kpitools.kpis.cycle_time import median_sales_cycle_length
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.rep import individual_quota_attainment
from kpitools.measures.aggregates import days_between
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import dimension_paths

REPS: Schema = {
    "rep": pl.String,
    "role": pl.String,
    "team": pl.String,
    "tenure_days": pl.Int64,
    "won": pl.Int64,
    "won_amount": pl.Float64,
    "quota": pl.Float64,
    "attainment": pl.Float64,
    "peers_attainment": pl.Float64,
    "win_rate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "n": pl.Int64,
    "small": pl.Boolean,
    "peers": pl.Float64,
    "overlaps_peers": pl.Boolean,
    "median_cycle": pl.Float64,
    "activities": pl.Int64,
}
BOARD = ("rep", "value", "lower", "upper", "n", "small", "peers", "attainment")


def rep_table(data: Dataset, *, period: str | Period, as_of: AsOf = None, team: str | None = None) -> pl.DataFrame:
    """One row per seller: who was employed in the period, or had a deal closed in it.

    Args:
        data: deals with owner_rep_id, status and closed_at, and reps; quotas and activities where there are any.
        period: the period.
        as_of: the day (to its end) or instant from which the data is seen.
        team: show the sellers of this team; their peers are still those of all teams in the data.

    Returns:
        rep (label), role, team, tenure_days (at the end of the period, or on leaving), won (deals), won_amount, quota
        and attainment (percent; both null without a quota), win_rate (percent) with its Wilson interval lower and
        upper, n (deals closed), small (n under ten), peers (win rate of all other sellers of the same role together),
        overlaps_peers (whether that lies within the interval: then the rep may not differ from them at all),
        peers_attainment (of the same, those with a quota), median_cycle (days from opening to winning), activities.

    Raises:
        EvaluationError: the data lacks what is needed.
        UnknownNameError: no such team.
    """
    view = seen(data, as_of)
    need("The rep table", view, "deals.owner_rep_id", "deals.status", "deals.closed_at")
    if "reps" not in view.lookups:
        need("The rep table", view, "reps.rep_id")
    view = _with_reps_at_hand(view)
    at = moment(one_period(period), view.seen_at)
    table = _roster(view, at)
    for kpi in FIGURES:
        table = _with_figures(table, kpi, view, at)
    table = _beside_peers(table.filter(pl.col("employed") | (pl.col("n") > 0)))
    if team is not None:
        teams = view.members("team") if "team" in view.dimensions("deals") else []
        if team not in teams:
            raise UnknownNameError("team", team, teams)
        table = table.filter(pl.col("team") == team)
    return shaped(table.sort("rep"), REPS)


def _with_reps_at_hand(data: Dataset) -> Dataset:
    """The data with its reps read: each figure looks them up, and a slice would find them anew each time."""
    held = {name: frame.collect().lazy() for name, frame in data.lookups.items() if name == "reps"}
    return replace(data, lookups={**data.lookups, **held})


def _roster(data: Dataset, at: Moment) -> pl.DataFrame:
    """The sellers of the data: its own reps, and the owners of its deals."""
    owners = data["deals"].select(rep_id="owner_rep_id").drop_nulls().unique()
    known = data.lookups["reps"].join(owners, on="rep_id", how="semi")
    reps = pl.concat([data["reps"], known], how="diagonal").unique("rep_id", keep="any") if "reps" in data else known
    names: dict[str, pl.DataType | type[pl.DataType]] = {"role": pl.String, "team": pl.String}
    names |= {"hired_at": pl.Date, "left_at": pl.Date, "is_seller": pl.Boolean}
    rows = reps.select(pl.col("label").alias("rep"), *(column_or_null(data, "reps", *pair) for pair in names.items()))
    hired = pl.col("hired_at").is_null() | (pl.col("hired_at") < at.until)
    there = pl.col("left_at").is_null() | (pl.col("left_at") >= at.period.start)
    last = pl.min_horizontal("left_at", pl.lit(at.until - timedelta(days=1)))
    return (
        rows.filter(pl.col("is_seller").fill_null(True))
        .with_columns(employed=hired & there, tenure_days=days_between("hired_at", last))
        .collect()
    )


#: KPI -> which of its figures the table shows under which name.
FIGURES: dict[Kpi, dict[str, str]] = {
    win_rate: {"value": "win_rate", "lower": "lower", "upper": "upper", "numerator": "won", "denominator": "n"},
    win_rate_by_value: {"numerator": "won_amount"},
    individual_quota_attainment: {"denominator": "quota"},
    median_sales_cycle_length: {"value": "median_cycle"},
    activity_volume: {"value": "activities"},
}
#: Of these, nothing found is 0, where they can be counted at all.
SUMS = ("won", "n", "won_amount", "activities")


def _with_figures(table: pl.DataFrame, kpi: Kpi, data: Dataset, at: Moment) -> pl.DataFrame:
    """The table with some figures of a KPI by rep; nulls where the data does not allow it."""
    columns = FIGURES[kpi]
    tables = {measure.table.name for measure in kpi.measures()}
    if lacks(kpi, data) or not all(name in data and dimension_paths(data, name, "rep") for name in tables):
        return table.with_columns(pl.lit(None, pl.Float64).alias(shown) for shown in columns.values())
    found = evaluate(kpi, data, periods=at.period, by="rep").frame
    figures = found.select("rep", *(pl.col(name).cast(pl.Float64).alias(shown) for name, shown in columns.items()))
    sums = [pl.col(shown).fill_null(0.0) for shown in columns.values() if shown in SUMS]
    return table.join(figures, on="rep", how="left").with_columns(sums)


def _beside_peers(table: pl.DataFrame) -> pl.DataFrame:
    """The table with quota, and the others of the same role together: their wins over their deals."""
    known = table.with_columns(pl.col("won_amount").round(2), quota=pl.when(pl.col("quota") > 0).then("quota").round(2))
    sold = pl.col("won_amount").fill_null(0)
    known = known.with_columns(counted=pl.when(pl.col("quota").is_not_null()).then(sold))
    others = {name: _others(name) for name in ("won", "n", "counted", "quota")}
    compared = known.with_columns(
        small=pl.col("n") < SMALL,
        attainment=percent(sold, pl.col("quota")),
        peers=percent(others["won"], others["n"]),
        peers_attainment=percent(others["counted"], others["quota"]),
    )
    within = (pl.col("peers") >= pl.col("lower")) & (pl.col("peers") <= pl.col("upper"))
    return compared.with_columns(overlaps_peers=within)


def _others(column: str) -> pl.Expr:
    """The sum over the rest of the role."""
    return pl.col(column).sum().over("role") - pl.col(column).fill_null(0)


def leaderboard(table: pl.DataFrame) -> pl.DataFrame:
    """The rep table by win rate, highest first, for the chart and table of that name.

    An order, not a ranking: where `overlaps_peers` is true, the rep cannot be told from the others of the role. Reps
    without a closed deal have no rate and are left out.

    Returns:
        rep, value (win rate), lower, upper, n, small, peers, attainment, overlaps_peers.
    """
    board = table.filter(pl.col("n") > 0).with_columns(value="win_rate")
    board = board.sort("value", "n", "rep", descending=[True, True, False])
    return board.select(*BOARD, "overlaps_peers")


def attainment(table: pl.DataFrame) -> pl.DataFrame:
    """The rep table by attainment of quota, highest first, in the form of the leaderboard; reps with a quota only.

    What somebody sold is not a sample, so it has no interval.

    Returns:
        rep, value (attainment), lower and upper (null), n (deals won), small, peers, won_amount, quota.
    """
    nothing = pl.lit(None, pl.Float64)
    board = table.filter(pl.col("attainment").is_not_null()).select(
        "rep",
        value="attainment",
        lower=nothing,
        upper=nothing,
        n="won",
        small=pl.col("won") < SMALL,
        peers="peers_attainment",
        won_amount="won_amount",
        quota="quota",
    )
    return board.sort("value", "rep", descending=[True, False])
