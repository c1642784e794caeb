"""How deals run: the stages a deal passes, how long it stays in each, whether it is won.

A deal carries its visits as `dwell_*` columns (working minutes, 0 where it never stood); `created` plus their sum
is the minute in which it is decided, which may lie after the end of the data: then it is open.
"""

from __future__ import annotations

import math

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, day, minute_of
from kpitools.sample.draw import Draw
from kpitools.sample.people import take_seat

STAGES = tuple(truth.STAGE_PASS)
_PASS = tuple(truth.STAGE_PASS.values())
_TYPICAL_DAYS = (7, 8, 12, 12, 9)
_PACE = {"smb": 0.7, "mid_market": 1.0, "enterprise": 1.6}
#: The visits in the order they happen, with their stage: a deal may fall back from Proposal to Discovery once.
VISITS = {
    "dwell_1": STAGES[0], "dwell_2": STAGES[1], "dwell_3": STAGES[2], "dwell_4": STAGES[3],
    "back_3": STAGES[2], "back_4": STAGES[3], "dwell_5": STAGES[4],
}  # fmt: skip

#: How often an account is offered a new deal at most.
_ROUNDS = 9


def stage_table() -> pl.DataFrame:
    """The open stages in order; the default probability is what the passes ahead multiply to."""
    chances = [math.prod(_PASS[place:]) for place in range(len(STAGES))]
    return pl.DataFrame(
        {
            "stage": STAGES,
            "position": range(1, len(STAGES) + 1),
            "default_probability": [round(chance, 2) for chance in chances],
            "typical_days": [round(days * 7 / 5) for days in _TYPICAL_DAYS],
        }
    )


def new_deals(accounts: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The deals of kind `new`: an account is tried again after a loss until it is won."""
    draw = Draw(seed, "new deals")
    waiting, made = _first_chances(accounts, draw), []
    for _ in range(_ROUNDS):
        tried = _try(waiting.filter(pl.col("created") < END), places, draw)
        made.append(tried.filter("happens").drop("happens"))
        waiting = _next_chances(tried, draw).select(waiting.columns)
    return pl.concat(made).with_columns(kind=pl.lit("new"))


def _first_chances(accounts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """When each account is first offered something: the backlog of the first day over a year, others soon."""
    waiting = accounts.filter(~pl.col("installed")).with_columns(role=pl.lit("ae"))
    n = waiting.height
    soon = pl.col("created") + pl.lit(draw.waiting(n, 25 * DAY)).cast(pl.Int64)
    backlog = pl.lit(draw.whole(n, 0, 200 * DAY))
    waiting = waiting.with_columns(created=pl.when(pl.col("created") < 0).then(backlog).otherwise(soon))
    return waiting.filter(draw.chance(n, 0.93))


def _next_chances(tried: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Accounts without a deal are asked again in a while, most of those lost in half a year."""
    n = tried.height
    retried = pl.col("happens") & ~pl.col("wins") & ~pl.col("frozen") & draw.chance(n, 0.75)
    later = pl.col("duration") + draw.whole(n, 30 * DAY, 150 * DAY)
    soon = draw.waiting(n, 35 * DAY).cast(pl.Int64) + 1
    moved_on = tried.with_columns(created=pl.col("created") + pl.when("happens").then(later).otherwise(soon))
    return moved_on.filter(tried.select(retried | ~pl.col("happens")).to_series())


def _try(waiting: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Run a new deal for each account; `happens` says whether the season lets it come about."""
    seated = take_seat(waiting, places, at="created", luck="luck").with_columns(chance=_chance())
    walked = walk(seated, draw, first=1)
    return _freeze(walked, draw).with_columns(happens=in_season(walked, draw))


def _chance() -> pl.Expr:
    """The chance to win: of the segment, times what the rep or the team makes of it."""
    start = minute_of(truth.RAMP_START)
    year = minute_of(truth.RAMP_START.replace(year=truth.RAMP_START.year + 1)) - start
    ramp = truth.RAMP[0] + (truth.RAMP[1] - truth.RAMP[0]) * (pl.col("created") - start) / year
    star = pl.when(pl.col("first_rep") == truth.STAR_REP).then(truth.STAR_LIFT).otherwise(1.0)
    lift = pl.when(pl.col("team") == truth.RAMPING_TEAM).then(ramp).otherwise(star)
    return pl.col("segment").replace_strict(truth.WIN_RATE) * lift


def walk(frame: pl.DataFrame, draw: Draw, *, first: int) -> pl.DataFrame:
    """Send deals through the stages from the first-th on, with `chance` to win each.

    Adds `reach` (place of the last stage), `wins`, the dwell columns and `duration`.
    """
    places = range(first, len(STAGES) + 1)
    strength = pl.col("chance").log() / math.log(math.prod(_PASS[first - 1 :]))
    passes = {place: draw.uniform(frame.height) < pl.lit(_PASS[place - 1]).pow(strength) for place in places}
    walked = frame.with_columns(**{f"pass_{place}": passed for place, passed in passes.items()})
    so_far = [pl.all_horizontal(f"pass_{before}" for before in range(first, place + 1)) for place in places]
    walked = walked.with_columns(reach=first + pl.sum_horizontal(so_far[:-1]).cast(pl.Int64), wins=so_far[-1])
    return _detours(_dwell(walked, draw, first), draw).drop(f"pass_{place}" for place in places)


def _dwell(frame: pl.DataFrame, draw: Draw, first: int) -> pl.DataFrame:
    """How long each stage takes: its typical days, spread, slower with large accounts, faster with referred ones."""
    pace = pl.col("segment").replace_strict(_PACE) * pl.when("referred").then(truth.REFERRED_PACE).otherwise(1.0)
    dwell = {
        place: (draw.spread(frame.height, 0.55) * pace * days * DAY).ceil().cast(pl.Int64)
        for place, days in enumerate(_TYPICAL_DAYS, start=1)
    }
    return frame.with_columns(
        **{
            f"dwell_{place}": pl.when((pl.col("reach") >= place) & (first <= place)).then(minutes).otherwise(0)
            for place, minutes in dwell.items()
        }
    )


def _detours(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A few deals skip Discovery, a few fall back from Proposal to Discovery and come again."""
    luck = pl.lit(draw.uniform(frame.height))
    skips, falls = (pl.col("reach") >= 4) & (luck < 0.04), (pl.col("reach") >= 4) & (luck > 0.95)
    return frame.with_columns(
        dwell_3=pl.when(skips).then(0).otherwise("dwell_3"),
        back_3=pl.when(falls).then(pl.col("dwell_3") // 2 + 1).otherwise(0),
        back_4=pl.when(falls).then(pl.col("dwell_4") // 2 + 1).otherwise(0),
    ).with_columns(duration=pl.sum_horizontal(*VISITS))


def _freeze(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Mark the lost deals that the stale team never closes."""
    closes = pl.col("created") + pl.col("duration")
    stale = (pl.col("team") == truth.STALE_TEAM) & ~pl.col("wins") & (closes >= minute_of(truth.STALE_SINCE))
    return frame.with_columns(frozen=stale & draw.chance(frame.height, truth.STALE_SHARE))


def in_season(frame: pl.DataFrame, draw: Draw) -> pl.Series:
    """Which deals come about: all that are decided in the strong quarter, fewer of the others."""
    strong = frame.select(day(pl.col("created") + pl.col("duration")).dt.quarter() == truth.SEASON_QUARTER)
    return strong.to_series() | draw.chance(frame.height, 1 / truth.SEASON_LIFT)


def status() -> pl.Expr:
    """Won, lost, or open at the end of the data."""
    closes = pl.col("created") + pl.col("duration")
    decided = pl.when("wins").then(pl.lit("won")).otherwise(pl.lit("lost"))
    return pl.when(pl.col("frozen") | (closes >= END)).then(pl.lit("open")).otherwise(decided)


def cut_at(frame: pl.DataFrame, end: pl.Expr) -> pl.DataFrame:
    """Deals that would run past the minute `end` are lost there; their visits shrink alike."""
    room = end - pl.col("created")
    late = pl.col("duration") > room
    share = pl.when(late).then(room / pl.col("duration")).otherwise(1.0)
    shrunk = [pl.when(pl.col(visit) > 0).then((pl.col(visit) * share).floor().clip(1)).otherwise(0) for visit in VISITS]
    return (
        frame.with_columns(**{visit: minutes.cast(pl.Int64) for visit, minutes in zip(VISITS, shrunk, strict=True)})
        .with_columns(wins=pl.col("wins") & ~late, duration=pl.sum_horizontal(*VISITS))
    )  # fmt: skip
