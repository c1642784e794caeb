"""Every analysis as it stood: whatever came later is added, changed or undone, and no figure of it moves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_asof import MUTATIONS, Frames

from kpitools import analyses
from kpitools.analyses.activity import activity_mix
from kpitools.analyses.ageing import ageing, slippage
from kpitools.analyses.bridge import bridge
from kpitools.analyses.claims import CLAIMS, examine
from kpitools.analyses.coaching import coachings
from kpitools.analyses.conversion import conversion, incidence, lead_funnel, time_to_win
from kpitools.analyses.conversion_apart import conversion_apart
from kpitools.analyses.flags.check import flags
from kpitools.analyses.forecasts import forecast_errors
from kpitools.analyses.funnel import deals_of_step, funnel, placed
from kpitools.analyses.funnel_beside import funnel_beside
from kpitools.analyses.hazard import hazard
from kpitools.analyses.lifetime import ShiftedBetaGeometric, contract_ages, contract_values
from kpitools.analyses.mix import mix_and_rate
from kpitools.analyses.movements import mrr_movements
from kpitools.analyses.moves import unusual_moves
from kpitools.analyses.pacing import pacing
from kpitools.analyses.pipeline import by_stage_and_age, coverage
from kpitools.analyses.ramp import ramp_curves
from kpitools.analyses.reps import rep_table
from kpitools.analyses.repurchase import buyers
from kpitools.analyses.retention import cohorts
from kpitools.analyses.rush import rush
from kpitools.analyses.scorecard import scorecard
from kpitools.analyses.stage_conversion import stage_conversion
from kpitools.analyses.stage_times import lost_reasons, stage_times
from kpitools.analyses.survival import observed_lives, survival
from kpitools.analyses.velocity import velocity_change
from kpitools.analyses.view import seen
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset
from kpitools.model.slice import end_of
from kpitools.model.tables import TABLES

DAYS = [date(2025, 1, 1) + timedelta(days=Random(seed).randrange(600)) for seed in (12,)]
Made = Callable[[Dataset, Period, str], pl.DataFrame]
ANALYSES: dict[Callable[..., object], Made] = {
    activity_mix: lambda data, period, day: activity_mix(data, period=period, as_of=day),
    ageing: lambda data, _, day: ageing(data, as_of=day, by="team"),
    bridge: lambda data, period, day: bridge(data, period=period, as_of=day, by="team"),
    buyers: lambda data, _, day: buyers(data, as_of=day),
    by_stage_and_age: lambda data, _, day: by_stage_and_age(data, as_of=day),
    coachings: lambda data, period, day: coachings(data, period=period, as_of=day),
    cohorts: lambda data, _, day: cohorts(data, as_of=day, of="customers"),
    contract_ages: lambda data, _, day: contract_ages(data, as_of=day),
    contract_values: lambda data, _, day: contract_values(data, ShiftedBetaGeometric(0.7, 3.8), as_of=day),
    conversion: lambda data, period, day: conversion(data, period=period, as_of=day, by="segment"),
    conversion_apart: lambda data, period, day: conversion_apart(data, period=period, as_of=day, by="segment"),
    coverage: lambda data, period, day: coverage(data, periods=[period], as_of=day, by="team"),
    deals_of_step: lambda data, period, day: deals_of_step(data, "Proposal", period=period, as_of=day).sort("deal_id"),
    examine: lambda data, _, day: pl.concat([examine(name, data, as_of=day).groups for name in CLAIMS]),
    flags: lambda data, period, day: flags(data, period=period, as_of=day).frame,
    forecast_errors: lambda data, _, day: forecast_errors(data, as_of=day),
    funnel: lambda data, period, day: funnel(data, period=period, as_of=day, by="team"),
    funnel_beside: lambda data, period, day: funnel_beside(data, period=period, as_of=day),
    hazard: lambda data, _, day: hazard(data, as_of=day),
    incidence: lambda data, period, day: incidence(data, period=period, as_of=day),
    lead_funnel: lambda data, period, day: lead_funnel(data, period=period, as_of=day),
    lost_reasons: lambda data, period, day: lost_reasons(data, period=period, as_of=day),
    mix_and_rate: lambda data, period, day: mix_and_rate(
        data, rep_table(data, period=period, as_of=day), period=period, as_of=day
    ),
    mrr_movements: lambda data, period, day: mrr_movements(data, periods=[period], as_of=day, by="team"),
    observed_lives: lambda data, _, day: observed_lives(data, as_of=day, by="segment"),
    pacing: lambda data, period, day: pacing(rep_table(data, period=period, as_of=day), period=period, as_of=day),
    placed: lambda data, period, day: (
        placed(data, period=period, as_of=day, by=None, rule="reached", reopened="last", within=None)
        .deals.sort("deal_id")
        .drop("row")
    ),
    ramp_curves: lambda data, _, day: ramp_curves(data, as_of=day),
    rep_table: lambda data, period, day: rep_table(data, period=period, as_of=day),
    rush: lambda data, period, day: rush(data, periods=[period.previous() or period], as_of=day),
    scorecard: lambda data, period, day: scorecard(data, period=period, as_of=day, role="manager").now.frame,
    slippage: lambda data, period, day: slippage(data, period=period, as_of=day),
    stage_conversion: lambda data, period, day: stage_conversion(data, period=period, as_of=day),
    stage_times: lambda data, period, day: stage_times(data, period=period, as_of=day),
    survival: lambda data, _, day: survival(data, as_of=day, by="segment"),
    time_to_win: lambda data, period, day: time_to_win(data, period=period, as_of=day),
    unusual_moves: lambda data, period, day: unusual_moves(data, period=period, as_of=day),
    velocity_change: lambda data, period, day: velocity_change(data, period=period, as_of=day),
}


def named(analysis: Callable[..., object]) -> str:
    return analysis.__name__


def taking_as_of() -> Iterator[Callable[..., object]]:
    for found in pkgutil.walk_packages(analyses.__path__, f"{analyses.__name__}."):
        module = importlib.import_module(found.name)
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if (
                one.__module__ == found.name
                and not name.startswith("_")
                and "as_of" in inspect.signature(one).parameters
            ):
                yield one


def test_no_analysis_is_left_out():
    assert {*map(named, taking_as_of())} - {seen.__name__} == {*map(named, ANALYSES)}


def with_rows_added_to_every_table(frames: Frames, cut: datetime) -> Frames:
    """What any table got in the months before, it gets once more afterwards; logs of deals are left to the others."""
    found = dict(frames)
    for name, frame in frames.items():
        keys, dated = TABLES[name].primary_key(), TABLES[name].dated
        if dated not in frame.columns or name in ("deal_changes", "reps"):
            continue
        dates = [column for column, kind in frame.schema.items() if kind.is_temporal()]
        recent = frame.filter(pl.col(dated) >= cut - timedelta(days=300), pl.col(dated) < cut)
        again = recent.with_columns(pl.col(dates).dt.offset_by("2y"))
        if len(keys) == 1:
            again = again.with_columns(pl.format("{}-later", keys[0]).alias(keys[0]))
        found[name] = pl.concat([frame, again])
    return found


@pytest.fixture(scope="module")
def before(sample: Frames) -> dict[tuple[str, date], pl.DataFrame]:
    """The outputs over the data as it is."""
    return {(named(one), day): _shown(one, Dataset.of(sample), day) for one in ANALYSES for day in DAYS}


def _shown(one: Callable[..., object], data: Dataset, day: date) -> pl.DataFrame:
    return ANALYSES[one](data, RegularCalendar("quarter").containing(day), day.isoformat())


@pytest.mark.parametrize("mutate", [*MUTATIONS, with_rows_added_to_every_table])
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_came_later_moves_no_figure(day, mutate, sample, before):
    changed = Dataset.of(mutate(sample, end_of(day))).as_of(day)
    for one in ANALYSES:
        assert_frame_equal(_shown(one, changed, day), before[named(one), day], check_row_order=False, rel_tol=1e-9)


@pytest.mark.parametrize("name", [named(one) for one in ANALYSES])
def test_there_is_something_to_move(name, before):
    assert any(before[name, day].height > 0 for day in DAYS)
