"""A live page answers from what it has in memory: the same as from everything, whatever is chosen and in what order."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpitools import views
from kpitools.formats import markdown_text
from kpitools.kpis.conversion import win_rate
from kpitools.model.calendar import parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.lookup import attach
from kpitools.model.seen import Since
from kpitools.model.slice import Slice
from kpitools.model.tables import TABLES
from kpitools.pages import View
from kpitools.pages.memory import MOST_DAYS, Memory

ASKED = (
    "period=2026Q3",
    "team=DACH&segment=enterprise&period=2026Q1&as_of=2026-02-10",
    "stage=Proposal&period=2026Q2&as_of=2026-09-30",
    "team=Nordics&period=2026Q3&as_of=2026-06-15",
)


def sections(module: ModuleType) -> list[Callable[[View], Iterable[Any]]]:
    """The sections of a module of views: what takes a view and needs no more."""
    found = []
    for name, thing in vars(module).items():
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
            parameters = list(inspect.signature(thing).parameters.values())
            if parameters[0].name == "view" and all(one.default is not one.empty for one in parameters[1:]):
                found.append(thing)
    return found


FUNNEL = [*sections(views.funnel), *sections(views.conversion)]
PIPELINE = sections(views.pipeline)
#: What the other explorers show first.
FIRST = [views.reps.leaderboard, views.retention.cohorts, views.scorecard.headline(), views.kpi.figure(win_rate)]


def named(section: Any) -> str:
    return getattr(section, "whole", section).__qualname__


def shown(section: Callable[[View], Iterable[Any]], view: View) -> list[str]:
    """What a reader is given: charts by their specification, all else as text."""
    try:
        return [_text(getattr(one, "chart", one)) for one in section(view)]
    except Exception as error:
        return [f"{type(error).__name__}: {markdown_text(str(error))}"]


def _text(one: Any) -> str:
    if hasattr(one, "to_dict"):
        return json.dumps(one.to_dict(validate=False), sort_keys=True)
    return str(one.to_text() if hasattr(one, "to_text") else getattr(one, "data", one))


@pytest.fixture(scope="module")
def memory(data: Dataset) -> Memory:
    return Memory(data)


def test_there_are_sections_to_try():
    assert {one.__name__ for one in FUNNEL} >= {"by_count", "by_amount", "won", "lost", "open_pipeline", "beside"}
    assert {one.__name__ for one in PIPELINE} >= {"bridge", "due", "age", "velocity", "slippage", "coverage"}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("section", [*FUNNEL, *PIPELINE, *FIRST], ids=named)
def test_a_section_tells_the_same_from_memory(data, memory, section, asked):
    plain = View.of(data, Slice.parse(asked))
    live = View.of(data, Slice.parse(asked), memory=memory)
    assert shown(section, live) == shown(section, plain)


def test_the_deals_of_a_window_are_those_alive_in_it_and_their_story(data):
    found = Memory(data).part("2026-06-30", {}, since=Since(date(2026, 4, 1)))
    deals = data["deals"].collect()
    alive = {
        key
        for key, created, closed in deals.select("deal_id", "created_at", "closed_at").rows()
        if created is not None
        and created.date() <= date(2026, 6, 30)
        and (closed is None or closed.date() >= date(2026, 4, 1))
    }
    assert 0 < len(alive) < deals.height
    assert {*found["deals"].collect()["deal_id"]} == alive
    seen = data.as_of("2026-06-30")
    for name in ("stage_history", "deal_changes", "deal_versions"):
        told = seen[name].filter(pl.col("deal_id").is_in(list(alive))).collect()
        assert_frame_equal(found[name].collect(), told)
    assert_frame_equal(found["activities"].collect(), seen["activities"].collect())


def test_the_deals_opened_in_a_window_and_their_story(data):
    found = Memory(data).part("2026-06-30", {}, since=Since(date(2026, 4, 1), opened=True))
    seen = data.as_of("2026-06-30")
    born = seen["deals"].filter(pl.col("created_at") >= pl.datetime(2026, 4, 1))
    assert_frame_equal(found["deals"].collect(), born.collect(), check_row_order=False)
    history = seen["stage_history"].join(born, on="deal_id", how="semi", maintain_order="left").collect()
    assert_frame_equal(found["stage_history"].collect(), history, check_row_order=False)
    assert 0 < history.height < seen["stage_history"].collect().height


def test_data_without_dates_of_deals_is_left_whole():
    data = Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"], "status": ["won"]})})
    assert Memory(data).part("2026-02-01", {}, since=Since(date(2026, 1, 1)))["deals"].collect().height == 1


@pytest.fixture(scope="module")
def odd(sample) -> Dataset:
    """The sample with what real systems hold: deals opened again, rows without a date, late rows, keys to nobody."""
    dice = Random(3)
    deals = sample["deals"]
    some = lambda share: pl.Series([dice.random() < share for _ in range(deals.height)])  # noqa: E731
    closed, owner = pl.col("closed_at"), pl.col("owner_rep_id")
    late = pl.datetime(2026, 12, 1, time_unit="us")
    deals = deals.with_columns(
        created_at=pl.when(some(0.03)).then(None).when(some(0.03)).then(late).otherwise("created_at"),
        closed_at=pl.when(some(0.05)).then(None).when(some(0.03)).then(late).otherwise(closed),
        owner_rep_id=pl.when(some(0.05)).then(None).when(some(0.02)).then(pl.lit("nobody")).otherwise(owner),
        segment=pl.when(some(0.1)).then(None).otherwise("segment"),
        account_id=pl.when(some(0.1)).then(None).otherwise("account_id"),
    )
    ended = sample["stage_history"].filter(pl.col("next_stage").str.to_lowercase().is_in(["won", "lost"])).head(60)
    again = ended.with_columns(
        pl.format("{}-again", "history_id").alias("history_id"), stage=pl.lit("Proposal"),
        entered_at=pl.col("left_at") + pl.duration(days=20), left_at=None, next_stage=None,
    ).cast(ended.schema)  # fmt: skip
    history = pl.concat([sample["stage_history"], again]).sample(fraction=1, shuffle=True, seed=1)
    reps = sample["reps"].with_columns(hired_at=pl.when(pl.int_range(pl.len()) % 5 == 0).then("hired_at"))
    return Dataset.of(sample | {"deals": deals, "stage_history": history, "reps": reps})


def drawn(data: Dataset, seed: int) -> tuple[dict[str, tuple[str | None, ...]], str]:
    """A slice of up to two dimensions, the value of none among them, and a day."""
    dice = Random(seed)
    names = dice.sample(["team", "manager", "rep", "segment", "region", "product_family", "stage", "cohort"], 2)
    where = {name: tuple(dice.sample([*data.members(name), None], 2)) for name in names[: 1 + seed % 2]}
    return where, (date(2024, 12, 1) + timedelta(days=dice.randrange(760))).isoformat()


@pytest.mark.parametrize("seed", range(12))
def test_a_part_in_memory_holds_the_rows_of_the_cut(odd, seed):
    where, day = drawn(odd, seed)
    found, cut = Memory(odd).part(day, where), odd.as_of(day).where(where)
    assert {*found.frames} == {*cut.frames}
    assert {*found.lookups} == {*cut.lookups}
    for kind in ("frames", "lookups"):
        for name, frame in getattr(cut, kind).items():
            rows, wanted = getattr(found, kind)[name].collect(), frame.collect()
            if (kind, name) == ("lookups", "reps"):  # there are all
                rows = rows.join(wanted, on="rep_id", how="semi")
            assert_frame_equal(rows, wanted, check_row_order=False)


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("leads", [False, True], ids=["deals alone", "leads too"])
@pytest.mark.parametrize("seed", range(8))
def test_the_story_of_a_slice_in_a_window_is_that_of_its_deals_there(odd, seed, leads, opened):
    where, _ = drawn(odd, seed)
    if leads:  # visits that tell their lead, whose account tells what the deal's own does not
        visits = odd["stage_history"].join(odd["leads"].select("deal_id", told="lead_id"), on="deal_id", how="left")
        visits = visits.unique("history_id").with_columns(lead_id="told").drop("told").collect()
        odd = Dataset.of({name: frame.collect() for name, frame in odd.frames.items()} | {"stage_history": visits})
    memory, since = Memory(odd), Since(date(2026, 4, 1), opened)
    found, everyone = (memory.part("2026-06-30", asked, since=since) for asked in (where, {}))
    cut = odd.as_of("2026-06-30").where(where)
    for name in ("deals", "stage_history", "deal_changes", "deal_versions"):
        inside = cut[name].join(everyone["deals"], on="deal_id", how="semi").collect()
        assert_frame_equal(found[name].collect(), inside, check_row_order=False)


def looked_up(data: Dataset, table: str) -> list[str]:
    """Every column of what a table's keys lead to, and whose it is."""
    keys = {key: parent for key, parent in TABLES[table].foreign_keys.items() if key in data.columns(table)}
    return [
        f"{key}.{column}"
        for key, parent in keys.items()
        if parent in data.lookups
        for column in [*data.columns(parent), *["owner_rep_id.label"] * ("owner_rep_id" in data.columns(parent))]
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("table", ["deals", "orders", "activities", "subscriptions", "leads"])
def test_keys_in_a_part_in_memory_find_what_they_find_in_the_cut(odd, table, seed):
    where, day = drawn(odd, seed)
    found, cut = Memory(odd).part(day, where), odd.as_of(day).where(where)
    columns = looked_up(cut, table)
    rows, wanted = (attach(data[table], table, columns, data.lookups).collect() for data in (found, cut))
    assert_frame_equal(rows, wanted, check_row_order=False)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("section", [views.funnel.by_count, views.pipeline.by_stage, *FIRST], ids=named)
def test_the_first_section_of_an_explorer_is_right_for_odd_rows(odd, section, seed):
    where, day = drawn(odd, seed)
    chosen = Slice(where, Random(seed).choice(["2026Q3", "2026Q1", "2025-11", "2025"]), day if seed % 2 else None)
    live = View.of(odd, chosen, memory=Memory(odd))
    assert shown(section, live) == shown(section, View.of(odd, chosen))


def test_days_are_kept_within_bounds(data):
    memory = Memory(data)
    for month in range(1, 10):
        day = parse_period(f"2026-{month:02}").last_day.isoformat()
        assert memory.seen(day) is memory.seen(day)
    assert len(memory._days) == MOST_DAYS
