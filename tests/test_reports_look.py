"""Brand, separators and form of a page; how a whole page looks and what it weighs is tested in a browser."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from datetime import date

import altair as alt
import polars as pl
import pytest
import vl_convert
from PIL import Image, ImageChops

from kpitools.errors import ReportError, UnknownNameError
from kpitools.formats import Conventions, Separators, format_date, format_value
from kpitools.reports.assets import files
from kpitools.reports.colours import DARK, LIGHT, contrast, nearest_readable
from kpitools.reports.drawing import still
from kpitools.reports.export import to_html
from kpitools.reports.look import LARGEST_LOGO, Brand, Look
from kpitools.tables import MIME, Column, Table

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="red"/></svg>'
COMPANY = {"name": "<Acme>", "accent": "#8a1538", "font": "Inter, Segoe UI", "decimal": ",", "thousands": "."}


def chart() -> alt.Chart:
    frame = pl.DataFrame({"team": ["North", "South"], "amount": [1234.5, 2345.25]})
    marks = alt.Chart(frame, title=alt.TitleParams("Amounts", subtitle="By team."), width=300).mark_bar()
    return marks.encode(x=alt.X("amount:Q", axis=alt.Axis(format=",.1f"), title="Amount"), y="team:N")


def page(look: Look, *, charts: int = 1, tables: Sequence[Table] = (), **facts: object) -> str:
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"application/vnd.vegalite.v5+json": chart().to_dict()},
    }
    shown = [{"output_type": "display_data", "metadata": {}, "data": {MIME: table.to_json()}} for table in tables]
    outputs = [*[output] * charts, *shown]
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": outputs}
    return to_html({"metadata": {"kpitools": {"title": "Amounts", **facts}}, "cells": [cell]}, look)


def test_the_brand_is_on_the_page(tmp_path):
    (tmp_path / "logo.svg").write_text(SVG, encoding="utf-8")
    html = page(Look.of({**COMPANY, "logo": "logo.svg", "language": "en-GB"}, folder=tmp_path))
    assert '<html lang="en-GB">' in html
    assert '<span translate="no">&lt;Acme&gt;</span>' in html
    assert base64.b64encode(SVG.encode()).decode() in html
    assert "--accent: #8a1538;" in html
    assert 'font-family: "Inter", "Segoe UI", system-ui' in html


def test_an_accent_is_lightened_for_dark_pages():
    css = Brand(accent="#8a1538").css
    dark = nearest_readable("#8a1538", DARK)
    assert f"prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }}" in css
    assert min(contrast(dark, ground) for ground in DARK) >= 4.5
    assert dark != "#8a1538"


@pytest.mark.parametrize("colour", ["#ffcc00", "#ff6600", "#777777"])
def test_an_accent_that_cannot_be_read_is_refused_with_the_nearest_that_can(colour):
    with pytest.raises(ReportError, match=r"under 4\.5:1.* nearest that can be read is (#[0-9a-f]{6})") as refused:
        Brand(accent=colour)
    nearest = str(refused.value)[-8:-1]
    assert Brand(accent=nearest).accent == nearest
    assert 4.5 <= min(contrast(nearest, ground) for ground in LIGHT) < 4.6


@pytest.mark.parametrize(
    ("brand", "message"),
    [
        ({"accent": "red"}, "give a colour as #rrggbb"),
        ({"font": "Inter; } body { display: none"}, "is no font family"),
        ({"logo": "none.png"}, "cannot be read"),
        ({"logo": "text.svg"}, "neither a PNG nor an SVG"),
        ({"logo": "bomb.svg"}, "neither a PNG nor an SVG"),
        ({"logo": "large.png"}, "at most 65,536"),
        ({"decimal": ";"}, "Numbers cannot be written"),
        ({"decimal": ","}, "Numbers cannot be written"),
        ({"language": "<b>"}, "give a tag such as en"),
        ({"name": 5}, "must be text"),
    ],
)
def test_what_a_page_cannot_be_made_with_is_refused(tmp_path, brand, message):
    (tmp_path / "text.svg").write_text("<p>no picture</p>", encoding="utf-8")
    (tmp_path / "bomb.svg").write_text(f'<!DOCTYPE svg [<!ENTITY a "aa">]>{SVG}', encoding="utf-8")
    (tmp_path / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(LARGEST_LOGO))
    with pytest.raises(ReportError, match=message):
        Look.of(brand, folder=tmp_path)


def test_an_unknown_setting_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="accent"):
        Look.of({"acent": "#000000"})


def test_a_logo_is_a_picture_and_nothing_else():
    with pytest.raises(ReportError, match="no picture inside the page"):
        Brand(logo="https://example.com/logo.png")
    with pytest.raises(ReportError, match="no picture inside the page"):
        Brand(logo='data:image/png;base64,aGk="><script>')


def test_numbers_are_written_as_the_look_says_and_only_there():
    html = page(Look.of({"decimal": ",", "thousands": "."}))
    assert '<td class="n">1.234,5' in html
    assert "1.600,0" in html  # an axis in the picture
    assert '"decimal":","' in html  # an axis that the script draws
    assert format_value(1234.5, "days") == "1,234.5 d"
    assert '"locale"' not in page(Look())


@pytest.mark.parametrize(
    ("language", "number", "day", "lang"),
    [
        ("de", "1.234,5", "30.9.2026", "en"),
        ("de-CH", "1’234.5", "30.9.2026", "en"),
        ("fr", "1\u202f234,5", "30/09/2026", "en"),
        ("sv", "1\xa0234,5", "2026-09-30", "en"),
        ("bg", "1\xa0234,5", "30.09.2026", "en"),
        ("en", "1,234.5", "30 Sep 2026", "en"),
        ("en-US", "1,234.5", "Sep 30, 2026", "en-US"),
        ("en-GB", "1,234.5", "30 Sep 2026", "en-GB"),
    ],
)
def test_figures_and_days_follow_the_language_and_the_page_says_which_its_words_are_in(language, number, day, lang):
    look = Look.of({"language": language})
    columns = [Column("team", "Team"), Column("amount", "Amount", "number", "days"), Column("day", "Day", "date")]
    table = Table("Amounts", columns, [{"team": "North", "amount": 1234.5, "day": date(2026, 9, 30)}])
    html = page(look, tables=[table])
    assert f'<html lang="{lang}">' in html
    assert f">{number} d<" in html
    assert f">{day}<" in html
    assert f'<td class="n">{number}' in html  # the figures behind the chart
    assert number[-2] + "0</text>" in html  # an axis in the picture
    signs = look.separators
    if signs != Separators():  # an axis and the tooltips that the script draws
        assert f'"decimal":"{signs.decimal}","thousands":"{signs.thousands}"' in html
    assert (format_value(1234.5, "days"), format_date(date(2026, 9, 30))) == ("1,234.5 d", "30 Sep 2026")


def test_what_a_company_wants_otherwise_goes_before_its_language():
    conventions = Look.of({"language": "de", "thousands": " "}).conventions
    assert (conventions.separators, conventions.day) == (Separators(",", " "), "d.M.y")


@pytest.mark.parametrize("day", ["d.M", "d.M.y.d", "dd of MMM, y", ""])
def test_a_day_that_says_too_little_or_too_much_is_refused(day):
    with pytest.raises(ReportError, match="Days cannot be written as"):
        Conventions(day=day)


@pytest.mark.parametrize(("decimal", "thousands"), [("x", ","), (".", "."), (",", "<"), (".", "5")])
def test_separators_that_mislead_are_refused(decimal, thousands):
    with pytest.raises(ReportError, match="Numbers cannot be written"):
        Separators(decimal, thousands)


@pytest.mark.parametrize("look", [Look(), Look(compact=True), Look(site=True), Look(compact=True, site=True)])
def test_the_same_page_has_the_same_bytes_in_every_form(look):
    assert page(look) == page(look)
    assert files(look) == files(look)


def test_a_site_shares_its_script_and_style():
    look = Look(site=True)
    names = list(files(look))
    first, second = page(look), page(look, charts=3)
    assert all(f'"{name}"' in html for html in (first, second) for name in names)
    assert len(second) < 20_000
    assert "script-src &#39;self&#39;" in first
    assert "blob:" not in first


def test_a_still_picture_shows_what_the_chart_shows():
    svg = vl_convert.vegalite_to_svg(chart().to_dict())
    small = still(svg).replace('class="still"', 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"')
    drawn, kept = (Image.open(io.BytesIO(vl_convert.svg_to_png(one))).convert("RGB") for one in (svg, small))
    assert len(small) < len(svg) / 2
    assert drawn.size == kept.size
    assert drawn.getcolors(2) is None  # there is something to see
    assert max(high for _, high in ImageChops.difference(drawn, kept).getextrema()) < 32  # edges of letters


@pytest.mark.parametrize("hostile", [
    '<a href="javascript:alert(1)"><path d="M1,1h2" fill="red" onclick="alert(1)"/></a>',
    '<script>alert(1)</script>', '<style>@import url(https://evil.example)</style>',
    '<image href="https://evil.example/p.png"/>', '<foreignObject><p>x</p></foreignObject>',
    '<g style="background:url(https://evil.example)"><path d="M1,1h2" fill="url(https://evil.example)"/></g>',
])  # fmt: skip
def test_nothing_in_a_picture_acts_or_loads(hostile):
    small = still(f'<svg xmlns="http://www.w3.org/2000/svg">{hostile}</svg>')
    assert not [word for word in ("script", "evil", "alert", "foreign", "style=", "href") if word in small]


def test_names_in_a_picture_are_text():
    text = "&lt;/svg&gt;&lt;script&gt;&quot;"
    assert f">{text}<" in still(f'<svg xmlns="http://www.w3.org/2000/svg"><text>{text}</text></svg>')


def test_definitions_that_changed_are_named():
    changed = [{"id": name, "label": f"{name} <b>"} for name in ("win_rate", "nowhere")]
    shown = {**changed[0], "unit": "percent", "definition": "Won.", "formula": "", "benchmark": ""}
    html = page(Look(), changed=changed, definitions=[shown])
    assert '<a href="#def-win_rate">win_rate &lt;b&gt;</a>' in html
    assert "nowhere" not in html
    assert "Defined otherwise than last time" in html
    assert "Defined otherwise" not in page(Look())
