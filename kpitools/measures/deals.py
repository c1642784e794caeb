"""Measures of deals: what was opened, won and lost, how large it was and how long it took."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, distinct, mean, median, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Deals, StageHistory

STATUS = pl.col("status")
WON = STATUS == "won"
CLOSED = STATUS.is_in(["won", "lost"])
EXPANDING = pl.col("kind").is_in(["upsell", "cross_sell", "expansion"])
ADDED_ON = pl.col("kind").is_in(["upsell", "cross_sell"])
BY_SALES = pl.col("direction") == "out"
NEGOTIATED = pl.col("negotiation_started_at").is_not_null()
MAX_DISCOUNT = 0.20


@measure(Deals, at="closed_at", unit="count")
def won_deals() -> Aggregate:
    """Deals won."""
    return count(WON)


@measure(Deals, at="closed_at", unit="count")
def closed_deals() -> Aggregate:
    """Deals that ended, won or lost."""
    return count(CLOSED)


@measure(Deals, at="closed_at", unit="count")
def lost_deals() -> Aggregate:
    """Deals lost."""
    return count(STATUS == "lost")


@measure(Deals, at="closed_at", unit="currency")
def won_amount() -> Aggregate:
    """Total contract value of the deals won."""
    return total("amount", WON)


@measure(Deals, at="closed_at", unit="currency")
def closed_amount() -> Aggregate:
    """Total contract value of the deals that ended, won or lost."""
    return total("amount", CLOSED)


@measure(Deals, at="closed_at", unit="currency")
def mean_won_amount() -> Aggregate:
    """Mean contract value of the deals won."""
    return mean("amount", WON)


@measure(Deals, at="closed_at", unit="currency")
def median_won_amount() -> Aggregate:
    """Median contract value of the deals won."""
    return median("amount", WON)


@measure(Deals, at="created_at", unit="count")
def created_deals() -> Aggregate:
    """Deals opened."""
    return count()


@measure(Deals, at="created_at", unit="count")
def created_and_won_deals() -> Aggregate:
    """Deals opened that have been won since."""
    return count(WON)


@measure(Deals, at="closed_at", unit="currency")
def expansion_bookings() -> Aggregate:
    """Contract value won from customers through upsell, cross-sell and expansion."""
    return total("amount", WON & EXPANDING)


@measure(Deals, at="closed_at", unit="count")
def won_add_on_deals() -> Aggregate:
    """Upsell and cross-sell deals won."""
    return count(WON & ADDED_ON)


@measure(Deals, at="closed_at", unit="count")
def closed_add_on_deals() -> Aggregate:
    """Upsell and cross-sell deals that ended."""
    return count(CLOSED & ADDED_ON)


@measure(Deals, at="closed_at", unit="count")
def negotiated_deals() -> Aggregate:
    """Deals that had reached negotiation and ended."""
    return count(CLOSED & NEGOTIATED)


@measure(Deals, at="closed_at", unit="count")
def well_negotiated_deals(max_discount: float = MAX_DISCOUNT) -> Aggregate:
    """Deals that had reached negotiation and were won without a discount beyond policy."""
    kept = pl.col("amount") >= pl.col("list_amount") * (1 - max_discount)
    return count(WON & NEGOTIATED & kept.fill_null(False))


@measure(Deals, during=("created_at", "closed_at"), unit="count")
def deals_worked() -> Aggregate:
    """Deals that were open at some time in the period."""
    return count()


@measure(Deals, during=("created_at", "closed_at"), unit="currency")
def mean_worked_amount() -> Aggregate:
    """Mean contract value of the deals open at some time in the period."""
    return mean("amount")


@measure(Deals, at="closed_at", unit="days")
def mean_days_from_creation() -> Aggregate:
    """Mean days from opening a deal to winning it."""
    return mean(days_between("created_at", "closed_at"), WON)


@measure(Deals, at="closed_at", unit="days")
def median_days_from_creation() -> Aggregate:
    """Median days from opening a deal to winning it."""
    return median(days_between("created_at", "closed_at"), WON)


@measure(Deals, at="closed_at", unit="days")
def mean_days_from_first_contact() -> Aggregate:
    """Mean days from the first touch with the buyer to winning the deal."""
    return mean(days_between("first_contact_at", "closed_at"), WON)


@measure(Deals, at="closed_at", unit="days")
def median_days_from_first_contact() -> Aggregate:
    """Median days from the first touch with the buyer to winning the deal."""
    return median(days_between("first_contact_at", "closed_at"), WON)


@measure(Deals, alive=("closed_at", "contract_ends_at"), unit="currency")
def contracted_annual_value() -> Aggregate:
    """Yearly recurring value of the contracts live at the boundary."""
    return total("annual_value", WON)


@measure(Deals, alive=("closed_at", "contract_ends_at"), unit="count")
def contracted_accounts() -> Aggregate:
    """Accounts with a contract live at the boundary."""
    return distinct("account_id", WON)


@measure(Deals, alive=("closed_at", "contract_ends_at"), unit="currency")
def mean_contract_value() -> Aggregate:
    """Mean yearly recurring value of the contracts live at the boundary."""
    return mean("annual_value", WON)


@attribute(Activities, on="deal_id", where=pl.col("is_follow_up"))
def follow_ups_before_closing() -> pl.Expr:
    """Follow-up touches on the deal up to the day it closed."""
    return (pl.col("at").cast(pl.Date) <= pl.col("day")).sum()


@measure(Deals, at="closed_at", unit="count", uses=(follow_ups_before_closing,))
def mean_follow_ups_to_close() -> Aggregate:
    """Mean number of follow-up touches on the deals won."""
    return mean(pl.col("follow_ups_before_closing").fill_null(0), WON)


@measure(StageHistory, at="entered_at", unit="count")
def stage_entries() -> Aggregate:
    """Visits of deals and leads to a stage, by the day they entered it."""
    return count()


@measure(StageHistory, at="entered_at", unit="count")
def stage_advances() -> Aggregate:
    """Visits to a stage that went on to a later one or to a win."""
    later = pl.col("next_stage.position") > pl.col("stage.position")
    return count(((pl.col("next_stage") == "won") | later).fill_null(False))


def _next_touch() -> pl.Expr:
    return pl.when(pl.col("at") >= pl.col("entered_at")).then("at").min()


@attribute(Activities, on="deal_id", where=BY_SALES)
def next_touch_of_deal() -> pl.Expr:
    """The first touch of the deal by sales after it entered the stage."""
    return _next_touch()


@attribute(Activities, on="lead_id", where=BY_SALES)
def next_touch_of_lead() -> pl.Expr:
    """The first touch of the lead by sales after it entered the stage."""
    return _next_touch()


@measure(StageHistory, at="entered_at", unit="hours", uses=(next_touch_of_deal, next_touch_of_lead))
def mean_hours_waiting() -> Aggregate:
    """Mean hours from entering a stage to the next touch by sales; whoever still waits counts to the last day seen."""
    seen_to = pl.col("seen_on").cast(pl.Datetime("us")) + pl.duration(days=1)
    touched = pl.coalesce("next_touch_of_deal", "next_touch_of_lead", pl.min_horizontal("left_at", seen_to))
    return mean((touched - pl.col("entered_at")).dt.total_seconds() / 3600)
