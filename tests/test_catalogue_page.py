"""The catalogue as a page in a real browser: every KPI there, search and filters narrow it down, anchors open it."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import opened

from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.search import search
from kpitools.kpis.sets import INDUSTRIES
from kpitools.reports.catalogue import catalogue_html


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "kpi_catalogue.html"
    path.write_text(catalogue_html(CATALOGUE), encoding="utf-8")
    return path


def test_the_same_kpis_make_the_same_bytes(place):
    assert place.read_text(encoding="utf-8") == catalogue_html(CATALOGUE)


def test_every_kpi_is_there_and_can_be_found(browser, place):
    with opened(browser, place, charts=False) as seen:
        page = seen.page
        ids = page.locator("article.kpi").evaluate_all("all => all.map(one => one.id)")
        assert sorted(ids) == sorted(CATALOGUE)
        shown = page.locator("article.kpi:visible")
        page.get_by_label("Search").fill("churn")
        assert shown.count() == len(search(CATALOGUE.values(), words="churn"))
        page.get_by_label("Search").fill("no such thing")
        assert shown.count() == 0
        assert page.get_by_role("status").inner_text() == f"0 of {len(CATALOGUE)} KPIs"
        page.get_by_label("Search").fill("")
        page.locator("select[data-filter=industries]").select_option("insurance")
        assert shown.count() == len(INDUSTRIES["insurance"].kpis)
        page.locator("select[data-filter=tables]").select_option("claims")
        assert {one.get_attribute("id") for one in shown.all()} <= set(INDUSTRIES["insurance"].kpis)
        assert (seen.requests, seen.errors) == ([], [])


def test_an_anchor_opens_its_kpi_whatever_was_filtered(browser, place):
    with opened(browser, place, charts=False) as seen:
        page = seen.page
        page.locator("select[data-filter=roles]").select_option("sdr")
        page.evaluate("location.hash = 'loss_ratio'")
        entry = page.locator("#loss_ratio")
        entry.locator("dl").wait_for(state="visible")
        assert "claims.paid" in entry.inner_text()
        assert page.locator("select[data-filter=roles]").input_value() == ""


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, place):
    with opened(browser, place, charts=False) as seen:
        page = seen.page
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
