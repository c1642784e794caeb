"""Workbooks: figures are figures, text is text and computes nothing, the same notebook gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import polars as pl
import pytest

from kpitools.reports.workbook import to_workbook
from kpitools.tables import MIME, Column, Table
from kpitools.tables.sheets import LONGEST_NAME, sheet_name
from kpitools.views.foot import PROVENANCE

LINK = '=HYPERLINK("https://evil.example")'
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", LINK, "https://evil.example", "<b>"]


def notebook(*tables: Table) -> dict[str, Any]:
    definition = {
        "id": "win_rate",
        "label": "Win rate",
        "unit": "percent",
        "definition": "Won.",
        "formula": "",
        "benchmark": "",
    }
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {MIME: table.to_json()}} for table in tables] + [
        {"output_type": "display_data", "metadata": {}, "data": {PROVENANCE: {"definitions": [definition]}}}
    ]
    cells = [
        {"cell_type": "markdown", "source": "# Scorecard", "metadata": {}},
        {"cell_type": "code", "source": "", "metadata": {}, "outputs": outputs},
    ]
    return {
        "cells": cells,
        "metadata": {"kpitools": {"subject": "Team =North", "period": "Q3 2026", "slice": "team=North"}},
    }


def cells(content: bytes, sheet: str) -> pl.DataFrame:
    """What another program reads in a sheet, below its caption and the empty row."""
    return pl.read_excel(io.BytesIO(content), sheet_name=sheet, read_options={"header_row": 2})


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


REPS = Table(
    "Reps: [all]",
    [
        Column("rep", "Rep"), Column("rate", "Win rate", "number", "percent"),
        Column("range", "95 %", "interval", "percent"), Column("cases", "Deals", "sample"),
        Column("before", "Before", "comparison", "percent"), Column("trend", "Trend", "spark", "percent"),
        Column("since", "Since", "date"),
    ],
    [
        {"rep": "Ann", "rate": 63.1501, "range": [61.2, 66.4], "cases": [40, True], "before": [60, 3.15, "better"],
         "trend": [1, 2], "since": "2026-09-30"},
        {"rep": "Bob", "rate": None, "range": None, "cases": 0, "before": None, "trend": [], "since": None},
    ],
    "A note.",
)  # fmt: skip


def test_figures_are_figures_in_the_scale_of_the_page():
    found = cells(to_workbook(notebook(REPS)), "Reps all").head(2)
    assert found.columns == [
        "Rep", "Win rate", "95 % lower", "95 % upper", "Deals", "Deals small", "Before", "Before difference",
        "Before status", "Since",
    ]  # fmt: skip
    assert found.row(0) == ("Ann", 63.1501, 61.2, 66.4, 40.0, "yes", 60.0, 3.15, "better", date(2026, 9, 30))
    assert found.row(1) == ("Bob", None, None, None, 0.0, None, None, None, None, None)


def test_what_looks_like_a_formula_or_a_link_is_text_and_stays_so():
    table = Table(HOSTILE[0], [Column("name", LINK)], [{"name": name} for name in HOSTILE])
    content = to_workbook(notebook(table))
    assert cells(content, "=1+1")[LINK].to_list() == HOSTILE
    found = parts(content)
    assert not any("<f>" in text or "<hyperlink" in text for name, text in found.items() if "worksheets" in name)
    assert 'quotePrefix="1"' in found["xl/styles.xml"]
    assert not any("vba" in name or "externalLink" in name or "_rels/sheet" in name for name in found)


def test_the_sheets_say_what_the_report_is_and_what_its_figures_mean():
    content = to_workbook(notebook(REPS, REPS))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = [part.split('"')[0] for part in file.read("xl/workbook.xml").decode().split('<sheet name="')[1:]]
    assert names == ["Report", "Reps all", "Reps all 2", "Definitions"]
    first = pl.read_excel(io.BytesIO(content), sheet_name="Report", has_header=False)
    assert first.row(0)[0] == "Scorecard Team =North"
    assert {"Period": "Q3 2026", "Slice": "team=North"}.items() <= dict(first.rows()).items()
    assert cells(content, "Definitions")["KPI"].to_list() == ["Win rate"]


def test_the_same_notebook_gives_the_same_bytes():
    assert to_workbook(notebook(REPS)) == to_workbook(notebook(REPS))


def test_a_text_that_no_cell_can_hold_is_cut_and_nothing_else_is_lost():
    table = Table("Long", [Column("name", "Name")], [{"name": "x" * 40_000}, {"name": "\x00\x1b"}, {"name": "Ann"}])
    found = cells(to_workbook(notebook(table)), "Long")["Name"].to_list()
    assert [len(found[0]), found[0][-1], found[2]] == [32_767, "…", "Ann"]


@pytest.mark.parametrize("wanted", ["x" * 99, "a/b\\c?*[d]:e", "''", "", "History", "\x00", "Ünïcödé 🚀" * 9])
def test_names_of_sheets_are_those_that_excel_takes(wanted):
    taken: list[str] = []
    for _ in range(12):
        taken.append(sheet_name(wanted, taken))
    assert len({name.casefold() for name in taken}) == 12
    assert all(0 < len(name) <= LONGEST_NAME and not set(name) & set("[]:*?/\\") for name in taken)
    assert not any(name.startswith("'") or name.endswith("'") or name.casefold() == "history" for name in taken)
