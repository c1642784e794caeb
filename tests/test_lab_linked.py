"""Charts that answer, in a real JupyterLab: what is clicked or brushed in one sets the slice, and all else follows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.lab import FAILED, SECONDS, Lab, jupyterlab, open_and_run, tab

ROOT = Path(__file__).parents[1]
WHOLE = "period=2026Q3&as_of=2026-09-30"
expect.set_options(timeout=60 * SECONDS)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    scratch = tmp_path_factory.mktemp("lab")
    root = scratch / "project"
    for name in ("templates", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".*"))
    with jupyterlab(scratch, root) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with tab(browser) as opened:
        yield opened
        assert opened.locator(FAILED).count() == 0


def run_all(page: Page, lab: Lab, name: str) -> Locator:
    """The notebook run from top to bottom; the field that says what its page shows."""
    open_and_run(page, lab, name)
    said = page.get_by_label("Slice", exact=True)
    expect(said).to_have_value(WHOLE)
    return said


def chart(page: Page, title: str) -> Locator:
    """The charts under a title; of those that answer, as the others are drawn by the notebook itself."""
    return page.locator(".vega-embed").filter(has=page.locator(".role-title-text", has_text=title))


def points(drawn: Locator) -> Locator:
    return drawn.locator("svg.marks .mark-symbol.role-mark path[aria-label]")


def test_a_rep_clicked_is_the_slice_until_let_go(page: Page, lab: Lab, tmp_path: Path):
    said = run_all(page, lab, "templates/reps.ipynb")
    board = chart(page, "Pooled win rate by rep")
    mix = page.locator("svg.marks").filter(has_text="Activity mix by rep")
    expect(points(board)).to_have_count(43)
    expect(mix).to_contain_text("Hanna Rossi")
    dot = board.locator("svg.marks path[aria-label^='Freya Berg,']")
    dot.scroll_into_view_if_needed()
    dot.click()
    expect(said).to_have_value(f"rep=Freya+Berg&{WHOLE}")
    expect(points(board)).to_have_count(1)
    expect(page.get_by_label("Rep", exact=True)).to_have_value(re.compile(r"Freya Berg \(\d+\)"))
    expect(mix).not_to_contain_text("Hanna Rossi")
    expect(mix).to_contain_text("Freya Berg")
    page.screenshot(path=tmp_path / "rep.png")
    points(board).click()
    expect(said).to_have_value(WHOLE)
    expect(points(board)).to_have_count(43)
    expect(board).to_have_count(1)
    said.fill("rep=Zoë+Sørensen")  # who has closed no deal
    said.press("Enter")
    expect(board.locator("svg.marks")).to_contain_text("No data")
    page.get_by_role("button", name="Show every rep").click()
    expect(points(board)).to_have_count(43)


def test_a_rep_is_chosen_and_let_go_by_keyboard_alone(page: Page, lab: Lab, tmp_path: Path):
    said = run_all(page, lab, "templates/reps.ipynb")
    board = chart(page, "Pooled win rate by rep")
    expect(points(board)).to_have_count(43)
    cells = page.locator(".jp-Cell").count()
    box, heard = page.locator(".kpitools-chart").filter(has=board), page.locator("p.kpitools-said")
    first = str(points(board).first.get_attribute("aria-label"))
    box.focus()
    page.keyboard.press("Home")
    expect(heard).to_have_text(first)
    expect(page.locator(".kpitools-keys")).to_have_text(re.compile("Arrow keys: from mark to mark. Enter: select"))
    page.screenshot(path=tmp_path / "keys.png")
    for key in ("ArrowDown", "a", "ArrowUp", "Enter"):  # a would be a new cell, were the key the notebook's
        page.keyboard.press(key)
    name = first.partition(",")[0]
    expect(said).to_have_value(f"rep={name.replace(' ', '+')}&{WHOLE}")
    expect(points(board)).to_have_count(1)
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(said).to_have_value(WHOLE)
    expect(points(board)).to_have_count(43)
    expect(page.locator(".jp-Cell")).to_have_count(cells)


def test_cohorts_brushed_are_the_slice_until_shown_all_again(page: Page, lab: Lab, tmp_path: Path):
    said = run_all(page, lab, "templates/retention.ipynb")
    cells = chart(page, "Customers still there, by cohort and age").locator("svg.marks .mark-rect.role-mark path")
    others = chart(page, "Customers still there since their first day").locator("svg.marks")
    expect(others).to_contain_text("2022Q4")
    revenue = page.locator("svg.marks").filter(has_text="Revenue retained, with expansion, by cohort and age")
    expect(revenue).to_contain_text("2022Q4")
    brush(page, *(cells.and_(page.locator(f"[aria-label^='{name}, age 0']")) for name in ("2023Q1", "2023Q2")))
    months = "&".join(f"cohort=2023-0{month}" for month in range(1, 7))
    expect(said).to_have_value(f"{months}&{WHOLE}")
    expect(others).not_to_contain_text("2022Q4")
    expect(others).to_contain_text("2023Q1 · 32")
    expect(revenue).not_to_contain_text("2022Q4")
    expect(cells.and_(page.locator("[aria-label*='age 0']"))).to_have_count(3)  # two cohorts and their mean
    page.screenshot(path=tmp_path / "cohorts.png")
    page.get_by_role("button", name="Show every cohort").first.click()
    expect(said).to_have_value(WHOLE)
    expect(others).to_contain_text("2022Q4")
    page.locator(".kpitools-chart").filter(has=cells).focus()
    for key in ("Home", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(said).to_have_value(re.compile("^cohort=2022-10&.*cohort=2023-03&"))
    expect(others).not_to_contain_text("2023Q2")


def brush(page: Page, start: Locator, end: Locator) -> None:
    """Drag from the middle of one mark to the middle of another."""
    start.scroll_into_view_if_needed()
    boxes = [mark.bounding_box() for mark in (start, end)]
    (x, y), (to_x, to_y) = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=6)
    page.mouse.up()


@pytest.mark.parametrize("name", ["funnel", "pipeline"])
def test_a_stage_clicked_is_the_slice(page: Page, lab: Lab, name: str, tmp_path: Path):
    said = run_all(page, lab, f"templates/{name}.ipynb")
    bars = chart(page, "Open pipeline by stage and age").locator("svg.marks .mark-rect.role-mark path[aria-label]")
    expect(bars.and_(page.locator("[aria-label^='Discovery,']"))).to_have_count(5)
    proposal = bars.and_(page.locator("[aria-label^='Proposal,']")).first
    proposal.scroll_into_view_if_needed()
    proposal.click()
    expect(said).to_have_value(f"stage=Proposal&{WHOLE}")
    expect(page.get_by_label("Stage", exact=True)).to_have_value(re.compile(r"Proposal \(\d+\)"))
    expect(bars.and_(page.locator("[aria-label^='Discovery,']"))).to_have_count(0)
    page.screenshot(path=tmp_path / "stage.png")
    page.get_by_role("button", name="Show every stage").last.click()
    expect(said).to_have_value(WHOLE)
    expect(bars.and_(page.locator("[aria-label^='Discovery,']"))).to_have_count(5)
