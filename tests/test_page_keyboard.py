"""Charts of a page by keyboard alone, in a real browser: every mark reached and read, selected as by the mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import pytest
from browser import Seen, barriers, opened
from playwright.sync_api import Browser, Locator, expect
from test_charts import WIN_RATE, cohorts, pipeline, trend

from kpitools.charts import cohort_heatmap, kpi_trend, pipeline_by_stage_and_age
from kpitools.charts.notebook import bundle
from kpitools.reports.assets import write_assets
from kpitools.reports.export import to_html
from kpitools.reports.look import Look

BARS, LINES, CELLS, ZOOMED, PLAIN = range(5)
STORE = "(figure, name) => JSON.stringify(figure.vegaView.data(name + '_store').map(({values}) => values))"
SPAN = "(figure) => { const [from, to] = figure.vegaView.scale('x').domain(); return to - from }"


def charts() -> list[Any]:
    """Stacked bars, lines with a legend, cells under a brush, points to zoom into, and bars that answer to nothing."""
    frame = pl.DataFrame({"size": [1, 5, 9], "days": [3, 4, 8]})
    points = (
        alt.Chart(frame, title="Size and days").mark_point().encode(x="size:Q", y="days:Q").interactive(name="grid")
    )
    bars = alt.Chart(frame, title="Days").mark_bar().encode(x="days:Q", y="size:N")
    lines = kpi_trend(trend("North", "South"), WIN_RATE, by="team")
    return [pipeline_by_stage_and_age(pipeline()), lines, cohort_heatmap(cohorts()), points, bars]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page"), Look())


def written(folder: Path, look: Look) -> Path:
    shown = [{"output_type": "display_data", "data": bundle(chart.to_dict())[0]} for chart in charts()]
    cells = [{"cell_type": "markdown", "source": "# Charts"}, {"cell_type": "code", "source": "", "outputs": shown}]
    write_assets(look, folder)
    (folder / "page.html").write_text(to_html({"metadata": {}, "cells": cells}, look), encoding="utf-8")
    return folder / "page.html"


@pytest.fixture
def seen(browser: Browser, page: Path) -> Iterator[Seen]:
    with opened(browser, page) as found:
        yield found
        assert (found.requests, found.errors, found.dialogs) == ([], [], [])


def at(seen: Seen, chart: int) -> Locator:
    """A chart, to which the Tab key has led from the chart before it."""
    figure = seen.page.locator("figure.chart").nth(chart)
    for _ in range(50):
        seen.page.keyboard.press("Tab")
        if figure.locator(".vega:focus").count():
            return figure
    raise AssertionError("The Tab key does not reach the chart")


def press(seen: Seen, *keys: str) -> str:
    """What is read aloud after some keys."""
    for key in keys:
        seen.page.keyboard.press(key)
    return seen.page.locator("[role=status]").inner_text()


def heard(seen: Seen, words: str) -> None:
    expect(seen.page.locator("[role=status]")).to_have_text(words)


def test_arrows_reach_every_mark_and_the_tooltip_follows(seen):
    figure = at(seen, BARS)
    labels = figure.locator(".mark-rect.role-mark [aria-label]").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-label'))"
    )
    read = [press(seen, "Home"), *(press(seen, "ArrowRight") for _ in labels[1:])]
    assert sorted(read) == sorted(labels)
    assert read[0] == press(seen, "Home") == "Lead, 0–30 days, deals 3, amount 300,000"
    tip = seen.page.locator("#vg-tooltip-element.visible")
    assert "300,000" in tip.inner_text()
    assert figure.locator(".ring").is_visible()
    assert press(seen, "ArrowDown") == "Demo, 0–30 days, deals 2, amount 200,000"
    assert "200,000" in tip.inner_text()
    assert press(seen, "ArrowUp", "ArrowLeft") == read[0]
    assert press(seen, "End") == "over 30 days, legend"


def test_enter_selects_what_a_click_selects_and_escape_lets_go(seen, browser, page):
    figure = at(seen, BARS)
    press(seen, "Home", "ArrowDown", "Enter")
    heard(seen, "Demo, 0–30 days, deals 2, amount 200,000. Selected.")
    with opened(browser, page) as other:
        beside = other.page.locator("figure.chart").nth(BARS)
        beside.locator("[aria-label^='Demo, 0–30 days']").click()
        assert figure.evaluate(STORE, "picked") == beside.evaluate(STORE, "picked") == '[["Demo"]]'
    pale = figure.locator(".mark-rect.role-mark [opacity='0.2']")
    assert pale.count() == 2
    press(seen, "Escape")
    heard(seen, "Nothing selected.")
    assert (figure.evaluate(STORE, "picked"), pale.count()) == ("[]", 0)
    assert not figure.locator(".ring").is_visible()
    assert seen.page.locator("#vg-tooltip-element.visible").count() == 0


def test_shift_and_enter_select_one_more(seen):
    figure = at(seen, BARS)
    press(seen, "Home", "Enter", "ArrowDown", "Shift+Enter")
    assert figure.evaluate(STORE, "picked") == '[["Lead"],["Demo"]]'


def test_a_name_in_the_legend_is_reached_and_brings_its_line_forward(seen):
    figure = at(seen, LINES)
    assert press(seen, "End") == "South, legend"
    press(seen, "Enter")
    heard(seen, "South, legend. Selected.")
    assert figure.evaluate(STORE, "chosen") == '[["South"]]'
    assert figure.locator(".mark-symbol.role-mark [opacity='0.15']").count() == 3
    press(seen, "Escape")
    heard(seen, "Nothing selected.")


def test_a_line_is_walked_from_its_first_period_to_its_last(seen):
    at(seen, LINES)
    read = [press(seen, "Home"), *(press(seen, "ArrowRight") for _ in range(5))]
    assert [text.partition(",")[0] for text in read] == ["North"] * 3 + ["South"] * 3
    assert [text.split(", ")[1] for text in read] == ["2025Q4", "2026Q2", "2026Q3"] * 2


def test_shift_and_an_arrow_select_a_range(seen):
    figure = at(seen, CELLS)
    press(seen, "Home", "Shift+ArrowDown")
    heard(seen, "2026-02, age 0 months, 100.0 %. Selected.")
    assert figure.evaluate(STORE, "brushed") == '[[["2026-01 · 10","2026-02 · 9"]]]'
    press(seen, "Escape")
    heard(seen, "Nothing selected.")


def test_plus_and_minus_zoom_and_escape_shows_the_whole(seen):
    figure = at(seen, ZOOMED)
    whole = figure.evaluate(SPAN)
    press(seen, "Home", "+")
    assert figure.evaluate(SPAN) < whole
    press(seen, "-", "-")
    assert figure.evaluate(SPAN) > whole
    press(seen, "Escape")
    assert figure.evaluate(SPAN) == whole


@pytest.mark.parametrize(
    ("chart", "more"),
    [
        (BARS, "Enter: select, with Shift one more. "),
        (CELLS, "Enter: select, with Shift one more. Shift and arrow: select a range. "),
        (ZOOMED, "Enter: select, with Shift one more. + and −: zoom. "),
        (PLAIN, ""),
    ],
)
def test_each_chart_says_which_keys_it_knows_and_no_others(seen, chart, more):
    figure = at(seen, chart)
    assert figure.locator("#keys").inner_text() == f"Arrow keys: from mark to mark. {more}Escape: clear."
    assert figure.locator(".vega").get_attribute("aria-describedby") == "keys"


def test_a_chart_that_answers_to_nothing_is_read_and_left(seen):
    at(seen, PLAIN)
    assert press(seen, "ArrowRight", "Enter") == "days: 3; size: 1"
    assert press(seen, "Tab") == ""
    assert seen.page.locator("#keys").is_hidden()


def test_keys_of_the_browser_stay_the_browsers(seen):
    at(seen, BARS)
    assert press(seen, "Control+ArrowRight", "Alt+Enter", "a") == ""


def test_nobody_is_shut_out_while_a_mark_is_reached(seen):
    at(seen, BARS)
    press(seen, "Home", "Enter")
    assert barriers(seen.page) == []


@pytest.mark.parametrize("look", [Look(compact=True), Look(site=True)], ids=["compact", "site"])
def test_every_form_of_the_page_has_the_same_keys(browser, tmp_path, look):
    with opened(browser, written(tmp_path, look)) as seen:
        figure = at(seen, BARS)
        press(seen, "Home", "ArrowDown", "Enter")
        heard(seen, "Demo, 0–30 days, deals 2, amount 200,000. Selected.")
        assert figure.evaluate(STORE, "picked") == '[["Demo"]]'
        assert (seen.requests, seen.errors, barriers(seen.page)) == ([], [], [])
