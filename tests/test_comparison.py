"""The members of a batch side by side: figures against those worked out by hand, and the index that shows them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from browser import opened
from reports_kit import template

from kpitools.analyses.words.figures import CHANCE
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.reports.batch import Batch, Report
from kpitools.reports.comparison import ALL, comparison, shown
from kpitools.reports.index import index_html
from kpitools.reports.plan import Plan, plan
from kpitools.reports.run import Outcome

EVIL = "<img src=x onerror=alert(1)>"


def closed(team: str, month: int, won: int, lost: int) -> list[dict[str, object]]:
    return [
        {
            "deal_id": f"{team}-{month}-{number}",
            "owner_rep_id": team,
            "amount": 10.0,
            "status": "won" if number < won else "lost",
            "created_at": datetime(2026, month, 1),
            "closed_at": datetime(2026, month, 2),
        }
        for number in range(won + lost)
    ]


@pytest.fixture(scope="module")
def data() -> Dataset:
    """North wins 3 of 4 after 1 of 2; South 40 of 80 after 70 of 80; Evil nothing now; one deal belongs to no team."""
    rows = [
        *closed("North", 5, 1, 1), *closed("North", 8, 3, 1), *closed("South", 5, 70, 10), *closed("South", 8, 40, 40),
        *closed(EVIL, 5, 1, 0), *closed("Nobody", 8, 1, 0),
    ]  # fmt: skip
    teams: list[str | None] = ["North", "South", EVIL, None]
    reps = pl.DataFrame({"rep_id": ["North", "South", EVIL, "Nobody"], "team": teams})
    return Dataset.of({"reps": reps, "deals": pl.DataFrame(rows)})


@pytest.fixture(scope="module")
def made(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(data, period="2026Q3", folder=template(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="module")
def compared(data: Dataset, made: Plan) -> dict:
    return comparison(data, made, CATALOGUE)


def test_figures_are_those_of_the_member_and_the_period(compared):
    rates = {row["name"]: row["figures"]["win_rate"] for row in compared["rows"]}
    assert list(rates) == [ALL, EVIL, "North", "South", None]
    assert {name: one["value"] for name, one in rates.items()} == {
        "North": 75, "South": 50, EVIL: None, None: 100, ALL: 100 * 44 / 85,
    }  # fmt: skip
    assert rates["South"]["trend"] == [None] * 6 + [87.5, 50]
    assert (rates["North"]["small"], rates["South"]["small"]) == (True, False)


def test_a_change_that_may_be_chance_is_called_neither_better_nor_worse(compared):
    rates = {row["name"]: row["figures"]["win_rate"] for row in compared["rows"]}
    assert (rates["North"]["difference"], rates["North"]["status"]) == (25, CHANCE)
    assert (rates["South"]["difference"], rates["South"]["status"]) == (-37.5, "worse")


def test_it_goes_through_a_file_unchanged_and_all_courses_of_a_kpi_share_a_scale(compared):
    again = json.loads(json.dumps(compared))
    assert again == compared
    rows = {row["name"]: row["cells"] for row in shown(again)}
    at = [kpi["id"] for kpi in again["kpis"]].index("win_rate")
    heights = {name: cells[at]["line"] and cells[at]["line"]["last"][1] for name, cells in rows.items()}
    assert heights["South"] > heights["North"] > 3  # 50 is the lowest of all, 75 lies between, 100 is the top
    assert rows[EVIL][at]["text"] == "–"


def test_data_that_gives_none_of_the_kpis_gives_an_empty_comparison(made):
    reps = pl.DataFrame({"rep_id": ["a"], "team": ["North"]})
    assert comparison(Dataset.of({"reps": reps}), made, CATALOGUE) == {"kpis": [], "rows": []}


@pytest.fixture(scope="module")
def index(compared: dict, made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    reports = tuple(Report(job, Outcome("made", ("a.html", "a.ipynb", "a.pdf", "a.xlsx"))) for job in made.jobs)
    file = tmp_path_factory.mktemp("index") / "index.html"
    facts = {"source": "x", "comparison": compared, "changes": [f"{EVIL}: fell."]}
    file.write_text(index_html(Batch(made, file.parent, reports, ()), facts), encoding="utf-8")
    return file


def test_a_heading_sorts_and_who_has_no_figure_stands_last(browser, index):
    with opened(browser, index, charts=False) as seen:
        names = seen.page.locator(".compared tbody th")
        win_rate = seen.page.get_by_role("button", name="Win rate")
        win_rate.press("Enter")
        assert names.all_inner_texts() == [ALL, "unassigned", "North", "South", EVIL]
        assert win_rate.locator("xpath=..").get_attribute("aria-sort") == "descending"
        win_rate.click()
        assert names.all_inner_texts() == [ALL, "South", "North", "unassigned", EVIL]
        assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])


def test_the_index_names_every_file_and_is_narrowed_by_template_and_status(browser, index):
    with opened(browser, index, charts=False, width=390) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
        rows = seen.page.locator("tbody.members tr")
        assert rows.first.locator("a").all_inner_texts() == ["Deals so far", "notebook", "PDF", "Excel"]
        assert seen.page.locator(".changes li").inner_text() == f"{EVIL}: fell."
        seen.page.get_by_label("Status", exact=True).select_option("made")
        seen.page.get_by_label("Template", exact=True).select_option("Deals so far")
        assert rows.filter(visible=True).count() == 4
