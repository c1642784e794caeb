"""The pages of every template in a real browser, from disk and offline: drawn, light, and open to every reader."""

from __future__ import annotations

import json
import subprocess
from copy import deepcopy
from pathlib import Path

import pytest
from browser import Seen, barriers, opened

from kpitools.model.dataset import Dataset
from kpitools.reports import make_reports
from kpitools.reports.assets import write_assets
from kpitools.reports.company import company_aggregates
from kpitools.reports.export import to_html
from kpitools.reports.look import Look
from kpitools.reports.workers import Workers

TEMPLATES = ("funnel", "pipeline", "reps", "retention", "scorecard")
PAGES = (*TEMPLATES, "index", "kpi_catalogue")
LOOKS = {"plain": Look(), "compact": Look(compact=True), "site": Look(site=True)}
#: What the Tab key should reach, and whether it was seen to be there when it did.
REACHABLE = """() => [...document.querySelectorAll('a[href], summary, input, select, button, [tabindex="0"]')]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled).length"""
FOCUSED = """() => { const one = document.activeElement;
    if (one === document.body) return null;
    window.places ??= new Map();
    if (!places.has(one)) places.set(one, places.size);
    return [places.get(one), getComputedStyle(one).outlineStyle] }"""

#: The captions of tables that one has to scroll sideways.
CUT = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.querySelector('caption').innerText)"

#: What stays on one sheet of paper; a long table goes on with the next row on the next, under its headings again.
UNBROKEN = "figure.chart, .tiles li, .table tr, .table:not(:has(tbody tr:nth-child(7)))"


@pytest.fixture(scope="module")
def made(data: Dataset, tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Path:
    """The reports of one team of the sample, by every template, with their index and catalogue."""
    out = tmp_path_factory.mktemp("made")
    batch = make_reports(
        data,
        out=out,
        period="2026Q3",
        only=["Nordics"],
        executor=workers,
        progress=False,
        aggregates=company_aggregates,
    )
    assert batch.count("made") == len(TEMPLATES), batch.summary()
    return out


def file_of(made: Path, name: str) -> Path:
    return made / (f"{name}-nordics-2026q3.html" if name in TEMPLATES else f"{name}.html")


def notebook_of(made: Path, name: str) -> dict:
    found: dict = json.loads(file_of(made, name).with_suffix(".ipynb").read_text(encoding="utf-8"))
    return found


def charts_of(notebook: dict) -> list[dict]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [output for output in outputs if "application/vnd.vegalite.v5+json" in output.get("data", {})]


def quiet(seen: Seen) -> bool:
    return (seen.requests, seen.errors, seen.dialogs) == ([], [], [])


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_chart_of_every_template_is_drawn(browser, made, name):
    with opened(browser, file_of(made, name)) as seen:
        drawn = seen.page.evaluate("performance.now()")
        assert quiet(seen)
        figures = seen.page.locator("figure.chart")
        assert figures.count() == len(charts_of(notebook_of(made, name))) > 0
        assert figures.locator("svg.marks").count() == figures.count()
        assert seen.page.locator("figure.chart[data-failed]").count() == 0
        assert seen.page.locator(".kt-box").evaluate_all(CUT) == [], "a table is wider than a laptop shows"
        for figure in figures.all():
            assert figure.locator("figcaption strong").inner_text().strip()
            assert len(figure.locator("[role=graphics-document]").get_attribute("aria-label") or "") > 20
            assert figure.locator("details tbody tr").count() > 0
        print(f"{name}: {figures.count()} charts drawn after {drawn:.0f} ms")


@pytest.mark.parametrize("form", ["compact", "site"])
def test_every_form_of_the_page_draws_the_same(browser, made, tmp_path, form):
    write_assets(LOOKS[form], tmp_path)
    page = tmp_path / "page.html"
    page.write_text(to_html(notebook_of(made, "pipeline"), LOOKS[form]), encoding="utf-8")
    drawn = "() => [...document.querySelectorAll('svg.marks')].map((one) => one.outerHTML.replace(/clip[0-9]+/g, ''))"
    with opened(browser, page) as seen, opened(browser, file_of(made, "pipeline")) as whole:
        assert quiet(seen)
        assert seen.page.evaluate(drawn) == whole.page.evaluate(drawn) != []
        assert seen.page.evaluate("getComputedStyle(document.body).margin") == "0px"


@pytest.mark.parametrize(("form", "most"), [("plain", 1_000_000), ("compact", 450_000)])
def test_a_page_of_twelve_charts_is_small(made, form, most):
    """All of the funnel's, and the largest there are."""
    notebook = deepcopy(notebook_of(made, "funnel"))
    more = sorted(charts_of(notebook_of(made, "retention")), key=lambda chart: -len(json.dumps(chart)))
    notebook["cells"][-1]["outputs"] += more[: 12 - len(charts_of(notebook))]
    page = to_html(notebook, LOOKS[form])
    assert page.count('<figure class="chart">') == 12
    print(f"12 charts, {form}: {len(page.encode()):,} bytes, {page.count('<svg class=')} of them with a picture")
    assert len(page.encode()) <= most


@pytest.mark.parametrize("name", ["funnel", "retention"])
def test_without_scripts_there_are_pictures_words_and_figures(browser, made, name):
    with opened(browser, file_of(made, name), charts=False, java_script_enabled=False) as seen:
        assert quiet(seen)
        figures = seen.page.locator("figure.chart")
        assert figures.locator("svg.still").filter(visible=True).count() == figures.count()
        assert figures.locator("summary").filter(visible=True).count() == figures.count()
        assert "Q3 2026" in seen.page.locator("header").inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_shut_out(browser, made, name):
    """Axe finds nothing at WCAG 2.2 AA, light and dark, on a desk and on a phone."""
    with opened(browser, file_of(made, name), charts=name in TEMPLATES) as seen:
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                seen.page.emulate_media(color_scheme=scheme)
                seen.page.set_viewport_size({"width": width, "height": 900})
                assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
                assert (scheme, width, barriers(seen.page)) == (scheme, width, [])


def test_the_check_finds_what_is_wrong(browser, made):
    with opened(browser, file_of(made, "reps")) as seen:
        seen.page.evaluate("document.querySelector('h1').style.color = '#ddd'")
        assert [one.partition(":")[0] for one in barriers(seen.page)] == ["color-contrast"]


@pytest.mark.parametrize("name", ["scorecard", "funnel", "index"])
def test_the_keyboard_reaches_everything(browser, made, name):
    with opened(browser, file_of(made, name), charts=name in TEMPLATES) as seen:
        expected, reached = seen.page.evaluate(REACHABLE), {}
        for _ in range(expected):
            seen.page.keyboard.press("Tab")
            place, outline = seen.page.evaluate(FOCUSED)
            reached[place] = outline
        assert len(reached) == expected > 10
        assert set(reached.values()) <= {"solid", "auto"}


def test_a_click_on_a_legend_brings_its_bars_forward(browser, made):
    with opened(browser, file_of(made, "reps")) as seen:
        figure = seen.page.locator("figure.chart").filter(has_text="Activity mix by rep")
        figure.locator(".role-legend-label text").first.click()
        figure.locator(".role-mark path[opacity]").first.wait_for()
        faint = figure.locator(".role-mark path[opacity]")
        shown = faint.evaluate_all("all => all.map((one) => +one.getAttribute('opacity'))")
        assert min(shown) < 0.5


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_on_paper_no_chart_is_cut_and_pages_are_numbered(browser, made, tmp_path, paper):
    with opened(browser, file_of(made, "funnel")) as seen:
        seen.page.emulate_media(media="print")
        broken = "all => all.filter(one => getComputedStyle(one).breakInside !== 'avoid').length"
        assert seen.page.locator(UNBROKEN).evaluate_all(broken) == 0
        assert seen.page.locator(UNBROKEN).count() > 20
        printed = seen.page.pdf(format=paper, prefer_css_page_size=paper == "A4", print_background=True)
    file = tmp_path / "page.pdf"
    file.write_bytes(printed)
    pages = texts(file)
    assert len(pages) > 3
    for number, text in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in "".join(text.split())


def texts(file: Path) -> list[str]:
    """The text of each page of a PDF."""
    said = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    return said.split("\f")[:-1]
