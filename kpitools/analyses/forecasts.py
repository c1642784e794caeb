"""What was forecast beside what was then won: how far off, to which side, by whom and how long before."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpitools.analyses.view import AsOf, Schema, cents, choose, last_day, money, need, percent, seen
from kpitools.evaluation.intervals import t_interval
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset

#: Lead times, longest first: what a forecast made that many days before the span began is called.
LEADS = ("over 14 days before", "up to 14 days before", "within the period")
EARLY = 14
LEVELS = ("rep", "team", "company")
ERRORS: Schema = {
    "level": pl.String,
    "owner": pl.String,
    "starts_on": pl.Date,
    "ends_on": pl.Date,
    "made_at": pl.Datetime("us"),
    "lead_days": pl.Int64,
    "lead": pl.String,
    "lead_position": pl.Int64,
    "forecast": pl.Float64,
    "actual": pl.Float64,
    "error": pl.Float64,
}
SUMS: Schema = {
    "forecasts": pl.Int64,
    "forecast": pl.Float64,
    "actual": pl.Float64,
    "bias": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "off": pl.Float64,
}


def forecast_errors(data: Dataset, *, as_of: AsOf = None) -> pl.DataFrame:
    """Every owner's last forecast of each lead time for each span that is over, beside what was won in it.

    Args:
        data: forecasts, deals with closed_at, status, amount and owner_rep_id, and reps with team.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.

    Returns:
        level (rep, team, company), owner (a rep's label, a team), starts_on, ends_on, made_at, lead_days (days from
        the forecast to the first day of the span, negative within it), lead and lead_position (longest first),
        forecast, actual (won on the days of the span by the deals' owners), error (forecast less actual). In a slice,
        forecasts of the whole company have no row: its deals are not there.

    Raises:
        EvaluationError: the data lacks what is needed.
    """
    view = seen(data, as_of)
    need("Forecasts beside what was won", view, "forecasts.owner_kind", "forecasts.made_at", "forecasts.amount",
         "deals.closed_at", "deals.status", "deals.amount", "deals.owner_rep_id", "reps.team")  # fmt: skip
    levels = LEVELS[:2] if view.is_part else LEVELS
    over = pl.col("ends_on") <= pl.lit(last_day(view), pl.Date)
    known = view["forecasts"].filter(over, pl.col("owner_kind").is_in(levels), pl.col("amount").is_not_null())
    labels = view.lookups["reps"].select(owner_id="rep_id", name="label", owner_kind=pl.lit("rep"))
    named = known.join(labels, on=["owner_kind", "owner_id"], how="left")
    led = _with_lead(named.with_columns(owner=pl.coalesce("name", "owner_id")))
    keys = ["owner_kind", "owner_id", "starts_on", "ends_on"]
    last = led.sort("made_at", "forecast_id").group_by(*keys, "lead_position", maintain_order=True).last()
    actual = _won(view, last.select(keys).unique())
    found = last.join(actual, on=keys, how="left").with_columns(pl.col("won").fill_null(0))
    rows = found.with_columns(
        level="owner_kind", forecast=money(cents(pl.col("amount"))), actual=money(pl.col("won")),
        error=money(cents(pl.col("amount")) - pl.col("won")),
    )  # fmt: skip
    ordered = rows.sort("level", "owner", "owner_id", "starts_on", "lead_position").collect()
    return ordered.select(pl.col(name).cast(kind) for name, kind in ERRORS.items())


def _with_lead(forecasts: pl.LazyFrame) -> pl.LazyFrame:
    days = days_between("made_at", "starts_on")
    position = pl.when(days > EARLY).then(0).when(days > 0).then(1).otherwise(2)
    words = position.replace_strict(dict(enumerate(LEADS)), return_dtype=pl.String)
    within = pl.col("made_at").cast(pl.Date) <= pl.col("ends_on")
    return forecasts.filter(within).with_columns(lead_days=days, lead=words, lead_position=position)


def _won(view: Dataset, spans: pl.LazyFrame) -> pl.LazyFrame:
    """What each owner won on the days of each span, in whole cents."""
    teams = view.lookups["reps"].select(owner_rep_id="rep_id", team="team")
    won = view["deals"].filter(pl.col("status") == "won").join(teams, on="owner_rep_id", how="left")
    owners = {"rep": pl.col("owner_rep_id"), "team": pl.col("team"), "company": pl.lit(None, pl.String)}
    sold = pl.concat(
        won.select(
            owner_kind=pl.lit(level), of=owner, day=pl.col("closed_at").cast(pl.Date), worth=cents(pl.col("amount"))
        )
        for level, owner in owners.items()
    )
    of = pl.when(pl.col("owner_kind") != "company").then("owner_id")
    met = spans.with_columns(of=of).join(sold, on=["owner_kind", "of"], how="inner", nulls_equal=True)
    inside = met.filter(pl.col("day") >= pl.col("starts_on"), pl.col("day") <= pl.col("ends_on"))
    return inside.group_by("owner_kind", "owner_id", "starts_on", "ends_on").agg(won=pl.col("worth").sum())


def last_before(errors: pl.DataFrame) -> pl.DataFrame:
    """Of each span the last forecast that its owner made before it began.

    The forecasts of one span are off together, so an interval for an owner takes one of each.

    Args:
        errors: the frame of `forecast_errors`.
    """
    early = errors.filter(pl.col("lead_days") > 0).sort("lead_position", maintain_order=True)
    kept = early.unique(["level", "owner", "starts_on", "ends_on"], keep="last", maintain_order=True)
    return kept.sort("level", "owner", "starts_on", maintain_order=True)


def forecast_bias(errors: pl.DataFrame, *, by: Sequence[str] = ("level", "lead")) -> pl.DataFrame:
    """How far forecasts lay above or below what was won, taken together.

    Args:
        errors: the frame of `forecast_errors`, or some of its rows.
        by: what to tell apart: any of level, owner and lead.

    Returns:
        the columns of `by`, forecasts (how many), forecast and actual (sums), bias (forecast less actual in percent of
        actual; above 0 where too much was promised) with lower and upper (t interval of the mean error, null for fewer
        than two), off (the size of the errors in percent of actual, whatever their side). Percentages are null where
        nothing was won.

    Raises:
        UnknownNameError: `by` names something else.

    >>> rows = {"level": ["team"] * 2, "forecast": [120.0, 90.0], "actual": [100.0, 100.0], "error": [20.0, -10.0]}
    >>> forecast_bias(pl.DataFrame(rows), by=["level"]).select("level", "forecasts", "bias", "off").row(0)
    ('team', 2, 5.0, 15.0)
    """
    for name in by:
        choose("way to tell forecasts apart", name, ("level", "owner", "lead"))
    order = [name if name != "lead" else "lead_position" for name in by]
    keys = [*by, *(["lead_position"] if "lead" in by else [])]
    error = pl.col("error")
    sums = errors.group_by(keys).agg(
        forecasts=pl.len(), forecast=money(cents(pl.col("forecast")).sum()),
        actual=money(cents(pl.col("actual")).sum()), mean=error.mean(), spread=error.std(),
        missed=money(cents(error.abs()).sum()),
    )  # fmt: skip
    low, high = t_interval(pl.col("mean"), pl.col("spread"), pl.col("forecasts"))
    usual = pl.col("actual") / pl.col("forecasts")
    found = sums.with_columns(
        bias=percent(pl.col("forecast") - pl.col("actual"), pl.col("actual")),
        lower=percent(low, usual), upper=percent(high, usual), off=percent(pl.col("missed"), pl.col("actual")),
    )  # fmt: skip
    return found.sort(order, nulls_last=True).select(*by, *(pl.col(name).cast(kind) for name, kind in SUMS.items()))
