"""Who sells, what they do, and what is expected of them: reps, activities, quotas."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, flag, instant, key, not_before, number, one_of, text, whole

ACTIVITY_KINDS = ("call", "email", "meeting", "demo", "proposal", "qbr", "other")


class Reps(Table):
    """Sales staff and other employees."""

    name = "reps"
    dated = "hired_at"
    foreign_keys = {"manager_rep_id": "reps"}
    known_at = {"left_at": "left_at"}
    derived = ("label",)

    rep_id = key()
    rep_name = text("name")
    role = text()
    is_seller = flag()
    team = text()
    manager_rep_id = text()
    region = text()
    hired_at = day()
    left_at = day()

    @dy.rule()
    def left_not_before_being_hired(cls) -> pl.Expr:
        """Nobody leaves before having been hired."""
        return not_before("left_at", "hired_at")


class Activities(Table):
    """Every logged touch. A meeting exists from its booking on; what came of it is known once it took place."""

    name = "activities"
    dated = "recorded_at"
    foreign_keys = {"rep_id": "reps", "deal_id": "deals", "account_id": "accounts", "lead_id": "leads"}
    known_at = {
        "outcome": "at",
        "duration_s": "at",
        "decision_maker_present": "at",
        "value_confirmed": "at",
        "next_step_at": "at",
        "opened_at": "opened_at",
        "replied_at": "replied_at",
        "next_step_done_at": "next_step_done_at",
    }
    derived = ("recorded_at",)
    part_of = ("deal_id", "lead_id")

    activity_id = key()
    rep_id = text()
    account_id = text()
    lead_id = text()
    deal_id = text()
    kind = one_of(*ACTIVITY_KINDS)
    direction = one_of("in", "out")
    scheduled_at = instant()
    at = instant()
    duration_s = whole()
    outcome = one_of("connected", "no_answer", "held", "no_show", "cancelled", "replied")
    is_follow_up = flag()
    decision_maker_present = flag()
    value_confirmed = flag()
    next_step_at = instant()
    next_step_done_at = instant()
    delivered = flag()
    bounced = flag()
    opened_at = instant()
    replied_at = instant()


class Quotas(Table):
    """Goals for a rep, a team or the company. `ends_on` is the last day that counts.

    A plan, not a fact: a quota has no date before which it could not be known, so the as-of view keeps it.
    """

    name = "quotas"
    foreign_keys = {"rep_id": "reps"}
    derived = ("rep_id", "team")

    quota_id = key()
    owner_kind = one_of("rep", "team", "company")
    owner_id = text()
    measure = text()
    starts_on = day()
    ends_on = day()
    amount = number()

    @dy.rule()
    def ends_not_before_it_starts(cls) -> pl.Expr:
        """A quota ends on or after its first day."""
        return not_before("ends_on", "starts_on")
