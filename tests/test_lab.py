"""A template opened in a real JupyterLab: it runs, its charts draw offline, and a control changes the figures."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LOCAL, chromium
from tests.lab import KERNEL_READY, Lab, jupyterlab

ROOT = Path(__file__).parents[1]
SECONDS = 1000
expect.set_options(timeout=60 * SECONDS)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    scratch = tmp_path_factory.mktemp("lab")
    root = scratch / "project"
    for name in ("templates", "notebooks", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".*"))
    with jupyterlab(scratch, root) as running:
        yield running


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 1600})
        context.set_default_timeout(60 * SECONDS)
        page = context.new_page()
        page.asked = []  # type: ignore[attr-defined]

        def gate(route) -> None:
            if route.request.url.startswith(LOCAL):
                route.continue_()
            else:
                page.asked.append(route.request.url)  # type: ignore[attr-defined]
                route.abort()

        context.route("**/*", gate)
        yield page
        context.close()


def run_all(page: Page, lab: Lab, name: str) -> None:
    page.goto(lab.notebook(name))
    page.wait_for_function(KERNEL_READY)
    page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }")


def test_a_control_sets_the_slice_and_every_section_follows(page: Page, lab: Lab):
    run_all(page, lab, "templates/scorecard.ipynb")
    figures = page.locator(".jp-OutputArea table.kt-table, .jp-OutputArea table").first
    expect(figures).to_contain_text("Win rate")
    expect(page.locator("svg.marks").nth(4)).to_be_visible()
    whole = figures.inner_text()
    team = page.get_by_label("Team", exact=True)
    team.select_option(team.locator("option", has_text="Nordics").inner_text())
    slice_text = page.get_by_label("Slice", exact=True)
    expect(slice_text).to_have_value("team=Nordics&period=2026Q3&as_of=2026-09-30")
    expect(figures).not_to_have_text(whole)
    slice_text.fill("team=DACH&period=2026Q2")
    slice_text.press("Enter")
    expect(team).to_have_value(re.compile(r"DACH \(\d+\)"))
    expect(slice_text).to_have_value("team=DACH&period=2026Q2&as_of=2026-06-30")
    slice_text.fill("taem=DACH")
    slice_text.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Did you mean 'team'?")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(slice_text).to_have_value("team=Nordics&period=2026Q3&as_of=2026-09-30")
    rep = page.get_by_label("Rep", exact=True)
    rep.press_sequentially("freya")
    rep.press("ArrowDown")
    rep.press("Enter")
    rep.press("Tab")
    expect(slice_text).to_have_value(re.compile(r"team=Nordics&rep=.+&period=2026Q3&as_of=2026-09-30"))
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["templates/funnel.ipynb", "notebooks/start_here.ipynb"])
def test_opened_and_run_charts_draw_without_a_network(page: Page, lab: Lab, name: str):
    run_all(page, lab, name)
    expect(page.locator("svg.marks").first).to_be_visible()
    page.wait_for_function(KERNEL_READY)
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.asked == []  # type: ignore[attr-defined]
