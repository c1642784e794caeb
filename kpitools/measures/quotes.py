"""Measures of quotes and proposals: how many went out and how many became sales."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct
from kpitools.measures.measure import measure
from kpitools.model.tables import Quotes

ACCEPTED = pl.col("status") == "accepted"
#: What was quoted for: the deal, however many quotes it took; a quote without one stands for itself.
MATTER = pl.coalesce("deal_id", "quote_id")


@measure(Quotes, at="issued_at", unit="count")
def quotes_issued() -> Aggregate:
    """Quotes and proposals issued."""
    return count()


@measure(Quotes, at="issued_at", unit="count")
def quotes_accepted() -> Aggregate:
    """Quotes and proposals issued that have been accepted since."""
    return count(ACCEPTED)


@measure(Quotes, at="issued_at", unit="count")
def quoted_deals() -> Aggregate:
    """Different deals that quotes and proposals were issued for."""
    return distinct(MATTER)


@measure(Quotes, at="issued_at", unit="count")
def quoted_deals_accepted() -> Aggregate:
    """Different deals with a quote or proposal issued that has been accepted since."""
    return distinct(MATTER, ACCEPTED)


@measure(Quotes, at="issued_at", unit="count")
def proposals_issued() -> Aggregate:
    """Proposals issued."""
    return count(pl.col("kind") == "proposal")
