"""Whom we sell to: accounts and leads."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, flag, instant, key, not_before, number, text


class Accounts(Table):
    """Companies or people sold to, one row each."""

    name = "accounts"
    dated = "created_at"
    foreign_keys = {"owner_rep_id": "reps", "referred_by_account_id": "accounts"}
    known_at = {"became_customer_at": "became_customer_at", "cohort": "became_customer_at", "ended_at": "ended_at"}
    derived = ("cohort",)

    account_id = key()
    account_name = text("name")
    domain = text()
    industry = text()
    segment = text()
    region = text()
    territory = text()
    channel = text()
    owner_rep_id = text()
    created_at = instant()
    became_customer_at = day()
    ended_at = day()
    referred_by_account_id = text()
    is_target = flag()
    is_strategic = flag()
    icp_fit = number(maximum=1)
    provider_matched = flag()

    @dy.rule()
    def ended_not_before_it_became_a_customer(cls) -> pl.Expr:
        """A customer leaves on or after the day it became one."""
        return not_before("ended_at", "became_customer_at")


class Leads(Table):
    """Inbound and outbound leads."""

    name = "leads"
    dated = "created_at"
    foreign_keys = {
        "account_id": "accounts",
        "owner_rep_id": "reps",
        "deal_id": "deals",
        "referred_by_account_id": "accounts",
    }
    known_at = {
        column: column for column in ("assigned_at", "first_response_at", "sql_at", "disqualified_at", "customer_at")
    } | {"deal_id": "deal_id.created_at"}

    lead_id = key()
    account_id = text()
    owner_rep_id = text()
    email = text()
    source = text()
    channel = text()
    is_inbound = flag()
    created_at = instant()
    assigned_at = instant()
    first_response_at = instant()
    sql_at = instant()
    disqualified_at = instant()
    deal_id = text()
    customer_at = instant()
    referred_by_account_id = text()

    @dy.rule()
    def answered_not_before_it_came_in(cls) -> pl.Expr:
        """The first response follows the inquiry."""
        return pl.col("first_response_at") >= pl.col("created_at")

    @dy.rule()
    def customer_not_before_it_came_in(cls) -> pl.Expr:
        """A lead becomes a customer on or after the day it came in."""
        return not_before("customer_at", "created_at")


__all__ = ["Accounts", "Leads"]
