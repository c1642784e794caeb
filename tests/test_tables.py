from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree

import polars as pl
import pytest

from kpitools.errors import DataError, EvaluationError, UnknownNameError
from kpitools.tables import MIME, Column, Table, frame_table, leaderboard_table, scorecard_table
from kpitools.tables.html import stylesheet

HOSTILE = "</script><script>alert(1)</script>"


@dataclass(frozen=True)
class Range:
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Kpi:
    id: str
    label: str
    unit: str
    benchmark: Range | None = None


WIN_RATE = Kpi("win_rate", "Win rate", "percent", Range(20, 30))
REVENUE = Kpi("revenue", "Revenue", "currency")


def results() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "kpi": ["win_rate", "win_rate", "revenue", "revenue"],
            "period": ["2026Q1", "2026Q2"] * 2,
            "start": [date(2026, 1, 1), date(2026, 4, 1)] * 2,
            "complete": [True, False] * 2,
            "value": [22.0, 25.0, 1000.0, 900.0],
            "lower": [18.0, 20.0, None, None],
            "upper": [27.0, 31.0, None, None],
            "n": [40, 8, 40, 8],
            "small": [False, True] * 2,
            "previous": [None, 22.0, None, 1000.0],
            "previous_difference": [None, 3.0, None, -100.0],
            "previous_status": [None, "better", None, "worse"],
            "benchmark_status": ["within", "within", None, None],
        }
    )


def every_kind() -> Table:
    columns = [
        Column("name", "Name"),
        Column("number", "Number", "number", "percent"),
        Column("comparison", "Comparison", "comparison", "percent"),
        Column("interval", "Interval", "interval", "percent"),
        Column("sample", "Cases", "sample"),
        Column("status", "Status", "status"),
        Column("benchmark", "Benchmark", "benchmark"),
        Column("spark", "Trend", "spark", "percent"),
        Column("day", "Day", "date"),
    ]
    full = {
        "name": HOSTILE,
        "number": 63.15,
        "comparison": [60.0, 3.15, "better"],
        "interval": [61.2, 66.4],
        "sample": [7, True],
        "status": "worse",
        "benchmark": ["at least 30.0 %", "better"],
        "spark": [50.0, None, 60.0, 55.0],
        "day": date(2026, 9, 30),
    }
    return Table(HOSTILE, columns, [full, {"name": None}], note=HOSTILE)


def texts_of(html: str) -> list[list[str]]:
    rows = ElementTree.fromstring(html).iter("tr")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in rows]


def test_html_says_every_cell_in_words():
    assert texts_of(every_kind().to_html())[1:] == [
        [
            HOSTILE,
            "63.2 %",
            "60.0 % +3.2 pp ✓ better",
            "61–66 %",
            "7 small",
            "✗ worse",
            "at least 30.0 % ✓ better",
            "",
            "30 Sep 2026",
        ],
        ["–"] * 9,
    ]


def test_html_escapes_names_and_has_no_script_style_or_id():
    html = every_kind().to_html()
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in html
    assert not any(bad in html for bad in ("<script", "<style", "style=", "id=", "javascript", "http"))


def test_html_has_caption_headings_and_a_described_sparkline():
    root = ElementTree.fromstring(every_kind().to_html())
    assert root.findtext(".//caption") == HOSTILE
    assert [cell.get("scope") for cell in root.iter("th")] == ["col"] * 9 + ["row"] * 2
    (spark,) = root.iter("svg")
    assert spark.get("role") == "img"
    assert spark.get("aria-label") == "Trend over 4 periods: from 50.0 % to 55.0 %, lowest 50.0 %, highest 60.0 %"
    assert [line.get("points") for line in spark.iter("polyline")] == ["63.0,3.0 93.0,11.0"]


def test_every_class_is_scoped():
    classes = {
        name for part in ElementTree.fromstring(every_kind().to_html()).iter() for name in part.get("class", "").split()
    }
    assert classes
    assert all(name.startswith("kt-") for name in classes)
    assert "prefers-color-scheme: dark" in stylesheet()
    rules = [line for line in stylesheet().splitlines() if line and line[0] not in "@ }"]
    assert [line for line in rules if not line.startswith((".kt-", "[data-jp-theme-light"))] == []


def test_json_comes_back_as_the_same_table():
    table = every_kind()
    again = Table.from_json(json.loads(json.dumps(table.to_json(), allow_nan=False)))
    assert again == table
    assert again.to_html() == table.to_html()


@pytest.mark.parametrize(
    "obj",
    [
        None,
        [],
        {},
        {"caption": "x"},
        {"caption": "x", "columns": [{"key": "a", "label": "A", "kind": "script"}], "rows": []},
        {"caption": "x", "columns": [{"key": "a", "label": "A", "onclick": "x"}], "rows": []},
        {"caption": ["x"], "columns": [], "rows": []},
        {"caption": "x", "columns": [], "rows": [], "extra": 1},
        {"caption": "x", "columns": [], "rows": ["text"]},
    ],
)
def test_other_json_is_refused(obj):
    with pytest.raises(DataError, match="not a table"):
        Table.from_json(obj)


@pytest.mark.parametrize("value", ["x", True, ["a", ["b"], {"c": 1}], {"d": [1]}, [], float("nan"), 10**400])
def test_a_cell_of_the_wrong_kind_does_no_harm(value):
    kinds = ("text", "number", "comparison", "interval", "sample", "status", "benchmark", "spark", "date")
    table = Table("Odd", [Column(kind, kind, kind) for kind in kinds], [dict.fromkeys(kinds, value)])
    assert len(texts_of(table.to_html())[1]) == len(kinds)
    assert table.to_text().startswith("Odd")
    assert table.to_csv()


def test_text_lines_up_for_wide_letters():
    table = Table(
        "Reps",
        [Column("rep", "Rep"), Column("n", "Deals", "number", "count")],
        [{"rep": "李小龙", "n": 3}, {"rep": "Zoë 🚀", "n": 1200}],
    )
    assert table.to_text().splitlines() == ["Reps", "Rep     Deals", "------  -----", "李小龙      3", "Zoë 🚀  1,200"]


def test_text_draws_the_trend():
    assert Table("T", [Column("t", "Trend", "spark")], [{"t": [1, 2, None, 8]}]).to_text() == "T\nTrend\n-----\n▁▂ █"


def test_csv_keeps_the_figures_and_disarms_formulas():
    columns = [
        Column("rep", "=Rep"),
        Column("rate", "Rate", "number", "percent"),
        Column("range", "Interval", "interval"),
        Column("n", "Cases", "sample"),
    ]
    table = Table("x", columns, [{"rep": "=HYPERLINK(1)", "rate": -63.15, "range": [1.5, 2.5], "n": [7, True]}])
    assert (
        table.to_csv()
        == "'=Rep,Rate,Interval lower,Interval upper,Cases,Cases small\n'=HYPERLINK(1),-63.15,1.5,2.5,7,True\n"
    )


def test_a_notebook_gets_data_html_and_text():
    bundle = every_kind()._repr_mimebundle_()
    assert list(bundle) == [MIME, "text/html", "text/plain"]
    assert Table.from_json(bundle[MIME]) == every_kind()
    assert bundle["text/html"].startswith("<style>")


def test_scorecard_shows_the_last_period_against_the_others():
    frame = results()
    table = scorecard_table(frame, [WIN_RATE, REVENUE, Kpi("gone", "Gone", "days")])
    assert texts_of(table.to_html()) == [
        ["KPI", "Value", "95 % interval", "Period before", "Benchmark", "Cases", "Trend"],
        ["Win rate", "25.0 %", "20–31 %", "22.0 % +3.0 pp ✓ better", "20–30 % ✓ within", "8 small", ""],
        ["Revenue (amount)", "900", "–", "1,000 −100 ✗ worse", "none", "8 small", ""],
        ["Gone", "–", "–", "–", "none", "–", "–"],
    ]
    assert table.note == "Period: 2026Q2, not over yet. A small sample says little: read its interval first."
    assert frame.equals(results())


def test_scorecard_of_nothing_has_no_figures():
    table = scorecard_table(results().head(0), [WIN_RATE])
    assert texts_of(table.to_html())[1] == ["Win rate", "–", "–", "–", "20–30 %", "–"]


def test_scorecard_refuses_several_groups_and_unknown_comparisons():
    with pytest.raises(EvaluationError, match="2 rows in one period"):
        scorecard_table(pl.concat([results(), results()]), [WIN_RATE])
    with pytest.raises(UnknownNameError, match="There are: previous"):
        scorecard_table(results(), [WIN_RATE], compare=["year_ago"])


def test_leaderboard_puts_the_best_first_and_no_figure_last():
    frame = pl.DataFrame(
        {
            "rep": ["Ann", "Bob", "Cy"],
            "value": [20.0, None, 30.0],
            "lower": [10.0, None, 20.0],
            "upper": [30.0, None, 40.0],
            "n": [50, 0, 9],
            "small": [False, True, True],
            "peers": [30.0, 25.0, 20.0],
        }
    )
    rows = texts_of(leaderboard_table(frame, "Win rate", "percent").to_html())
    assert rows[1:] == [
        ["Cy", "30.0 %", "20–40 %", "20.0 %", "9 small"],
        ["Ann", "20.0 %", "10–30 %", "30.0 %", "50"],
        ["Bob", "–", "–", "25.0 %", "0 small"],
    ]


def test_any_frame_becomes_a_table_or_names_the_column_it_lacks():
    frame = pl.DataFrame({"team": ["North", None], "closed_on": [date(2026, 9, 30), None], "won": [True, None]})
    assert texts_of(frame_table(frame, caption="Deals", labels={"won": "Won?"}).to_html()) == [
        ["Team", "Closed on", "Won?"],
        ["North", "30 Sep 2026", "yes"],
        ["–", "–", "–"],
    ]
    assert "No data" in frame_table(frame.head(0), caption="Deals").to_text()
    with pytest.raises(UnknownNameError, match="no column 'teem'"):
        frame_table(frame, caption="Deals", units={"teem": "count"})
