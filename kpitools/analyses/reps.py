"""Reps side by side: what each won, how sure that is, and what their peers did."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from kpitools.analyses.alike import deals_held, main_segments, others, ramp_stage, with_alike
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
from kpitools.model.frames import held, replaced
from kpitools.model.lookup import dimension_paths

REPS: Schema = {
    "rep": pl.String,
    "role": pl.String,
    "team": pl.String,
    "tenure_days": pl.Int64,
    "segment": pl.String,
    "ramp_stage": pl.String,
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
    "alike": pl.String,
    "peers_n": pl.Int64,
    "median_cycle": pl.Float64,
    "activities": pl.Int64,
}


#: What `with_sales` adds to the columns of `sellers`.
SOLD = ("won_amount", "quota", "attainment", "peers_attainment", "median_cycle", "activities")
SELLERS: Schema = {name: kind for name, kind in REPS.items() if name not in SOLD}


def rep_table(data: Dataset, *, period: str | Period, as_of: AsOf = None, team: str | None = None) -> pl.DataFrame:
    """One row per seller: who was employed in the period, or had a deal closed in it.

    Peers are the other sellers of the same role, segment and ramp stage; where fewer than five of them closed a deal,
    those of the same role and segment, or else of the same role (`analyses.alike`).

    Args:
        data: deals with owner_rep_id, status and closed_at, and reps; quotas and activities where there are any.
        period: the period.
        as_of: the day (to its end) or instant from which the data is seen.
        team: show the sellers of this team; their peers are still those of all teams in the data.

    Returns:
        rep (label), role, team, tenure_days (at the end of the period, or on leaving), segment (of most of the rep's
        deals so far), ramp_stage (`first year`, `later`), won (deals), won_amount, quota and attainment (percent; both
        null without a quota), peers_attainment (of the peers with a quota, together), win_rate (percent) with its
        Wilson interval lower and upper, n (deals closed), small (n under ten), peers (win rate of the peers together),
        alike (what they have in common), peers_n (how many closed a deal), median_cycle (days from opening to winning),
        activities.

    Raises:
        EvaluationError: the data lacks what is needed.
        UnknownNameError: no such team.
    """
    view = seen(data, as_of)
    table = with_sales(sellers(view, period=period), view, period=period)
    if team is not None:
        teams = view.members("team") if "team" in view.dimensions("deals") else []
        if team not in teams:
            raise UnknownNameError("team", team, teams)
        table = table.filter(pl.col("team") == team)
    return table


def sellers(data: Dataset, *, period: str | Period) -> pl.DataFrame:
    """The sellers of `rep_table` with what the deals they closed say: enough to set win rates side by side.

    Args:
        data: as for `rep_table`, as seen on the day asked for.
        period: the period.

    Returns:
        The columns of `rep_table` without those that `with_sales` adds.

    Raises:
        EvaluationError: the data lacks what is needed.
    """
    need("The rep table", data, "deals.owner_rep_id", "deals.status", "deals.closed_at")
    if "reps" not in data.lookups:
        need("The rep table", data, "reps.rep_id")
    data = _with_reps_at_hand(data)
    at = moment(one_period(period), data.seen_at)
    found = _with_figures(_roster(data, at), CLOSED, data, at)
    there = with_alike(found.filter(pl.col("employed") | (pl.col("n") > 0)))
    beside = there.with_columns(small=pl.col("n") < SMALL, peers=percent(others("won"), others("n")))
    return shaped(beside, SELLERS)


def with_sales(table: pl.DataFrame, data: Dataset, *, period: str | Period) -> pl.DataFrame:
    """The sellers with what they sold, against quota, how long it took, and their activities: all of `rep_table`.

    Args:
        table: the frame of `sellers` of the same data and period.
        data: as for `rep_table`, as seen on the day asked for.
        period: the period.

    Returns:
        The columns of `rep_table`.
    """
    data = _with_reps_at_hand(data)
    found = _with_figures(table, SALES, data, moment(one_period(period), data.seen_at))
    known = found.with_columns(pl.col("won_amount").round(2), quota=pl.when(pl.col("quota") > 0).then("quota").round(2))
    sold = pl.col("won_amount").fill_null(0)
    counted = known.with_columns(counted=pl.when(pl.col("quota").is_not_null()).then(sold))
    beside = counted.with_columns(
        attainment=percent(sold, pl.col("quota")),
        peers_attainment=percent(others("counted"), others("quota")),
    )
    return shaped(beside, REPS)


def _with_reps_at_hand(data: Dataset) -> Dataset:
    """The data with its reps read: each figure looks them up, and a slice would find them anew each time."""
    if "reps" not in data.lookups:
        return data
    reps = held(data.lookups["reps"])
    return data.part(data.frames, replaced(data.lookups, {"reps": lambda: reps}))


def _roster(data: Dataset, at: Moment) -> pl.DataFrame:
    """The sellers of the data: its own reps, and the owners of its deals."""
    deals = deals_held(data)
    known = data.lookups["reps"].join(deals.lazy(), on="rep_id", how="semi")
    reps = pl.concat([data["reps"], known], how="diagonal").unique("rep_id", keep="any") if "reps" in data else known
    names: dict[str, pl.DataType | type[pl.DataType]] = {"role": pl.String, "team": pl.String}
    names |= {"hired_at": pl.Date, "left_at": pl.Date, "is_seller": pl.Boolean}
    columns = [column_or_null(data, "reps", *pair) for pair in names.items()]
    rows = reps.select("rep_id", pl.col("label").alias("rep"), *columns)
    hired = pl.col("hired_at").is_null() | (pl.col("hired_at") < at.until)
    there = pl.col("left_at").is_null() | (pl.col("left_at") >= at.period.start)
    last = pl.min_horizontal("left_at", pl.lit(at.until - timedelta(days=1)))
    selling = rows.filter(pl.col("is_seller").fill_null(True))
    placed = selling.join(main_segments(deals).lazy(), on="rep_id", how="left")
    aged = placed.with_columns(employed=hired & there, tenure_days=days_between("hired_at", last))
    return aged.with_columns(ramp_stage=ramp_stage()).collect().sort("rep", "rep_id")


Figures = dict[Kpi, dict[str, str]]
#: KPI -> which of its figures is shown under which name: what `sellers` gives, and what `with_sales` adds.
CLOSED: Figures = {
    win_rate: {"value": "win_rate", "lower": "lower", "upper": "upper", "numerator": "won", "denominator": "n"}
}
SALES: Figures = {
    win_rate_by_value: {"numerator": "won_amount"},
    individual_quota_attainment: {"denominator": "quota"},
    median_sales_cycle_length: {"value": "median_cycle"},
    activity_volume: {"value": "activities"},
}
#: Of these, nothing found is 0, where they can be counted at all.
SUMS = ("won", "n", "won_amount", "activities")


def _with_figures(table: pl.DataFrame, shown: Figures, data: Dataset, at: Moment) -> pl.DataFrame:
    """The table with figures of KPIs by rep; nulls where the data does not allow them."""
    able = [kpi for kpi in shown if _by_rep(kpi, data)]
    found = evaluate(able, data, periods=at.period, by="rep").frame if able else pl.DataFrame()
    for kpi, columns in shown.items():
        if kpi not in able:
            table = table.with_columns(pl.lit(None, pl.Float64).alias(name) for name in columns.values())
            continue
        named = [pl.col(name).cast(pl.Float64).alias(alias) for name, alias in columns.items()]
        sums = [pl.col(alias).fill_null(0.0) for alias in columns.values() if alias in SUMS]
        figures = found.filter(pl.col("kpi") == kpi.id).select("rep", *named)
        table = table.join(figures, on="rep", how="left", maintain_order="left").with_columns(sums)
    return table


def _by_rep(kpi: Kpi, data: Dataset) -> bool:
    """Whether the data allows the KPI, rep by rep."""
    tables = {measure.table.name for measure in kpi.measures()}
    return not lacks(kpi, data) and all(name in data and dimension_paths(data, name, "rep") for name in tables)
