"""Whom we sell to: accounts, before anything happens to them and after."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute_of
from kpitools.sample.draw import Draw
from kpitools.sample.people import TEAMS, holder, take_seat
from kpitools.sample.words import company, slug

SEGMENTS = {"smb": 0.50, "mid_market": 0.34, "enterprise": 0.16}
INDUSTRIES = {
    "Manufacturing": 5, "Retail": 4, "Software": 4, "Healthcare": 3, "Logistics": 3, "Financial services": 3,
    "Energy": 2, "Public sector": 1,
}  # fmt: skip
CHANNELS = {"Website": 0.30, "Outbound": 0.28, "Partner": 0.14, "Event": 0.11, "Referral": 0.17}

#: Share of the accounts that were customers before the data starts.
_INSTALLED = 0.1
_YEAR = 260 * DAY


def accounts(n: int, seed: int) -> pl.DataFrame:
    """`n` accounts as they enter the data, the installed base first; times in working minutes."""
    draw = Draw(seed, "accounts")
    frame = pl.DataFrame({"number": pl.int_range(n, eager=True)}).with_columns(
        installed=pl.col("number") < n * _INSTALLED,
        team=draw.pick(n, {team.name: team.share for team in TEAMS}),
        other_team=draw.pick(n, {team.name: team.share for team in TEAMS if team.name != truth.RAMPING_TEAM}),
        segment=draw.pick(n, SEGMENTS),
        industry=draw.pick(n, INDUSTRIES),
        channel=draw.pick(n, CHANNELS),
        luck=draw.uniform(n),
        account_id=pl.format("AC{}", (pl.col("number") + 1).cast(pl.String).str.zfill(6)),
        name=company(pl.col("number")),
    )
    # the ramping team sells in a new market: nobody there was a customer before
    frame = frame.with_columns(team=pl.when("installed").then("other_team").otherwise("team")).drop("other_team")
    return _fit(_created(_place(frame, draw), draw), draw)


def _place(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Territory and region of the account's team."""
    territories = {team.name: dict.fromkeys(team.territories, 1.0) for team in TEAMS}
    return frame.with_columns(
        territory=draw.pick_by(frame["team"], territories),
        region=pl.col("team").replace_strict({team.name: team.region for team in TEAMS}),
        domain=slug(pl.col("name")) + ".example",
    )


def _created(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """When the account was entered, and when one of the installed base had become a customer."""
    n = frame.height
    ramping = (pl.col("team") == truth.RAMPING_TEAM).cast(pl.Int64)
    opened = minute_of(truth.RAMP_START) + 8 * DAY
    usual = pl.when(draw.chance(n, 0.17)).then(draw.whole(n, -_YEAR, 0)).otherwise(draw.whole(n, 0, END - 20 * DAY))
    new_market = draw.whole(n, opened, END - 40 * DAY)
    before = draw.whole(n, -3 * _YEAR, -_YEAR)
    return frame.with_columns(
        created=pl.when("installed").then(before).when(ramping == 1).then(new_market).otherwise(usual),
        won_before=pl.when("installed").then(draw.whole(n, -_YEAR, 0)),
    ).with_columns(referred=(pl.col("channel") == "Referral") & ~pl.col("installed") & (pl.col("created") >= 0))


def _fit(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """What marketing knows of the account: its fit, whether it is a target, a key account, known to the provider."""
    n = frame.height
    large = pl.col("segment").replace_strict({"enterprise": 0.6, "mid_market": 0.3, "smb": 0.08})
    is_target = pl.lit(draw.uniform(n)) < large
    return frame.with_columns(
        channel=pl.when(pl.col("referred") | (pl.col("channel") != "Referral")).then("channel").otherwise(
            pl.lit("Partner")
        ),
        is_target=is_target,
        is_strategic=(pl.col("segment") == "enterprise") & pl.lit(draw.chance(n, 0.3)),
        icp_fit=(0.45 + 0.15 * is_target + 0.4 * (pl.lit(draw.uniform(n)) - 0.5)).clip(0, 1).round(2),
        provider_matched=pl.lit(draw.uniform(n)) < 0.62 + 0.2 * is_target,
    )  # fmt: skip


def account_table(frame: pl.DataFrame, lives: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The accounts as they stand at the end, given the customers' lives (`account_id`, `won_on`, `ends_on`)."""
    known = frame.join(
        lives.select("account_id", became_customer_at="won_on", ended_at="ends_on"),
        on="account_id", how="left", maintain_order="left",
    )  # fmt: skip
    role = pl.when(pl.col("became_customer_at").is_not_null()).then(pl.lit("am")).otherwise(pl.lit("ae"))
    seated = take_seat(known.with_columns(role=role, now=END - 1), places, at="now", luck="luck")
    return _referrers(seated, Draw(seed, "referrers")).with_columns(
        owner_rep_id=holder(pl.col("now")), created_at=instant(pl.col("created"))
    )


def _referrers(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Each referred account gets one of the accounts that were customers on the day it was entered."""
    customers = frame.filter(pl.col("became_customer_at").is_not_null()).sort("became_customer_at", "account_id")
    entered = frame.select(instant(pl.col("created")).dt.date()).to_series()
    earlier = customers["became_customer_at"].search_sorted(entered, side="left")
    place = (draw.uniform(frame.height) * earlier.cast(pl.Float64)).floor().cast(pl.Int64)
    chosen = customers["account_id"].gather(place)
    return frame.with_columns(referred_by_account_id=pl.when("referred").then(pl.lit(chosen)))
