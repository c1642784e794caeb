"""New ways of working: strategies, tools, techniques, campaigns; what they cost, brought, and who took them up."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids, later, past, quarters, to

_ROWS = (
    ("strategy", "Named accounts first", date(2023, 11, 6), "win_rate", 0.6),
    ("tool", "Call library", date(2024, 2, 5), "win_rate", truth.ADOPTION["Call library"]),
    ("technique", "Mutual action plan", date(2024, 5, 13), "sales_cycle_length", 0.5),
    ("tool", "Quote builder", date(2024, 9, 2), "sales_cycle_length", 0.7),
    ("strategy", "Partner led entry", date(2025, 1, 13), "total_sales_revenue", 0.4),
    ("tool", "Territory planner", date(2025, 2, 24), "sales_per_rep", truth.ADOPTION["Territory planner"]),
    ("technique", "Two seller demo", date(2025, 6, 2), "win_rate", 0.45),
    ("tool", "Meeting notes", date(2025, 10, 13), "sales_per_rep", 0.65),
    ("strategy", "Asia-Pacific launch kit", date(2025, 11, 3), "total_sales_revenue", 0.3),
    ("technique", "Price last", date(2026, 1, 19), "average_deal_size", 0.5),
    ("tool", "Renewal radar", date(2026, 4, 13), "sales_per_rep", 0.55),
    ("tool", "Champion letters", date(2026, 7, 6), "win_rate", 0.4),
)
#: The channels campaigns run on, one after the other.
_CHANNELS = ("Event", "Partner", "Website", "Outbound")
_TOOL_RETURN = 1.6
#: Days from its start on in which the money for tools goes into a new one, and days a strategy is followed.
_PAID_FOR, _STRATEGY_DAYS = 100, 270
#: Share of those who took something up that still use it.
_STICKS = 0.8


def initiatives(costs: pl.DataFrame) -> pl.DataFrame:
    """A campaign in each quarter, and what else was tried; with `category`, `channel`, `spent_until` of their costs."""
    made = pl.concat([_campaigns(), _others()], how="diagonal").sort("started_on", "name")
    made = made.with_columns(initiative_id=ids("I", 3), ended_on=past(pl.col("ended_on")))
    spent = with_initiatives(costs, made).group_by("initiative_id").agg(spent=pl.col("amount").sum())
    times = pl.when(pl.col("kind") == "campaign").then(truth.CAMPAIGN_RETURN).otherwise(_TOOL_RETURN)
    known = made.join(spent, on="initiative_id", how="left", maintain_order="left")
    return known.with_columns(attributed_revenue=to(times * pl.col("spent"), 100))


def _others() -> pl.DataFrame:
    """Strategies have an end; of the others, tools cost money."""
    rows = pl.DataFrame(_ROWS, schema=["kind", "name", "started_on", "focus_kpi", "adoption"], orient="row")
    return rows.with_columns(
        category=pl.when(pl.col("kind") == "tool").then(pl.lit("tools")),
        spent_until=later("started_on", _PAID_FOR),
        ended_on=pl.when(pl.col("kind") == "strategy").then(later("started_on", _STRATEGY_DAYS)),
    )


def _campaigns() -> pl.DataFrame:
    season = {1: "Winter", 2: "Spring", 3: "Summer", 4: "Autumn"}
    spans = quarters()
    quarter, year = pl.col("starts_on").dt.quarter(), pl.col("starts_on").dt.year()
    channel = (pl.col("number") % len(_CHANNELS)).replace_strict(dict(enumerate(_CHANNELS)), return_dtype=pl.String)
    return spans.select(
        kind=pl.lit("campaign"),
        name=pl.format("{} campaign {}", quarter.replace_strict(season, return_dtype=pl.String), year),
        started_on=pl.col("starts_on").dt.truncate("1w").dt.offset_by("1w"),
        ended_on="ends_on",
        focus_kpi=pl.lit("new_leads_added"),
        category=pl.lit("marketing"),
        channel=channel,
        spent_until="ends_on",
    )


def with_initiatives(costs: pl.DataFrame, initiatives: pl.DataFrame) -> pl.DataFrame:
    """The ledger with the initiative each row was spent for: a campaign's channel, the tools bought for a new tool."""
    spans = initiatives.filter(pl.col("category").is_not_null()).select(
        "category", "channel", "initiative_id", "started_on", "spent_until"
    )
    found = (
        costs.drop("initiative_id")
        .join(spans, on=["category", "channel"], nulls_equal=True)
        .filter(pl.col("spent_on").is_between("started_on", "spent_until"))
        .select("cost_id", "initiative_id")
        .unique("cost_id")
    )
    return costs.drop("initiative_id").join(found, on="cost_id", how="left", maintain_order="left")


def initiative_users(initiatives: pl.DataFrame, reps: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Who took up each strategy, tool or technique, and until when."""
    draw = Draw(seed, "initiative users")
    offered = initiatives.filter(pl.col("adoption").is_not_null()).join(
        reps.filter("is_seller").select("rep_id", "hired_at", "left_at"), how="cross", maintain_order="left_right"
    )
    took = offered.filter(pl.lit(draw.uniform(offered.height)) < pl.col("adoption"))
    used = _used(took, draw)
    return used.filter(pl.col("first_used_at") <= pl.col("last_used_at")).sort("initiative_id", "rep_id")


def _used(took: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """First within weeks; last these days, or when it or the rep ended, or when the rep gave it up."""
    n = took.height
    first = later(pl.max_horizontal("started_on", "hired_at"), draw.waiting(n, 25).clip(0, 80).floor())
    until = pl.min_horizontal("left_at", "ended_on", pl.lit(truth.LAST_DAY))
    gave_up = later(first, draw.whole(n, 10, 200))
    last = pl.when(draw.chance(n, _STICKS)).then(later(until, -draw.whole(n, 1, 15))).otherwise(gave_up)
    return took.with_columns(first_used_at=first, last_used_at=pl.min_horizontal(last, until))
