"""Measures of what bounces: e-mails that come back, visitors who leave after one page."""

from __future__ import annotations

import polars as pl

from kpitools.measures.activities import EMAILED
from kpitools.measures.aggregates import Aggregate, count
from kpitools.measures.measure import measure
from kpitools.model.tables import Activities, Sessions


@measure(Activities, at="at", unit="count")
def bounced_emails() -> Aggregate:
    """Outbound e-mails that bounced."""
    return count(EMAILED & pl.col("bounced").fill_null(False))


@measure(Sessions, at="started_at", unit="count")
def site_visits() -> Aggregate:
    """Visits to the shop or site."""
    return count()


@measure(Sessions, at="started_at", unit="count")
def one_page_visits() -> Aggregate:
    """Visits that saw one page and no more."""
    return count(pl.col("pages") == 1)
