"""What is said in the trade, tested on one's own data: with an interval and a plain verdict, or that it cannot tell.

Everything here is association: that two things go together does not say that one makes the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from kpitools.analyses.claims import business, sales
from kpitools.analyses.claims.finding import GROUPS, Effect, Finding
from kpitools.analyses.view import AsOf, lacking, seen
from kpitools.errors import UnknownNameError
from kpitools.model.dataset import Dataset

__all__ = ["CLAIMS", "Effect", "Finding", "examine"]


@dataclass(frozen=True)
class Claim:
    """Something that is said, how it is compared, and what the data must have for it."""

    text: str
    source: str
    compared: str
    unit: str
    more: bool
    needs: tuple[str, ...]
    compare: Callable[[Dataset], tuple[pl.DataFrame, Effect | None]]
    claimed: float | None = None


_LEADS = ("leads.created_at", "leads.first_response_at", "leads.deal_id")
_DEALS = ("deals.status", "deals.closed_at", "deals.kind")

CLAIMS: dict[str, Claim] = {
    "fast_answers": Claim(
        "An answer within the hour multiplies conversion.", "[000]",
        "leads that got a deal, answered within an hour against after a day", "percent", True, _LEADS,
        sales.fast_answers, 7.0,
    ),
    "follow_ups": Claim(
        "A deal needs five to seven follow-ups.", "[000]",
        "new deals won, with five to seven follow-ups against fewer", "percent", True,
        (*_DEALS, "activities.deal_id", "activities.is_follow_up", "activities.at"), sales.follow_ups,
    ),
    "referred": Claim(
        "Referred customers close faster.", "[002]", "days from creation to won, referred accounts against others",
        "days", False, (*_DEALS, "deals.created_at", "deals.account_id", "accounts.referred_by_account_id"),
        sales.referred,
    ),
    "loyal_staff": Claim(
        "Where staff leave, customers leave.", "[002]",
        "customers lost within 180 days after their rep left, against customers of reps who stayed", "percent", True,
        ("accounts.owner_rep_id", "accounts.became_customer_at", "accounts.ended_at", "reps.left_at"),
        business.loyal_staff,
    ),
    "activity": Claim(
        "More activity makes more pipeline.", "[003]",
        "reps by quarter: pipeline generated, in percent of the mean of their role, by how active they were", "percent",
        True,
        ("activities.at", "activities.rep_id", "deals.created_at", "deals.amount", "reps.role"),
        business.activity_makes_pipeline,
    ),
    "engagement": Claim(
        "Higher engagement makes higher conversion.", "[000]",
        "teams by quarter: win rate, in percent of the quarter's mean, by how buyers engaged", "percent", True,
        (*_DEALS, "deals.created_at", "activities.deal_id", "activities.at", "activities.direction", "reps.team"),
        business.engagement_converts,
    ),
    "coverage": Claim(
        "Three to four times the quota in open deals is enough.", "[000], [003]",
        "teams by quarter that reached their quota, with coverage of three and more at its start against less",
        "percent", True, ("deals.amount", "deals.created_at", "quotas.amount", "quotas.ends_on", "reps.team"),
        business.coverage_is_enough,
    ),
    "retention": Claim(
        "High retention lowers what a new customer costs.", "[000]",
        "teams by quarter: acquisition cost, in percent of the quarter's mean, by how many customers stayed",
        "percent", False,
        ("accounts.became_customer_at", "accounts.ended_at", "accounts.owner_rep_id", "costs.amount", "costs.spent_on",
         "costs.team"),
        business.retention_saves_costs,
    ),
}  # fmt: skip


def examine(name: str, data: Dataset, *, as_of: AsOf = None) -> Finding:
    """What the data says of a claim.

    Args:
        name: one of `CLAIMS`.
        data: the dataset; what is missing for the claim is told in the finding.
        as_of: the day (to its end) or instant from which the data is seen.

    Raises:
        UnknownNameError: there is no such claim.

    >>> found = examine("referred", Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"], "status": ["won"]})}))
    >>> found.verdict, found.missing[-1]
    ('cannot tell', 'accounts')
    """
    if name not in CLAIMS:
        raise UnknownNameError("claim", name, CLAIMS)
    claim, view = CLAIMS[name], seen(data, as_of)
    missing = tuple(lacking(view, claim.needs))
    figures, effect = (pl.DataFrame(schema=GROUPS), None) if missing else claim.compare(view)
    verdict = effect.verdict(more=claim.more) if effect else "cannot tell"
    return Finding(
        name, claim.text, claim.source, claim.compared, figures, claim.unit, effect, verdict, claim.claimed, missing
    )
