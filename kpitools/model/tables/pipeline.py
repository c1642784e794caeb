"""Deals, the log of their changes, and the stages they pass."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, flag, instant, key, money, not_before, number, one_of, text, whole

DEAL_STATUS = ("open", "won", "lost")
DEAL_KINDS = ("new", "upsell", "cross_sell", "expansion", "renewal")


class Deals(Table):
    """Opportunities."""

    name = "deals"
    dated = "created_at"
    foreign_keys = {
        "owner_rep_id": "reps",
        "account_id": "accounts",
        "product_id": "products",
        "stage": "stages",
        "lead_id": "leads",
        "sdr_rep_id": "reps",
    }
    known_at = {
        "closed_at": "closed_at",
        "amount": "closed_at",
        "status": "closed_at",
        "lost_reason": "closed_at",
        "contract_ends_at": "closed_at",
        "first_contact_at": "first_contact_at",
        "tech_evaluated_at": "tech_evaluated_at",
        "tech_won": "tech_evaluated_at",
        "poc_start_at": "poc_start_at",
        "poc_end_at": "poc_end_at",
        "negotiation_started_at": "negotiation_started_at",
    }
    before_known = {"status": pl.lit("open"), "amount": pl.coalesce("expected_amount", "amount")}
    derived = ("contract_ends_at",)
    shared = ("deal_id", *foreign_keys, "kind", "product_family", "channel", "segment", "created_at")

    deal_id = key()
    account_id = text()
    lead_id = text()
    owner_rep_id = text()
    sdr_rep_id = text()
    kind = one_of(*DEAL_KINDS)
    product_id = text()
    product_family = text()
    channel = text()
    segment = text()
    amount = money()
    expected_amount = money()  # while it was open, where closing wrote another amount over it
    annual_value = money()
    list_amount = money()
    term_months = whole()
    stage = text()
    created_at = instant()
    first_contact_at = instant()
    expected_close_at = day()
    close_date_pushes = whole()
    next_step_at = instant()
    closed_at = instant()
    status = one_of(*DEAL_STATUS)
    lost_reason = text()
    tech_evaluated_at = instant()
    tech_won = flag()
    poc_start_at = instant()
    poc_end_at = instant()
    poc_features = whole()
    poc_seats = whole()
    negotiation_started_at = instant()

    @dy.rule()
    def closed_not_before_it_was_created(cls) -> pl.Expr:
        """A deal closes on or after the day it was created."""
        return not_before("closed_at", "created_at")

    @dy.rule()
    def a_closed_deal_has_a_closing_date(cls) -> pl.Expr:
        """Won and lost deals say when they closed."""
        return (pl.col("status") == "open") | pl.col("closed_at").is_not_null()

    @dy.rule()
    def an_open_deal_has_no_closing_date(cls) -> pl.Expr:
        """An open deal has not closed yet."""
        return (pl.col("status") != "open") | pl.col("closed_at").is_null()


class DealChanges(Table):
    """The change log of deals; what the pipeline looked like on a past day is read from it."""

    name = "deal_changes"
    dated = "changed_at"
    foreign_keys = {"deal_id": "deals"}
    tells_of = ("deal_id",)

    change_id = key()
    deal_id = text()
    field = one_of("amount", "expected_close_at", "stage", "owner_rep_id")
    old_value = text()
    new_value = text()
    changed_at = instant()


class DealVersions(Table):
    """Spans in which an open deal stood unchanged: derived from deals and their changes, never loaded.

    Stocks of the pipeline are counted over these, so that last quarter's pipeline keeps last quarter's
    stages, owners, amounts and dates.
    """

    name = "deal_versions"
    dated = "valid_from"
    foreign_keys = {"owner_rep_id": "reps", "stage": "stages", "deal_id": "deals"}
    tells_of = ("deal_id",)
    known_at = {"valid_to": "valid_to"}

    deal_id = key()
    owner_rep_id = text()
    stage = text()
    amount = money()
    expected_close_at = day()
    status = one_of(*DEAL_STATUS)
    created_at = instant()
    is_first = flag()
    valid_from = dy.Datetime(primary_key=True)
    valid_to = instant()


class Stages(Table):
    """The stages of the pipeline in their order."""

    name = "stages"

    stage = key()
    position = whole()
    default_probability = number(maximum=1)
    typical_days = whole()


class StageHistory(Table):
    """One row per visit of a lead or a deal to a stage."""

    name = "stage_history"
    dated = "entered_at"
    foreign_keys = {"deal_id": "deals", "lead_id": "leads", "stage": "stages", "next_stage": "stages"}
    known_at = {"left_at": "left_at", "next_stage": "left_at"}
    words = {"next_stage": ("won", "lost")}
    tells_of = ("deal_id", "lead_id")

    history_id = key()
    lead_id = text()
    deal_id = text()
    stage = text()
    entered_at = instant()
    left_at = instant()
    next_stage = text()

    @dy.rule()
    def left_not_before_it_was_entered(cls) -> pl.Expr:
        """A stage is left after it was entered."""
        return pl.col("left_at") >= pl.col("entered_at")


class DealMembers(Table):
    """Who works on a deal."""

    name = "deal_members"
    dated = "deal_id.created_at"
    foreign_keys = {"rep_id": "reps", "deal_id": "deals"}
    part_of = ("deal_id",)

    deal_id = key()
    rep_id = key()
    role = one_of("owner", "sdr", "se", "am", "other")


class Quotes(Table):
    """Quotes and proposals issued to buyers."""

    name = "quotes"
    dated = "issued_at"
    foreign_keys = {"rep_id": "reps", "deal_id": "deals", "account_id": "accounts"}
    known_at = {"decided_at": "decided_at", "status": "decided_at"}
    before_known = {"status": pl.lit("open")}
    part_of = ("deal_id",)

    quote_id = key()
    deal_id = text()
    account_id = text()
    rep_id = text()
    kind = one_of("quote", "proposal")
    issued_at = instant()
    amount = money()
    status = one_of("open", "accepted", "rejected", "expired")
    decided_at = instant()

    @dy.rule()
    def decided_not_before_it_was_issued(cls) -> pl.Expr:
        """A quote is decided on or after the day it was issued."""
        return not_before("decided_at", "issued_at")
