"""Leads: those deals came from, and the many that led nowhere."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute_of, so_far
from kpitools.sample.customers import CHANNELS
from kpitools.sample.draw import Draw
from kpitools.sample.people import TEAMS, holder, take_seat
from kpitools.sample.words import email

_SOURCES = {
    "Website": {"Web form": 5, "Demo request": 3, "Newsletter": 2},
    "Outbound": {"Cold call": 5, "Cold email": 4, "Social": 3},
    "Partner": {"Reseller": 3, "Consultancy": 2},
    "Event": {"Trade fair": 3, "Webinar": 4},
    "Referral": {"Customer referral": 1},
}
_KEPT = ["deal_id", "account_id", "domain", "team", "channel", "lead_created", "sql", "customer", "referrer"]


def leads(accounts: pl.DataFrame, deals: pl.DataFrame, places: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """`n` leads in the order they came in, working minutes beside timestamps; `accounts` is the finished table."""
    draw = Draw(seed, "leads")
    led = _of_deals(accounts, deals, draw)
    others = _others(accounts, max(n - led.height, 0), draw)
    frame = pl.concat([led.select(_KEPT), others.select(_KEPT)], how="vertical_relaxed").sort(
        "lead_created", "account_id", "deal_id", "team", "domain"
    )
    n = frame.height
    frame = frame.with_columns(role=pl.lit("sdr"), luck=draw.uniform(n))
    seated = take_seat(frame, places, at="lead_created", luck="luck")
    return _named(_worked(seated, draw), draw)


def _of_deals(accounts: pl.DataFrame, deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Most new deals came from a lead, accepted as qualified on the way."""
    known = accounts.select("account_id", "domain", entered="created", referrer="referred_by_account_id")
    new = deals.filter(pl.col("kind") == "new").join(known, on="account_id", how="left", maintain_order="left")
    new = new.filter(draw.chance(new.height, 0.85))
    n = new.height
    room = pl.min_horizontal(pl.col("created") - pl.max_horizontal("entered", 0), 12 * DAY)
    lag = (room * pl.lit(draw.uniform(n))).floor().cast(pl.Int64)
    won = pl.when(pl.col("status") == "won").then("until")
    return new.with_columns(
        lead_created=pl.col("created") - lag,
        sql=pl.col("created") - (lag * pl.lit(draw.uniform(n, 0, 0.5))).floor().cast(pl.Int64),
        customer=won,
    )


def _others(accounts: pl.DataFrame, n: int, draw: Draw) -> pl.DataFrame:
    """Leads without a deal: a good half of them at an account we know, the others from nobody yet."""
    chosen = accounts[draw.whole(n, 0, accounts.height)].select(
        "account_id", "domain", "team", "channel", entered="created", referrer="referred_by_account_id"
    )
    known = pl.lit(draw.chance(n, 0.6))
    team = draw.pick(n, {team.name: team.share for team in TEAMS})
    frame = chosen.with_columns(
        account_id=pl.when(known).then("account_id"),
        domain=pl.when(known).then("domain").otherwise(pl.lit("mail.example")),
        team=pl.when(known).then("team").otherwise(pl.lit(team)),
        channel=pl.when(known).then("channel").otherwise(pl.lit(draw.pick(n, CHANNELS))),
        referrer=pl.when(known).then("referrer"),
        entered=pl.when(known).then("entered").otherwise(0),
    )
    opened = minute_of(truth.RAMP_START) + 5 * DAY
    since = pl.max_horizontal("entered", pl.when(pl.col("team") == truth.RAMPING_TEAM).then(opened).otherwise(0))
    came = since + ((END - since) * pl.lit(draw.uniform(n))).floor().cast(pl.Int64)
    nothing = {"deal_id": pl.lit(None, dtype=pl.String), "customer": pl.lit(None, dtype=pl.Int64)}
    return frame.with_columns(lead_created=came, sql=pl.lit(None, dtype=pl.Int64), **nothing)


def _worked(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Assigned within hours, answered mostly within a day or never, then qualified or not."""
    n = frame.height
    has_deal = pl.col("deal_id").is_not_null()
    room = pl.when(has_deal).then(pl.col("sql") - pl.col("lead_created"))
    assigned = pl.min_horizontal(draw.waiting(n, 60).cast(pl.Int64), room // 3)
    wait = pl.min_horizontal(assigned + (90 * draw.spread(n, 1.4)).cast(pl.Int64), room)
    answered = has_deal | pl.lit(draw.chance(n, 0.84))
    frame = frame.with_columns(
        is_inbound=pl.col("channel") != "Outbound",
        assigned=so_far(pl.col("lead_created") + assigned),
        responded=pl.when(answered).then(so_far(pl.col("lead_created") + wait)),
    )
    later = pl.col("responded") + draw.whole(n, 60, 15 * DAY)
    qualifies = pl.lit(draw.chance(n, 0.1)) & ~has_deal
    gives_up = pl.lit(draw.chance(n, 0.75)) & ~has_deal & ~qualifies
    return frame.with_columns(
        sql=pl.coalesce("sql", pl.when(qualifies).then(so_far(later))),
        disqualified=pl.when(gives_up).then(so_far(later)),
    )


def _named(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Ids, people, timestamps. A few people come twice, with one address."""
    n = frame.height
    address = email(pl.lit(draw.whole(n, 0, 696)), pl.col("domain"))
    frame = frame.with_columns(
        lead_id=pl.format("L{}", pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)),
        source=draw.pick_by(frame["channel"], _SOURCES),
        email=address,
        owner_rep_id=holder(pl.col("lead_created")),
        referred_by_account_id=pl.when(pl.col("channel") == "Referral").then("referrer"),
        created_at=instant(pl.col("lead_created")),
    )
    again = pl.lit(draw.chance(n, 0.02)) & pl.col("account_id").is_not_null()
    times = {"assigned_at": "assigned", "first_response_at": "responded", "sql_at": "sql",
             "disqualified_at": "disqualified", "customer_at": "customer"}  # fmt: skip
    return frame.with_columns(
        email=pl.when(again).then(pl.col("email").first().over("account_id")).otherwise("email"),
        **{column: instant(pl.col(minute)) for column, minute in times.items()},
    )
