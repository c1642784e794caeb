"""Measures of projects, of proposals decided, and of the hours that are billed."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, mean, total
from kpitools.measures.measure import measure
from kpitools.model.tables import DealVersions, Projects, Quotes, RepHours

KIND = pl.col("kind")
WORTH = pl.col("fees") + pl.col("extras").fill_null(0)
PROPOSAL = KIND == "proposal"


@measure(Projects, at="started_at", unit="currency")
def mean_project_worth() -> Aggregate:
    """Mean worth of the service projects begun: fees and additional services."""
    return mean(WORTH, KIND == "service")


@measure(Projects, at="started_at", unit="currency")
def project_worth() -> Aggregate:
    """Worth of the service projects begun: fees and additional services."""
    return total(WORTH, KIND == "service")


@measure(Projects, at="ended_at", unit="days")
def mean_days_to_live() -> Aggregate:
    """Mean days from closing the deal to the day its implementation went live."""
    return mean(days_between("deal_id.closed_at", "ended_at"), KIND == "implementation")


@measure(Quotes, at="decided_at", unit="count")
def proposals_decided() -> Aggregate:
    """Proposals that the client decided on, or that ran out."""
    return count(PROPOSAL)


@measure(Quotes, at="decided_at", unit="count")
def proposals_won() -> Aggregate:
    """Proposals that the client accepted."""
    return count(PROPOSAL & (pl.col("status") == "accepted"))


@measure(RepHours, at="day", unit="hours")
def billable_hours() -> Aggregate:
    """Hours billed to clients."""
    return total("hours_billable")


@measure(RepHours, at="day", unit="hours")
def planned_billable_hours() -> Aggregate:
    """Hours booked ahead for clients."""
    return total("hours_billable_planned")


@measure(RepHours, at="day", unit="hours")
def available_hours() -> Aggregate:
    """Hours that staff has for clients' work."""
    return total("hours_available")


@measure(DealVersions, alive=("valid_from", "valid_to"), unit="currency")
def likely_due_amount() -> Aggregate:
    """Value of the open deals expected to close in the period, each times the default probability of its stage."""
    due = pl.col("expected_close_at")
    inside = (due >= pl.col("period_start")) & (due < pl.col("period_end"))
    return total(pl.col("amount") * pl.col("stage.default_probability"), (pl.col("status") == "open") & inside)
