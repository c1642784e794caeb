"""All pages of a batch in a made-up language: nothing of ours stays English, figures and names stay what they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from babel.messages.pofile import read_po, write_po
from playwright.sync_api import Page

from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.reports import make_reports
from kpitools.reports.company import company_aggregates
from kpitools.reports.look import Look
from kpitools.reports.words.file import gather_words
from kpitools.reports.words.names import names_of
from kpitools.reports.words.reading import PLACE
from kpitools.reports.workers import Workers
from tests.browser import barriers, opened

TEMPLATES = ("funnel", "pipeline", "reps", "retention", "scorecard")
TEAMS = ("Nordics",)
PAGES = (*(f"{name}-{team.lower()}-2026q3" for name in TEMPLATES for team in TEAMS), "index", "kpi_catalogue")
ONE_TEAM = [name for name in PAGES if "dach" not in name]
ACCENTED = str.maketrans("aeiounscyrtlpAEIOUNSCYRTLP", "áéíóúñšçýřťľṕÁÉÍÓÚÑŠÇÝŘŤĽṔ")
#: What a reader is shown: texts, and the attributes that are read. Ids, versions, sources and code are what they are.
SHOWN = """() => {
    const found = [], aside = 'script, style, code, pre, [translate="no"], svg';
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const {parentElement, textContent} = walk.currentNode;
        if (!parentElement.closest(aside)) found.push(textContent);
    }
    for (const one of document.querySelectorAll('[aria-label], [title], [alt], [placeholder]'))
        if (!one.closest('figure svg'))
            for (const name of ['aria-label', 'title', 'alt', 'placeholder'])
                if (one.hasAttribute(name)) found.push(one.getAttribute(name));
    return found.map((text) => text.replace(/[ \\n]+/g, ' ').trim()).filter(Boolean) }"""
MARKS = """() => [...document.querySelectorAll('figure.chart svg text, figure.chart .role-mark [aria-label]')]
    .map((one) => one.getAttribute('aria-label') ?? one.textContent)"""
#: Signs of units and of thousands, which are the same in the made-up language where it has no accent for them.
SIGNS = {"d", "h", "k", "M", "G", "B", "Q"}


def accented(text: str) -> str:
    """A text in the made-up language, its placeholders as they are."""
    parts = PLACE.split(text)
    return "".join(f"{{{part}}}" if at % 2 else part.translate(ACCENTED) for at, part in enumerate(parts))


def batch_of(data: Dataset, out: Path, look: Look, workers: Workers) -> Path:
    batch = make_reports(
        data,
        out=out,
        period="2026Q3",
        only=TEAMS,
        executor=workers,
        progress=False,
        aggregates=company_aggregates,
        look=look,
    )
    assert batch.count("made") == len(TEMPLATES) * len(TEAMS), batch.summary()
    return out


@pytest.fixture(scope="module")
def english(data: Dataset, tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Path:
    """The reports of two teams of the sample, figures and days as in German, words in English."""
    return batch_of(data, tmp_path_factory.mktemp("english"), Look.of({"language": "de"}), workers)


@pytest.fixture(scope="module")
def file(data: Dataset, english: Path) -> Path:
    """Their words, each in the made-up language."""
    place = english.parent / "accents.po"
    gather_words(place, english, "de", kpis=CATALOGUE, names=names_of(data))
    with place.open("rb") as source:
        catalog = read_po(source)
    for one in catalog:
        if one.id:
            one.string = accented(str(one.id))
    with place.open("wb") as target:
        write_po(target, catalog)
    return place


@pytest.fixture(scope="module")
def made(data: Dataset, file: Path, tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Path:
    """The same reports in the made-up language."""
    return batch_of(data, tmp_path_factory.mktemp("made"), Look.of({"language": "de", "words": str(file)}), workers)


@pytest.fixture(scope="module")
def named(sample: dict[str, pl.DataFrame]) -> frozenset[str]:
    """Every word of the data, by hand: whatever a column of texts holds."""
    texts = (frame[name].drop_nulls().unique() for frame in sample.values() for name in frame.columns
             if frame.schema[name] == pl.String)  # fmt: skip
    return frozenset(word for column in texts for text in column for word in words_in(text))


def words_in(text: str) -> list[str]:
    """The words of a text; what holds a digit is a figure, a period or an id."""
    return re.findall(r"[^\W\d_]+", re.sub(r"\w*\d\w*", " ", text))


def unchanged(text: str) -> list[str]:
    """The words of a text that would read otherwise in the made-up language."""
    return [word for word in words_in(text) if word.isascii() and word not in SIGNS and accented(word) != word]


def leftovers(page: Page, named: frozenset[str]) -> list[tuple[str, str]]:
    shown = [*page.evaluate(SHOWN), *page.evaluate(MARKS)]
    return [(word, text[:200]) for text in shown for word in unchanged(text) if word not in named]


@pytest.mark.parametrize("name", PAGES)
def test_no_english_word_of_ours_is_left(browser, made, named, name):
    with opened(browser, made / f"{name}.html", charts=name.endswith("q3")) as seen:
        assert (seen.requests, seen.errors, seen.dialogs) == ([], [], [])
        assert seen.page.evaluate("document.documentElement.lang") == "de"
        assert seen.page.locator("[lang=en]:not([translate=no]):not([aria-roledescription])").count() == 0
        assert leftovers(seen.page, named) == []


def figures_of(page: Page) -> Counter[str]:
    return Counter(re.findall(r"\d[\d.,]*", " ".join(page.evaluate(SHOWN))))


@pytest.mark.parametrize("name", ONE_TEAM)
def test_figures_and_names_are_the_same(browser, english, made, data, name):
    with (
        opened(browser, english / f"{name}.html", charts=name.endswith("q3")) as before,
        opened(browser, made / f"{name}.html", charts=name.endswith("q3")) as seen,
    ):
        assert figures_of(seen.page) == figures_of(before.page)
        texts = [Counter(one.page.evaluate(SHOWN)) for one in (before, seen)]
        for rep in data.members("rep"):
            assert texts[0][rep] == texts[1][rep]


@pytest.mark.parametrize("name", ONE_TEAM)
def test_nobody_is_shut_out(browser, made, name):
    with opened(browser, made / f"{name}.html", charts=name.endswith("q3")) as seen:
        for width in (1280, 390):
            seen.page.set_viewport_size({"width": width, "height": 900})
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            assert (width, barriers(seen.page)) == (width, [])


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_chart_is_drawn_as_in_english(browser, english, made, name):
    drawn = """() => [...document.querySelectorAll('figure.chart')].map((one) =>
        [...one.querySelectorAll('.role-mark path')]
            .map((mark) => [mark.getAttribute('fill'), mark.getAttribute('stroke')].join()).sort())"""
    with (
        opened(browser, english / f"{name}-nordics-2026q3.html") as before,
        opened(browser, made / f"{name}-nordics-2026q3.html") as seen,
    ):
        figures = seen.page.locator("figure.chart")
        assert figures.locator("svg.marks").count() == figures.count() > 0
        assert seen.page.locator("figure.chart[data-failed]").count() == 0
        assert seen.page.evaluate(drawn) == before.page.evaluate(drawn)


def test_axes_and_legends_are_translated_and_a_click_still_selects(browser, made):
    with opened(browser, made / "reps-nordics-2026q3.html") as seen:
        rates = seen.page.locator("figure.chart").filter(has_text=accented("Pooled win rate by rep")).first
        assert accented("Pooled win rate (%)") in rates.locator(".role-axis-title").all_text_contents()
        figure = seen.page.locator("figure.chart").filter(has_text=accented("Activity mix by rep"))
        assert accented("other kinds") in figure.locator(".role-legend-label text").all_text_contents()
        figure.locator(".role-legend-label text").first.click()
        figure.locator(".role-mark path[opacity]").first.wait_for()
        shown = figure.locator(".role-mark path").evaluate_all(
            "all => all.map((one) => +(one.getAttribute('opacity') ?? 1))"
        )
        assert min(shown) < 0.5 < max(shown)


def test_the_keyboard_is_answered_in_the_language(browser, made):
    with opened(browser, made / "funnel-nordics-2026q3.html") as seen:
        frame = seen.page.locator("figure.chart .vega").first
        frame.focus()
        seen.page.keyboard.press("End")
        seen.page.keyboard.press("Enter")
        said = seen.page.locator(".said")
        seen.page.wait_for_function(f"document.querySelector('.said').textContent.includes('{accented('Selected.')}')")
        assert accented("Won") in said.inner_text()
        assert frame.get_attribute("aria-roledescription") == accented("chart")


def test_the_index_and_the_catalogue_still_answer(browser, made):
    with opened(browser, made / "index.html", charts=False) as seen:
        seen.page.select_option("#status", "made")
        assert seen.page.locator("tbody.members tr:visible").count() == len(TEAMS)
        seen.page.fill("#search", "nobody")
        assert seen.page.locator("#none").inner_text() == accented("No report matches.")
    with opened(browser, made / "kpi_catalogue.html", charts=False) as seen:
        for asked in (accented("win rate"), "win_rate"):
            seen.page.fill("#search", asked)
            assert seen.page.locator("article.kpi#win_rate:visible").count() == 1
        shown, total = seen.page.locator("article.kpi:visible").count(), len(CATALOGUE)
        assert seen.page.locator("#left").inner_text() == accented(f"{shown} of {total} KPIs")


def test_a_file_for_translators_holds_nothing_of_any_team(sample, file):
    with file.open("rb") as source:
        found = [str(one.id) for one in read_po(source) if one.id]
    text = "\n".join(found)
    named = (("reps", "name"), ("reps", "team"), ("accounts", "name"), ("deals", "deal_id"))
    names = {name for table, column in named for name in sample[table][column] if name}
    held = [name for name in names if name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    assert held == []
    assert not [one for one in found if re.search(r"\d{4}", one)]


RENDER = """
import json, sys
from pathlib import Path
from kpitools.reports.export import to_html
from kpitools.reports.look import Look
look = Look.of({"language": "de", "words": sys.argv[1]})
reading = look.words.reading({"Emre Silva", "Keiko García", "Nordics", "Proposal", "Discovery"})
sys.stdout.buffer.write(to_html(json.loads(Path(sys.argv[2]).read_bytes()), look, reading).encode())
"""


def test_the_same_words_give_the_same_bytes(file, made):
    notebook = made / "reps-nordics-2026q3.ipynb"
    pages = [
        subprocess.run(
            [sys.executable, "-c", RENDER, str(file), str(notebook)],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert pages[0] == pages[1]
    assert accented("Attainment").encode() in pages[0]
