"""Ramp: how many months after joining sellers win their first deal and meet their first quota."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.survival import kaplan_meier
from kpitools.analyses.view import AsOf, Schema, column_or_null, last_day, need, seen, shaped
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset

#: Days in a month of age.
MONTH = 365.25 / 12
FIRST_DEAL, FULL_QUOTA = "first deal won", "first quota met"
RAMP: Schema = {
    "milestone": pl.String,
    "months": pl.Float64,
    "reached": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "at_risk": pl.Int64,
    "events": pl.Int64,
}


def ramp_curves(data: Dataset, *, as_of: AsOf = None) -> pl.DataFrame:
    """The share of sellers who have won a first deal, and met a first quota, by months since they were hired.

    Who is not there yet counts for as long as seen, and so does who left before (Kaplan-Meier turned over). Sellers
    hired before the first deal of the data was opened are left out: what they won first is not in it. So are those of
    a role in which nobody owns deals, or has a quota: they are not on the way there.

    Args:
        data: reps with hired_at, deals with owner_rep_id, status, created_at and closed_at; quotas of reps with
            starts_on, ends_on and amount, and deals.amount, for the second curve.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.

    Returns:
        milestone (`first deal won`, `first quota met`: on the last day of that quota), months (since hire), reached
        (percent), lower, upper (95 %; null at 0 and 100 percent), at_risk (sellers not there yet), events.

    Raises:
        EvaluationError: the data lacks what is needed.
    """
    view = seen(data, as_of)
    need("The ramp", view, "reps.hired_at", *(f"deals.{name}" for name in DEALS))
    owners = view["deals"].select(rep_id="owner_rep_id")
    parts = [_observed(view, FIRST_DEAL, owners, _first_deals(view))]
    if _has_quotas(view):
        parts.append(_observed(view, FULL_QUOTA, _rep_quotas(view), _first_quotas(view)))
    observed = pl.concat(parts).collect()
    if observed.is_empty():
        return pl.DataFrame(schema=RAMP)
    curve = kaplan_meier(observed).with_columns(
        milestone="group",
        months=pl.col("age") / MONTH,
        reached=100 - pl.col("survival"),
        low=100 - pl.col("upper"),
        high=100 - pl.col("lower"),
    )
    return shaped(curve.drop("lower", "upper").rename({"low": "lower", "high": "upper"}), RAMP)


DEALS = ("owner_rep_id", "status", "created_at", "closed_at")
QUOTAS = ("rep_id", "owner_kind", "starts_on", "ends_on", "amount")


def _has_quotas(view: Dataset) -> bool:
    known = "quotas" in view and {*QUOTAS} <= {*view.columns("quotas")}
    return known and "amount" in view.columns("deals")


def _first_deals(view: Dataset) -> pl.LazyFrame:
    """`rep_id` and `reached_on`: when each rep won a first deal."""
    won = view["deals"].filter(pl.col("status") == "won", pl.col("closed_at").is_not_null())
    return won.group_by(rep_id="owner_rep_id").agg(reached_on=pl.col("closed_at").min().cast(pl.Date))


def _rep_quotas(view: Dataset) -> pl.LazyFrame:
    """What reps, each for itself, are to sell."""
    quotas = view["quotas"].select(*QUOTAS, column_or_null(view, "quotas", "measure", pl.String))
    revenue = pl.col("measure").is_null() | (pl.col("measure") == "revenue")
    return quotas.filter(pl.col("owner_kind") == "rep", revenue)


def _first_quotas(view: Dataset) -> pl.LazyFrame:
    """The same for the last day of the first quota met, of those that have ended."""
    ended = _rep_quotas(view).filter(pl.col("ends_on") <= pl.lit(last_day(view), pl.Date))
    won = (
        view["deals"]
        .filter(pl.col("status") == "won")
        .select(rep_id="owner_rep_id", day=pl.col("closed_at").cast(pl.Date), sold="amount")
    )
    within = pl.col("day").is_between("starts_on", "ends_on")
    sold = ended.join(won, on="rep_id").filter(within).group_by("rep_id", "starts_on", "ends_on", "amount")
    met = sold.agg(pl.col("sold").sum()).filter(pl.col("sold") >= pl.col("amount"), pl.col("amount") > 0)
    return met.group_by("rep_id").agg(reached_on=pl.col("ends_on").min())


def _observed(view: Dataset, milestone: str, able: pl.LazyFrame, reached: pl.LazyFrame) -> pl.LazyFrame:
    """`group`, `age` and `ended` of each seller hired within the data, of a role in which somebody can get there."""
    since = view["deals"].select(pl.col("created_at").min().cast(pl.Date)).collect().item()
    seller = column_or_null(view, "reps", "is_seller", pl.Boolean).fill_null(True)
    left = column_or_null(view, "reps", "left_at", pl.Date)
    reps = view["reps"].with_columns(column_or_null(view, "reps", "role", pl.String))
    roles = reps.join(able, on="rep_id", how="semi").select("role").unique()
    within = pl.col("hired_at") >= pl.lit(since, pl.Date)
    hired = reps.filter(seller, within).join(roles, on="role", how="semi", nulls_equal=True)
    joined = hired.select("rep_id", "hired_at", left).join(reached, on="rep_id", how="left")
    until = pl.coalesce("reached_on", pl.min_horizontal("left_at", pl.lit(last_day(view), pl.Date)))
    aged = joined.select(
        group=pl.lit(milestone), age=days_between("hired_at", until), ended=pl.col("reached_on").is_not_null()
    )
    return aged.filter(pl.col("age") >= 0)
