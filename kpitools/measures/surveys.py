"""Measures of surveys: what customers and staff answer. Only an answer with a score counts as one."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, distinct, mean
from kpitools.measures.measure import measure
from kpitools.model.tables import Surveys

KIND, SCORE, SCALE = pl.col("kind"), pl.col("score"), pl.col("scale_max")
STAFF = KIND == "employee"
NPS_SCALE = 10
NPS = (KIND == "nps") & (SCALE.is_null() | (SCALE == NPS_SCALE))
RATED = SCORE.is_not_null() & pl.col("positive_from").is_not_null()
POSITIVE = RATED & (pl.col("positive_from") <= SCORE)


@measure(Surveys, at="answered_at", unit="score")
def mean_staff_score() -> Aggregate:
    """Mean answer of staff, as percent of the top of the scale."""
    return mean(pl.when(SCALE > 0).then(100 * SCORE / SCALE), STAFF)


@measure(Surveys, at="answered_at", unit="count")
def staff_answers() -> Aggregate:
    """Answers of staff that lie on a known scale."""
    return count(STAFF & SCORE.is_not_null() & (SCALE > 0))


@measure(Surveys, at="answered_at", unit="count")
def staff_who_answered() -> Aggregate:
    """Different members of staff who answered."""
    return distinct("rep_id", STAFF & SCORE.is_not_null())


@measure(Surveys, at="answered_at", unit="score")
def mean_recommendation(promoter_from: int = 9, detractor_to: int = 6) -> Aggregate:
    """Mean of 100 for each promoter, -100 for each detractor and 0 for the others; answers on another scale than one
    that ends at 10 cannot be told apart so and are left out."""
    points = pl.when(promoter_from <= SCORE).then(100).when(promoter_from > SCORE).then(0)
    return mean(pl.when(detractor_to >= SCORE).then(-100).otherwise(points), NPS)


@measure(Surveys, at="answered_at", unit="count")
def ratings() -> Aggregate:
    """Customers' ratings of which it is known from which score on they are good."""
    return count((KIND == "csat") & RATED)


@measure(Surveys, at="answered_at", unit="count")
def good_ratings() -> Aggregate:
    """Customers' ratings that are good ones."""
    return count((KIND == "csat") & POSITIVE)


@measure(Surveys, at="answered_at", unit="count")
def brand_answers() -> Aggregate:
    """Answers to the question whether the brand is known."""
    return count((KIND == "brand") & RATED)


@measure(Surveys, at="answered_at", unit="count")
def brand_known() -> Aggregate:
    """Answers that the brand is known."""
    return count((KIND == "brand") & POSITIVE)
