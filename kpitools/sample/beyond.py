"""The tables beside the selling itself: how the team develops, what is expected, what side-lines there are."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpitools.model.tables import TABLES
from kpitools.sample.coaching import coaching
from kpitools.sample.development import assessments, rep_hours
from kpitools.sample.hotline import cc_calls, with_tickets
from kpitools.sample.industries import courses, enrolments, holdings, listings, portfolio_returns, projects
from kpitools.sample.initiatives import initiative_users, initiatives, with_initiatives
from kpitools.sample.insurance import claims, policies
from kpitools.sample.outlook import forecasts, market
from kpitools.sample.scores import account_scores, deal_scores, lead_scores
from kpitools.sample.shop import carts, sessions

Frames = Mapping[str, pl.DataFrame]


def beyond(made: Frames, places: pl.DataFrame, scale: int, seed: int) -> dict[str, pl.DataFrame]:
    """The tables by name, given those that are `made`; the ledger comes again, with what it was spent for."""
    known = {name: _public(frame, name) for name, frame in made.items()}
    return _developed(known, seed) | _expected(known, seed) | _side_lines(known, places, scale, seed)


def _public(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Without the columns to spare: what comes later may need their names."""
    return frame.select(column for column in TABLES[name].columns() if column in frame.columns)


def _developed(made: Frames, seed: int) -> dict[str, pl.DataFrame]:
    tried = initiatives(made["costs"])
    return {
        "assessments": assessments(made["reps"], seed),
        "coaching": coaching(made["reps"], made["deals"], seed),
        "costs": with_initiatives(made["costs"], tried),
        "initiative_users": initiative_users(tried, made["reps"], seed),
        "initiatives": tried,
        "rep_hours": rep_hours(made["reps"], seed),
    }


def _expected(made: Frames, seed: int) -> dict[str, pl.DataFrame]:
    return {
        "account_scores": account_scores(made["accounts"], seed),
        "deal_scores": deal_scores(made["deals"], seed),
        "forecasts": forecasts(made["quotas"], made["deals"], made["reps"], seed),
        "lead_scores": lead_scores(made["leads"], seed),
        "market": market(made["order_lines"], made["orders"], made["accounts"]),
    }


def _side_lines(made: Frames, places: pl.DataFrame, scale: int, seed: int) -> dict[str, pl.DataFrame]:
    accounts, taught = made["accounts"], courses()
    insured, visits = policies(made["leads"], accounts, seed), sessions(made["orders"], seed)
    return {
        "carts": carts(visits, seed),
        "cc_calls": with_tickets(cc_calls(places, scale, seed), made.get("tickets")),
        "claims": claims(insured, seed),
        "courses": taught,
        "enrolments": enrolments(accounts, taught, seed),
        "holdings": holdings(accounts, seed),
        "listings": listings(places, scale, seed),
        "policies": insured,
        "portfolio_returns": portfolio_returns(accounts, seed),
        "projects": projects(made["deals"], seed),
        "sessions": visits,
    }
