"""What was sold and what selling it cost: products, orders, subscriptions, costs."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, flag, instant, key, money, not_before, number, one_of, text


class Products(Table):
    """The catalogue of what is sold."""

    name = "products"

    product_id = key()
    product_name = text("name")
    family = text()
    is_core = flag()
    is_service = flag()
    launched_at = day()
    list_price = money()


class Orders(Table):
    """Invoiced or placed orders."""

    name = "orders"
    dated = "ordered_at"
    foreign_keys = {"rep_id": "reps", "account_id": "accounts", "deal_id": "deals"}

    order_id = key()
    account_id = text()
    deal_id = text()
    rep_id = text()
    channel = text()
    ordered_at = instant()
    amount = money()
    deductions = money()


class OrderLines(Table):
    """The lines of orders."""

    name = "order_lines"
    dated = "order_id.ordered_at"
    foreign_keys = {"order_id": "orders", "product_id": "products"}

    order_id = key()
    line_no = dy.Int64(primary_key=True)
    product_id = text()
    quantity = number()
    revenue = money()
    cogs = money()


class Subscriptions(Table):
    """Spans of constant recurring price; a price change closes one row and opens another on the same day.

    `ends_on` is the first day on which the row is no longer live.
    """

    name = "subscriptions"
    dated = "starts_on"
    foreign_keys = {"account_id": "accounts", "product_id": "products", "deal_id": "deals"}
    known_at = {"ends_on": "ends_on"}

    subscription_id = key()
    account_id = text()
    product_id = text()
    deal_id = text()
    mrr = money()
    starts_on = day()
    ends_on = day()

    @dy.rule()
    def ends_not_before_it_starts(cls) -> pl.Expr:
        """A subscription ends on or after its first day."""
        return not_before("ends_on", "starts_on")


class Costs(Table):
    """The spend ledger."""

    name = "costs"
    dated = "spent_on"
    foreign_keys = {"initiative_id": "initiatives"}
    derived = ("initiative_spent",)  # filled where a slice is cut out: what others spent is not seen from within

    cost_id = key()
    spent_on = day()
    category = one_of("sales_salary", "commission", "marketing", "tools", "training", "overhead", "travel", "other")
    team = text()
    channel = text()
    initiative_id = text()
    amount = money(minimum=None)
