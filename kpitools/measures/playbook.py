"""Measures of what was found when calls were checked against the playbook.

An item applies to a call when the call has been marked for it: marks are kept for hits and misses alike. Marked at
several turns of a call it counts once there, achieved if any of its marks is a hit. Objections and statements about
the product count each time they come up.
"""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, mean, total
from kpitools.measures.attribute import attribute
from kpitools.measures.conversations import CUSTOMER, STARTED
from kpitools.measures.measure import measure
from kpitools.model.tables import Assessments, CallMarks, Calls, CallTurns, Playbook

KIND = pl.col("item_id.kind")
HIT = pl.col("hit")
ACHIEVED = pl.col("achieved")
CHECKED = ACHIEVED.is_not_null()
OF_THE_INDUSTRY = pl.col("item_id.industry") == pl.col("call_id.account_id.industry")
PROSPECT = pl.col("call_id.lead_id").is_not_null() | pl.col("call_id.deal_id").is_not_null()


def _weight(items: pl.Expr) -> Aggregate:
    return total("item_id.weight", items)


@measure(CallMarks, at=STARTED, unit="score")
def key_messages_due() -> Aggregate:
    """Weight of the key messages that calls were checked for."""
    return _weight((KIND == "key_message") & CHECKED)


@measure(CallMarks, at=STARTED, unit="score")
def key_messages_delivered() -> Aggregate:
    """Weight of the key messages that came across on calls."""
    return _weight((KIND == "key_message") & ACHIEVED)


@measure(CallMarks, at=STARTED, unit="score")
def value_points_due() -> Aggregate:
    """Weight of the points of the value proposition that calls were checked for."""
    return _weight((KIND == "value_proposition") & CHECKED)


@measure(CallMarks, at=STARTED, unit="score")
def value_points_delivered() -> Aggregate:
    """Weight of the points of the value proposition that were made on calls."""
    return _weight((KIND == "value_proposition") & ACHIEVED)


@measure(CallMarks, at=STARTED, unit="score")
def industry_value_points_due() -> Aggregate:
    """Weight of the points of the value proposition written for the account's own industry."""
    return _weight((KIND == "value_proposition") & OF_THE_INDUSTRY & CHECKED)


@measure(CallMarks, at=STARTED, unit="score")
def industry_value_points_delivered() -> Aggregate:
    """Weight of the points made among those written for the account's own industry."""
    return _weight((KIND == "value_proposition") & OF_THE_INDUSTRY & ACHIEVED)


@measure(CallMarks, at=STARTED, unit="score")
def best_practices_due() -> Aggregate:
    """Weight of the best-practice steps that calls were checked for."""
    return _weight((KIND == "best_practice") & CHECKED)


@measure(CallMarks, at=STARTED, unit="score")
def best_practices_followed() -> Aggregate:
    """Weight of the best-practice steps that were taken on calls."""
    return _weight((KIND == "best_practice") & ACHIEVED)


@measure(CallMarks, at=STARTED, unit="score")
def criteria_checked() -> Aggregate:
    """Weight of the qualification criteria that calls with a lead or on a deal were checked for."""
    return _weight((KIND == "qualification_criterion") & PROSPECT & CHECKED)


@measure(CallMarks, at=STARTED, unit="score")
def criteria_confirmed() -> Aggregate:
    """Weight of the qualification criteria confirmed on calls with a lead or on a deal."""
    return _weight((KIND == "qualification_criterion") & PROSPECT & ACHIEVED)


@measure(CallMarks, at=STARTED, unit="count")
def objections_raised() -> Aggregate:
    """Moments at which a customer objected on a call and it is known what became of it."""
    return count((KIND == "objection") & HIT.is_not_null())


@measure(CallMarks, at=STARTED, unit="count")
def objections_handled() -> Aggregate:
    """Moments at which a customer objected, the rep answered and the objection did not come back."""
    return count((KIND == "objection") & HIT)


@measure(CallMarks, at=STARTED, unit="count")
def product_statements() -> Aggregate:
    """Statements about the product on calls that were checked."""
    return count((KIND == "product_fact") & HIT.is_not_null())


@measure(CallMarks, at=STARTED, unit="count")
def right_product_statements() -> Aggregate:
    """Statements about the product on calls that were right."""
    return count((KIND == "product_fact") & HIT)


@measure(Assessments, at="taken_at", unit="percent")
def mean_test_result() -> Aggregate:
    """Mean result of knowledge tests, in percent of what could be reached."""
    return mean(100 * pl.col("score") / pl.when(pl.col("max_score") > 0).then("max_score"))


# ---- a call as a whole


@attribute(CallMarks, on="call_id", where=KIND == "required_phrase")
def required_phrases_used() -> pl.Expr:
    """The share of the required phrases checked on the call that the rep used."""
    return ACHIEVED.mean()


@attribute(CallMarks, on="call_id", where=KIND == "banned_phrase")
def banned_phrase_used() -> pl.Expr:
    """Whether any banned phrase was used on the call."""
    return HIT.any()


@measure(Calls, at="started_at", unit="percent", uses=(required_phrases_used, banned_phrase_used))
def mean_messaging_compliance() -> Aggregate:
    """Mean over calls of the share of required phrases used; a call with a banned phrase counts as 0."""
    return mean(pl.when("banned_phrase_used").then(0.0).otherwise(100 * pl.col("required_phrases_used")))


@attribute(CallTurns, on="turn_id", where=CUSTOMER)
def said_by_customer() -> pl.Expr:
    """Whether the turn is the customer's."""
    return pl.len() > 0


@attribute(Playbook, on="item_id")
def item_weight() -> pl.Expr:
    """How much the item weighs."""
    return pl.col("weight").first()


@attribute(CallMarks, on="call_id", where=KIND == "discovery_topic", uses=(said_by_customer, item_weight))
def topics_disclosed() -> pl.Expr:
    """The weighted share of the discovery topics checked on the call to which the customer spoke."""
    disclosed = HIT & pl.col("said_by_customer")
    item, weight = pl.col("item_id").filter(disclosed), pl.col("item_weight")
    told = weight.filter(disclosed).filter(item.is_first_distinct()).sum()
    return told / weight.filter(CHECKED).sum()


@measure(Calls, at="started_at", unit="percent", uses=(topics_disclosed,))
def mean_discovery() -> Aggregate:
    """Mean over discovery calls of the weighted share of the topics on which the customer disclosed needs."""
    share = pl.when(pl.col("topics_disclosed").is_finite()).then("topics_disclosed")
    return mean(100 * share, pl.col("purpose") == "discovery")
