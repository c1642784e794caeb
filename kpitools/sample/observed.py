"""The tables that the newer tools of the company write: calls, quotes, use, tickets, surveys, work in common."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpitools.sample.conversations import call_turns, calls
from kpitools.sample.interest import intent_signals, quotes
from kpitools.sample.playbook import call_marks, playbook_table
from kpitools.sample.service import leaving, surveys, tickets
from kpitools.sample.teamwork import deal_members, shares
from kpitools.sample.usage import usage

Frames = Mapping[str, pl.DataFrame]


def observed(made: Frames, customers: pl.DataFrame, visits: pl.DataFrame, places: pl.DataFrame,
             seed: int) -> dict[str, pl.DataFrame]:  # fmt: skip
    """The tables by name, given those that are `made`, with their columns to spare."""
    living, deals, accounts = leaving(customers), made["deals"], made["accounts"]
    helped = tickets(living, accounts, seed)
    return _conversations(made, living, visits, seed) | {
        "deal_members": deal_members(deals, places, seed),
        "intent_signals": intent_signals(accounts, deals, made["leads"], seed),
        "quotes": quotes(deals, visits, seed),
        "shares": shares(deals, places, seed),
        "surveys": surveys(living, helped, deals, made["subscriptions"], accounts, made["reps"], places, seed),
        "tickets": helped,
        "usage": usage(living, deals, seed),
    }


def _conversations(made: Frames, customers: pl.DataFrame, visits: pl.DataFrame, seed: int) -> dict[str, pl.DataFrame]:
    recorded = calls(made["activities"], made["deals"], visits, customers, made["reps"], seed)
    turns, items = call_turns(recorded, seed), playbook_table()
    marks = call_marks(recorded, turns, items, made["accounts"], seed)
    return {"calls": recorded, "call_turns": turns, "playbook": items, "call_marks": marks}
