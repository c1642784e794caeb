"""Recorded sales conversations: calls, what was said, what should be said, and what was found when checking."""

from __future__ import annotations

import dataframely as dy

from kpitools.model.tables.table import Table, flag, instant, key, number, one_of, text, whole

PURPOSES = ("prospecting", "discovery", "demo", "negotiation", "qbr", "other")
ITEM_KINDS = (
    "key_message", "value_proposition", "discovery_topic", "qualification_criterion", "best_practice",
    "required_phrase", "banned_phrase", "product_fact", "objection",
)  # fmt: skip


class Calls(Table):
    """Recorded sales conversations."""

    name = "calls"
    dated = "started_at"
    foreign_keys = {
        "rep_id": "reps", "deal_id": "deals", "account_id": "accounts", "lead_id": "leads", "activity_id": "activities",
    }  # fmt: skip
    part_of = ("deal_id", "lead_id")

    call_id = key()
    activity_id = text()
    rep_id = text()
    account_id = text()
    lead_id = text()
    deal_id = text()
    purpose = one_of(*PURPOSES)
    deal_stage = text()
    started_at = instant()
    duration_s = whole()


class CallTurns(Table):
    """Who spoke when on a call. Whether a turn asks and how it sounds is given, not worked out here."""

    name = "call_turns"
    dated = "call_id.started_at"
    foreign_keys = {"call_id": "calls"}
    part_of = ("call_id",)
    derived = ("turn_id",)

    call_id = key()
    turn_no = dy.Int64(primary_key=True)
    speaker = one_of("rep", "customer")
    start_s = number()
    end_s = number()
    turn_text = text("text")
    is_question = flag()
    sentiment = number(minimum=-1, maximum=1)


class Playbook(Table):
    """What a call should contain, as the company has decided."""

    name = "playbook"

    item_id = key()
    kind = one_of(*ITEM_KINDS)
    industry = text()
    call_purpose = text()
    pattern = text()
    weight = number()


class CallMarks(Table):
    """What checking an item of the playbook on a call found, by rule or by a reviewer."""

    name = "call_marks"
    dated = "call_id.started_at"
    foreign_keys = {"call_id": "calls", "item_id": "playbook"}
    part_of = ("call_id",)
    derived = ("turn_id", "achieved")

    call_id = key()
    item_id = key()
    turn_no = dy.Int64(primary_key=True)
    hit = flag()
    score = number(maximum=1)
