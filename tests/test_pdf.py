"""Pages printed by a real browser and read back: charts drawn, text selectable, same bytes, clear words without one."""

from __future__ import annotations

import atexit
import re
import subprocess
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import pytest

from kpitools.errors import ReportError
from kpitools.reports import pdf
from kpitools.reports.export import to_html


def page(folder: Path) -> Path:
    """A page of two charts and enough text for more than one sheet of paper."""
    frame = pl.DataFrame({"team": ["North & Söhne", "<b>South</b>"], "won": [3, 4]})
    charts = [
        alt.Chart(frame, title=title, width=500).mark_bar().encode(x="won:Q", y="team:N").to_dict()
        for title in ("Deals won", "Deals lost")
    ]
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.vegalite.v5+json": chart}}
        for chart in charts
    ]
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Scorecard\n\n## In short\n\n" + "Words. " * 900},
        {"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs},
    ]
    place = folder / "page #1.html"
    place.write_text(to_html({"cells": cells, "metadata": {"kpitools": {"subject": "Team North"}}}), encoding="utf-8")
    return place


def read(content: bytes, folder: Path) -> str:
    place = folder / "printed.pdf"
    place.write_bytes(content)
    return subprocess.run(["pdftotext", "-layout", place, "-"], check=True, capture_output=True, text=True).stdout


def test_a_page_is_printed_with_its_charts_and_page_numbers(tmp_path: Path) -> None:
    printed = pdf.to_pdf(page(tmp_path))
    text = read(printed, tmp_path)
    assert all(word in text for word in ("Team North", "Deals won", "Deals lost", "North & Söhne", "<b>South</b>"))
    sheets = text.split("\f")[:-1]
    assert len(sheets) > 1
    numbered = [f"{number}/{len(sheets)}" for number in range(1, len(sheets) + 1)]
    assert [re.sub(r"\s", "", sheet)[-3:] for sheet in sheets] == numbered
    assert b"/StructTreeRoot" in printed
    assert b"/Outlines" in printed
    assert pdf.to_pdf(page(tmp_path)) == printed


def test_a_page_whose_charts_are_not_drawn_is_not_printed_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "broken.html"
    place.write_text(
        '<figure class="chart"></figure><script type="module">throw new Error("no")</script>', encoding="utf-8"
    )
    monkeypatch.setattr(pdf, "DRAWN_WITHIN", 300)
    with pytest.raises(ReportError, match="could not be printed: "):
        pdf.to_pdf(place)


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf.required()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ReportError, match=r"needs a browser.*install Chromium"):
        pdf.required()


@pytest.fixture(scope="module", autouse=True)
def _no_browser_left_behind():
    """Two of one process would stand in each other's way: other tests start their own."""
    yield
    if pdf._browser.cache_info().currsize:
        for end in (pdf._browser().close, pdf._running().stop):
            atexit.unregister(end)
            end()
        pdf._browser.cache_clear()
        pdf._running.cache_clear()
