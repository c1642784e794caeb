"""What is expected: forecasts that teams and sellers submit, and the market outside."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids, quarters, to

#: When a forecast is submitted (working days before the quarter opens, from and up to), and how far off it may be.
_ROUNDS = {"early": (20, 25, 0.15), "late": (0, 3, 0.05), "within": (-32, -28, 0.02)}
#: A single seller's quarter is so many times harder to foresee than a team's.
_OFF_OF_REP = 4
#: How the market is divided.
_REGIONS = {"EMEA": 0.45, "Americas": 0.40, "APAC": 0.15}
_FAMILIES = {"Platform": 0.50, "Analytics": 0.18, "Automation": 0.20, "Services": 0.12}
#: What others ask for the same, beside our price.
_CHEAPER = 0.92


def forecasts(quotas: pl.DataFrame, deals: pl.DataFrame, reps: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What sellers, teams and the company expect to win in each quarter; teams say it early, late and once within."""
    expected = _expected(quotas, _won(deals, reps)).join(_rounds(), how="cross", maintain_order="left_right")
    kept = expected.filter((pl.col("owner_kind") == "team") | (pl.col("round") == "late"))
    submitted = _submitted(kept, reps, Draw(seed, "forecasts"))
    made = pl.concat([submitted, _added_up(submitted)]).filter(pl.col("made").is_between(0, END - 1))
    return made.sort("made", "owner_kind", "owner_id").with_columns(
        forecast_id=ids("F"),
        made_at=instant(pl.col("made")),
        ends_on=pl.col("starts_on").dt.offset_by("1q") - pl.duration(days=1),
    )


def _won(deals: pl.DataFrame, reps: pl.DataFrame) -> pl.DataFrame:
    """What each seller and each team won in each quarter."""
    teams = reps.select("team", owner_rep_id="rep_id")
    won = deals.filter(pl.col("status") == "won").join(teams, on="owner_rep_id", how="left", maintain_order="left")
    quarter = pl.col("closed_at").dt.date().dt.truncate("1q")
    return pl.concat(
        won.group_by(starts_on=quarter, owner_id=owner, owner_kind=pl.lit(kind)).agg(won=pl.col("amount").sum())
        for kind, owner in {"rep": "owner_rep_id", "team": "team"}.items()
    )


def _expected(quotas: pl.DataFrame, won: pl.DataFrame) -> pl.DataFrame:
    """What a perfect forecast would say; of the quarter ahead, that the goal is just missed."""
    whole = pl.col("starts_on").dt.truncate("1q") == pl.col("starts_on")
    goals = quotas.filter(whole, pl.col("owner_kind") != "company")
    goals = goals.select("owner_kind", "owner_id", "starts_on", goal="amount")
    known = goals.join(won, on=["owner_kind", "owner_id", "starts_on"], how="left", maintain_order="left")
    usual = pl.col("goal") * pl.when(pl.col("starts_on") > truth.LAST_DAY).then(0.95).otherwise(0.1)
    return known.with_columns(perfect=pl.coalesce("won", usual))


def _rounds() -> pl.DataFrame:
    rows = [(name, *limits) for name, limits in _ROUNDS.items()]
    return pl.DataFrame(rows, schema=["round", "from", "to", "off"], orient="row")


def _submitted(expected: pl.DataFrame, reps: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The perfect forecast, off by chance, and in one team by habit."""
    n = expected.height
    biased = reps.filter(pl.col("team") == truth.OVERCONFIDENT_TEAM)["rep_id"].to_list()
    habit = pl.col("owner_id").is_in([truth.OVERCONFIDENT_TEAM, *biased]) & (pl.col("round") != "within")
    times = pl.when(pl.col("owner_kind") == "rep").then(_OFF_OF_REP).otherwise(1)
    chance = (pl.lit(draw.spread(n, 1.0)).log() * pl.col("off") * times).exp()
    before = pl.col("from") + pl.lit(draw.uniform(n)) * (pl.col("to") - pl.col("from"))
    amount = pl.col("perfect") * chance * pl.when(habit).then(truth.FORECAST_BIAS).otherwise(1.0)
    return expected.select(
        "owner_kind", "owner_id", "starts_on", "round",
        made=minute(pl.col("starts_on")) - (before * DAY).cast(pl.Int64) - 1,
        amount=to(amount, 1_000),
    )  # fmt: skip


def _added_up(submitted: pl.DataFrame) -> pl.DataFrame:
    """The company's forecast is the sum of its teams', put once the last of them is in."""
    of_teams = submitted.filter(pl.col("owner_kind") == "team").group_by("starts_on", "round", maintain_order=True)
    company = of_teams.agg(pl.col("amount").sum(), made=pl.col("made").max() + 1)
    return company.with_columns(owner_kind=pl.lit("company"), owner_id=pl.lit("company")).select(submitted.columns)


def market(order_lines: pl.DataFrame, orders: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Each quarter's market by region and family, and by region alone the accounts that could be customers.

    The whole market is so large that the company's share of it is the planted one; the parts are planted shares
    of the whole, so that the company is strong here and weak there.
    """
    sold = order_lines.join(orders.select("order_id", "ordered_at"), on="order_id", maintain_order="left")
    own = sold.group_by(starts_on=pl.col("ordered_at").dt.date().dt.truncate("1q")).agg(
        pl.col("revenue", "quantity").sum()
    )
    first, last = truth.MARKET_SHARE
    share = first + (last - first) * pl.col("number") / (pl.len() - 1)
    spans = quarters().join(own, on="starts_on", how="left", maintain_order="left").with_columns(share=share)
    parts = pl.concat([_sold_outside(spans), _addressable(spans, accounts)], how="diagonal")
    return parts.sort("starts_on", "region", "product_family").with_columns(market_id=ids("M", 4))


def _sold_outside(spans: pl.DataFrame) -> pl.DataFrame:
    part = pl.DataFrame(
        [(region, family, a * b) for region, a in _REGIONS.items() for family, b in _FAMILIES.items()],
        schema=["region", "product_family", "part"],
        orient="row",
    )
    divided = spans.join(part, how="cross", maintain_order="left_right")
    return divided.select(
        "starts_on", "ends_on", "region", "product_family",
        total_revenue=to(pl.col("revenue") / pl.col("share") * pl.col("part"), 1_000),
        total_units=(pl.col("quantity") / pl.col("share") * pl.col("part")).round(),
        average_price=(pl.col("revenue") / pl.col("quantity") * _CHEAPER).round(),
    )  # fmt: skip


def _addressable(spans: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Rows of a region without a family, so that no account counts twice."""
    customers = accounts.filter(pl.col("became_customer_at").is_not_null() & pl.col("ended_at").is_null()).height
    region = pl.DataFrame({"region": list(_REGIONS), "part": list(_REGIONS.values())})
    in_all = round(customers / truth.MARKET_PENETRATION)
    divided = spans.join(region, how="cross", maintain_order="left_right")
    return divided.select(
        "starts_on", "ends_on", "region", addressable_accounts=(in_all * pl.col("part")).round().cast(pl.Int64)
    )
