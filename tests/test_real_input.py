"""The public CRM sample, from its own files to pages: the figures that must hold, and every report of a quarter."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from kpitools.evaluation.evaluate import evaluate
from kpitools.intake import load
from kpitools.model.dataset import Dataset
from kpitools.reports import make_reports
from kpitools.reports.company import company_aggregates
from tests.browser import chromium, opened

MAPPING = Path(__file__).parents[1] / "data" / "crm_sales.toml"


@pytest.fixture(scope="module")
def crm() -> Dataset:
    return load(MAPPING, cache=False)


def figures(crm: Dataset, *kpis: str, **asked) -> dict[str, float]:
    return dict(evaluate(kpis, crm, **asked).frame.select("kpi", "value").iter_rows())


def test_closed_won_rate_and_cycle(crm):
    found = figures(
        crm, "closed_opportunities", "number_of_deals_closed", "win_rate", "sales_cycle_length",
        "median_sales_cycle_length", periods="2017",
    )  # fmt: skip
    assert found["closed_opportunities"] == 6711
    assert found["number_of_deals_closed"] == 4238
    assert round(found["win_rate"], 4) == 63.1501
    assert round(found["sales_cycle_length"], 2) == 51.78
    assert found["median_sales_cycle_length"] == 57


def test_no_row_is_lost_to_the_spelling_of_a_product(crm):
    frame = evaluate("win_rate", crm, periods="2017", by="product_family").frame
    assert frame.filter(product_family="GTX").select("numerator", "denominator").row(0) == (2776, 4379)


@pytest.mark.parametrize("as_of", ["2017-06-30", None])
def test_the_pipeline_of_a_past_day(crm, as_of):
    found = figures(crm, "deals_per_stage", "pipeline_value", periods="2017Q2", as_of=as_of)
    assert found == {"deals_per_stage": 1686, "pipeline_value": 4216807}


def test_undated_rows_are_kept_counted_and_in_no_view_of_a_day(crm):
    assert (crm.quality["deals"].read, crm.quality["deals"].kept, crm.quality["deals"].undated) == (8800, 8800, 500)
    assert crm["deals"].select(pl.len()).collect().item() == 8800
    assert crm.as_of("2017-12-31")["deals"].select(pl.col("created_at").null_count()).collect().item() == 0


def test_all_reports_of_a_quarter(crm, tmp_path, workers):
    batch = make_reports(
        crm, out=tmp_path, period="2017Q3", by="manager", templates=["scorecard", "reps"], executor=workers,
        aggregates=company_aggregates,
    )  # fmt: skip
    assert batch.ok, batch.summary()
    assert batch.count("made") == 12
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert len([report for report in manifest["reports"] if report["status"] == "made"]) == 12
    with chromium() as browser, opened(browser, tmp_path / "scorecard-dustin-brinkmann-2017q3.html") as seen:
        assert seen.page.locator("h1").inner_text() == "Manager Dustin Brinkmann"
        assert seen.page.locator("table").first.inner_text().count("Win rate") == 1
        assert (seen.requests, seen.errors) == ([], [])
    others = [name for name in crm.members("manager") if name != "Dustin Brinkmann"]
    for kind in ("html", "ipynb"):
        text = (tmp_path / f"reps-dustin-brinkmann-2017q3.{kind}").read_text(encoding="utf-8")
        assert not [name for name in others if name in text]
