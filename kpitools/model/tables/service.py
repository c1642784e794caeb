"""What customers say, need and show: surveys, tickets, contact-centre calls, product use, signs of interest."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, flag, instant, key, not_before, number, one_of, text, whole


class Surveys(Table):
    """Answers to surveys of customers, of staff, about products and the brand."""

    name = "surveys"
    dated = "answered_at"
    foreign_keys = {"rep_id": "reps", "account_id": "accounts", "ticket_id": "tickets", "product_id": "products"}
    tells_of = ("rep_id", "account_id")

    survey_id = key()
    kind = one_of("nps", "csat", "employee", "product", "brand")
    account_id = text()
    rep_id = text()
    ticket_id = text()
    product_id = text()
    answered_at = instant()
    score = number()
    scale_max = number()
    positive_from = number()


class Tickets(Table):
    """Customers' issues and requests for support."""

    name = "tickets"
    dated = "opened_at"
    foreign_keys = {"account_id": "accounts"}
    known_at = {"first_response_at": "first_response_at", "resolved_at": "resolved_at", "contacts": "resolved_at"}

    ticket_id = key()
    account_id = text()
    opened_at = instant()
    first_response_at = instant()
    resolved_at = instant()
    contacts = whole()
    severity = text()
    tier = one_of("high_value", "general")

    @dy.rule()
    def resolved_not_before_it_was_opened(cls) -> pl.Expr:
        """A ticket is resolved on or after the day it was opened."""
        return not_before("resolved_at", "opened_at")


class CcCalls(Table):
    """Calls of the contact centre, as its telephone system records them."""

    name = "cc_calls"
    dated = "queued_at"
    foreign_keys = {"agent_rep_id": "reps", "ticket_id": "tickets"}

    cc_call_id = key()
    agent_rep_id = text()
    ticket_id = text()
    direction = one_of("in", "out")
    queued_at = instant()
    answered_at = instant()
    abandoned_at = instant()
    talk_s = whole()
    hold_s = whole()
    wrap_s = whole()


class Usage(Table):
    """What users of customers and of trials did in the product."""

    name = "usage"
    dated = "at"
    foreign_keys = {"account_id": "accounts", "deal_id": "deals", "product_id": "products"}
    tells_of = ("deal_id", "account_id")

    usage_id = key()
    account_id = text()
    deal_id = text()
    user_id = text()
    product_id = text()
    feature = text()
    at = instant()
    is_value_event = flag()


class IntentSignals(Table):
    """Signs that somebody may buy, seen by the company itself or told by others."""

    name = "intent_signals"
    dated = "at"
    foreign_keys = {"account_id": "accounts", "lead_id": "leads"}
    tells_of = ("account_id", "lead_id")

    signal_id = key()
    account_id = text()
    lead_id = text()
    at = instant()
    kind = text()
    weight = number()
