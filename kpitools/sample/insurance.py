"""Insurance, a side-line: some customers insure themselves through the company. Policies of a year, and claims."""

from __future__ import annotations

import math
from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.draw import Draw
from kpitools.sample.rows import ids, later, past, to

_LINES = {"Property": 0.4, "Liability": 0.35, "Cyber": 0.25}
_PREMIUM = {"Property": 3_200, "Liability": 2_400, "Cyber": 1_800}
_OF_LEADS = 0.06
_SECOND_LINE = 0.22
_INSTALLED = 0.08
_CANCELLED = 0.05
_TERMS = 5
_CLAIMS_A_YEAR = 0.5


def policies(leads: pl.DataFrame, accounts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The first policies of the customers, their second ones in another line, and each as often as it was renewed."""
    draw = Draw(seed, "policies")
    first = pl.concat([_of_leads(leads, draw), _installed(accounts, draw)]).unique(
        "account_id", keep="first", maintain_order=True
    )
    first = first.with_columns(product_line=draw.pick(first.height, _LINES))
    taken_out = pl.concat([first, _second(first, draw)]).with_row_index("chain")
    terms = _terms(taken_out, draw).sort("written_at", "account_id", "product_line").with_columns(policy_id=ids("PO"))
    before = pl.col("policy_id").shift(1).over("chain", order_by="term")
    return terms.with_columns(renews_policy_id=before)


def _of_leads(leads: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    known = leads.filter(pl.col("account_id").is_not_null())
    bought = known.filter(draw.chance(known.height, _OF_LEADS))
    written = later(pl.col("created_at").dt.date(), draw.whole(bought.height, 5, 45))
    bought = bought.select("account_id", "lead_id", written_at=written)
    return bought.filter(pl.col("written_at") <= later(pl.lit(truth.LAST_DAY), -15))


def _installed(accounts: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Those insured before the first day of the data."""
    old = accounts.filter(draw.chance(accounts.height, _INSTALLED))
    written = later(pl.lit(date(2022, 10, 3)), draw.whole(old.height, 0, 350))
    return old.select("account_id", lead_id=pl.lit(None, pl.String), written_at=written)


def _second(first: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Some take out another line some months later."""
    other = {"Property": "Liability", "Liability": "Cyber", "Cyber": "Property"}
    more = first.filter(draw.chance(first.height, _SECOND_LINE))
    more = more.with_columns(
        lead_id=pl.lit(None, pl.String),
        written_at=later("written_at", draw.whole(more.height, 20, 250)),
        product_line=pl.col("product_line").replace_strict(other),
    )
    return more.filter(pl.col("written_at") <= later(pl.lit(truth.LAST_DAY), -15))


def _terms(taken_out: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """A row per term: the next one only where this one was neither cancelled nor left to run out."""
    size = taken_out.height
    begun = taken_out.with_columns(
        first_day=later("written_at", draw.whole(size, 1, 14)),
        usual=pl.col("product_line").replace_strict(_PREMIUM) * pl.lit(draw.spread(size, 0.4)),
    )
    rows = begun.join(pl.DataFrame({"term": range(_TERMS)}), how="cross", maintain_order="left_right")
    rows = _lives(_dated(rows, draw), draw)
    kept = pl.col("goes_on").shift(1, fill_value=True).over("chain").cum_min().over("chain")
    return rows.filter(kept, pl.col("starts_on") <= truth.LAST_DAY)


def _dated(rows: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """Each term is a year, written some weeks before it starts, and a little dearer than the one before."""
    starts, ends = (pl.col("first_day").dt.offset_by(pl.format("{}mo", 12 * (pl.col("term") + k))) for k in (0, 1))
    again = later(starts, -draw.whole(rows.height, 5, 30))
    return rows.with_columns(
        starts_on=starts,
        ends_on=ends,
        written_at=pl.when(pl.col("term") > 0).then(again).otherwise("written_at"),
        premium=to(pl.col("usual") * 1.03 ** pl.col("term"), 10),
    )


def _lives(rows: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    n = rows.height
    cancelled = draw.chance(n, _CANCELLED)
    cancelled_at = past(later("starts_on", draw.whole(n, 30, 330)))
    goes_on = ~cancelled & draw.chance(n, truth.POLICY_RENEWAL / (1 - _CANCELLED))
    return rows.with_columns(goes_on=goes_on, cancelled_at=pl.when(cancelled).then(cancelled_at))


def claims(policies: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What was reported while policies covered it; what is closed by the last day is paid."""
    draw = Draw(seed, "claims")
    hit = _reported(policies, draw).sort("reported_at", "policy_id")
    closed = past(later("reported_at", (_around(draw, hit.height, 0.4) * truth.CLAIM_DAYS).round()))
    share = pl.col("product_line").replace_strict(truth.LOSS_RATIO) / _CLAIMS_A_YEAR
    paid = to(pl.col("premium") * share * pl.lit(_around(draw, hit.height, 0.3)), 10)
    changed = to(paid * pl.lit(draw.uniform(hit.height, -0.1, 0.1)), 10)
    settled = hit.with_columns(claim_id=ids("CL", 4), closed_at=closed)
    known = pl.col("closed_at").is_not_null()
    return settled.with_columns(paid=pl.when(known).then(paid), reserve_change=pl.when(known).then(changed))


def _reported(policies: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    covered = pl.min_horizontal("ends_on", "cancelled_at", pl.lit(truth.LAST_DAY)) - pl.col("starts_on")
    exposed = policies.with_columns(days=covered.dt.total_days().clip(0))
    times = draw.counts(exposed["days"] / 365 * _CLAIMS_A_YEAR)
    hit = exposed.with_columns(n=pl.int_ranges(0, times)).filter(times > 0).explode("n")
    at = (pl.lit(draw.uniform(hit.height)) * pl.col("days")).floor().cast(pl.Int64)
    return hit.with_columns(reported_at=later("starts_on", at))


def _around(draw: Draw, n: int, sigma: float) -> pl.Series:
    """Factors whose mean is 1."""
    return draw.spread(n, sigma) / math.exp(sigma**2 / 2)
