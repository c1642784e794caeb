"""Measures of courses: who comes back, who completes, who is active."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Enrolments

SINCE_ENROLLED = ("enrolled_at", None)
COMPLETED = pl.col("completed_at").is_not_null()


def _terms_begun() -> pl.Expr:
    return pl.when(pl.col("enrolled_at") <= pl.col("day")).then("term")


@attribute(Enrolments, on=None)
def latest_term() -> pl.Expr:
    """The last term that anybody had enrolled for by the day."""
    return _terms_begun().max()


@attribute(Enrolments, on=None)
def term_before() -> pl.Expr:
    """The term before the last one that anybody had enrolled for by the day."""
    begun = _terms_begun()
    return begun.filter(begun < begun.max()).max()


@measure(Enrolments, alive=SINCE_ENROLLED, unit="count", uses=(latest_term,))
def enrolments_of_latest_term() -> Aggregate:
    """Enrolments for the latest term by the boundary."""
    return count(pl.col("term") == pl.col("latest_term"))


@measure(Enrolments, alive=SINCE_ENROLLED, unit="count", uses=(term_before,))
def unfinished_of_term_before() -> Aggregate:
    """Enrolments for the term before the latest that were not completed by the boundary."""
    finished = (pl.col("completed_at") <= pl.col("day")).fill_null(False)
    return count((pl.col("term") == pl.col("term_before")) & ~finished)


@per_entity(on="account_id", unit="count")
def students_expected(unfinished=unfinished_of_term_before.at_end, now=enrolments_of_latest_term.at_end) -> Aggregate:
    """Students who had not finished the courses of the term before the latest."""
    return count(unfinished > 0)


@per_entity(on="account_id", unit="count")
def students_back(unfinished=unfinished_of_term_before.at_end, now=enrolments_of_latest_term.at_end) -> Aggregate:
    """Students who had not finished the courses of the term before the latest and enrolled for the latest."""
    return count((unfinished > 0) & (now > 0))


@measure(Enrolments, at="enrolled_at", unit="count")
def enrolments_made() -> Aggregate:
    """Enrolments."""
    return count()


@measure(Enrolments, at="enrolled_at", unit="count")
def enrolments_completed() -> Aggregate:
    """Enrolments that have ended in completion since."""
    return count(COMPLETED)


@measure(Enrolments, during=("enrolled_at", "last_active_at"), unit="count")
def active_students() -> Aggregate:
    """Accounts that were active on a course in the period: enrolled before its end, last active after its start."""
    return distinct("account_id", pl.col("last_active_at").is_not_null())
