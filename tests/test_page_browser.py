"""Pages in a real browser, opened from disk without network, their data as hostile as data can be."""

from __future__ import annotations

import re
from pathlib import Path

import altair as alt
import polars as pl
import pytest
from browser import opened
from reports_kit import company, template

from kpitools.reports.batch import Batch, Report
from kpitools.reports.export import to_html
from kpitools.reports.index import index_html
from kpitools.reports.plan import plan
from kpitools.reports.run import Outcome
from kpitools.tables import MIME, Column, Table

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<!--<script>",
    '"; import os',
    "../../etc",
    "🚀",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(3)",
    "x" * 400,
]
MARKDOWN = "\n\n".join(
    [
        "# Scorecard",
        "## In short",
        *HOSTILE,
        "[a link](javascript:alert(4)) ![a picture](https://evil.example/p.png) <iframe src=https://evil.example></iframe>",
        "## More <b>here</b>",
    ]
)
HTML = (
    "<table><tr><td><img src=x onerror=alert(5)></table><script>alert(6)</script><svg onload=alert(7)></svg>"
    "<iframe srcdoc='<script>alert(8)</script>'></iframe><base href='https://evil.example/'>"
    "<meta http-equiv=refresh content='0; url=https://evil.example/'><img src='https://evil.example/pixel.png'>"
    "<style>@import url(https://evil.example/x.css); body { display: none }</style>"
)


def bars() -> alt.Chart:
    """A bar per name, a click on one of which dims the others; wider than a phone."""
    frame = pl.DataFrame({"team": HOSTILE, "won": range(10, 10 + len(HOSTILE))})
    picked = alt.selection_point(fields=["team"], name="picked")
    seen = alt.condition(picked, alt.value(1.0), alt.value(0.3))
    chart = alt.Chart(frame, title=HOSTILE[0], width=700, description="Deals won by team: all alike.")
    axes = {"x": alt.X("won:Q", title="Deals won"), "y": alt.Y("team:N", title="Team", sort=None)}
    return chart.mark_bar().encode(**axes, opacity=seen, tooltip=["team", "won"]).add_params(picked)


def linked() -> alt.VConcatChart:
    """Points whose brush filters the bars under them."""
    frame = pl.DataFrame({"x": range(20), "y": [n * 7 % 20 for n in range(20)]})
    brush = alt.selection_interval(name="brush")
    points = alt.Chart(frame, title="Size and days", width=300, height=200).mark_circle().encode(x="x:Q", y="y:Q")
    counts = alt.Chart(frame, width=300).mark_bar().encode(x="count()").transform_filter(brush)
    return points.add_params(brush) & counts


def shown(mime: str, content: object) -> dict:
    return {"output_type": "display_data", "metadata": {}, "data": {mime: content}}


def notebook() -> dict:
    spec = {**bars().to_dict(), "usermeta": {"embedOptions": {"ast": False, "actions": True}}}
    spec["$schema"] = "https://vega.github.io/schema/vega-lite/v5.json"
    columns = [Column("name", "Name"), *(Column("n", f"Figure {number}", "number", "count") for number in range(12))]
    table = Table(HOSTILE[0], columns, [{"name": name, "n": 1000} for name in HOSTILE[:6]])
    outputs = [
        *(shown("application/vnd.vegalite.v5+json", chart) for chart in (spec, linked().to_dict())),
        shown(MIME, table.to_json()),
        shown("text/html", HTML),
        shown("text/markdown", "**Words** " + HOSTILE[1]),
        shown("text/plain", HOSTILE[0]),
        {"output_type": "stream", "name": "stdout", "text": HOSTILE[0]},
        {"output_type": "error", "ename": "E", "evalue": HOSTILE[1], "traceback": []},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": MARKDOWN},
        {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": outputs},
    ]
    definition = dict.fromkeys(("id", "label", "unit", "definition", "formula", "benchmark"), HOSTILE[0])
    facts = dict.fromkeys(("title", "subject", "slice", "source", "fingerprint"), " ".join(HOSTILE))
    dates = {"period": "Q3 2026", "dates": "1 Jul – 30 Sep 2026", "as_of": "30 Sep 2026"}
    return {"metadata": {"kpitools": {**facts, **dates, "definitions": [definition]}}, "cells": cells}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "hostile.html"
    file.write_text(to_html(notebook()), encoding="utf-8")
    return file


def test_nothing_runs_nothing_leaves_and_every_chart_is_drawn(browser, page):
    with opened(browser, page) as seen:
        assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
        assert seen.page.locator("figure.chart svg.marks").count() == 2
        assert seen.page.url == page.as_uri()


def test_a_chart_that_cannot_be_drawn_keeps_its_words_and_the_others_are_drawn(browser, tmp_path):
    broken = {"description": "What it would show.", "layer": 5}
    charts = [shown("application/vnd.vegalite.v5+json", spec) for spec in (broken, linked().to_dict())]
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": charts}
    file = tmp_path / "broken.html"
    file.write_text(to_html({"metadata": {}, "cells": [cell]}), encoding="utf-8")
    with opened(browser, file) as seen:
        assert seen.page.locator("figure.chart[data-failed] .words").inner_text() == "What it would show."
        assert seen.page.locator("svg.marks").count() == 1


def test_names_are_read_as_they_are_written(browser, page):
    with opened(browser, page) as seen:
        assert seen.page.locator("h1").inner_text() == " ".join(HOSTILE)
        drawn = seen.page.locator("figure.chart").first.locator(".role-axis-label text").all_text_contents()
        assert {HOSTILE[1], HOSTILE[3], HOSTILE[4], HOSTILE[6]} <= set(drawn)
        for name in HOSTILE[:7]:
            assert seen.page.get_by_text(name).count() > 0


def test_the_policy_holds_even_for_what_would_slip_through(browser, page, tmp_path):
    pierced = tmp_path / "pierced.html"
    slipped = "<script>alert(9)</script><img src=x onerror=alert(10)><img src=https://evil.example/a.png></main>"
    pierced.write_text(page.read_text(encoding="utf-8").replace("</main>", slipped, 1), encoding="utf-8")
    with opened(browser, pierced) as seen:
        assert (seen.dialogs, seen.requests) == ([], [])
        assert any("Content Security Policy" in error for error in seen.errors)


def test_a_click_on_a_bar_dims_the_others(browser, page):
    with opened(browser, page) as seen:
        marks = seen.page.locator("figure.chart").first.locator(".mark-rect.role-mark path")
        marks.nth(0).click()
        dimmed = seen.page.locator("figure.chart .mark-rect.role-mark path[opacity='0.3']")
        dimmed.first.wait_for()
        assert dimmed.count() == len(HOSTILE) - 1


def test_a_brush_filters_the_chart_beside_it(browser, page):
    with opened(browser, page) as seen:
        figure = seen.page.locator("figure.chart").nth(1)
        plot = figure.locator(".mark-group.role-scope path.background").first
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box
        bar = figure.locator(".mark-rect.role-mark path[aria-label^='Count of Records']")
        assert bar.get_attribute("aria-label") == "Count of Records: 20"
        edge, unit = 5, 300 / 20  # the ground reaches a little beyond the axes, which run from 0 to 20
        seen.page.mouse.move(box["x"] + edge + 0.5 * unit, box["y"] + edge + 2)
        seen.page.mouse.down()
        seen.page.mouse.move(box["x"] + edge + 10.5 * unit, box["y"] + box["height"] - edge - 2, steps=4)
        seen.page.mouse.up()
        figure.locator("[aria-label='Count of Records: 10']").wait_for()


def test_a_tooltip_shows_the_name_as_text(browser, page):
    with opened(browser, page) as seen:
        seen.page.locator("figure.chart").first.locator(".mark-rect.role-mark path").first.hover()
        tip = seen.page.locator("#vg-tooltip-element.visible")
        assert HOSTILE[0] in tip.inner_text()


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways_and_its_text_can_be_read(browser, page, width, scheme):
    with opened(browser, page, width=width, color_scheme=scheme) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        ink, paper, label = seen.page.evaluate(
            """() => { const style = (selector) => getComputedStyle(document.querySelector(selector));
            return [style("body").color, style(".chart").backgroundColor, style(".role-axis-label text").fill] }"""
        )
        assert label == ink
        assert contrast(ink, paper) > 7


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as the accessibility guidelines reckon it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_on_a_phone_a_wide_chart_scrolls_in_its_frame_and_keeps_its_size(browser, page):
    with opened(browser, page, width=360) as seen:
        frame, chart = seen.page.evaluate(
            "() => [document.querySelector('.vega').clientWidth, document.querySelector('svg.marks').clientWidth]"
        )
        assert frame < 360 < 700 <= chart


def test_in_print_everything_fits_the_paper_and_is_light(browser, page):
    a4_less_margins = 687
    with opened(browser, page, width=a4_less_margins, color_scheme="dark") as seen:
        seen.page.emulate_media(media="print")
        edges = seen.page.evaluate(
            "() => [...document.querySelectorAll('svg.marks')].map(s => s.getBoundingClientRect().right)"
        )
        assert max(edges) <= a4_less_margins
        assert not seen.page.locator("details").first.is_visible()
        assert luminance(seen.page.evaluate("getComputedStyle(document.body).color")) < 0.05
        assert seen.page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") >= 2


def test_without_scripts_a_chart_is_its_words_and_its_figures(browser, page):
    with opened(browser, page, charts=False, java_script_enabled=False) as seen:
        figure = seen.page.locator("figure.chart").first
        assert figure.locator(".words").inner_text() == "Deals won by team: all alike."
        figure.locator("summary").click()
        assert figure.locator("td").first.is_visible()
        assert figure.locator("th").all_inner_texts() == ["Team", "Deals won"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = template(tmp_path_factory.mktemp("templates"))
    made = plan(company(*HOSTILE, "Quiet"), period="2026Q3", folder=folder)
    outcomes = {
        "Quiet": Outcome("empty", reason="Nothing happened in this period."),
        HOSTILE[0]: Outcome("failed", ("x.failed.ipynb",), reason=f"ValueError: {HOSTILE[1]}", cell=4),
    }
    whole = Outcome("made", ("a page#1?.html", "a page#1?.ipynb"), headline=HOSTILE[1])
    reports = tuple(Report(job, outcomes.get(str(job.member), whole)) for job in made.jobs)
    file = tmp_path_factory.mktemp("index") / "index.html"
    file.write_text(index_html(Batch(made, file.parent, reports, ()), {"source": HOSTILE[0]}), encoding="utf-8")
    return file


def test_the_index_lists_links_and_finds(browser, index):
    with opened(browser, index, charts=False, width=360) as seen:
        assert (seen.dialogs, seen.requests, seen.errors) == ([], [], [])
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360
        rows = seen.page.locator("tbody.members tr")
        assert rows.count() == len(HOSTILE) + 2
        assert seen.page.locator("tbody a").nth(1).get_attribute("href") in (
            "x.failed.ipynb",
            "a%20page%231%3F.html",
            "a%20page%231%3F.ipynb",
        )
        for words, left in (("failed", 1), ("empty", 1), ("QUIET", 1), ("import os", 1), ("nowhere", 0)):
            seen.page.fill("#search", words)
            assert rows.filter(visible=True).count() == left
        assert seen.page.locator("#none").is_visible()
