"""`python -m tests.benchmarks.lab`: from opening a notebook in JupyterLab to its first chart, and to all of them.

A real JupyterLab and a real Chromium; each notebook is opened in a tab of its own and run at once from the menu, as a
person would. Of the seconds to the first chart, those until its kernel listens are JupyterLab's own.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import chromium
from tests.lab import KERNEL_READY, all_drawn, from_menu, jupyterlab, tab

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ("notebooks/explore.ipynb", "templates/funnel.ipynb", "templates/scorecard.ipynb", "templates/reps.ipynb")
PARTS = ("notebooks", "templates", "data")


def main() -> None:
    """Open, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.lab", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="times each notebook is opened")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        root = Path(name) / "project"
        for part in PARTS:
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns(".*"))
        with jupyterlab(Path(name), root) as lab:
            print(f"{'seconds from opening':30}{'kernel':>10}{'first chart':>14}{'all drawn':>12}")
            for notebook in NOTEBOOKS * given.runs:
                with tab(browser) as page:
                    _open(page, lab.notebook(notebook), notebook)


def _open(page: Page, address: str, notebook: str) -> None:
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(KERNEL_READY)
    ready = time.perf_counter() - began
    from_menu(page, "Run", "Run All Cells")
    page.locator(".jp-OutputArea-output svg.marks .role-mark > *").first.wait_for(state="attached")
    first = time.perf_counter() - began
    all_drawn(page)
    print(f"{notebook:30}{ready:10.1f}{first:14.1f}{time.perf_counter() - began:12.1f}")


if __name__ == "__main__":
    main()
