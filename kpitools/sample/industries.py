"""Side-lines of the company that other industries live on: projects, property, wealth, a school.

Each is small, and there to try the KPIs of its industry on. Insurance, the shop and the hotline have modules of
their own.
"""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import END, day
from kpitools.sample.draw import Draw
from kpitools.sample.people import TEAMS, holder, take_seat
from kpitools.sample.rows import ids, later, past, quarters, to

_LISTINGS = 600
_BUYER_COMMISSION = 0.024
_FEES = {"enterprise": 90_000, "mid_market": 55_000, "smb": 52_000}
_CLIENTS = 0.11
_HELD_MORE = 0.25
_GROWTH = 1.03  # a quarter
_RISK_FREE = 0.2  # percent a month
_MARKET_SWING = 2.6
_OWN_SWING = 3.0
_STUDENTS = 0.22
_COURSES = (
    ("Numbers for young traders", "k12"), ("Robots in class", "k12"), ("First code", "k12"),
    ("Statistics I", "higher"), ("Statistics II", "higher"), ("Corporate finance", "higher"),
    ("Selling on the phone", "other"), ("Negotiating", "other"), ("Data for managers", "other"),
)  # fmt: skip


def projects(deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """New customers of software are made live; some of those who bought more have a service delivered."""
    draw = Draw(seed, "projects")
    won = deals.filter(pl.col("status") == "won").with_columns(closed_on=pl.col("closed_at").dt.date())
    parts = pl.concat([_implementations(won, draw), _services(won, draw)], how="diagonal")
    return parts.filter(pl.col("started_at") <= truth.LAST_DAY).sort("started_at", "deal_id").with_columns(
        project_id=ids("J", 4), ended_at=past(pl.col("ended_at"))
    )  # fmt: skip


def _implementations(won: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    new = won.filter(pl.col("kind") == "new", pl.col("product_family") != "Services")
    n = new.height
    days = pl.col("segment").replace_strict(truth.IMPLEMENTATION_DAYS) * pl.lit(draw.spread(n, 0.25)) / 1.032
    return new.select(
        "account_id", "deal_id",
        kind=pl.lit("implementation"),
        fees=to(pl.col("annual_value") * 0.15, 100),
        extras=pl.lit(0.0),
        started_at=later("closed_on", draw.whole(n, 1, 8)),
        ended_at=later("closed_on", days.round().cast(pl.Int64).clip(8)),
    )  # fmt: skip


def _services(won: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    more = won.filter(pl.col("kind").is_in(["upsell", "cross_sell", "expansion"]))
    n = more.height
    usual = pl.col("segment").replace_strict(_FEES)
    fees = to(usual * pl.lit(draw.spread(n, 0.4)), 1_000)
    return more.select(
        "account_id", "deal_id",
        kind=pl.lit("service"),
        fees=fees,
        extras=pl.when(draw.chance(n, 0.3)).then(to(fees * pl.lit(draw.uniform(n, 0.03, 0.2)), 100)).otherwise(0.0),
        started_at=later("closed_on", draw.whole(n, 7, 40)),
        ended_at=later("closed_on", draw.whole(n, 60, 150)),
    )  # fmt: skip


def listings(places: pl.DataFrame, scale: int, seed: int) -> pl.DataFrame:
    """Offices and warehouses that account executives sell for their owners; what does not sell is withdrawn."""
    draw = Draw(seed, "listings")
    n = _LISTINGS * scale
    offered = pl.DataFrame({"listed": draw.whole(n, 0, END).sort()}).with_columns(
        team=draw.pick(n, {team.name: team.share for team in TEAMS}), role=pl.lit("ae"), luck=draw.uniform(n)
    )
    seated = take_seat(offered, places, at="listed", luck="luck").with_columns(rep_id=holder(pl.col("listed")))
    seated = seated.drop_nulls("rep_id").with_columns(
        region=pl.col("team").replace_strict({team.name: team.region for team in TEAMS}),
        listed_at=day(pl.col("listed")),
    )
    return _sold(seated, draw).with_columns(listing_id=ids("G", 4))


def _sold(listings: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = listings.height
    sells = draw.chance(n, truth.LISTING_SOLD)
    sold = past(later("listed_at", (draw.spread(n, 0.45) * truth.DAYS_ON_MARKET / 1.107).round()))
    gone = past(later("listed_at", draw.whole(n, 90, 180)))
    price = pl.when(pl.col("sold_at").is_not_null()).then(pl.lit(draw.spread(n, 0.5) * 600).round() * 1_000)
    seller, buyer = (share * draw.uniform(n, 0.9, 1.1) for share in (truth.SELLER_COMMISSION, _BUYER_COMMISSION))
    ended = listings.with_columns(sold_at=pl.when(sells).then(sold), withdrawn_at=pl.when(~sells).then(gone))
    return ended.with_columns(
        sale_price=price,
        seller_commission=to(price * pl.lit(seller), 100),
        buyer_commission=to(price * pl.lit(buyer), 100),
    )


def holdings(accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What some customers hold of certificates named after the products, valued at the end of each quarter."""
    draw = Draw(seed, "holdings")
    held = _held(_clients(accounts, seed), draw)
    valued = held.join(quarters(), how="cross", maintain_order="left_right").filter(_is_client("ends_on"))
    value = pl.col("start") * _GROWTH ** pl.col("number") * pl.lit(draw.spread(valued.height, 0.05))
    return valued.with_columns(as_of="ends_on", market_value=to(value, 1_000))


def _held(clients: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """One product of each client, for some a second and a third."""
    n = clients.height
    number = pl.lit(draw.whole(n, 1, 6))
    second, third = (pl.when(draw.chance(n, _HELD_MORE)).then(more) for more in (number + 1, 7))
    held = clients.with_columns(product=pl.concat_list(number, second, third)).explode("product").drop_nulls("product")
    return held.with_columns(
        product_id=pl.format("P{}", pl.col("product").cast(pl.String).str.zfill(2)),
        start=200_000 * draw.spread(held.height, 0.8),
    )


def _clients(accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    customers = accounts.filter(pl.col("became_customer_at").is_not_null())
    return customers.filter(Draw(seed, "clients").chance(customers.height, _CLIENTS))


def _is_client(at: str) -> pl.Expr:
    stays = pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col(at))
    return (pl.col("became_customer_at") <= pl.col(at)) & stays


def portfolio_returns(accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What each client's portfolio earned in each month, in percent."""
    draw = Draw(seed, "portfolio returns")
    months = pl.DataFrame({"period_end": _month_ends()})
    swing = draw.spread(months.height, 1.0).log()
    months = months.with_columns(
        risk_free_pct=pl.lit(_RISK_FREE), benchmark_pct=(_RISK_FREE + 0.4 + _MARKET_SWING * swing).round(1)
    )
    rows = _clients(accounts, seed).join(months, how="cross", maintain_order="left_right")
    rows = rows.filter(_is_client("period_end"))
    own = pl.lit(draw.spread(rows.height, 1.0)).log()
    excess = _OWN_SWING * (truth.SHARPE / 12**0.5 + own)
    return rows.with_columns(return_pct=(_RISK_FREE + excess).round(1))


def _month_ends() -> pl.Series:
    starts = pl.date_range(truth.FIRST_DAY, truth.LAST_DAY, "1mo", eager=True)
    return starts.dt.month_end()


def courses() -> pl.DataFrame:
    """The courses of the school."""
    return pl.DataFrame(_COURSES, schema=["name", "level"], orient="row").with_columns(course_id=ids("E", 2))


def enrolments(accounts: pl.DataFrame, courses: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Students come for a term of a quarter, and most come back for the next; terms are called like quarters."""
    draw = Draw(seed, "enrolments")
    known = accounts.filter(draw.chance(accounts.height, _STUDENTS))
    come = known.with_columns(first=draw.whole(known.height, -3, 12), luck=draw.uniform(known.height))
    stays = ((1 - pl.col("luck")).log() / pl.lit(truth.STUDENT_RETENTION).log()).floor().cast(pl.Int64)
    number = pl.col("number")
    rows = come.join(quarters(), how="cross", maintain_order="left_right").filter(
        number.is_between(pl.col("first"), pl.col("first") + stays)
    )
    return _studied(rows, courses, draw).sort("enrolled_at", "account_id").with_columns(enrolment_id=ids("Y"))


def _studied(rows: pl.DataFrame, courses: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = rows.height
    enrolled = later("starts_on", draw.whole(n, 0, 14))
    done = pl.when(draw.chance(n, truth.COURSE_COMPLETION)).then(later("starts_on", draw.whole(n, 60, 88)))
    gave_up = later(enrolled, draw.whole(n, 5, 50))
    return rows.with_columns(
        term=pl.format("{}Q{}", pl.col("starts_on").dt.year(), pl.col("starts_on").dt.quarter()),
        course_id=courses["course_id"].gather(draw.whole(n, 0, courses.height)),
        enrolled_at=enrolled,
        completed_at=done,
        last_active_at=pl.coalesce(done, gave_up).cast(pl.Datetime("us")).dt.offset_by("16h"),
    )
