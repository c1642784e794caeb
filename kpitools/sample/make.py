"""Make the sample, and write it as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kpitools.formats.whole import whole
from kpitools.model.tables import TABLES
from kpitools.sample.activity import activity_table
from kpitools.sample.beyond import beyond
from kpitools.sample.contracts import customers, growth, renewals
from kpitools.sample.customers import account_table, accounts
from kpitools.sample.deals import new_deals, stage_table
from kpitools.sample.draw import Draw
from kpitools.sample.history import closings, deal_changes_table, stage_history_table, stage_visits
from kpitools.sample.leads import leads
from kpitools.sample.observed import observed
from kpitools.sample.people import reps, seats
from kpitools.sample.pipeline import all_deals, deal_table
from kpitools.sample.plan import costs, quotas
from kpitools.sample.prices import price_steps, priced_growth, priced_renewals, subscription_spans
from kpitools.sample.products import product_table, sell_first
from kpitools.sample.revenue import order_lines, orders, subscription_table

_ACCOUNTS = 1_500
_LEADS = 6_000
#: Tables too large for CSV in a repository.
_PARQUET = frozenset(
    {
        "account_scores", "activities", "assessments", "call_marks", "call_turns", "calls", "carts", "cc_calls",
        "claims", "deal_changes", "deal_members", "deal_scores", "enrolments", "forecasts", "holdings",
        "initiative_users", "intent_signals", "lead_scores", "leads", "listings", "market", "policies",
        "portfolio_returns", "projects", "quotes", "rep_hours", "sessions", "shares", "stage_history", "surveys",
        "tickets", "usage",
    }
)  # fmt: skip


def make_sample(*, scale: int = 1, seed: int = 2026) -> dict[str, pl.DataFrame]:
    """The tables of an invented software company with eight teams and three years of data, by name.

    `scale` multiplies accounts, leads and all that follows from them; teams and reps stay the same. The same
    `scale` and `seed` give the same tables. What is planted in them stands in `kpitools.sample.truth`.

    Raises ValueError where `scale` is not at least 1.

    >>> from kpitools.sample import make_sample
    >>> sample = make_sample()
    >>> sample["accounts"].height, sample["leads"].height, sample["reps"].height
    (1500, 6000, 72)
    """
    if scale < 1:
        raise ValueError(f"scale is {scale}; it multiplies the size of the sample: give 1 or more")
    made = _record(_simulate(scale, seed), scale, seed)
    return {name: _as_table(frame, name) for name, frame in made.items()}


@dataclass(frozen=True)
class _Company:
    """What happened, before it is recorded as tables."""

    reps: pl.DataFrame
    seats: pl.DataFrame
    accounts: pl.DataFrame
    customers: pl.DataFrame
    deals: pl.DataFrame
    leads: pl.DataFrame
    spans: pl.DataFrame


def _simulate(scale: int, seed: int) -> _Company:
    """New deals make customers, customers make further deals, and both explain the leads and the accounts."""
    staff = reps()
    places = seats(staff)
    entered = accounts(_ACCOUNTS * scale, seed)
    new = sell_first(_keyed(new_deals(entered, places, seed), "new"), Draw(seed, "first products"))
    bought = customers(entered, new, seed)
    renewed, grown = _keyed(renewals(bought, places, seed), "renewal"), _keyed(growth(bought, places, seed), "growth")
    steps = price_steps(bought, renewed, grown, seed)
    renewed, grown = priced_renewals(renewed, steps), priced_growth(grown, steps, seed)
    deals = all_deals([new, renewed, grown], places, seed)
    known = account_table(entered, bought, places, seed)
    led = leads(known, deals, places, _LEADS * scale, seed)
    return _Company(staff, places, known, bought, deals, led, subscription_spans(bought, steps, grown))


def _record(it: _Company, scale: int, seed: int) -> dict[str, pl.DataFrame]:
    """The tables, by name, with columns to spare."""
    visits = stage_visits(it.deals)
    closing = closings(it.deals, seed)
    ordered = orders(it.deals, it.customers, it.seats, seed)
    made = {
        "accounts": it.accounts,
        "activities": activity_table(it.deals, it.leads, it.customers, it.seats, seed),
        "costs": costs(it.reps, it.deals, scale, seed),
        "deal_changes": deal_changes_table(it.deals, visits, closing, seed),
        "deals": deal_table(it.deals, visits, closing, it.leads, seed),
        "leads": it.leads,
        "order_lines": order_lines(ordered, seed),
        "orders": ordered,
        "products": product_table(),
        "quotas": quotas(it.reps, it.deals),
        "reps": it.reps,
        "stage_history": stage_history_table(visits),
        "stages": stage_table(),
        "subscriptions": subscription_table(it.spans, it.deals),
    }
    made |= observed(made, it.customers, visits, it.seats, seed)
    return made | beyond(made, it.seats, scale, seed)


def _keyed(deals: pl.DataFrame, kind: str) -> pl.DataFrame:
    """A name for each deal until all kinds are together and it gets its id."""
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(8)
    return deals.with_columns(key=pl.format("{}/{}", pl.lit(kind), number))


def _as_table(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The columns of the table that the sample has, in its order and of its types."""
    columns = {column: known for column, known in TABLES[name].columns().items() if column in frame.columns}
    return frame.select(pl.col(column).cast(known.dtype) for column, known in columns.items())


def write_sample(folder: str | Path, *, scale: int = 1, seed: int = 2026) -> dict[str, Path]:
    """Write the sample as one file per table, small tables as CSV, large ones as Parquet; gives the paths by table.

    Each file is written beside its place and then moved there: whoever reads meanwhile sees a whole file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return {name: _write(frame, folder, name) for name, frame in make_sample(scale=scale, seed=seed).items()}


def _write(frame: pl.DataFrame, folder: Path, name: str) -> Path:
    path = folder / f"{name}.{'parquet' if name in _PARQUET else 'csv'}"
    with whole(path) as part:
        if name in _PARQUET:
            frame.write_parquet(part, compression="zstd", compression_level=19)
        else:
            frame.write_csv(part, datetime_format="%Y-%m-%dT%H:%M:%S", date_format="%Y-%m-%d")
    return path
