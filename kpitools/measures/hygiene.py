"""Measures of how well records are kept: unique, complete, lately touched."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between, distinct, total
from kpitools.measures.measure import measure
from kpitools.measures.pipeline import LIFE, OPEN, STALE_DAYS, last_touch_on
from kpitools.model.tables import Accounts, DealVersions, Leads

#: Field -> whether it is asked for: of the next step of a deal closed since it is not known what it was.
REQUIRED = {
    "amount": pl.lit(True),
    "expected_close_at": pl.lit(True),
    "deal_id.next_step_at": (pl.col("deal_id.status") == "open").fill_null(False),
}


def _same(column: str) -> pl.Expr:
    """What names a record, however it was typed."""
    return pl.col(column).cast(pl.String).str.to_lowercase().str.strip_chars()


@measure(Accounts, alive=("created_at", None), unit="count")
def accounts_with_domain() -> Aggregate:
    """Accounts on record whose domain is known."""
    return count(pl.col("domain").is_not_null())


@measure(Accounts, alive=("created_at", None), unit="count")
def different_domains() -> Aggregate:
    """Different domains among the accounts on record."""
    return distinct(_same("domain"))


@measure(Leads, alive=("created_at", None), unit="count")
def leads_with_email() -> Aggregate:
    """Leads on record whose e-mail address is known."""
    return count(pl.col("email").is_not_null())


@measure(Leads, alive=("created_at", None), unit="count")
def different_emails() -> Aggregate:
    """Different e-mail addresses among the leads on record."""
    return distinct(_same("email"))


@measure(DealVersions, alive=LIFE, unit="count")
def required_fields() -> Aggregate:
    """Fields that the deals open at the boundary should have filled: amount, expected closing day, next step."""
    return total(pl.sum_horizontal(asked.cast(pl.Int64) for asked in REQUIRED.values()), OPEN)


@measure(DealVersions, alive=LIFE, unit="count")
def filled_fields() -> Aggregate:
    """Those of the required fields that are filled."""
    filled = ((asked & pl.col(name).is_not_null()).cast(pl.Int64) for name, asked in REQUIRED.items())
    return total(pl.sum_horizontal(filled), OPEN)


@measure(DealVersions, alive=LIFE, unit="count", uses=(last_touch_on,))
def touched_deals(days: int = STALE_DAYS) -> Aggregate:
    """Deals open at the boundary that were touched within the days allowed."""
    return count(OPEN & (days_between("last_touch_on", "day") <= days).fill_null(False))
