"""What single industries add: projects, policies and claims, listings, holdings, web shops, courses."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, instant, key, money, not_before, number, one_of, text, whole


class Projects(Table):
    """Services delivered, and implementations of what was sold."""

    name = "projects"
    dated = "started_at"
    foreign_keys = {"deal_id": "deals", "account_id": "accounts"}
    tells_of = ("deal_id", "account_id")
    known_at = {"ended_at": "ended_at"}

    project_id = key()
    account_id = text()
    deal_id = text()
    kind = one_of("service", "implementation")
    fees = money()
    extras = money()
    started_at = day()
    ended_at = day()

    @dy.rule()
    def ended_not_before_it_started(cls) -> pl.Expr:
        """A project ends on or after its first day."""
        return not_before("ended_at", "started_at")


class Policies(Table):
    """Insurance policies, one row per term. `ends_on` is the first day no longer covered."""

    name = "policies"
    dated = "written_at"
    foreign_keys = {"account_id": "accounts", "lead_id": "leads", "renews_policy_id": "policies"}
    tells_of = ("account_id", "lead_id")
    known_at = {"cancelled_at": "cancelled_at"}

    policy_id = key()
    account_id = text()
    lead_id = text()
    product_line = text()
    written_at = day()
    starts_on = day()
    ends_on = day()
    cancelled_at = day()
    renews_policy_id = text()
    premium = money()

    @dy.rule()
    def ends_not_before_it_starts(cls) -> pl.Expr:
        """A policy ends on or after its first day."""
        return not_before("ends_on", "starts_on")


class Claims(Table):
    """Insurance claims: what was paid, and by how much the reserve changed, by the day the claim was closed."""

    name = "claims"
    dated = "reported_at"
    foreign_keys = {"policy_id": "policies"}
    known_at = {"closed_at": "closed_at", "paid": "closed_at"}

    claim_id = key()
    policy_id = text()
    reported_at = day()
    closed_at = day()
    paid = money()
    reserve_change = money(minimum=None)

    @dy.rule()
    def closed_not_before_it_was_reported(cls) -> pl.Expr:
        """A claim is closed on or after the day it was reported."""
        return not_before("closed_at", "reported_at")


class Listings(Table):
    """Properties on offer."""

    name = "listings"
    dated = "listed_at"
    foreign_keys = {"rep_id": "reps"}
    known_at = {
        "sold_at": "sold_at", "withdrawn_at": "withdrawn_at", "sale_price": "sold_at", "seller_commission": "sold_at",
        "buyer_commission": "sold_at",
    }  # fmt: skip

    listing_id = key()
    rep_id = text()
    region = text()
    listed_at = day()
    sold_at = day()
    withdrawn_at = day()
    sale_price = money()
    seller_commission = money()
    buyer_commission = money()

    @dy.rule()
    def sold_not_before_it_was_listed(cls) -> pl.Expr:
        """A property is sold on or after the day it was listed."""
        return not_before("sold_at", "listed_at")


class Holdings(Table):
    """What clients hold of each product, by the day it was valued."""

    name = "holdings"
    dated = "as_of"
    foreign_keys = {"account_id": "accounts", "product_id": "products"}
    known_at = {"next_valued_on": "next_valued_on"}
    derived = ("next_valued_on",)

    account_id = key()
    product_id = key()
    valued_on = dy.Date(primary_key=True, alias="as_of")
    market_value = money()


class PortfolioReturns(Table):
    """What portfolios earned in each of their periods, beside the risk-free rate and the market."""

    name = "portfolio_returns"
    dated = "period_end"
    foreign_keys = {"account_id": "accounts"}

    account_id = key()
    period_end = dy.Date(primary_key=True)
    return_pct = number(minimum=None)
    risk_free_pct = number(minimum=None)
    benchmark_pct = number(minimum=None)


class Sessions(Table):
    """Visits to the shop or site."""

    name = "sessions"
    dated = "started_at"
    foreign_keys = {"order_id": "orders"}

    session_id = key()
    visitor_id = text()
    started_at = instant()
    channel = text()
    pages = whole()
    order_id = text()


class Carts(Table):
    """Shopping carts; one that never became an order has none."""

    name = "carts"
    dated = "created_at"
    foreign_keys = {"session_id": "sessions", "order_id": "orders"}

    cart_id = key()
    session_id = text()
    created_at = instant()
    order_id = text()


class Courses(Table):
    """Courses on offer."""

    name = "courses"

    course_id = key()
    course_name = text("name")
    level = one_of("k12", "higher", "other")


class Enrolments(Table):
    """Students on courses. Terms are labels that sort in the order in which they follow each other."""

    name = "enrolments"
    dated = "enrolled_at"
    foreign_keys = {"account_id": "accounts", "course_id": "courses"}
    known_at = {"completed_at": "completed_at"}

    enrolment_id = key()
    account_id = text()
    course_id = text()
    term = text()
    enrolled_at = day()
    completed_at = day()
    last_active_at = instant()
