"""The explorers as an application: Voilà shows the notebook as it is, and its controls and charts answer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import kept_local
from tests.lab import environment, free_port, wait_for

ROOT = Path(__file__).parents[1]
SECONDS = 1000


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where Voilà shows a copy of the notebook beside the project's data."""
    scratch = tmp_path_factory.mktemp("voila")
    root = scratch / "project"
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".*"))
    port, log = free_port(), scratch / "voila.log"
    command = [sys.executable, "-m", "voila", "explore.ipynb", "--no-browser", f"--port={port}",
               "--Voila.ip=127.0.0.1", "--Voila.port_retries=0"]  # fmt: skip
    with log.open("w") as written:
        server = subprocess.Popen(command, cwd=root / "notebooks", env=environment(scratch), stdout=written,
                                  stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        try:
            # the first answer comes with the notebook run, so what is asked is a file that is there at once
            wait_for(server, log, f"http://127.0.0.1:{port}/voila/static/voila.js")
            yield f"http://127.0.0.1:{port}/"
            said = log.read_text()
            assert "Traceback" not in said, said[-3000:]
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def test_the_explorers_answer_in_voila_as_they_are(browser: Browser, address: str):
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    context.set_default_timeout(120 * SECONDS)
    page = context.new_page()
    asked, errors = kept_local(context), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    board = page.locator("svg.marks", has_text="Win rate by team")
    expect(board).to_be_visible(timeout=180 * SECONDS)
    team = page.get_by_label("Team", exact=True).first
    team.select_option(team.locator("option", has_text="Nordics").inner_text())
    expect(page.get_by_label("Slice", exact=True).first).to_have_value(
        "team=Nordics&period=2026Q3&as_of=2026-09-30", timeout=60 * SECONDS
    )
    table = page.locator("table", has_text="Win rate by segment").first
    expect(table).to_be_visible()
    page.get_by_role("button", name="Rows behind this number").first.click()
    expect(page.get_by_text("Rows 1 to 20 of").first).to_be_visible()
    assert errors == []
    assert asked == []
    context.close()
