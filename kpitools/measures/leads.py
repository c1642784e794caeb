"""Measures of leads: how many came, what became of them, how fast they were answered."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct, hours_between, mean, median
from kpitools.measures.measure import measure
from kpitools.model.tables import Leads

ANSWERED = pl.col("first_response_at").is_not_null()
INBOUND = pl.col("is_inbound")


@measure(Leads, at="created_at", unit="count")
def leads_created() -> Aggregate:
    """Leads that came in."""
    return count()


@measure(Leads, at="created_at", unit="count")
def different_leads() -> Aggregate:
    """Different people among the leads that came in: by e-mail address, else by lead."""
    return distinct(pl.coalesce(pl.col("email").str.to_lowercase().str.strip_chars(), "lead_id"))


@measure(Leads, at="created_at", unit="count")
def converted_leads() -> Aggregate:
    """Leads that came in and have become customers since."""
    return count(pl.col("customer_at").is_not_null())


@measure(Leads, at="created_at", unit="count")
def leads_with_deal() -> Aggregate:
    """Leads that came in for which a deal has been opened since."""
    return count(pl.col("deal_id").is_not_null())


@measure(Leads, at="sql_at", unit="count")
def qualified_leads() -> Aggregate:
    """Leads accepted as sales qualified."""
    return count()


@measure(Leads, at="sql_at", unit="count")
def qualified_leads_with_deal() -> Aggregate:
    """Sales-qualified leads for which a deal has been opened."""
    return count(pl.col("deal_id").is_not_null())


@measure(Leads, at="created_at", unit="hours")
def mean_hours_to_answer_inquiry() -> Aggregate:
    """Mean hours from an inbound inquiry to the first human answer."""
    return mean(hours_between("created_at", "first_response_at"), INBOUND)


@measure(Leads, at="created_at", unit="hours")
def median_hours_to_answer_inquiry() -> Aggregate:
    """Median hours from an inbound inquiry to the first human answer."""
    return median(hours_between("created_at", "first_response_at"), INBOUND)


@measure(Leads, at="assigned_at", unit="hours")
def mean_hours_to_answer_lead() -> Aggregate:
    """Mean hours from a lead's assignment to the rep's first answer."""
    return mean(hours_between("assigned_at", "first_response_at"))


@measure(Leads, at="assigned_at", unit="hours")
def median_hours_to_answer_lead() -> Aggregate:
    """Median hours from a lead's assignment to the rep's first answer."""
    return median(hours_between("assigned_at", "first_response_at"))


@measure(Leads, at="created_at", unit="count")
def inquiries() -> Aggregate:
    """Inbound leads that came in, answered or not."""
    return count(INBOUND)


@measure(Leads, at="created_at", unit="count")
def answered_inquiries() -> Aggregate:
    """Inbound leads that came in and were answered."""
    return count(INBOUND & ANSWERED)


@measure(Leads, at="created_at", unit="count")
def promptly_answered_inquiries(hours: float = 1) -> Aggregate:
    """Inbound leads that were answered within an hour."""
    return count(INBOUND & (hours_between("created_at", "first_response_at") <= hours).fill_null(False))
