"""Every analysis as it stood: whatever came later is added, changed or undone, and no figure of it moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_asof import MUTATIONS, Frames

from kpitools.analyses.ageing import ageing, slippage
from kpitools.analyses.bridge import bridge
from kpitools.analyses.conversion import conversion, incidence, lead_funnel, time_to_win
from kpitools.analyses.forecasts import forecast_errors
from kpitools.analyses.funnel import funnel, stage_conversion
from kpitools.analyses.hazard import hazard
from kpitools.analyses.movements import mrr_movements
from kpitools.analyses.pipeline import by_stage_and_age, coverage
from kpitools.analyses.reps import rep_table
from kpitools.analyses.retention import cohorts
from kpitools.analyses.rush import rush
from kpitools.analyses.stage_times import lost_reasons, stage_times
from kpitools.analyses.survival import survival
from kpitools.analyses.velocity import velocity_change
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset
from kpitools.model.slice import end_of

DAYS = [date(2025, 1, 1) + timedelta(days=Random(seed).randrange(600)) for seed in (11, 12)]
Analysis = Callable[[Dataset, Period, str], pl.DataFrame]
ANALYSES: dict[str, Analysis] = {
    "funnel": lambda data, period, day: funnel(data, period=period, as_of=day, by="team"),
    "stage conversion": lambda data, period, day: stage_conversion(data, period=period, as_of=day),
    "incidence": lambda data, period, day: incidence(data, period=period, as_of=day),
    "conversion": lambda data, period, day: conversion(data, period=period, as_of=day, by="segment"),
    "time to win": lambda data, period, day: time_to_win(data, period=period, as_of=day),
    "lead funnel": lambda data, period, day: lead_funnel(data, period=period, as_of=day),
    "stage times": lambda data, period, day: stage_times(data, period=period, as_of=day),
    "lost reasons": lambda data, period, day: lost_reasons(data, period=period, as_of=day),
    "cohorts": lambda data, _, day: cohorts(data, as_of=day, of="customers"),
    "survival": lambda data, _, day: survival(data, as_of=day, by="segment"),
    "hazard": lambda data, _, day: hazard(data, as_of=day),
    "movements": lambda data, period, day: mrr_movements(data, periods=[period], as_of=day, by="team"),
    "reps": lambda data, period, day: rep_table(data, period=period, as_of=day),
    "stages and ages": lambda data, _, day: by_stage_and_age(data, as_of=day),
    "coverage": lambda data, period, day: coverage(data, periods=[period], as_of=day, by="team"),
    "bridge": lambda data, period, day: bridge(data, period=period, as_of=day, by="team"),
    "velocity": lambda data, period, day: velocity_change(data, period=period, as_of=day),
    "ageing": lambda data, _, day: ageing(data, as_of=day, by="team"),
    "slippage": lambda data, period, day: slippage(data, period=period, as_of=day),
    "rush": lambda data, period, day: rush(data, periods=[period.previous() or period], as_of=day),
    "forecasts": lambda data, _, day: forecast_errors(data, as_of=day),
}


@pytest.fixture(scope="module")
def before(sample: Frames) -> dict[tuple[str, date], pl.DataFrame]:
    """The outputs over the data as it is."""
    return {(name, day): _shown(name, Dataset.of(sample), day) for name in ANALYSES for day in DAYS}


def _shown(name: str, data: Dataset, day: date) -> pl.DataFrame:
    return ANALYSES[name](data, RegularCalendar("quarter").containing(day), day.isoformat())


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_came_later_moves_no_figure(day, mutate, sample, before):
    changed = Dataset.of(mutate(sample, end_of(day))).as_of(day)
    for name in ANALYSES:
        assert_frame_equal(_shown(name, changed, day), before[name, day], check_row_order=False, rel_tol=1e-9)


@pytest.mark.parametrize("name", ANALYSES)
def test_there_is_something_to_move(name, before):
    assert any(before[name, day].height > 0 for day in DAYS)
