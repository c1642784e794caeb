"""Every template and notebook opened in a real JupyterLab and run: no error anywhere, every chart drawn, no network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.lab import Lab, end_kernel, jupyterlab, open_and_run, tab

ROOT = Path(__file__).parents[1]
#: Opened, run and used in `test_lab_linked`.
OPENED = {"funnel", "pipeline", "reps", "retention"}
#: Opened and read in a test of its own.
OWN_KPI = "write_your_own_kpi"
NOTEBOOKS = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("templates/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")]
    if path.stem not in {*OPENED, OWN_KPI}
)
WITHOUT_CHARTS = {"kpi_catalogue", "test_the_folklore"}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Copies of the notebooks beside the project's data: what they write stays out of the project."""
    root = tmp_path_factory.mktemp("project")
    for name in ("templates", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".*"))
    (root / "data").symlink_to(ROOT / "data")
    return root


@pytest.fixture(scope="module")
def lab(project: Path, tmp_path_factory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab"), project) as running:
        yield running
    assert running.complaints() == []


@pytest.mark.parametrize("name", NOTEBOOKS, ids=lambda name: name.stem)
def test_opened_and_run_nothing_fails_and_every_chart_is_drawn(browser: Browser, lab: Lab, name: Path):
    with tab(browser) as page:
        open_and_run(page, lab, name.as_posix())
        charts = page.locator(".jp-OutputArea-output svg.marks")
        assert (charts.count() == 0) == (name.stem in WITHOUT_CHARTS)
        end_kernel(page)


def test_the_own_kpi_is_the_same_in_the_notebook_by_hand_and_on_its_page(browser: Browser, lab: Lab, project: Path):
    with tab(browser) as page:
        open_and_run(page, lab, f"notebooks/{OWN_KPI}.ipynb")
        assert page.locator(".jp-OutputArea-output svg.marks").count() > 0
        assert "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts()).count("14.023168") == 2
        end_kernel(page)
    (report,) = (project / "out" / "own_kpi").glob("scorecard-*.html")
    assert "Discount rate" in report.read_text("utf-8")
    assert "discount_rate" in (project / "out" / "own_kpi_page" / "kpi_catalogue.html").read_text("utf-8")
