"""What calls should contain, and what checking them found."""

from __future__ import annotations

import polars as pl

from kpitools.sample import truth
from kpitools.sample.customers import INDUSTRIES
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids

_ITEMS = (
    ("key_message", None, "one source|single source", 3.0),
    ("key_message", None, "close in half the time|close faster", 2.0),
    ("key_message", "demo", "alert", 2.0),
    ("key_message", "negotiation", "pays for itself", 1.0),
    ("value_proposition", None, "no more copying", 2.0),
    ("value_proposition", None, "audit", 1.0),
    ("discovery_topic", "discovery", "current tool|current process", 2.0),
    ("discovery_topic", "discovery", "cost of delay", 2.0),
    ("discovery_topic", "discovery", "sign off|board", 3.0),
    ("discovery_topic", "discovery", "goal", 1.0),
    ("qualification_criterion", "discovery", "budget", 3.0),
    ("qualification_criterion", "discovery", "seats|users", 1.0),
    ("qualification_criterion", "prospecting", "by when|this quarter", 2.0),
    ("qualification_criterion", "prospecting", "in charge", 2.0),
    ("best_practice", None, "sum up|to recap", 2.0),
    ("best_practice", None, "next step", 3.0),
    ("best_practice", "qbr", "reached since|results", 2.0),
    ("required_phrase", None, "Keel and Compass", 1.0),
    ("required_phrase", None, "this call is recorded", 1.0),
    ("banned_phrase", None, "guarantee|promise you", 1.0),
    ("product_fact", None, "four weeks", 1.0),
    ("product_fact", None, "every change is logged", 1.0),
    ("objection", None, "more than we planned", 2.0),
    ("objection", None, "already have a tool", 1.0),
    ("objection", None, "would use it", 1.0),
    ("objection", None, "right moment", 1.0),
)
#: Found only where it comes up, not looked for on every call.
_COMES_UP = ("objection", "product_fact")
_KEPT = ["call_id", "item_id", "turn_no", "hit"]


def playbook_table() -> pl.DataFrame:
    """The items: general ones, and one value proposition for each industry."""
    general = pl.DataFrame(_ITEMS, schema=["kind", "call_purpose", "pattern", "weight"], orient="row")
    own = pl.DataFrame({"industry": list(INDUSTRIES)}).with_columns(
        kind=pl.lit("value_proposition"), pattern=pl.format("others in {}", pl.col("industry").str.to_lowercase()),
        weight=2.0,
    )  # fmt: skip
    return pl.concat([general, own], how="diagonal").with_columns(item_id=ids("PB", 2))


def call_marks(calls: pl.DataFrame, turns: pl.DataFrame, playbook: pl.DataFrame, accounts: pl.DataFrame,
               seed: int) -> pl.DataFrame:  # fmt: skip
    """Every item that applies to a call is marked; an item that was not found stands at turn 0."""
    draw = Draw(seed, "call marks")
    marks = pl.concat(
        [
            _looked_for(calls, turns, playbook, accounts, draw),
            _objections(turns, playbook),
            _facts(turns, playbook, draw),
        ]
    )
    n = marks.height
    good, bad = draw.uniform(n, 0.65, 1.0), draw.uniform(n, 0.0, 0.45)
    marks = marks.with_columns(score=pl.when("hit").then(good).otherwise(bad).round(1))
    return marks.sort("call_id", "turn_no", "item_id")


def _looked_for(calls: pl.DataFrame, turns: pl.DataFrame, playbook: pl.DataFrame, accounts: pl.DataFrame,
                draw: Draw) -> pl.DataFrame:  # fmt: skip
    """Items that apply by purpose and industry: what the rep should say, what the customer should tell."""
    known = calls.join(accounts.select("account_id", "industry"), on="account_id", how="left", maintain_order="left")
    items = playbook.filter(~pl.col("kind").is_in(_COMES_UP)).rename({"industry": "only"})
    pairs = known.select("call_id", "team", "purpose", "industry", "fate").join(
        items, how="cross", maintain_order="left_right"
    )
    fits = pl.col("call_purpose").is_null() | (pl.col("call_purpose") == pl.col("purpose"))
    fits &= pl.col("only").is_null() | (pl.col("only") == pl.col("industry")).fill_null(False)
    pairs = pairs.filter(fits)
    hit = pl.lit(draw.uniform(pairs.height)) < _chance()
    pairs = pairs.with_columns(hit=hit)
    speaker = pl.when(pl.col("kind").is_in(["discovery_topic", "qualification_criterion"])).then(pl.lit("customer"))
    said = pairs.with_columns(speaker=speaker.otherwise(pl.lit("rep"))).join(
        _spoken(turns), on=["call_id", "speaker"], how="left", maintain_order="left"
    )
    place = (pl.lit(draw.uniform(said.height)) * pl.col("spoken").list.len()).floor().cast(pl.Int64)
    turn = pl.when("hit").then(pl.col("spoken").list.get(place)).otherwise(0)
    return said.select("call_id", "item_id", turn_no=turn.cast(pl.Int64), hit="hit")


def _chance() -> pl.Expr:
    """How likely an item is heard: by team, and more on the calls of deals that were won."""
    banned = pl.when(pl.col("team") == truth.TALKING_TEAM).then(0.2).otherwise(0.04)
    by_team = pl.col("team").replace_strict(truth.MESSAGE_HIT, default=truth.USUAL_MESSAGE_HIT)
    return pl.when(pl.col("kind") == "banned_phrase").then(banned).otherwise(by_team)


def _spoken(turns: pl.DataFrame) -> pl.DataFrame:
    return turns.group_by("call_id", "speaker", maintain_order=True).agg(spoken=pl.col("turn_no").cast(pl.Int64))


def _objections(turns: pl.DataFrame, playbook: pl.DataFrame) -> pl.DataFrame:
    """Each objection of a customer, and whether the rep answered it."""
    raised = turns.filter(pl.col("exchange").is_in(["answered", "evaded"]) & (pl.col("sentence") == 0))
    items = playbook.filter(pl.col("kind") == "objection").select("item_id", "pattern")
    return _found(raised, items).with_columns(hit=pl.col("exchange") == "answered").select(_KEPT)


def _facts(turns: pl.DataFrame, playbook: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Each statement about the product, and whether it was right."""
    items = playbook.filter(pl.col("kind") == "product_fact").select("item_id", "pattern")
    stated = _found(turns.filter(pl.col("speaker") == "rep"), items)
    right = pl.lit(draw.uniform(stated.height)) < _chance().clip(0.5) + 0.1
    return stated.with_columns(kind=pl.lit("product_fact")).with_columns(hit=right).select(_KEPT)


def _found(turns: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The turns whose words hold an item's pattern."""
    parts = [turns.filter(pl.col("text").str.contains(f"(?i){pattern}")).with_columns(item_id=pl.lit(item))
             for item, pattern in items.iter_rows()]  # fmt: skip
    return pl.concat(parts)
