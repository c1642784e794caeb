"""Measures of new ways of working: what was launched, who uses it, what it cost and what is credited to it."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, days_between, distinct, total
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure
from kpitools.measures.people import EMPLOYED
from kpitools.model.tables import Costs, Initiatives, InitiativeUsers, Reps

OF_SALES = ("strategy", "tool", "technique")
TOOLS = ("tool", "technique")
KIND = pl.col("initiative_id.kind")
CREDITED = pl.col("initiative_id.attributed_revenue").is_not_null()
#: Campaigns are marketing's.
CREDITED_TO_SALES = CREDITED & KIND.is_in(OF_SALES)
LAST_USED_DAYS = 30


@measure(InitiativeUsers, at="initiative_id.started_on", unit="count")
def initiatives_launched() -> Aggregate:
    """Strategies, tools and techniques started and put to use by somebody since."""
    return distinct("initiative_id", KIND.is_in(OF_SALES))


@attribute(Initiatives, on="initiative_id")
def on_offer_from() -> pl.Expr:
    """The day on which the initiative started."""
    return pl.col("started_on").first()


@attribute(Initiatives, on="initiative_id")
def on_offer_until() -> pl.Expr:
    """The day on which the initiative ended."""
    return pl.col("ended_on").first()


def _on_offer(start: str, end: str) -> pl.Expr:
    return (pl.col(start) <= pl.col("day")) & (pl.col(end).is_null() | (pl.col(end) > pl.col("day")))


@attribute(InitiativeUsers, on="rep_id", where=KIND.is_in(TOOLS), uses=(on_offer_from, on_offer_until))
def tools_used(days: int = LAST_USED_DAYS) -> pl.Expr:
    """How many of the tools and techniques on offer the rep has used lately."""
    lately = (pl.col("first_used_at") <= pl.col("day")) & (days_between("last_used_at", "day") <= days)
    return (_on_offer("on_offer_from", "on_offer_until") & lately).sum()


@attribute(Initiatives, on=None, where=pl.col("kind").is_in(TOOLS))
def tools_on_offer() -> pl.Expr:
    """How many tools and techniques are on offer."""
    return _on_offer("started_on", "ended_on").sum()


@measure(Reps, alive=EMPLOYED, unit="count", uses=(tools_used,))
def tool_users() -> Aggregate:
    """Staff employed at the boundary who use a tool or technique, each once for every one."""
    return total(pl.col("tools_used").fill_null(0))


@measure(Reps, alive=EMPLOYED, unit="count", uses=(tools_on_offer,))
def possible_tool_users() -> Aggregate:
    """Staff employed at the boundary, each once for every tool and technique on offer."""
    return total(pl.col("tools_on_offer").fill_null(0))


@attribute(Costs, on="initiative_id")
def spent_on_initiative() -> pl.Expr:
    """What the initiative has cost in all."""
    return pl.col("amount").sum()


def _credited(where: pl.Expr) -> Aggregate:
    """Revenue credited to initiatives, shared out over what was spent on them."""
    spent = pl.coalesce("initiative_spent", "spent_on_initiative")
    share = pl.when(spent > 0).then(pl.col("amount") / spent)
    return total(share * pl.col("initiative_id.attributed_revenue"), where)


@measure(Costs, at="spent_on", unit="currency")
def initiative_costs() -> Aggregate:
    """Spent on initiatives that revenue is credited to."""
    return total("amount", CREDITED)


@measure(Costs, at="spent_on", unit="currency", uses=(spent_on_initiative,))
def credited_revenue() -> Aggregate:
    """Revenue credited to initiatives: with a part of its costs goes the same part of an initiative's revenue."""
    return _credited(CREDITED)


@measure(Costs, at="spent_on", unit="currency")
def sales_initiative_costs() -> Aggregate:
    """Spent on strategies, tools and techniques that revenue is credited to."""
    return total("amount", CREDITED_TO_SALES)


@measure(Costs, at="spent_on", unit="currency", uses=(spent_on_initiative,))
def revenue_credited_to_sales() -> Aggregate:
    """Revenue credited to strategies, tools and techniques, shared out over their costs."""
    return _credited(CREDITED_TO_SALES)
