"""A company's own KPI: how much is given away below list price."""

import polars as pl

import kpitools as kp
from kpitools.model.tables import Deals

WON = pl.col("status") == "won"


@kp.measure(Deals, at="closed_at", unit="currency")
def won_list_amount():
    """List price of the deals won."""
    return kp.total("list_amount", WON)


@kp.measure(Deals, at="closed_at", unit="currency")
def won_discount():
    """What the deals won were sold for below list price."""
    return kp.total(pl.col("list_amount") - pl.col("amount"), WON)


@kp.kpi(unit="percent", better="lower", roles=("manager",), timing="lagging", kind="quality", form="ratio")
def discount_rate(given=won_discount, listed=won_list_amount):
    """Discount on the deals won in the period, as a share of their list price."""
    return kp.percent(given, listed)
