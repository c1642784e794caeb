"""What is expected: forecasts, the market, and scores that a model or a person gave."""

from __future__ import annotations

import dataframely as dy
import polars as pl

from kpitools.model.tables.table import Table, day, instant, key, money, not_before, number, one_of, text, whole


class Forecasts(Table):
    """Submitted forecasts, one row per submission. `ends_on` is the last day that counts."""

    name = "forecasts"
    dated = "made_at"
    foreign_keys = {"rep_id": "reps"}
    derived = ("rep_id", "team")

    forecast_id = key()
    owner_kind = one_of("rep", "team", "company")
    owner_id = text()
    starts_on = day()
    ends_on = day()
    made_at = instant()
    amount = money()

    @dy.rule()
    def ends_not_before_it_starts(cls) -> pl.Expr:
        """A forecast ends on or after its first day."""
        return not_before("ends_on", "starts_on")


class Market(Table):
    """The size of the market outside, by span of days. `ends_on` is the last day that counts."""

    name = "market"
    dated = "starts_on"

    market_id = key()
    starts_on = day()
    ends_on = day()
    region = text()
    product_family = text()
    total_units = number()
    total_revenue = money()
    addressable_accounts = whole()
    average_price = money()


class DealScores(Table):
    """How likely open deals are to be won, as a model or a person put it on a day."""

    name = "deal_scores"
    dated = "scored_at"
    foreign_keys = {"deal_id": "deals"}
    tells_of = ("deal_id",)

    deal_id = key()
    scored_at = dy.Datetime(primary_key=True)
    win_probability = number(maximum=1)


class AccountScores(Table):
    """How likely customers are to leave within 90 days, as a model or a person put it on a day."""

    name = "account_scores"
    dated = "scored_at"
    foreign_keys = {"account_id": "accounts"}

    account_id = key()
    scored_at = dy.Datetime(primary_key=True)
    churn_probability = number(maximum=1)


class LeadScores(Table):
    """How likely leads are to become customers, as a model or a person put it on a day."""

    name = "lead_scores"
    dated = "scored_at"
    foreign_keys = {"lead_id": "leads"}
    tells_of = ("lead_id",)

    lead_id = key()
    scored_at = dy.Datetime(primary_key=True)
    conversion_probability = number(maximum=1)
