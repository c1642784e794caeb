"""KPIs of real estate."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import listings


@kpi(
    unit="days",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="outcome",
    aliases=("Average Days on Market", "DOM"),
)
def days_on_market(days=listings.mean_days_to_sale) -> pl.Expr:
    """Mean days from listing to sale of the properties sold in the period.

    What does not sell is not in it: read the age of active listings beside it.

    Source: [003].
    """
    return days


@kpi(unit="days", better="lower", roles=("team", "manager"), timing="leading", kind="outcome")
def age_of_active_listings(age=listings.mean_listing_age) -> pl.Expr:
    """Mean days since listing of the properties on offer at the end of the period.

    Source: own, beside the days on market of [003].
    """
    return age


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Listing-to-sale ratio",
    aliases=("Listings-to-Sales Conversion Rate", "Listing Conversion Rate"),
)
def listing_to_sale_ratio(sold=listings.listings_sold, listed=listings.listings_made) -> pl.Expr:
    """Share of the properties listed in the period that have been sold by the day seen.

    Young listings have not had their time yet: compare cohorts of one age.

    Source: [003], reading (b); listings per sale, reading (a), is its inverse.
    """
    return percent(sold, listed)


@kpi(
    unit="percent",
    better="band",
    roles=("rep", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Commission Rate",),
)
def agent_commission_rate(commission=listings.seller_commissions, price=listings.sale_prices) -> pl.Expr:
    """Commission on the seller's side as a share of the prices of the properties sold in the period.

    Source: [003].
    """
    return percent(commission, price)


@kpi(
    unit="percent",
    better="band",
    roles=("rep", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    label="Agent commission rate, buyer's side",
)
def buyer_agent_commission_rate(commission=listings.buyer_commissions, price=listings.sale_prices) -> pl.Expr:
    """Commission on the buyer's side as a share of the prices of the properties sold in the period.

    Source: [003].
    """
    return percent(commission, price)
