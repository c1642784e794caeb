"""What buyers are offered and what shows their interest: quotes and signals."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute_of, so_far
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids

_SIGNALS = {"Website visit": 1, "White paper": 2, "Webinar": 3, "Review site": 4, "Pricing page": 6}
_OFTEN = {"Website visit": 10, "White paper": 4, "Webinar": 3, "Review site": 2, "Pricing page": 3}
_QUOTE = ["deal_id", "account_id", "rep_id", "kind", "minute", "amount", "status", "decided"]


def quotes(deals: pl.DataFrame, visits: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Proposals of deals that reached that stage, plain quotes of others; of some a first one was turned down."""
    draw = Draw(seed, "quotes")
    frame = deals.drop("kind").join(_asked(visits), on="deal_id", maintain_order="left")
    frame = frame.filter((pl.col("kind") == "proposal") | draw.chance(frame.height, 0.4))
    n = frame.height
    wait = pl.min_horizontal((pl.col("until") - pl.col("entered")) * 0.4, pl.lit(draw.waiting(n, 2 * DAY)))
    lost = pl.when(draw.chance(n, truth.QUOTE_EXPIRES)).then(pl.lit("expired")).otherwise(pl.lit("rejected"))
    ended = pl.when(pl.col("status") == "won").then(pl.lit("accepted")).when(pl.col("status") == "lost").then(lost)
    frame = frame.with_columns(
        rep_id="owner_rep_id",
        minute=pl.col("entered") + wait.floor().cast(pl.Int64),
        decided=pl.when(pl.col("status") != "open").then("until"),
        status=ended.otherwise(pl.lit("open")),
        again=draw.uniform(n),
    )
    return _numbered(pl.concat([part.select(_QUOTE) for part in _in_two(frame, draw)]))


def _asked(visits: pl.DataFrame) -> pl.DataFrame:
    """When each deal first came where a buyer wants it in writing: `entered`, and the `kind` of paper."""
    late = visits.filter(pl.col("stage").is_in(["Proposal", "Negotiation"]) & (pl.col("entered") >= _since()))
    kind = pl.when(pl.col("stage") == "Proposal").then(pl.lit("proposal")).otherwise(pl.lit("quote"))
    return late.unique("deal_id", keep="first", maintain_order=True).select("deal_id", "entered", kind=kind)


def _since() -> int:
    return minute_of(truth.TOOLS_DAY)


def _in_two(frame: pl.DataFrame, draw: Draw) -> list[pl.DataFrame]:
    """Where a second quote was needed the first was for more, and turned down a while before."""
    room = pl.coalesce("decided", pl.lit(END)) - pl.col("minute")
    twice = (pl.col("again") < truth.SECOND_QUOTE) & (room > 4)
    turn = pl.col("minute") + (room * 0.5).cast(pl.Int64)
    more = (pl.col("amount") * pl.lit(draw.uniform(frame.height, 1.05, 1.25))).round(2)
    first = frame.with_columns(amount=more, status=pl.lit("rejected"), decided=turn).filter(twice)
    last = frame.with_columns(minute=pl.when(twice).then(turn + 1).otherwise("minute"))
    return [first, last]


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("minute", "deal_id", "status").with_columns(
        quote_id=ids("QU"),
        issued_at=instant(pl.col("minute")),
        decided_at=instant(so_far(pl.col("decided"))),
    )


def intent_signals(accounts: pl.DataFrame, deals: pl.DataFrame, leads: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Signals of accounts at any time, many more in the weeks before a new deal, and some of leads."""
    draw = Draw(seed, "intent signals")
    parts = [_at_any_time(accounts, draw), _before_deals(deals, accounts, draw), _of_leads(leads, draw)]
    kept = ["account_id", "lead_id", "minute"]
    frame = pl.concat([part.select(kept) for part in parts], how="vertical_relaxed")
    frame = frame.filter(pl.col("minute").is_between(_since(), END - 1)).sort("minute", "account_id", "lead_id")
    frame = frame.with_columns(kind=draw.pick(frame.height, _OFTEN), signal_id=ids("IS"))
    weight = pl.col("kind").replace_strict(_SIGNALS, return_dtype=pl.Float64)
    return frame.with_columns(weight=weight, at=instant(pl.col("minute")))


def _at_any_time(accounts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    begin = pl.max_horizontal("created", pl.lit(_since()))
    rate = pl.when("is_target").then(1.1).otherwise(0.35)
    frame = accounts.with_columns(begin=begin, room=(END - begin).clip(0), lead_id=pl.lit(None, dtype=pl.String))
    return _spread(frame, rate * pl.col("room") / (260 * DAY), draw)


def _before_deals(deals: pl.DataFrame, accounts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """In the four weeks before a new deal, after the account was entered."""
    new = deals.filter((pl.col("kind") == "new") & (pl.col("created") >= _since()))
    new = new.join(accounts.select("account_id", entered="created"), on="account_id", maintain_order="left")
    begin = pl.max_horizontal(pl.col("created") - 20 * DAY, "entered")
    new = new.with_columns(begin=begin, room=pl.col("created") - begin, lead_id=pl.lit(None, dtype=pl.String))
    return _spread(new, pl.col("status").replace_strict(truth.SIGNALS_BEFORE) * pl.col("room") / (20 * DAY), draw)


def _of_leads(leads: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """In the two weeks after a lead came in; more of those that become customers."""
    known = leads.filter(pl.col("lead_created") >= _since())
    rate = pl.when(pl.col("customer").is_not_null()).then(1.2).otherwise(0.12)
    return _spread(known.with_columns(begin="lead_created", room=10 * DAY), rate, draw)


def _spread(frame: pl.DataFrame, mean: pl.Expr, draw: Draw) -> pl.DataFrame:
    many = draw.counts(frame.select(mean).to_series())
    rows = frame.filter(many > 0).with_columns(n=pl.int_ranges(0, many.filter(many > 0))).explode("n")
    at = pl.col("begin") + (pl.col("room") * pl.lit(draw.uniform(rows.height))).floor().cast(pl.Int64)
    return rows.with_columns(minute=at)
