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
NOTEBOOKS = sorted(
    path.relative_to(ROOT)
    for path in [*ROOT.glob("templates/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")]
    if path.stem not in OPENED
)
WITHOUT_CHARTS = {"kpi_catalogue", "test_the_folklore"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """JupyterLab over copies of the notebooks beside the project's data: what they write stays out of the project."""
    scratch = tmp_path_factory.mktemp("lab")
    root = scratch / "project"
    for name in ("templates", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".*"))
    (root / "data").symlink_to(ROOT / "data")
    with jupyterlab(scratch, root) as running:
        yield running
    assert running.complaints() == []


@pytest.mark.parametrize("name", NOTEBOOKS, ids=lambda name: name.stem)
def test_opened_and_run_nothing_fails_and_every_chart_is_drawn(browser: Browser, lab: Lab, name: Path):
    with tab(browser) as page:
        open_and_run(page, lab, name.as_posix())
        charts = page.locator(".jp-OutputArea-output svg.marks")
        assert (charts.count() == 0) == (name.stem in WITHOUT_CHARTS)
        end_kernel(page)
