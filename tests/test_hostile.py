"""Data in which every text is an attack: nothing runs, nothing breaks, and no team is shown another's rows."""

from __future__ import annotations

import csv
import functools
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from browser import Seen, opened
from hostile import COMPANY, TEAMS, TEXTS, TOKEN, Cells, hostile, team_name, tokens, visible, write
from hypothesis import given
from hypothesis import strategies as st
from reports_kit import FOOT, READ, company, template

from kpitools.formats import markdown_text
from kpitools.intake import load
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import Page, View
from kpitools.pages.controls import Controls
from kpitools.reports import make_reports
from kpitools.reports.batch import Batch
from kpitools.reports.company import company_aggregates
from kpitools.reports.names import slugs
from kpitools.reports.pdf import to_pdf
from kpitools.reports.plan import plan
from kpitools.reports.run import Outcome, Task
from kpitools.reports.sending import send_reports
from kpitools.reports.templates import folder_of_templates
from kpitools.reports.workbook import to_workbook
from kpitools.reports.workers import Workers
from kpitools.tables.cells import plain_text

TEMPLATES = ("funnel", "pipeline", "reps", "retention", "scorecard", "careless")
NUMBERS = [str(number) for number in range(len(TEAMS))]
#: A template of somebody who escapes nothing.
CARELESS = """
import sys
from IPython.display import HTML, Markdown
from kpitools.tables import frame_table

accounts = Dataset.read(Path(data))["accounts"].collect()
texts = accounts.select(account="name", rows=pl.int_range(pl.len())).head(60)
names = texts["account"].to_list()
bars = texts.with_columns(pl.col("account").str.slice(0, 60)).head(40)
spec = alt.Chart(bars, title=names[0][:300], width=700).mark_bar().encode(
    x="rows:Q", y=alt.Y("account:N", sort=None), tooltip=["account", "rows"]).to_dict()
display({"application/vnd.vegalite.v5+json": spec, "text/plain": names[1]}, raw=True)
display(frame_table(texts, caption=names[2][:300]), texts, names[3])
display(HTML("".join(names)), Markdown("\\n\\n".join(names)))
print("\\n".join(names))
print("\\n".join(names), slice, file=sys.stderr)
"""
#: What in a page could run, load or leave, whatever it says.
ACTIVE = """() => [...document.querySelectorAll('*')].filter((one) =>
    one.matches('iframe, object, embed, base, link, frame, form:not(.vega-bindings:empty), foreignObject')
    || [...one.attributes].some((at) => at.name.startsWith('on') || at.name === 'srcdoc'
        || (/href$|^src$|action$/.test(at.name)
            && !['file:', 'http:', 'https:', 'data:'].includes(new URL(at.value, location).protocol)))
    ).map((one) => one.outerHTML.slice(0, 200))"""
SCRIPTS = "() => [...new Set([...document.scripts].map((one) => one.type))].sort()"
#: The places of the first marks and legend entries of each chart.
MARKS = """() => [...document.querySelectorAll('figure.chart')].flatMap((figure) =>
    ['.role-mark path[aria-label]', '.role-legend-label text'].flatMap((kind) =>
        [...figure.querySelectorAll(kind)].map((one) => one.getBoundingClientRect())
            .filter((box) => box.width > 3 && box.height > 3).slice(0, 4)
            .map((box) => [box.x + box.width / 2, box.y + box.height / 2])))"""
WIDE = "() => document.documentElement.scrollWidth"


class Copying(Workers):
    """The batch's own workers; of what each is handed a copy is kept."""

    def __init__(self, workers: int, kept: Path) -> None:
        super().__init__(workers)
        self.kept = kept

    def submit(self, work: Callable[[Task], Outcome], task: Task, /) -> Future[Outcome]:  # type: ignore[override]
        shutil.copytree(task.data, self.kept / task.stem)
        return super().submit(work, task)


@dataclass(frozen=True, eq=False)
class Made:
    """A batch over hostile data, and where everything of it lies."""

    batch: Batch
    out: Path
    cuts: Path
    place: Path
    cells: Cells

    def stem(self, template: str, number: str) -> str:
        jobs = [report.job for report in self.batch.reports]
        return next(job.stem for job in jobs if job.template.name == template and f"zq{number}x99" in str(job.member))

    @functools.cache  # noqa: B019
    def allowed(self, number: str) -> set[str]:
        rows = visible(self.cells, next(name for name in self.names() if f"zq{number}x99" in name))
        return tokens(value for row in rows for value in row.values())

    def names(self) -> list[str]:
        return [str(report.job.member) for report in self.batch.reports if report.job.member]


@pytest.fixture(scope="module")
def made(sample: Mapping[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    place = tmp_path_factory.mktemp("hostile")
    data = load(write(hostile(sample), place / "data"))
    folder = Path(shutil.copytree(folder_of_templates(), place / "templates"))
    template(folder, "careless", cells=(READ, CARELESS, FOOT))
    with pytest.MonkeyPatch.context() as patch, Tripwire(place, patch):
        patch.setenv("KPITOOLS_CACHE", str(place / "cache"))
        with Copying(2, place / "cuts") as workers:
            batch = make_reports(
                data, out=place / "out", period="2026Q3", folder=folder, executor=workers, progress=False,
                aggregates=company_aggregates,
            )  # fmt: skip
        assert batch.ok, batch.summary()
        cells = {name: frame.collect().to_dicts() for name, frame in data.frames.items()}
        yield Made(batch, place / "out", place / "cuts", place, cells)


class Tripwire:
    """A `touch` that writes down that it was called, from wherever."""

    def __init__(self, place: Path, patch: pytest.MonkeyPatch) -> None:
        self.log = place / "touched"
        tool = place / "bin" / "touch"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\necho \"$@\" >> '{self.log}'\n")
        tool.chmod(0o755)
        patch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")

    def __enter__(self) -> None:
        assert not self.log.exists()

    def __exit__(self, *_: object) -> None:
        assert not self.log.exists(), self.log.read_text()
        subprocess.run("touch pwned", shell=True, check=True)
        assert self.log.exists(), "the wire does not trip"


def calm(seen: Seen, file: Path) -> bool:
    """Whether nothing of the data ran, left or was asked for."""
    assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
    assert seen.page.evaluate("typeof window.pwned") == "undefined"
    assert seen.page.evaluate(ACTIVE) == []
    return seen.page.url == file.as_uri()


# ---- pages


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_runs_everything_is_drawn_and_the_layout_holds(made, browser, name, number):
    file = made.out / f"{made.stem(name, number)}.html"
    with opened(browser, file) as seen:
        page = seen.page
        assert calm(seen, file)
        assert page.evaluate(SCRIPTS) == ["application/json", "module"]
        figures = page.locator("figure.chart")
        assert figures.count() == figures.locator("svg.marks").count() > 0
        assert page.locator("figure.chart[data-failed]").count() == 0
        assert f"zq{number}x99" in page.locator("header").inner_text().casefold()
        for width in (1200, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(WIDE) <= width


@pytest.mark.parametrize("name", ["index", "kpi_catalogue"])
def test_the_index_and_the_catalogue_hold_as_well(made, browser, name):
    file = made.out / f"{name}.html"
    with opened(browser, file, charts=False) as seen:
        assert calm(seen, file)
        assert seen.page.evaluate(SCRIPTS) == [""]
        for width in (1200, 390):
            seen.page.set_viewport_size({"width": width, "height": 900})
            assert seen.page.evaluate(WIDE) <= width
        if name == "index":
            rows = seen.page.locator("tbody.members tr")
            assert rows.count() == len(TEAMS) + 1
            seen.page.fill("#search", "<script>window.pwned")
            assert rows.filter(visible=True).count() == 1
            assert calm(seen, file)


@pytest.mark.parametrize("name", ["reps", "careless"])
def test_pointing_clicking_and_opening_make_nothing_run(made, browser, name):
    file = made.out / f"{made.stem(name, '0')}.html"
    with opened(browser, file, height=20_000) as seen:
        page, tips = seen.page, set()
        for x, y in page.evaluate(MARKS):
            page.mouse.move(x, y)
            tips.update(page.locator("#vg-tooltip-element.visible").all_inner_texts())
            page.mouse.click(x, y)
        for summary in page.locator("summary").all():
            summary.click()
        assert any(TOKEN.search(tip) for tip in tips)
        assert calm(seen, file)
        assert page.evaluate(WIDE) <= 1200


def test_a_name_is_read_as_it_is_written(made, browser):
    with opened(browser, made.out / f"{made.stem('reps', '0')}.html") as seen:
        said = " ".join(seen.page.locator("h1").inner_text().split())
        assert said == f"Team {' '.join(team_name(0).split())}"
        drawn = " ".join(seen.page.locator("svg.marks text").all_text_contents())
        cells = " ".join(seen.page.locator("td, th").all_text_contents())
        names = [" ".join(row["name"].split()) for row in made.cells["reps"] if "zq0x" in str(row["name"])]
        assert sum(name[:12] in cells for name in names) > 3
        assert sum(name[:12] in drawn for name in names) > 3


def test_no_mark_in_a_name_turns_the_figures_behind_it():
    turned = "\u202eAnn\u2067"
    assert markdown_text(f"{turned} won 12.") == "Ann won 12."
    assert plain_text(turned) == "Ann"


# ---- whose rows are whose


def texts_of(file: Path) -> Iterator[str]:
    """All that a file holds, unpacked as far as it can be."""
    content = file.read_bytes()
    yield content.decode("utf-8", "replace")
    if file.suffix == ".parquet":
        for column in pl.read_parquet(file).select(pl.selectors.string()):
            yield "\n".join(column.drop_nulls())
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as packed:
            yield from (packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    if file.suffix == ".eml":
        parts = message_from_bytes(content, policy=policy.default).walk()
        yield from ((part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)
    if file.suffix == ".pdf":
        said = subprocess.run(["pdftotext", "-raw", str(file), "-"], check=True, capture_output=True).stdout.decode()
        yield "".join(said.split())
        yield from streams(content)


KNOWN: dict[bytes, frozenset[str]] = {}


def tokens_of(file: Path) -> frozenset[str]:
    """The canaries in a file; the cuts of a team are alike."""
    content = file.read_bytes()
    if content not in KNOWN:
        KNOWN[content] = frozenset(tokens(texts_of(file)))
    return KNOWN[content]


def streams(pdf: bytes) -> Iterator[str]:
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(found[1]).decode("latin-1")
        except zlib.error:
            yield found[1].decode("latin-1")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_run_is_handed_what_its_team_may_see_and_all_of_that(made, number):
    """Not a row more or less than a rule says that is written down apart from the package's own."""
    for name in TEMPLATES:
        files = [file for file in (made.cuts / made.stem(name, number)).rglob("*") if file.is_file()]
        assert {file.suffix for file in files} == {".parquet", ".json"}
        assert frozenset[str]().union(*map(tokens_of, files)) == made.allowed(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_no_byte_of_anothers_rows_is_in_what_a_team_gets(made, number):
    stems = [made.stem(name, number) for name in TEMPLATES]
    files = [file for file in made.out.iterdir() if file.name.split(".")[0] in stems]
    assert {file.suffix for file in files} == {".html", ".ipynb", ".log"}
    found = tokens(text for file in files for text in texts_of(file))
    assert found <= made.allowed(number)
    assert len({one for one in found if one.startswith(f"zq{number}")}) > 20


@pytest.fixture(scope="module")
def printer() -> Iterator[Workers]:
    """A process of its own, as this one drives a browser already."""
    with Workers(1) as worker:
        yield worker


@pytest.mark.parametrize("number", ["0", "3"])
def test_nor_in_the_printed_page_and_the_workbook(made, printer, tmp_path, number):
    for name in ("reps", "careless"):
        stem = made.stem(name, number)
        (tmp_path / f"{name}.pdf").write_bytes(printer.submit(to_pdf, made.out / f"{stem}.html").result())
        notebook = json.loads((made.out / f"{stem}.ipynb").read_text("utf-8"))
        (tmp_path / f"{name}.xlsx").write_bytes(to_workbook(notebook))
        for file in (tmp_path / f"{name}.pdf", tmp_path / f"{name}.xlsx"):
            found = tokens(texts_of(file))
            assert found <= made.allowed(number)
            assert {one for one in found if one.startswith(f"zq{number}")}
        with zipfile.ZipFile(tmp_path / f"{name}.xlsx") as packed:
            sheets = " ".join(packed.read(one).decode() for one in packed.namelist())
            assert "<f>" not in sheets
            assert "hyperlink" not in sheets.replace("HYPERLINK", "")


def test_nor_in_a_mail(made, tmp_path):
    with (tmp_path / "recipients.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["email", "name", "team"])
        names = {number: next(name for name in made.names() if f"zq{number}x99" in name) for number in NUMBERS}
        table.writerows([f"r{number}@example.com", "=cmd|<b>", name] for number, name in names.items())
    mail = {"from": "ops@example.com", "limit_mb": 50}
    done = send_reports(made.out, tmp_path / "recipients.csv", mail=mail, brand={"name": "</b>"}, dry_run=tmp_path)
    assert [one.status for one in done.outcomes] == ["written"] * len(TEAMS)
    for number in NUMBERS:
        (file,) = tmp_path.glob(f"r{number}-*.eml")
        found = tokens(texts_of(file))
        assert found <= made.allowed(number)
        assert f"zq{number}x99x00000x00qz" in found
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert message["To"] == f'"=cmd|<b>" <r{number}@example.com>'
        assert message["Bcc"] is None


def test_what_is_kept_for_later_batches_holds_no_row_at_all(made):
    files = [file for file in (made.place / "cache").rglob("*") if file.is_file()]
    assert files
    assert tokens(text for file in files for text in texts_of(file)) == set()


def test_only_what_all_may_see_is_in_every_teams_cut(made):
    shared = set.intersection(*map(made.allowed, NUMBERS))
    assert {one for one in shared if one.startswith(f"zq{COMPANY}")}
    assert not made.allowed("0") >= made.allowed("1")


# ---- names of files


def test_files_are_named_safely_on_every_system(made):
    names = [file.name for file in made.out.iterdir()]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.failed)?\.[a-z]+", name) and len(name) < 120 for name in names)
    assert len({name.casefold() for name in names}) == len(names)


TEAM_NAMES = (
    "North", "north", "con", "CON", "aux.txt. ", "../../etc/passwd", "C:\\x", "'; DROP TABLE deals; --",
    '$(touch pwned); touch pwned"; import os; os.system("touch pwned") #', "a&team=b;y=z%26", "\u200b", "(unassigned)",
    "unassigned", "*", "",
)  # fmt: skip


def test_every_team_gets_a_report_of_its_own_whatever_it_is_called(tmp_path, tmp_path_factory):
    folder = template(tmp_path / "templates")
    code = '"; import os; os.system("touch pwned") #'
    with pytest.MonkeyPatch.context() as patch, Tripwire(tmp_path, patch):
        batch = make_reports(
            company(*TEAM_NAMES), out=tmp_path / "out", period="2026Q3", folder=folder, progress=False, workers=1,
            parameters={"label": code},
        )  # fmt: skip
    assert batch.ok, batch.summary()
    made = {report.job.member: report for report in batch.reports}
    assert set(made) == {*TEAM_NAMES, None}
    files = [name for report in batch.reports for name in report.outcome.files]
    assert len({name.casefold() for name in files}) == len(files) == 2 * len(TEAM_NAMES)
    for name in TEAM_NAMES:
        report = made[name]
        notebook = json.loads((tmp_path / "out" / f"{report.job.stem}.ipynb").read_text("utf-8"))
        (given,) = [cell for cell in notebook["cells"] if "injected-parameters" in cell["metadata"].get("tags", ())]
        values = SimpleNamespace()
        exec("".join(given["source"]), {}, values.__dict__)  # the very cell that the kernel ran: literals alone
        assert Slice.parse(values.slice).where == {"team": (name,)}
        assert values.label == code
        assert report.outcome.headline == "2 deals"
    assert {str(file.relative_to(tmp_path)).partition("/")[0] for file in tmp_path.rglob("*")} == {
        "templates", "out", "bin", "touched",
    }  # fmt: skip


ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from([*TEXTS, *TEAM_NAMES, "north-43f853", "\\(unassigned)"]),
    st.text("nN-oO. \\()", max_size=8),
)


@given(st.lists(ODD, unique=True, max_size=12))
def test_no_two_names_have_the_same_file(names):
    found = slugs([*names, None])
    assert len({*found.values()}) == len(names) + 1
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) for one in found.values())


def test_a_name_that_ends_in_anothers_digits_has_a_file_of_its_own():
    marked = slugs(["North", "north"])["North"]
    assert len({*slugs(["North", "north", marked]).values()}) == 3


def test_two_reports_with_one_file_name_are_refused(tmp_path):
    folder = template(template(tmp_path / "templates", "reps"), "reps-emea")
    with pytest.raises(Exception, match="reps for team 'EMEA West' and reps-emea for team 'West' would both be named"):
        plan(company("EMEA West", "West"), period="2026Q3", folder=folder)


# ---- slices and controls


@given(st.dictionaries(st.sampled_from(["team", "rep", "segment"]), st.lists(st.none() | ODD, min_size=1, max_size=4)))
def test_the_text_of_a_slice_stands_for_that_slice(where):
    chosen = Slice({name: tuple(values) for name, values in where.items()}, "2026Q3", "2026-09-30")
    assert Slice.parse(str(chosen)) == chosen
    assert str(chosen).isprintable()
    assert str(chosen).isascii()


@pytest.fixture(scope="module")
def controls(made: Made) -> Controls:
    data = Dataset.read(made.cuts / made.stem("reps", "0"))
    return Controls(Page(View.of(data, Slice(period="2026Q3")), interactive=True))


def test_every_name_can_be_chosen_and_nothing_else_is(controls):
    tried = 0
    for name, choice in controls.where.items():
        for label, values in list(choice._values.items())[:6]:
            choice.widget.value = label if choice.searched else values
            assert Slice.parse(controls.text.value).where[name] == values
            tried += 1
        choice.widget.value = "" if choice.searched else ()
        assert name not in Slice.parse(controls.text.value).where
    assert tried > 20


def test_the_controls_hold_no_markup_but_their_own(controls):
    controls.text.value = str(Slice({"team": (TEXTS[0],)}, "2026Q3"))
    assert "<script" not in controls.said.value
    assert "&lt;script" in controls.said.value
