"""A live page answers from what it has in memory: the same as from everything, whatever is chosen and in what order."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from datetime import date
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from kpitools import views
from kpitools.formats import markdown_text
from kpitools.model.alive import Alive
from kpitools.model.calendar import parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import View
from kpitools.pages.memory import MOST_DAYS, MOST_WINDOWS, Memory

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


FUNNEL = sections(views.funnel)
PIPELINE = sections(views.pipeline)


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
@pytest.mark.parametrize("section", [*FUNNEL, *PIPELINE], ids=lambda one: f"{one.__module__[16:]}.{one.__name__}")
def test_a_section_tells_the_same_from_memory(data, memory, section, asked):
    plain = View.of(data, Slice.parse(asked))
    live = View.of(data, Slice.parse(asked), memory=memory)
    assert shown(section, live) == shown(section, plain)


def test_the_deals_of_a_window_are_those_alive_in_it_and_their_story(data):
    found = Alive(data.settled()).between(date(2026, 4, 1), date(2026, 6, 30))
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
    for name in ("stage_history", "deal_changes", "deal_versions"):
        told = data[name].filter(pl.col("deal_id").is_in(list(alive))).collect()
        assert found[name].collect().equals(told)
    assert found["activities"].collect().height == data["activities"].collect().height


def test_data_without_dates_of_deals_is_left_whole():
    data = Dataset.of({"deals": pl.DataFrame({"deal_id": ["a"], "status": ["won"]})}).settled()
    assert Alive(data).between(date(2026, 1, 1), date(2026, 2, 1))["deals"].collect().height == 1


def test_days_and_windows_are_kept_within_bounds(data):
    memory = Memory(data)
    for month in range(1, 10):
        day = parse_period(f"2026-{month:02}").last_day.isoformat()
        assert memory.seen(day) is memory.seen(day)
        assert memory.deals(date(2026, month, 1), day) is memory.deals(date(2026, month, 1), day)
    assert (len(memory._days), len(memory._windows)) == (MOST_DAYS, MOST_WINDOWS)
