"""What customers need and say: tickets, and answers to surveys."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import DAY, END, instant, minute
from kpitools.sample.draw import Draw
from kpitools.sample.people import holder, take_seat
from kpitools.sample.rows import ids

_YEAR = 260 * DAY
_TICKETS_PER_YEAR = {"enterprise": 1.3, "mid_market": 0.9, "smb": 0.6}
_OPEN_END = pl.lit(truth.LAST_DAY + timedelta(days=1)).cast(pl.Datetime("us"))
_NOBODY = pl.lit(None, dtype=pl.String)
_SURVEY = ["kind", "account_id", "rep_id", "ticket_id", "product_id", "answered_at", "score", "scale_max",
           "positive_from"]  # fmt: skip


def leaving(customers: pl.DataFrame) -> pl.DataFrame:
    """The customers with `since` and `until`, the minutes between which they are there, and `leaves`, null if far off.

    Who will leave soon after the last day shows it before.
    """
    ends = pl.col("starts_on").dt.offset_by(pl.format("{}mo", pl.min_horizontal("months", pl.lit(600))))
    soon = pl.when(ends <= truth.LAST_DAY + timedelta(days=truth.WARNING_DAYS)).then(minute(ends))
    since = pl.max_horizontal(minute(pl.col("starts_on")), 0)
    frame = customers.with_columns(since=since, leaves=soon).with_columns(
        until=pl.min_horizontal(pl.coalesce("leaves", pl.lit(END)), END)
    )
    return frame.filter(pl.col("since") < pl.col("until"))


def is_warning(at: str) -> pl.Expr:
    """Whether the minute lies in the last months of a customer that leaves."""
    return (pl.col(at) > pl.col("leaves") - truth.WARNING_DAYS * 5 // 7 * DAY).fill_null(False)


def tickets(customers: pl.DataFrame, accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Requests for support: more of them before a customer leaves."""
    draw = Draw(seed, "tickets")
    frame = _opened(customers, draw).join(
        accounts.select("account_id", "is_strategic"), on="account_id", how="left", maintain_order="left"
    )
    n = frame.height
    valued = pl.col("is_strategic") | (pl.col("segment") == "enterprise")
    frame = frame.sort("opened", "account_id").with_columns(
        ticket_id=ids("TI"),
        tier=pl.when(valued).then(pl.lit("high_value")).otherwise(pl.lit("general")),
        severity=draw.pick(n, {"low": 0.5, "medium": 0.35, "high": 0.15}),
        opened_at=instant(pl.col("opened")),
    )
    return _answered(frame, draw)


def _opened(customers: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The usual tickets, and for those about to leave as many again several times over in their last months."""
    usual = pl.col("segment").replace_strict(_TICKETS_PER_YEAR)
    warned = pl.max_horizontal("since", pl.col("leaves") - truth.WARNING_DAYS * 5 // 7 * DAY)
    spans = [
        customers.with_columns(begin="since", rate=usual),
        customers.filter(pl.col("leaves").is_not_null() & (warned < pl.col("until"))).with_columns(
            begin=warned, rate=usual * (truth.WARNING_TICKETS - 1)
        ),
    ]
    spells = pl.concat(spans).with_columns(room=pl.col("until") - pl.col("begin"))
    many = draw.counts(spells.select(pl.col("rate") * pl.col("room") / _YEAR).to_series())
    rows = spells.filter(many > 0).with_columns(n=pl.int_ranges(0, many.filter(many > 0))).explode("n")
    at = pl.col("begin") + (pl.col("room") * pl.lit(draw.uniform(rows.height))).floor().cast(pl.Int64)
    return rows.with_columns(opened=at)


def _answered(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """The first answer and the solution, round the clock; some of the last days wait, a few are never solved."""
    n = frame.height
    hours = pl.col("tier").replace_strict(truth.RESPONSE_HOURS)
    first = pl.col("opened_at") + pl.duration(minutes=(hours * 60 * pl.lit(draw.waiting(n, 1.0))).round() + 1)
    once = pl.lit(draw.uniform(n)) < pl.col("team").replace_strict(
        truth.FIRST_CONTACT, default=truth.USUAL_FIRST_CONTACT
    )
    contacts = pl.when(once).then(1).otherwise(2 + pl.lit(draw.counts(pl.repeat(0.6, n, eager=True))))
    takes = pl.lit(draw.waiting(n, 9.0)) + pl.when(once).then(0.5).otherwise(20)
    solved = first + pl.duration(minutes=(takes * 60).round())
    is_new = pl.col("opened") >= END - 3 * DAY
    told = frame.with_columns(
        first_response_at=pl.when((first < _OPEN_END) & ~(is_new & draw.chance(n, 0.6))).then(first),
        resolved_at=pl.when((solved < _OPEN_END) & ~draw.chance(n, 0.05)).then(solved),
    )
    is_solved = pl.col("first_response_at").is_not_null() & pl.col("resolved_at").is_not_null()
    return told.with_columns(
        resolved_at=pl.when(is_solved).then("resolved_at"), contacts=pl.when(is_solved).then(contacts)
    )


def surveys(customers: pl.DataFrame, tickets: pl.DataFrame, deals: pl.DataFrame, spans: pl.DataFrame,
            accounts: pl.DataFrame, reps: pl.DataFrame, places: pl.DataFrame, seed: int) -> pl.DataFrame:  # fmt: skip
    """All answers in the order of time."""
    parts = [
        _recommend(customers, Draw(seed, "nps")),
        _after_tickets(tickets, places, Draw(seed, "csat of tickets")),
        _after_deals(deals, Draw(seed, "csat of deals")),
        _of_staff(reps, Draw(seed, "staff survey")),
        _of_products(spans, Draw(seed, "product survey")),
        _of_brand(accounts, Draw(seed, "brand survey")),
    ]
    frame = pl.concat([part.select(_SURVEY) for part in parts], how="vertical_relaxed")
    order = ["answered_at", "kind", "account_id", "rep_id", "product_id", "ticket_id"]
    return frame.filter(pl.col("answered_at") < _OPEN_END).sort(order).with_columns(survey_id=ids("SV"))


def _survey(frame: pl.DataFrame, kind: str, *, scale: float, positive: float) -> pl.DataFrame:
    """The columns of a kind of survey; the keys a kind does not have are empty."""
    keys = ("account_id", "rep_id", "ticket_id", "product_id")
    absent = dict.fromkeys([key for key in keys if key not in frame.columns], _NOBODY)
    return frame.with_columns(kind=pl.lit(kind), scale_max=pl.lit(scale), positive_from=pl.lit(positive), **absent)


def _times(frame: pl.DataFrame, per_year: float, draw: Draw) -> pl.DataFrame:
    """Some minutes `asked` between `since` and `until`, so many a year."""
    room = pl.col("until") - pl.col("since")
    many = draw.counts(frame.select(room / _YEAR * per_year).to_series())
    rows = frame.filter(many > 0).with_columns(n=pl.int_ranges(0, many.filter(many > 0))).explode("n")
    return rows.with_columns(asked=pl.col("since") + (room * pl.lit(draw.uniform(rows.height))).floor().cast(pl.Int64))


def _satisfied(n: int, share: pl.Expr, draw: Draw) -> pl.Expr:
    """Four or five points of five in that share of the answers, else one to three."""
    good, bad = draw.pick(n, {"4": 0.55, "5": 0.45}), draw.pick(n, {"3": 0.6, "2": 0.28, "1": 0.12})
    return pl.when(pl.lit(draw.uniform(n)) < share).then(pl.lit(good)).otherwise(pl.lit(bad)).cast(pl.Float64)


def _recommend(customers: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Would you recommend us, from 0 to 10: by segment, and hardly by those about to leave."""
    rows = _times(customers, 0.9, draw)
    n, luck = rows.height, pl.lit(draw.uniform(rows.height))
    shares = {name: pl.col("segment").replace_strict(truth.NPS_SHARES[name]) for name in ("promoters", "detractors")}
    warned = is_warning("asked")
    promotes = luck < pl.when(warned).then(0.05).otherwise(shares["promoters"])
    detracts = luck > 1 - pl.when(warned).then(truth.WARNING_DETRACTORS).otherwise(shares["detractors"])
    high, low = draw.pick(n, {"9": 0.6, "10": 0.4}), draw.pick(n, {"6": 5, "5": 3, "4": 2, "3": 1, "1": 1, "0": 1})
    score = pl.when(promotes).then(pl.lit(high)).when(detracts).then(pl.lit(low))
    rows = rows.with_columns(
        score=score.otherwise(pl.lit(draw.pick(n, {"7": 0.5, "8": 0.5}))).cast(pl.Float64),
        answered_at=instant(pl.col("asked")),
    )
    return _survey(rows.select("account_id", "answered_at", "score"), "nps", scale=10.0, positive=9.0)


def _after_tickets(tickets: pl.DataFrame, places: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How was the support: asked when a ticket is solved, with the name of the account manager."""
    solved = tickets.filter(pl.col("resolved_at").is_not_null())
    rows = solved.filter(draw.chance(solved.height, 0.5)).with_columns(role=pl.lit("am"))
    rows = take_seat(rows, places, at="opened", luck="luck").with_columns(rep_id=holder(pl.col("opened")))
    n = rows.height
    once = pl.when(pl.col("contacts") == 1).then(truth.SATISFIED_AT_ONCE).otherwise(truth.SATISFIED_LATER)
    later = pl.duration(minutes=pl.lit(draw.whole(n, 30, 2_000)))
    rows = rows.with_columns(score=_satisfied(n, once, draw), answered_at=pl.col("resolved_at") + later)
    kept = ["account_id", "rep_id", "ticket_id", "answered_at", "score"]
    return _survey(rows.select(kept), "csat", scale=5.0, positive=4.0)


def _after_deals(deals: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How was the purchase: asked after a won deal."""
    won = deals.filter(pl.col("status") == "won")
    rows = won.filter(draw.chance(won.height, 0.3))
    later = pl.duration(minutes=pl.lit(draw.whole(rows.height, 600, 9_000)))
    rows = rows.with_columns(
        score=_satisfied(rows.height, pl.lit(0.88), draw), answered_at=pl.col("closed_at") + later
    ).select("account_id", "answered_at", "score", rep_id="owner_rep_id")
    return _survey(rows, "csat", scale=5.0, positive=4.0)


def _of_staff(reps: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How content are you: everybody each quarter, most answer; by team."""
    quarters = pl.DataFrame({"asked": pl.int_range(50 * DAY, END, 65 * DAY, eager=True)})
    asked = reps.join(quarters, how="cross", maintain_order="left_right")
    answered_at = instant(pl.col("asked") + draw.whole(asked.height, 0, 10 * DAY))
    asked = asked.with_columns(answered_at=answered_at, day=answered_at.dt.date())
    left = pl.col("left_at").is_not_null() & (pl.col("left_at") <= pl.col("day"))
    employed = (pl.col("hired_at") <= pl.col("day")) & ~left
    rows = asked.filter(employed & draw.chance(asked.height, truth.STAFF_ANSWERS))
    content = pl.col("team").replace_strict(truth.CONTENT_STAFF, default=truth.USUAL_CONTENT_STAFF)
    rows = rows.with_columns(score=_satisfied(rows.height, content, draw))
    return _survey(rows.select("rep_id", "answered_at", "score"), "employee", scale=5.0, positive=4.0)


def _of_products(spans: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """How good is the product: asked of those who have it."""
    since = pl.max_horizontal(minute(pl.col("starts_on")), 0)
    until = pl.min_horizontal(minute(pl.col("ends_on")), pl.lit(END))
    rows = _times(spans.with_columns(since=since, until=until).filter(pl.col("since") < pl.col("until")), 0.55, draw)
    share = pl.when(pl.col("product_id") == truth.DISLIKED_PRODUCT).then(truth.DISLIKED_SHARE)
    rows = rows.with_columns(
        score=_satisfied(rows.height, share.otherwise(truth.LIKED_SHARE), draw), answered_at=instant(pl.col("asked"))
    )
    kept = rows.select("account_id", "product_id", "answered_at", "score")
    return _survey(kept, "product", scale=5.0, positive=4.0)


def _of_brand(accounts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Have you heard of us, 1 or 0: asked of companies in the market, more and more have."""
    rows = _times(accounts.with_columns(since=pl.col("created").clip(0), until=END), 0.22, draw)
    heard = truth.AWARE[0] + (truth.AWARE[1] - truth.AWARE[0]) * pl.col("asked") / END
    rows = rows.with_columns(
        score=(pl.lit(draw.uniform(rows.height)) < heard).cast(pl.Float64), answered_at=instant(pl.col("asked"))
    )
    return _survey(rows.select("account_id", "answered_at", "score"), "brand", scale=1.0, positive=1.0)
