"""What a notebook's outputs become on the page; how they look is tested in a browser."""

from __future__ import annotations

import pytest

from kpitools.errors import ReportError
from kpitools.reports.chartdata import MOST_ROWS, behind, in_words
from kpitools.reports.export import gather, to_html
from kpitools.reports.markup import Markdown, clean, markdown, script_json

SPEC = {
    "data": {"name": "d"},
    "datasets": {"d": [{"team": "North", "won": 3, "_x": 1}]},
    "mark": "bar",
    "encoding": {"x": {"field": "won", "axis": {"title": "Deals won"}}, "y": {"field": "team"}},
}


def notebook(*cells, **facts):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kpitools": facts}, "cells": list(cells)}


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(*outputs, source="secret = 1"):
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": 1, "outputs": list(outputs)}


def shown(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def test_the_page_has_the_words_and_not_the_code():
    page = to_html(notebook(text("# Scorecard\n\nAll well."), code(), subject="Team <North>", period="Q3 2026"))
    assert "<h1>Team &lt;North&gt;</h1>" in page
    assert "All well." in page
    assert "secret" not in page
    assert page.count("<h1>") == 1


def test_the_same_notebook_gives_the_same_page():
    whole = notebook(text("# A\n## B\n## C"), code(shown(**{"application/vnd.vegalite.v5+json": SPEC})))
    assert to_html(whole) == to_html(whole)


def test_a_chart_whose_data_lies_elsewhere_is_refused():
    spec = {"title": "Far", "layer": [{"mark": "bar", "data": {"url": "https://example.com/rows.csv"}}]}
    with pytest.raises(ReportError, match=r"Chart 'Far' takes its data from https://example\.com"):
        to_html(notebook(code(shown(**{"application/vnd.vegalite.v5+json": spec}))))


def test_a_page_without_charts_carries_no_script():
    page = to_html(notebook(text("# Words only")))
    assert "<script" not in page
    assert "script-src &#39;none&#39;" in page


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({"output_type": "stream", "name": "stdout", "text": ["a <b>", "\x1b[31mred\x1b[0m"]}, "a &lt;b&gt;red"),
        ({"output_type": "error", "ename": "ValueError", "evalue": "<b>", "traceback": []}, "ValueError: &lt;b&gt;"),
        (shown(**{"text/plain": "'<i>'"}), "&#39;&lt;i&gt;&#39;"),
        (shown(**{"text/markdown": "**x** <script>"}), "<strong>x</strong> &lt;script&gt;"),
        (shown(**{"text/html": "<table onclick=x><tr><td>1"}), "<table><tbody><tr><td>1</td></tr></tbody></table>"),
        (shown(**{"image/png": "aGk=\n", "text/plain": "Photo"}), '<img alt="Photo" src="data:image/png;base64,aGk=">'),
    ],
)  # fmt: skip
def test_an_output_is_shown_harmlessly(output, expected):
    assert expected in to_html(notebook(code(output)))


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stderr", "text": "unseen"},
        shown(**{"application/vnd.jupyter.widget-view+json": {"model_id": "unseen"}, "text/plain": "unseen"}),
        shown(**{"application/javascript": "unseen"}),
    ],
)
def test_an_output_that_has_no_place_on_a_page_is_left_out(output):
    assert "unseen" not in to_html(notebook(code(output)))


def test_a_page_says_what_its_notebook_and_its_runner_said():
    said = {"headline": "Up", "title": "No", "definitions": [{"id": "a", "label": "A", "unit": "count"}]}
    told = gather(notebook(code(shown(**{"application/vnd.kpitools.provenance+json": said})), title="Yes"))
    assert (told["title"], told["headline"], [one["id"] for one in told["definitions"]]) == ("Yes", "Up", ["a"])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<script>alert(1)</script>x", "x"),
        ("<img src=x onerror=alert(1)>", "<img>"),
        ("<img src='https://evil.example/p.png'>", "<img>"),
        ("<img src='data:image/svg+xml;base64,aGk='>", "<img>"),
        ("<a href='javascript:alert(1)'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<meta http-equiv=refresh content='0'><style>a{}</style><iframe></iframe><form></form>", ""),
        ("<p class=head id=report style='position:fixed'>x</p>", "<p>x</p>"),
    ],
)
def test_rich_html_loses_what_could_act(html, expected):
    assert clean(html) == expected


def test_markdown_shows_tags_as_text_and_knows_its_headings():
    writer = Markdown()
    html = markdown(writer, "# One\n## *Two* <b> & co\n[x](javascript:alert(1)) ![p](https://evil.example/p.png)")
    assert '<h2 id="s1">One</h2>' in html
    assert writer.headings == [(2, "One", "s1"), (2, "Two <b> & co", "s2")]
    assert "javascript" not in html
    assert "evil.example" not in html


def test_json_in_a_script_has_nothing_the_parser_minds():
    assert not set("<>&\u2028\u2029") & set(script_json({"</script>": "<!--<script> & \u2028 \u2029"}))


def test_the_data_behind_a_chart_has_the_headings_of_its_axes():
    (rows,) = behind(SPEC)
    assert rows.headings == [("Deals won", True), ("team", False)]
    assert rows.cells == [[("3", True), ("North", False)]]


def test_data_behind_a_chart_is_bounded_and_says_so():
    (rows,) = behind({"data": {"values": [{"a": n} for n in range(MOST_ROWS + 5)]}})
    assert (len(rows.cells), rows.left_out) == (MOST_ROWS, 5)


def test_data_that_nothing_is_said_about_is_left_out_beside_data_that_has_headings():
    rule = {"data": {"values": [{"y": 30}]}, "mark": "rule", "encoding": {"y": {"field": "y"}}}
    assert len(behind({**SPEC, "layer": [rule]})) == 1
    assert len(behind(rule)) == 1


def test_a_long_text_behind_a_chart_is_cut():
    ((cell, _),) = behind({"data": {"values": [{"a": "x" * 10_000}]}})[0].cells[0]
    assert len(cell) == 81


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234567.891, "1,234,567.89"), (0.01234, "0.0123"), (-3, "−3"), (0, "0"), (None, "–"), (True, "yes"),
        ("2026-01-01T00:00:00", "2026-01-01"), ("2026-01-01T12:30:00", "2026-01-01T12:30:00"),
    ],
)  # fmt: skip
def test_a_value_behind_a_chart_is_readable(value, expected):
    assert behind({"data": {"values": [{"a": value}]}})[0].cells[0][0][0] == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"description": "Falls.", "title": "T"}, "Falls."),
        ({"title": {"text": ["Deals", "won"]}}, "Deals won"),
        ({"layer": [{"mark": "bar", "title": "Inner"}]}, "Inner"),
        ({"encoding": {"x": {"title": "Axis"}}}, "Chart"),
    ],
)
def test_a_chart_has_words(spec, expected):
    assert in_words(spec) == expected
