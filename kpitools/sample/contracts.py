"""How long customers stay, and what they renew, add and cut meanwhile: the deals with those who already are customers.

`prices.py` turns it into what each deal is worth and into subscriptions.
"""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, day, minute
from kpitools.sample.deals import VISITS, cut_at, in_season, walk
from kpitools.sample.draw import Draw
from kpitools.sample.people import take_seat
from kpitools.sample.products import contract_value, cross_sell, installed

_GROWTH_KINDS = {"upsell": 0.4, "cross_sell": 0.35, "expansion": 0.25}
_GROWTH_CHANCE = {"enterprise": 0.40, "mid_market": 0.44, "smb": 0.48}
_GROWTH_PER_YEAR = 1.5
_NEVER = 100 * 260 * DAY


def customers(accounts: pl.DataFrame, deals: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Accounts that were won before or in the data, with the life of their contract.

    Adds `won_on`, `starts_on`, `months` until it ends, `ends_on` (null while it runs), `term`, `mrr`.
    """
    draw = Draw(seed, "customers")
    won = pl.col("wins") & (pl.col("created") + pl.col("duration") < END)
    bought = deals.filter(won).select("account_id", "key", "product_id", "annual_value", "term", "created", "duration")
    frame = accounts.drop("created").join(bought, on="account_id", how="left", maintain_order="left")
    frame = frame.filter(pl.col("installed") | pl.col("key").is_not_null())
    return _lives(_contracts(frame, draw), draw)


def _contracts(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """First day and monthly price; the installed base pays what new customers pay."""
    n = frame.height
    later = pl.when(draw.chance(n, 0.4)).then(draw.whole(n, 1, 20)).otherwise(0)
    won = day(pl.coalesce("won_before", pl.col("created") + pl.col("duration")))
    return frame.with_columns(
        won_on=won,
        starts_on=pl.min_horizontal(won + pl.duration(days=later), pl.lit(truth.LAST_DAY)),
        product_id=pl.coalesce("product_id", installed(frame, draw)),
        term=pl.coalesce("term", pl.lit(12)),
        mrr=(pl.coalesce("annual_value", contract_value(frame, draw)) / 12).round(2),
    )


def _lives(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """When each contract ends; buyers of services alone have none and stay."""
    frame = frame.with_columns(months=_months(frame.height, draw))
    # the installed base is what was still there on the first day: who would have left earlier stays a year more
    frame = frame.with_columns(months=pl.col("months") + 12 * (_ends() <= truth.FIRST_DAY))
    frame = frame.with_columns(months=pl.when(pl.col("mrr") > 0).then("months").otherwise(1_200))
    return frame.with_columns(ends_on=pl.when(_ends() <= truth.LAST_DAY).then(_ends()))


def _ends(months: str = "months") -> pl.Expr:
    return pl.col("starts_on").dt.offset_by(pl.format("{}mo", months))


def _months(n: int, draw: Draw) -> pl.Expr:
    """Full years survived, then a last year that most leave at its end and some before."""
    usual = pl.col("segment").replace_strict(truth.YEAR_CHURN)
    is_fast = pl.format("{}Q{}", pl.col("won_on").dt.year(), pl.col("won_on").dt.quarter()) == truth.FAST_CHURN_COHORT
    leaves_first_year = pl.lit(draw.uniform(n)) < pl.when(is_fast).then(truth.FAST_YEAR_CHURN).otherwise(usual)
    later_years = 1 + ((1 - pl.lit(draw.uniform(n))).log() / (1 - usual).log()).floor().cast(pl.Int64)
    early = pl.lit(draw.uniform(n)) < pl.when(is_fast & leaves_first_year).then(0.85).otherwise(0.35)
    last_year = pl.when(early).then(draw.whole(n, 3, 12)).otherwise(12)
    return 12 * pl.when(leaves_first_year).then(0).otherwise(later_years) + last_year


def renewals(frame: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """A deal for each end of a term, opened about ten weeks ahead; `on` is the day the term ends."""
    draw = Draw(seed, "renewals")
    terms = pl.DataFrame({"terms": range(6)})
    due = (
        frame.join(terms, how="cross", maintain_order="left_right")
        .with_columns(month=pl.col("term") + 12 * pl.col("terms"))
        .filter((pl.col("mrr") > 0) & (pl.col("month") <= pl.col("months")))
        .with_columns(on=_ends("month"), kind=pl.lit("renewal"), role=pl.lit("am"), term=12)
    )
    timed = _renewal_times(due, draw).filter((pl.col("created") < END) & (pl.col("duration") > DAY))
    return take_seat(_renewal_visits(timed, draw), places, at="created", luck="luck")


def _renewal_times(due: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = due.height
    opened = (minute(pl.col("on")) - draw.whole(n, 40 * DAY, 55 * DAY)).clip(0)
    closes = minute(pl.col("on")) - draw.whole(n, 1, 12 * DAY)
    # what is due after the last day is still open on it
    closes = pl.when(pl.col("on") > truth.LAST_DAY).then(pl.max_horizontal(closes, END + DAY)).otherwise(closes)
    return due.with_columns(
        created=opened,
        duration=closes - opened,
        wins=pl.col("month") < pl.col("months"),
        factor=_new_price(draw.uniform(n), draw.uniform(n)),
    )


def _new_price(luck: pl.Series, size: pl.Series) -> pl.Expr:
    """One in eight renews for less, half at the same price, the others for a few percent more."""
    less, more = 0.7 + 0.22 * pl.lit(size), 1.03 + 0.04 * pl.lit(size)
    return pl.when(luck < 0.12).then(less).when(luck < 0.62).then(1.0).otherwise(more).round(2)


def _renewal_visits(timed: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A renewal is discovered and negotiated; it needs no proposal."""
    discovery = (pl.col("duration") * pl.lit(draw.uniform(timed.height, 0.3, 0.7))).floor().cast(pl.Int64)
    visits = dict.fromkeys(VISITS, pl.lit(0)) | {"dwell_3": discovery, "dwell_5": pl.col("duration") - discovery}
    return timed.with_columns(**visits, reach=pl.lit(5), frozen=pl.lit(False))


def growth(frame: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Upsells, expansions and cross-sells; those still open when the customer leaves are lost."""
    draw = Draw(seed, "growth")
    left = pl.coalesce(minute(pl.col("ends_on")), pl.lit(_NEVER))
    frame = frame.with_columns(left=left, since=minute(pl.col("starts_on")) + 30 * DAY)
    room = pl.min_horizontal("left", END) - pl.max_horizontal("since", 0)
    frame = frame.with_columns(room=room).filter(pl.col("room") > 0)
    times = draw.counts(frame["room"] / (260 * DAY) * _GROWTH_PER_YEAR)
    many = frame.with_columns(n=pl.int_ranges(0, times)).filter(times > 0).explode("n")
    offered = _offers(many, draw)
    walked = walk(take_seat(offered, places, at="created", luck="luck"), draw, first=3)
    walked = cut_at(walked, pl.col("left")).with_columns(frozen=pl.lit(False))
    closes = day(pl.col("created") + pl.col("duration"))
    return walked.filter(in_season(walked, draw)).with_columns(on=closes)


def _offers(many: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """When, what kind, what product, by whom."""
    n = many.height
    kind = pl.when(pl.col("mrr") > 0).then(draw.pick(n, _GROWTH_KINDS)).otherwise(pl.lit("cross_sell"))
    at = pl.max_horizontal("since", 0) + (pl.col("room") * pl.lit(draw.uniform(n))).floor().cast(pl.Int64)
    offered = many.with_columns(created=at, kind=kind, factor=pl.lit(draw.uniform(n, 1.1, 1.6)).round(2))
    is_other = pl.col("kind") == "cross_sell"
    return offered.with_columns(
        product_id=pl.when(is_other).then(cross_sell(offered, draw)).otherwise("product_id"),
        chance=pl.col("segment").replace_strict(_GROWTH_CHANCE),
        role=pl.when(draw.chance(n, 0.65)).then(pl.lit("am")).otherwise(pl.lit("ae")),
        term=pl.lit(12),
    )
