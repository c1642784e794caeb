"""The explorers in a real JupyterLab, used by mouse and keyboard: each figure beside one counted by hand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import kpitools as kp
from kpitools.evaluation.audit import computable
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.sets import kpi_set
from tests.lab import SECONDS, Lab, all_drawn, from_menu, jupyterlab, notebook, open_and_run, tab

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
TABLES = ("deals.csv", "reps.csv", "accounts.csv", "products.csv", "stages.csv", "stage_history.parquet")
FISCAL = "[calendar]\nfiscal_start = 4\n"
QUARTER = "period=2026Q3&as_of=2026-09-30"
START, END = datetime(2026, 7, 1), datetime(2026, 10, 1)

EXPLORER = 'from kpitools import explore\nexplore.{}("data"{}, period="2026Q3")'
# Sections of one's own that take as long as the test likes: until the file is there.
SLOW = """
from pathlib import Path
from time import sleep
from IPython.display import Markdown
from kpitools.explore import open_page

def say(name, patient=False):
    def section(view):
        while patient and view.slice.where and not Path("go").exists():
            sleep(0.02)
        yield Markdown(f"{name} of {view.slice}")
    return section

page = open_page("data", period="2026Q3")
page.controls()
page.show(say("First"), say("Slow", patient=True), say("Last"))
"""
expect.set_options(timeout=60 * SECONDS)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder with the few tables that the explorers here need, and a notebook for each explorer."""
    root = tmp_path_factory.mktemp("project")
    (root / "data").mkdir()
    for name in TABLES:
        shutil.copy(SAMPLE / name, root / "data" / name)
    (root / "data" / "kpitools.toml").write_text(FISCAL)
    notebook(root / "scorecard.ipynb", EXPLORER.format("scorecard", ""))
    notebook(root / "funnel.ipynb", EXPLORER.format("funnel", ""))
    notebook(root / "kpi.ipynb", EXPLORER.format("kpi", ', "win_rate"'))
    notebook(root / "slow.ipynb", SLOW)
    return root


@pytest.fixture(scope="module")
def lab(project: Path, tmp_path_factory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab"), project) as running:
        yield running
    assert running.complaints() == []


@pytest.fixture(scope="module")
def deals() -> pl.DataFrame:
    """The deals with whom and what they belong to, joined by hand."""
    read = {name: pl.read_csv(SAMPLE / f"{name}.csv", try_parse_dates=True) for name in ("deals", "reps", "accounts")}
    reps = read["reps"]
    managers = reps.select(manager_rep_id="rep_id", manager="name")
    owners = reps.join(managers, on="manager_rep_id", how="left").select(
        "team", "manager", owner_rep_id="rep_id", rep="name"
    )
    places = read["accounts"].select("account_id", "region")
    return read["deals"].join(owners, on="owner_rep_id", how="left").join(places, on="account_id", how="left")


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Lab) -> Iterator[Page]:
    """The scorecard, run."""
    with tab(browser) as page:
        open_and_run(page, lab, "scorecard.ipynb")
        yield page


@pytest.fixture
def board(opened: Page) -> Page:
    """The scorecard as it was at first."""
    reset = opened.get_by_role("button", name="Reset", exact=True)
    if reset.is_enabled():
        reset.click()
    expect(slice_of(opened)).to_have_value(QUARTER)
    expect(cell(opened, "Core figures, Q3 2026", "Win rate", "Cases")).to_have_text("408")
    return opened


# ---- what a person sees and does


def slice_of(page: Page) -> Locator:
    return page.get_by_label("Slice", exact=True)


def control(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def table(page: Page, caption: str) -> Locator:
    return page.locator("table").filter(has=page.locator("caption", has_text=caption))


def cell(page: Page, caption: str, row: str, column: str) -> Locator:
    """The cell of a table in a row and a column, as they are headed."""
    there = table(page, caption)
    expect(there).to_be_visible()
    headings = there.locator("thead th").all_inner_texts()
    of_row = there.locator("tbody tr").filter(has=page.get_by_role("rowheader", name=row, exact=True))
    return of_row.locator("th, td").nth(headings.index(column))


def pick(page: Page, label: str, wanted: str, *, by: str) -> None:
    """Open a list by mouse or keyboard, walk to what begins so, and take it; while nothing is being worked out, as
    sections that take their place can shut a list that is open.
    """
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    box = control(page, label)
    expect(box).to_be_visible()
    labels = [option.replace("\N{NO-BREAK SPACE}", " ") for option in box.locator("option").all_text_contents()]
    offered = [label.split(" (")[0] for label in labels]
    steps = offered.index(wanted) - box.evaluate("box => box.selectedIndex")
    if by == "mouse":
        box.click()
    else:
        box.focus()
        page.keyboard.press("Space")
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
    page.keyboard.press("Enter")


def in_text(share: float) -> str:
    return f"{share:.1f} %"


def won_of(deals: pl.DataFrame, start: datetime = START, end: datetime = END) -> tuple[str, str]:
    """The win rate and the deals behind it, as a table writes them."""
    closed = deals.filter(pl.col("closed_at").is_between(start, end, closed="left"))
    won = (closed["status"] == "won").sum()
    return in_text(100 * won / closed.height), str(closed.height)


def shows(page: Page, caption: str, figures: tuple[str, str]) -> None:
    """Until the table says the win rate and its cases, and the chart under it the same of the last quarter."""
    rate, cases = figures
    expect(cell(page, caption, "Win rate", "Value")).to_have_text(rate)
    expect(cell(page, caption, "Win rate", "Cases")).to_have_text(re.compile(rf"^{cases}( small)?$"))


def last_point(page: Page) -> Locator:
    """The last mark of the course of the win rate, which says its value."""
    course = page.locator("svg.marks").filter(has=page.locator(".role-title-text", has_text=re.compile("^Win rate")))
    return course.locator(".mark-symbol.role-mark path[aria-label]").last


# ---- the controls


LISTED = [
    ("Team", "Nordics", "mouse", "518"),
    ("Manager", "Liam Novak", "keyboard", "542"),
    ("Segment", "smb", "mouse", "1,916"),
    ("Region", "Americas", "keyboard", "1,546"),
    ("Product family", "Automation", "mouse", "558"),
    ("Stage", "Proposal", "keyboard", "976"),
]


@pytest.mark.parametrize(("label", "value", "by", "rows"), LISTED, ids=[label for label, *_ in LISTED])
def test_a_choice_from_a_list_is_the_slice_and_its_figures(board: Page, deals, label, value, by, rows):
    name = label.lower().replace(" ", "_")
    whole = last_point(board).get_attribute("aria-label")
    pick(board, label, value, by=by)
    expect(slice_of(board)).to_have_value(f"{name}={value.replace(' ', '+')}&{QUARTER}")
    mine = deals.filter(pl.col(name) == value)
    assert f"{mine.height:,}" == rows
    shows(board, "Core figures, Q3 2026", won_of(mine))
    expect(last_point(board)).not_to_have_attribute("aria-label", str(whole))
    expect(last_point(board)).to_have_attribute("aria-label", re.compile(won_of(mine)[0].split(" ")[0]))
    expect(control(board, label)).to_have_value(f"{value} ({rows})")
    other = "Team" if label != "Team" else "Segment"
    expect(control(board, other)).to_have_value(f"All ({rows})")


def test_a_rep_is_found_by_a_part_of_the_name(board: Page, deals):
    rep = control(board, "Rep")
    rep.click()
    board.keyboard.type("freya b")
    board.keyboard.press("Enter")
    expect(slice_of(board)).to_have_value(f"rep=Freya+Berg&{QUARTER}")
    mine = deals.filter(pl.col("rep") == "Freya Berg")
    shows(board, "Core figures, Q3 2026", won_of(mine))
    expect(rep).to_have_value(f"Freya Berg ({mine.height})")
    rep.press("Control+a")
    rep.press("Delete")
    rep.press("Enter")
    rep.press("Tab")  # the browser's own list of suggestions would take the next keys
    expect(slice_of(board)).to_have_value(QUARTER)
    shows(board, "Core figures, Q3 2026", won_of(deals))


def test_periods_calendars_and_the_day_seen_from(board: Page, deals):
    pick(board, "Period", "Q2 2026", by="keyboard")
    expect(slice_of(board)).to_have_value("period=2026Q2&as_of=2026-06-30")
    shows(board, "Core figures, Q2 2026", won_of(deals, datetime(2026, 4, 1), START))
    expect(control(board, "As of")).to_have_value("2026-06-30")
    pick(board, "Calendar", "Months", by="mouse")
    expect(slice_of(board)).to_have_value("period=2026-06&as_of=2026-06-30")
    shows(board, "Core figures, June 2026", won_of(deals, datetime(2026, 6, 1), START))
    pick(board, "Calendar", "Fiscal quarters from Apr", by="keyboard")
    expect(slice_of(board)).to_have_value("period=FY2027Q1%404&as_of=2026-06-30")


def test_the_day_seen_from_is_typed(board: Page, deals):
    day = control(board, "As of")
    day.click(position={"x": 12, "y": 12})
    board.keyboard.type("0815")
    expect(slice_of(board)).to_have_value("period=2026Q3&as_of=2026-08-15")
    shows(board, "Core figures, Q3 2026", won_of(deals, START, datetime(2026, 8, 16)))
    expect(day).to_have_value("2026-08-15")


def test_the_comparison_and_the_set_of_kpis(board: Page, project: Path):
    headings = table(board, "Core figures").locator("thead th")
    expect(headings.nth(3)).to_have_text("Period before")
    pick(board, "Compare with", "Year ago", by="keyboard")
    expect(headings.nth(3)).to_have_text("Year ago")
    pick(board, "KPI set", "Weekly team review", by="mouse")
    asked = [CATALOGUE[name] for name in kpi_set("weekly").core]
    labels = [re.compile(f"^{re.escape(kpi.label)}") for kpi in computable(kp.load(project / "data"), asked)]
    for place, label in enumerate(labels):
        expect(table(board, "Core figures").locator("tbody th[scope=row]").nth(place)).to_have_text(label)
    expect(control(board, "Parameters")).to_have_value(f'slice = "{QUARTER}"\ncompare = "year_ago"\nrole = "weekly"')


def test_the_slice_and_the_parameters_are_pasted_and_what_is_wrong_is_said(board: Page, deals):
    said, lines = slice_of(board), control(board, "Parameters")
    said.fill("team=DACH&period=2026Q2")
    said.press("Enter")
    expect(said).to_have_value("team=DACH&period=2026Q2&as_of=2026-06-30")
    expect(control(board, "Team")).to_have_value(re.compile(r"DACH \(\d+\)"))
    shows(board, "Core figures, Q2 2026", won_of(deals.filter(team="DACH"), datetime(2026, 4, 1), START))
    said.fill("taem=DACH")
    said.press("Enter")
    expect(board.get_by_role("status").filter(has_text="Did you mean 'team'?")).to_be_visible()
    lines.fill(f'slice = "segment=smb&{QUARTER}"\ncompare = "year_ago"')
    lines.press("Tab")
    expect(said).to_have_value(f"segment=smb&{QUARTER}")
    expect(table(board, "Core figures").locator("thead th").nth(3)).to_have_text("Year ago")
    shows(board, "Core figures, Q3 2026", won_of(deals.filter(segment="smb")))


def test_undo_redo_and_reset(board: Page, deals):
    for name, value in (("Team", "US West"), ("Segment", "enterprise")):
        pick(board, name, value, by="keyboard")
        expect(slice_of(board)).to_have_value(re.compile(f"{name.lower()}={value.replace(' ', '.')}"))
    west = deals.filter(team="US West")
    for name, slice_text, mine in (
        ("Undo", f"team=US+West&{QUARTER}", west), ("Undo", QUARTER, deals),
        ("Redo", f"team=US+West&{QUARTER}", west),
        ("Redo", f"team=US+West&segment=enterprise&{QUARTER}", west.filter(segment="enterprise")),
        ("Reset", QUARTER, deals),
    ):  # fmt: skip
        board.get_by_role("button", name=name, exact=True).press("Enter")
        expect(slice_of(board)).to_have_value(slice_text)
        shows(board, "Core figures, Q3 2026", won_of(mine))
    expect(board.get_by_role("button", name="Reset", exact=True)).to_be_disabled()


def test_long_work_is_stopped_and_stale_answers_are_dropped(browser: Browser, lab: Lab, project: Path):
    with tab(browser) as page:
        open_and_run(page, lab, "slow.ipynb")
        shown = page.locator(".jp-RenderedMarkdown")
        stop = page.get_by_role("button", name="Stop", exact=True)
        expect(shown).to_have_text([f"{name} of {QUARTER}" for name in ("First", "Slow", "Last")])
        pick(page, "Team", "DACH", by="mouse")
        expect(shown.nth(0)).to_have_text(f"First of team=DACH&{QUARTER}")
        expect(page.get_by_role("status").filter(has_text=re.compile(r"Working out section \d of \d"))).to_be_visible()
        stop.click()
        stopped = "Stopped before this was worked out. Choose anything to go on."
        expect(shown).to_have_text([f"First of team=DACH&{QUARTER}", stopped, stopped])
        expect(stop).to_be_disabled()
        pick(page, "Team", "Nordics", by="keyboard")
        expect(shown.nth(0)).to_have_text(f"First of team=Nordics&{QUARTER}")
        (project / "go").touch()  # now the answer for DACH comes as well, and nobody waits for it
        expect(shown).to_have_text([f"{name} of team=Nordics&{QUARTER}" for name in ("First", "Slow", "Last")])
        expect(stop).to_be_disabled()


# ---- the rows behind a number


def open_rows(page: Page) -> None:
    page.get_by_role("button", name="Rows behind this number").click()


def leaf_through(page: Page, caption: str) -> list[list[str]]:
    """The cells of all rows, from the first page to the last."""
    following, found = page.get_by_role("button", name="Next", exact=True), list[list[str]]()
    in_sight = page.get_by_role("status").filter(has_text=re.compile(r"^Rows \d"))
    body = table(page, caption).locator("tbody")
    expect(body).to_be_visible()
    while True:
        numbers = [int(one.replace(",", "")) for one in re.findall(r"[\d,]+", in_sight.inner_text())]
        expect(body.locator("tr")).to_have_count(numbers[1] - numbers[0] + 1)
        rows = body.evaluate("body => [...body.rows].map(row => [...row.cells].map(one => one.innerText.trim()))")
        found += rows
        assert numbers[1] == len(found)
        if following.is_disabled():
            assert numbers[2] == len(found)
            return found
        following.click()
        expect(in_sight).to_have_text(re.compile(rf"^Rows {len(found) + 1:,} to"))
        expect(body.locator("tr").first).not_to_have_text(re.compile(rf"^\s*{re.escape(rows[0][0])}\b"))


def test_the_rows_behind_a_kpi_are_those_rows_sorted_searched_and_exported(
    browser: Browser, lab: Lab, project: Path, deals: pl.DataFrame
):
    with tab(browser) as page:
        open_and_run(page, lab, "kpi.ipynb")
        page.locator("svg.marks path[aria-label*='Nordics']").last.click()
        expect(slice_of(page)).to_have_value(f"team=Nordics&{QUARTER}")
        open_rows(page)
        expect(page.get_by_text("Win rate: 59.7 %")).to_be_visible()
        rows = leaf_through(page, "Win rate: deals")
        behind = kp.rows("win_rate", kp.load(project / "data"), f"team=Nordics&{QUARTER}")["deals"]
        mine = deals.filter(pl.col("closed_at").is_between(START, END, closed="left"), team="Nordics")
        assert {row[0] for row in rows} == {*behind["deal_id"]} == {*mine["deal_id"]}
        assert len(rows) == behind.height
        headings = table(page, "Win rate: deals").locator("thead th").all_inner_texts()
        amounts = [float(row[headings.index("Amount")].replace(",", "")) for row in rows]
        assert amounts == sorted(amounts, reverse=True)

        pick(page, "Order", "Ascending", by="keyboard")
        least = mine.sort("amount")["deal_id"][0]
        first = table(page, "Win rate: deals").locator("tbody tr").first
        expect(first).to_contain_text(least)
        control(page, "Search").fill("propos")
        control(page, "Search").press("Enter")
        found = mine.filter(stage="Proposal").sort("amount")
        expect(page.get_by_role("status").filter(has_text=f"of {found.height}")).to_be_visible()
        assert [row[0] for row in leaf_through(page, "Win rate: deals")] == found["deal_id"].to_list()

        page.get_by_role("button", name="Export CSV").press("Enter")
        with page.expect_download() as started:
            page.get_by_role("link", name="Download it").click()
        (written,) = (project / "exports").glob("*.csv")
        held = pl.read_csv(written)
        assert held["deal_id"].to_list() == found["deal_id"].to_list()
        assert held["amount"].to_list() == found["amount"].to_list()
        assert Path(started.value.path()).read_bytes() == written.read_bytes()
        assert started.value.suggested_filename == written.name


def test_the_rows_behind_a_step_of_the_funnel_and_its_report(
    browser: Browser, lab: Lab, project: Path, deals: pl.DataFrame, tmp_path: Path
):
    with tab(browser) as page:
        open_and_run(page, lab, "funnel.ipynb")
        pick(page, "Team", "DACH", by="mouse")
        expect(slice_of(page)).to_have_value(f"team=DACH&{QUARTER}")
        opened = deals.filter(pl.col("created_at").is_between(START, END, closed="left"), team="DACH")
        first = cell(page, "Steps of the funnel", "Prospecting", "Deals")
        expect(first).to_have_text(str(reached(opened, "Prospecting").height))
        entered = reached(opened, "Proposal")
        expect(cell(page, "Steps of the funnel", "Proposal", "Deals")).to_have_text(str(entered.height))

        open_rows(page)
        pick(page, "Number", "Deals that entered Proposal", by="keyboard")
        expect(page.get_by_text(f"from {entered.height} rows of deals")).to_be_visible()
        rows = leaf_through(page, "Deals that entered Proposal: deals")
        assert sorted(row[0] for row in rows) == entered["deal_id"].sort().to_list()

        copied = copy(page, slice_of(page))
        steps = rows_of(table(page, "Steps of the funnel"))
    report = one_report(project, copied, "funnel", tmp_path)
    with browser.new_page() as sheet:
        sheet.goto(report.as_uri())
        assert rows_of(table(sheet, "Steps of the funnel")) == steps


def test_two_choices_make_one_slice_and_its_figures(board: Page, deals: pl.DataFrame):
    pick(board, "Team", "Nordics", by="mouse")
    expect(slice_of(board)).to_have_value(f"team=Nordics&{QUARTER}")
    pick(board, "Segment", "smb", by="keyboard")
    expect(slice_of(board)).to_have_value(f"team=Nordics&segment=smb&{QUARTER}")
    shows(board, "Core figures, Q3 2026", won_of(deals.filter(team="Nordics", segment="smb")))


def reached(deals: pl.DataFrame, stage: str) -> pl.DataFrame:
    """The deals that have been in this stage or in a later one, or were won, counted by hand."""
    places = dict(pl.read_csv(SAMPLE / "stages.csv").select("stage", "position").rows())
    visits = pl.read_parquet(SAMPLE / "stage_history.parquet").filter(
        pl.col("entered_at") < END, pl.col("stage").replace_strict(places, default=None) >= places[stage]
    )
    there = pl.col("deal_id").is_in(visits["deal_id"].drop_nulls().implode())
    return deals.filter(there | (pl.col("status") == "won"))


def copy(page: Page, field: Locator) -> str:
    """What a field holds, copied by keyboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    copied: str = page.evaluate("() => navigator.clipboard.readText()")
    return copied


def rows_of(found: Locator) -> list[list[str]]:
    """The texts of a table's cells, without the space between them."""
    rows: list[list[str]] = found.evaluate(
        """table => [...table.tBodies[0].rows].map(
            row => [...row.cells].map(one => one.textContent.replace(/\\s+/g, ' ').trim()))"""
    )
    return rows


def one_report(project: Path, slice_text: str, template: str, out: Path) -> Path:
    """The page that the command makes of a slice."""
    words = ["report", "--data", "data", "--slice", slice_text, "--template", template, "--out", str(out)]
    done = subprocess.run([sys.executable, "-m", "kpitools", *words], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (page,) = out.glob(f"{template}-*.html")
    return page


# ---- again, and by keyboard


def test_a_restarted_kernel_gives_the_same_page(browser: Browser, lab: Lab):
    with tab(browser, restarted=True) as page:
        open_and_run(page, lab, "kpi.ipynb")
        outputs = page.locator(".jp-CodeCell .jp-Cell-outputArea")
        before = outputs.all_inner_texts(), slice_of(page).input_value()
        pick(page, "Team", "DACH", by="mouse")
        expect(slice_of(page)).to_have_value(f"team=DACH&{QUARTER}")
        page.evaluate("() => document.querySelectorAll('.jp-OutputArea-child').forEach(one => one.dataset.old = '')")
        from_menu(page, "Kernel", "Restart Kernel and Run All Cells…")
        page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        expect(page.locator("[data-old]")).to_have_count(0)
        all_drawn(page)
        assert (outputs.all_inner_texts(), slice_of(page).input_value()) == before


REACHED = [
    "Team", "Manager", "Rep", "Segment", "Region", "Product family", "Stage", "Calendar", "Period", "As of",
    "Compare with", "Undo", "Reset", "Slice", "Parameters", "Win rate, Q3 2026",
    "Dot chart. Win rate by team", "Show every team", "Win rate by team",
    "Dot chart. Win rate by segment", "Win rate by segment", "Dot chart. Win rate by rep", "Win rate by rep",
    "Rows behind this number", "Number", "Counted in", "Sort by", "Order",
    "Search", "Next", "Win rate: deals", "Export CSV", "Export Excel",
]  # fmt: skip
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one.closest('.jp-Notebook')) return '';
  const said = one.getAttribute('aria-label');
  if (one.ariaRoleDescription === 'chart') return said.split('. ').slice(0, 2).join('. ');
  return one.labels?.[0]?.innerText || said || one.innerText.trim();
}"""


def test_every_control_is_reached_by_tab_and_none_holds_on_to_it(browser: Browser, lab: Lab):
    with tab(browser) as page:
        open_and_run(page, lab, "kpi.ipynb")
        pick(page, "Team", "DACH", by="keyboard")
        expect(page.get_by_role("button", name="Show every team")).to_be_visible()
        page.get_by_role("button", name="Rows behind this number").press("Enter")
        expect(page.get_by_role("button", name="Export CSV")).to_be_enabled()
        control(page, "Team").focus()
        expect(control(page, "Team")).to_be_focused()
        assert walk(page, "Tab", until="") == [*REACHED, ""]
        assert walk(page, "Shift+Tab", until="Team") == ["", *reversed(REACHED)]
        page.get_by_role("button", name="Show every team").press("Enter")
        expect(slice_of(page)).to_have_value(QUARTER)
        expect(control(page, "Team")).to_have_value("All (3,837)")


def walk(page: Page, key: str, *, until: str) -> list[str]:
    """What has the focus, from here on: each thing once, however many parts it has; what is no part of the notebook
    has no name.
    """
    found = [page.evaluate(FOCUSED)]
    while found[-1] != until:
        assert len(found) < 3 * len(REACHED), found
        page.keyboard.press(key)
        found.append(page.evaluate(FOCUSED))
    return [name for place, name in enumerate(found) if place == 0 or name != found[place - 1]]
