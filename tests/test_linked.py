"""Charts that answer: what is picked sets the slice, what is chosen is picked, and without a kernel they are charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from browser import Seen, opened
from hostile import TEXTS
from playwright.sync_api import Browser
from small import dataset

from kpitools.charts import cohort_heatmap, notebook, rep_leaderboard
from kpitools.charts.style import BRUSHED, PICKED
from kpitools.errors import EvaluationError
from kpitools.model.slice import Slice
from kpitools.pages import Page, View
from kpitools.pages.linked import Linked
from kpitools.pages.live import LiveChart, drawing
from kpitools.reports.export import to_html
from kpitools.views import funnel, pipeline, reps, retention

WHOLE = "period=2026Q3&as_of=2026-09-30"
SELLERS = """
    reps: rep_id name hired_at
    r1 Ann 2020-01-01
    r2 Bo 2020-01-01
    r3 Bo 2020-01-01
    r4 - 2020-01-01
    deals: deal_id owner_rep_id status created_at closed_at stage
    a r1 won 2026-07-01 2026-08-01 Demo
    b r2 won 2026-07-01 2026-08-01 Demo
    c r3 lost 2026-07-01 2026-08-01 Demo
    d r4 won 2026-07-01 2026-08-01 Offer
    e - won 2026-07-01 2026-08-01 Offer
"""


def board(names: Iterable[str | None]) -> Linked:
    """A leaderboard of these reps."""
    values = list(names)
    figures = {"value": 40.0, "lower": 30.0, "upper": 50.0, "n": 9, "small": False, "peers": 20.0}
    frame = pl.DataFrame({"rep": values}, schema={"rep": pl.String}).with_columns(**figures)
    return Linked.of(rep_leaderboard(frame, "Win rate", "percent"), "rep", PICKED, "rep", values)


def by_rep(view: View) -> Iterable[Any]:
    """A section with the reps who have deals."""
    deals = view.data["deals"].join(view.data.lookups["reps"], left_on="owner_rep_id", right_on="rep_id", how="left")
    yield board(deals.select("label").unique().sort("label", nulls_last=True).collect()["label"])


@pytest.fixture
def page() -> Page:
    shown = Page(View.of(dataset(SELLERS), Slice(period="2026Q3")), interactive=True)
    shown.show(by_rep)
    return shown


def chart_of(page: Page) -> LiveChart:
    """The widget of the page's only section."""
    ((_, place),) = page._live
    (live,) = place._widgets
    return live


def pick(live: LiveChart, *names: str) -> None:
    """What the browser says when these are picked."""
    live._handle_custom_msg({"picked": list(names)}, [])


def picked(live: LiveChart) -> list[str]:
    """What the chart shows as picked when it is drawn."""
    (parameter,) = (one for one in live.spec["params"] if one["name"] == live.parameter)
    return [value[live.field] for value in parameter.get("value", [])]


def test_what_is_picked_is_the_slice_and_stays_picked(page):
    live = chart_of(page)
    pick(live, "Ann")
    assert str(page.view.slice) == f"rep=Ann&{WHOLE}"
    assert (picked(live), live.everything) == (["Ann"], "Show every rep")
    assert [row["rep"] for row in rows_of(live)] == ["Ann"]


def test_nothing_picked_is_everything_again(page):
    live = chart_of(page)
    pick(live, "Ann")
    pick(live)
    assert str(page.view.slice) == WHOLE
    assert (picked(live), live.everything) == ([], "")
    assert len(rows_of(live)) == 5


def test_several_are_chosen_in_the_order_of_the_chart(page):
    pick(chart_of(page), "Bo (r3)", "Ann")
    assert page.view.slice.where == {"rep": ("Ann", "Bo (r3)")}


def test_who_has_no_name_is_unassigned(page):
    pick(chart_of(page), "(none)")
    assert str(page.view.slice) == f"rep=%28unassigned%29&{WHOLE}"
    assert page.view.data["deals"].collect()["deal_id"].to_list() == ["e"]


def test_a_slice_that_others_set_is_what_the_chart_shows_as_picked(page):
    page.choose("rep", ("Bo (r2)",))
    assert picked(chart_of(page)) == ["Bo (r2)"]
    page.choose("stage", ("Demo",))
    assert picked(chart_of(page)) == ["Bo (r2)"]
    page.choose("rep", ())
    assert picked(chart_of(page)) == []


def test_one_widget_draws_every_chart_of_its_place_and_does_not_speak_of_its_own(page):
    live, told = chart_of(page), []
    page.watch("test", lambda view: told.append(str(view.slice)))
    pick(live, "Ann")
    pick(live, "Ann")
    assert told == [f"rep=Ann&{WHOLE}"]
    assert chart_of(page) is live


def test_what_cannot_be_chosen_is_said_and_the_page_stays(page):
    live, again = chart_of(page), []
    live.send = lambda content, buffers=None: again.append(content)  # type: ignore[method-assign]
    pick(live, "Nobody")
    assert live.said == "Nobody is no rep to choose; there are Ann, Bo (r2), Bo (r3), r4, (none)."
    assert again == [{"again": True}]
    assert str(page.view.slice) == WHOLE
    pick(live, "Ann")
    assert live.said == ""


def test_a_slice_without_a_row_is_refused_in_words():
    """A chart may show whom the page cannot: here a rep of another day."""
    page = Page(View.of(dataset(SELLERS), Slice(period="2026Q3")), interactive=True)
    live = board(["Ann", "Zed"]).for_page(page)
    pick(live, "Zed")
    assert live.said.startswith("There is no rep 'Zed'")
    assert str(page.view.slice) == WHOLE


def test_names_that_look_alike_are_chosen_together():
    page = Page(View.of(dataset(SELLERS), Slice(period="2026Q3")), interactive=True)
    linked = Linked.of(None, "rep", PICKED, "rep", ["Bo Ek", "Bo\nEk", "Ann", "(none)", None])
    assert linked.values == {"Bo Ek": ("Bo Ek", "Bo\nEk"), "Ann": ("Ann",), "(none)": ("(none)", None)}
    with pytest.raises(EvaluationError, match="there are Bo Ek, Ann"):
        linked.choose(page, ["Bo\nEk"])


@pytest.mark.parametrize("name", TEXTS)
def test_a_name_is_chosen_whatever_it_is_made_of(name: str):
    text = {"deal_id": ["a", "b"], "stage": [name, "Demo"], "status": ["open"] * 2}
    data = dataset("reps: rep_id\n r1")
    data = type(data).of({"deals": pl.DataFrame(text).with_columns(created_at=pl.datetime(2026, 7, 1))})
    page = Page(View.of(data, Slice(period="2026Q3")), interactive=True)
    live = Linked.of(board([name]).chart, "stage", PICKED, "rep", [name, "Demo"]).for_page(page)
    (shown,) = (row["rep"] for row in rows_of(live))
    pick(live, shown)
    assert page.view.slice.where == {"stage": (name,)}


def rows_of(live: LiveChart) -> list[dict[str, Any]]:
    return next(iter(live.spec["datasets"].values()))


def test_every_chart_is_drawn_with_the_one_script(page):
    """Which is a megabyte: what comes with each chart is little."""
    live = chart_of(page)
    assert live.get_state("library") == {"library": f"anywidget:{drawing().model_id}"}
    assert len(json.dumps(live.get_state())) < 20_000 < 500_000 < len(drawing().script)


SECTIONS = {
    "reps": [reps.leaderboard],
    "funnel": [funnel.by_count, funnel.by_amount, funnel.conversion, funnel.open_pipeline],
    "pipeline": [pipeline.age],
    "retention": [retention.cohorts, retention.own_ages],
}


@pytest.mark.parametrize("section", [one for many in SECTIONS.values() for one in many])
def test_headless_it_is_the_plain_chart(data, section):
    view = View.of(data, Slice(period="2026Q3"))
    (linked,) = (one for one in section(view) if isinstance(one, Linked))
    shown, _ = linked.for_page(Page(view, interactive=False))._repr_mimebundle_()
    assert linked._repr_mimebundle_()[0] == shown
    assert shown == notebook.bundle(linked.chart.to_dict(validate=False, context={"pre_transform": False}))[0]
    assert linked.spec(()) == linked.chart.to_dict(context={"pre_transform": False})
    (parameter,) = (one for one in linked.spec(())["params"] if one["name"] == linked.parameter)
    field = parameter["select"].get("fields", [linked.field])
    assert field == [linked.field]
    assert {*linked.values} <= {row[linked.field] for rows in linked.spec(())["datasets"].values() for row in rows
                                if linked.field in row}  # fmt: skip


@pytest.mark.parametrize("section", [one for many in SECTIONS.values() for one in many])
def test_each_value_a_chart_offers_can_be_chosen(data, section):
    page = Page(View.of(data, Slice(period="2026Q3")), interactive=True)
    (linked,) = (one for one in section(page.view) if isinstance(one, Linked))
    live = linked.for_page(page)
    for name, values in linked.values.items():
        pick(live, name)
        assert (live.said, page.view.slice.where) == ("", {linked.dimension: values})


# In a page that was exported, the browser alone answers.


@pytest.fixture
def exported(browser: Browser, tmp_path: Path) -> Iterator[Seen]:
    cohorts = {
        "cohort": ["2026Q1", "2026Q1", "2026Q2", "2026Q2", "2026Q3"],
        "cohort_start": [1, 1, 2, 2, 3],
        "age": [0, 1, 0, 1, 0],
        "value": [100.0, 80.0, 100.0, 70.0, 100.0],
        "size": [10, 10, 9, 9, 8],
        "complete": [True] * 5,
    }
    charts = [board(["Ann", "Bo", "Cy"]).chart, cohort_heatmap(pl.DataFrame(cohorts))]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": notebook.bundle(chart.to_dict())[0]}
               for chart in charts]  # fmt: skip
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": outputs}
    file = tmp_path / "page.html"
    file.write_text(to_html({"metadata": {}, "cells": [cell]}), encoding="utf-8")
    with opened(browser, file) as seen:
        yield seen
        assert (seen.requests, seen.errors) == ([], [])


def selected(seen: Seen, chart: int, signal: str) -> Any:
    """What is selected in a chart, once what was done has been worked out."""
    code = "([chart, signal]) => document.querySelectorAll('figure.chart')[chart].vegaView.runAsync()" \
           ".then((view) => JSON.stringify(view.signal(signal)))"  # fmt: skip
    return json.loads(seen.page.evaluate(code, [chart, signal]))


def pale(seen: Seen, chart: int, marks: str) -> list[str]:
    """The marks that are not picked."""
    found = seen.page.locator("figure.chart").nth(chart).locator(f"{marks} path[opacity='0.2'][aria-label]")
    return [str(one.get_attribute("aria-label")).split(",")[0] for one in found.all()]


def test_in_an_exported_page_a_click_picks_out_and_lets_go(exported):
    dot = exported.page.locator("figure.chart .mark-symbol path[aria-label^='Ann,']")
    dot.click()
    assert selected(exported, 0, PICKED)["rep"] == ["Ann"]
    assert pale(exported, 0, ".mark-symbol") == ["Bo", "Cy"]
    exported.page.locator("figure.chart .mark-symbol path[aria-label^='Bo,']").click()
    assert selected(exported, 0, PICKED)["rep"] == ["Bo"]
    exported.page.locator("figure.chart .mark-symbol path[aria-label^='Cy,']").click(modifiers=["Shift"])
    assert selected(exported, 0, PICKED)["rep"] == ["Bo", "Cy"]
    exported.page.locator("figure.chart .mark-symbol path[aria-label^='Cy,']").click()
    assert selected(exported, 0, PICKED)["rep"] == ["Bo"]
    dot.dblclick()
    assert selected(exported, 0, PICKED) == {}
    assert pale(exported, 0, ".mark-symbol") == []


def test_in_an_exported_page_a_brush_picks_cohorts_out_and_a_click_lets_go(exported):
    def cell(name: str) -> tuple[float, float]:
        box = exported.page.locator(f"figure.chart .mark-rect path[aria-label^='{name}, age 0']").bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    exported.page.locator("figure.chart").nth(1).scroll_into_view_if_needed()
    exported.page.mouse.move(*cell("2026Q2"))
    exported.page.mouse.down()
    exported.page.mouse.move(*cell("2026Q3"), steps=4)
    exported.page.mouse.up()
    assert selected(exported, 1, BRUSHED) == {"row": ["2026Q2 · 9", "2026Q3 · 8"]}
    assert pale(exported, 1, ".mark-rect") == ["2026Q1", "2026Q1"]
    exported.page.mouse.click(*cell("2026Q1"))
    assert selected(exported, 1, BRUSHED) == {}
    assert pale(exported, 1, ".mark-rect") == []
